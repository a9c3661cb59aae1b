/** What `spicula predict` writes: the published table, JSON, and beside a table what made it. */
import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { LocatedRow } from '../../cohort/manifest.node.ts'
import { predictionsCsv } from '../../cohort/results.ts'
import { shown } from '../../drawing/numbers.ts'
import { SpiculaError } from '../../error.ts'
import { writeFileAtomic } from '../../files/atomic.node.ts'
import type { FoldedProbability, NoduleAnswer } from '../../predict/answers.ts'
import type { NodulePrediction, Predictor } from '../../predict/predictor.node.ts'
import type { Triple } from '../../scan/scan.ts'
import { makeFolder } from '../shared/rows.node.ts'
import type { Answered } from './collect.node.ts'

/** A row's answer, whatever else came with it. */
export type Answer = Pick<Answered<NodulePrediction>, 'row' | 'prediction' | 'views' | 'notes'>

/** A row for a place that no table names. */
export const rowAt = (imageFile: string, point: Triple, line: number): LocatedRow => ({
  line,
  pid: '',
  noduleId: String(line),
  // Left empty: where the user named one scan, messages may name it too.
  imagePath: '',
  imageFile: resolve(imageFile),
  point,
  malignant: null,
  malignantProbability: null,
  values: {},
})

/** Prints one nodule's answer. */
export function printAnswer(answer: NoduleAnswer, quiet: boolean): void {
  const { prediction, calibrated, raw, views, notes, model, modelVersion, software, use } = answer
  const folds = prediction.raw.length === 1 ? 'one fold' : `${prediction.raw.length} folds`
  const told = ({ probability, range: [least, greatest] }: FoldedProbability, kind: string) =>
    `malignancy probability ${shown(probability, 4)} ${kind}(${folds}: ${shown(least, 4)} to ${shown(greatest, 4)})`
  if (calibrated) console.log(told(answer, 'calibrated '))
  console.log(told(raw, calibrated ? 'raw ' : ''))
  const heaviest = views.slice(0, 3).map(({ name, weight }) => `${name} ${weight.toFixed(2)}`)
  console.log(`views by weight: ${heaviest.join(', ')}`)
  console.log(`model ${model} ${modelVersion}, ${software}, ${use}`)
  if (!quiet) for (const { message, code } of notes) console.error(`note: ${message} [${code}]`)
}

/** Makes the folder that a file goes to; that it cannot be written shall show before the work, not after it. */
export async function makePlace(option: string, file: string): Promise<void> {
  await makeFolder(dirname(file))
  const existing = await stat(file).catch(() => undefined)
  if (existing?.isDirectory())
    throw new SpiculaError('cli/usage', `${option} ${file} is a folder`, {
      hint: `Name the file to write, e.g. ${option === '--html' ? 'case.html' : 'results.csv'}.`,
    })
}

export async function writeResults(
  results: readonly Answer[],
  predictor: Predictor,
  out: string,
  failed = 0,
): Promise<void> {
  if (out.toLowerCase().endsWith('.json')) return writeFileAtomic(out, jsonOf(results, predictor, failed))
  await writeFileAtomic(out, csvOf(results, predictor))
  // The table keeps the published columns; what else an output must say stands beside it.
  await writeAbout(out, predictor, results.length, failed)
}

export const writeAbout = (out: string, predictor: Predictor, answered: number, failed: number): Promise<void> =>
  writeFileAtomic(
    `${out}.about.json`,
    `${JSON.stringify({ ...stampJson(predictor), nodules: answered, failed }, null, 2)}\n`,
  )

export function csvOf(results: readonly Answer[], { folds, calibrated }: Predictor): string {
  const predictions = results.map(({ row: { pid, noduleId }, prediction }) => ({ pid, noduleId, ...prediction }))
  return predictionsCsv(predictions, { folds, calibrated })
}

function jsonOf(results: readonly Answer[], predictor: Predictor, failed: number): string {
  const nodules = results.map(({ row, prediction, views, notes }) => ({
    pid: row.pid,
    nodule_id: row.noduleId,
    raw: prediction.raw,
    ensemble: prediction.ensemble,
    ...(prediction.calibrated
      ? { calibrated: prediction.calibrated, calibrated_ensemble: prediction.calibratedEnsemble }
      : {}),
    views,
    attention: prediction.attention,
    notes,
  }))
  return `${JSON.stringify({ ...stampJson(predictor), failed, nodules }, null, 2)}\n`
}

const stampJson = ({ stamp }: Predictor) => ({
  model: stamp.model,
  model_version: stamp.modelVersion,
  software: stamp.software,
  use: stamp.use,
})
