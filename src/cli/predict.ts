/** `spicula predict`: a probability for one nodule, for the points of one scan, or for a cohort. */
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { Command } from 'commander'
import { writeFileAtomic } from '../cohort/atomic.node.ts'
import type { Frame } from '../cohort/frame.ts'
import { luna25Json, parseLuna25 } from '../cohort/luna25.ts'
import { type LocatedRow, readManifest } from '../cohort/manifest.node.ts'
import type { RowProblem } from '../cohort/problem.ts'
import { predictionsCsv } from '../cohort/results.ts'
import { SpiculaError } from '../error.ts'
import type { Device } from '../graph/session.node.ts'
import type { Checkpoint } from '../inference/config.ts'
import { predictCohort } from '../inference/predict-cohort.node.ts'
import { type NodulePrediction, openPredictor, type Predictor } from '../inference/predictor.node.ts'
import type { ViewSet } from '../nodule/views.ts'
import type { Triple } from '../volume/volume.ts'
import { type Answered, collectAnswers } from './collect.node.ts'
import {
  checkpointOption,
  deviceOption,
  frameOption,
  parsePoint,
  quietOption,
  threadsOption,
  viewsOption,
} from './options.ts'
import { makeFolder, reportProblems } from './rows.node.ts'

interface PredictOptions {
  readonly ct?: string
  readonly at?: Triple
  readonly points?: string
  readonly model?: string
  readonly out?: string
  readonly frame: Frame
  readonly views: ViewSet
  readonly checkpoint: Checkpoint
  readonly device: Device
  readonly threads?: number
  readonly quiet?: boolean
}

export function predictCommand(): Command {
  return new Command('predict')
    .summary('the malignancy probability of nodules')
    .description(
      'The malignancy probability of one nodule (--ct and --at), of the points of a LUNA25 file (--ct and --points), ' +
        'or of every row of a cohort. For research use.',
    )
    .argument('[cohort]', 'CSV with pid, nodule_id, image_path, coordX, coordY, coordZ')
    .option('--ct <scan>', 'one scan instead of a cohort')
    .option('--at <x,y,z>', "the nodule's centre in that scan", parsePoint)
    .option('--points <json>', "nodules of that scan, LUNA25's nodule-locations.json (LPS mm)")
    .option('--model <folder>', 'model folder')
    .option('--out <file>', 'results.csv (the published columns) or results.json (with notes and view attention)')
    .addOption(frameOption())
    .addOption(viewsOption())
    .addOption(checkpointOption())
    .addOption(deviceOption())
    .addOption(threadsOption())
    .addOption(quietOption())
    .addHelpText(
      'after',
      `
Examples:
  spicula predict --ct scan.nii.gz --at -38.0,-73.9,-111.0 --model DIR
  spicula predict cohort.csv --model DIR --out results.csv
  spicula predict --ct scan.nii.gz --points nodule-locations.json --model DIR --out answers.json

Exit status: 0 every row answered, 2 rows failed (see errors.csv beside the results), 1 the run itself failed.`,
    )
    .action(predict)
}

async function predict(cohort: string | undefined, options: PredictOptions): Promise<void> {
  checkUsage(cohort, options)
  if (options.model === undefined)
    throw new SpiculaError('inference/model', 'no model: this version carries none, so --model is needed', {
      hint: 'Give a model folder. `spicula model init --config tiny --seed 1 --out DIR` makes a random one to try.',
    })
  const { model, checkpoint, device, threads, out } = options
  if (out !== undefined) await makePlace(out)
  const predictor = await openPredictor(model, { checkpoint, device, ...(threads === undefined ? {} : { threads }) })
  try {
    if (cohort !== undefined) await predictTable(cohort, predictor, options)
    else if (options.points !== undefined) await predictPoints(String(options.ct), options.points, predictor, options)
    else await predictOne(String(options.ct), options.at as Triple, predictor, options)
  } finally {
    await predictor.close()
  }
}

function checkUsage(cohort: string | undefined, { ct, at, points, frame }: PredictOptions): void {
  const usage = (message: string, hint?: string) =>
    new SpiculaError('cli/usage', message, hint === undefined ? {} : { hint })
  if (cohort !== undefined && (ct ?? at ?? points) !== undefined)
    throw usage('a cohort goes without --ct, --at and --points', 'Give either a CSV, or --ct with --at or --points.')
  if (cohort !== undefined) return
  if (ct === undefined) throw usage('nothing to predict', 'Give a cohort CSV, or --ct SCAN --at x,y,z.')
  if ((at === undefined) === (points === undefined)) throw usage('--ct needs either --at x,y,z or --points FILE')
  if (points !== undefined && frame !== 'lps') throw usage('LUNA25 points are LPS mm: leave --frame out')
}

/** Makes the folder that results go to; that they cannot be written shall show before the work, not after it. */
async function makePlace(out: string): Promise<void> {
  await makeFolder(dirname(out))
  const existing = await stat(out).catch(() => undefined)
  if (existing?.isDirectory())
    throw new SpiculaError('cli/usage', `--out ${out} is a folder`, {
      hint: 'Name the file to write, e.g. results.csv.',
    })
}

/** A row for a place that no table names. */
const rowAt = (imageFile: string, point: Triple, line: number): LocatedRow => ({
  line,
  pid: '',
  noduleId: String(line),
  // Left empty: where the user named one scan, messages may name it too.
  imagePath: '',
  imageFile: resolve(imageFile),
  point,
  malignant: null,
  values: {},
})

async function predictOne(ct: string, at: Triple, predictor: Predictor, options: PredictOptions): Promise<void> {
  for await (const result of predictCohort([rowAt(ct, at, 1)], predictor, options)) {
    if ('problem' in result) throw asError(result.problem)
    const { prediction, views, notes } = result
    const { ensemble, raw, calibrated, calibratedEnsemble, attention } = prediction
    const range = (values: readonly number[]) =>
      `${Math.min(...values).toFixed(4)} to ${Math.max(...values).toFixed(4)}`
    const folds = raw.length === 1 ? 'one fold' : `${raw.length} folds`
    if (calibrated && calibratedEnsemble !== undefined)
      console.log(`malignancy probability ${calibratedEnsemble.toFixed(4)} calibrated (${folds}: ${range(calibrated)})`)
    console.log(`malignancy probability ${ensemble.toFixed(4)} ${calibrated ? 'raw ' : ''}(${folds}: ${range(raw)})`)
    console.log(`views by weight: ${viewsByWeight(views, attention)}`)
    const { model, modelVersion, software, use } = predictor.stamp
    console.log(`model ${model} ${modelVersion}, ${software}, ${use}`)
    if (!options.quiet) for (const { message, code } of notes) console.error(`note: ${message} [${code}]`)
    if (options.out !== undefined) await writeResults([result], predictor, options.out)
  }
}

/** The three views that weigh most in the mean over folds. */
function viewsByWeight(views: readonly string[], attention: readonly (readonly number[])[]): string {
  const weights = views.map((name, v) => ({
    name,
    weight: attention.reduce((sum, fold) => sum + fold[v], 0) / attention.length,
  }))
  const top = weights.sort((a, b) => b.weight - a.weight).slice(0, 3)
  return top.map(({ name, weight }) => `${name} ${weight.toFixed(2)}`).join(', ')
}

async function predictPoints(ct: string, file: string, predictor: Predictor, options: PredictOptions): Promise<void> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new SpiculaError('cli/missing', `${file} cannot be read`, { cause })
  })
  const document = parseLuna25(text, basename(file))
  const rows = document.points.map(({ pointLps }, i) => rowAt(ct, pointLps, i + 1))
  const { results, problems } = await collectAnswers(rows, predictor, options)
  const answers = new Map(results.map((result) => [result.row.line, result.prediction]))
  const probability = (line: number) => {
    const answer = answers.get(line)
    return answer ? (answer.calibratedEnsemble ?? answer.ensemble) : null
  }
  const json = luna25Json(
    document,
    rows.map(({ line }) => probability(line)),
  )
  const { out } = options
  if (out === undefined) process.stdout.write(json)
  else {
    await writeFileAtomic(out, json)
    await writeFileAtomic(`${out}.about.json`, about(predictor, results.length, problems.length))
  }
  await reportProblems(problems, out === undefined ? undefined : dirname(out))
  if (!options.quiet) printSummary(results.length, predictor, out)
}

async function predictTable(cohort: string, predictor: Predictor, options: PredictOptions): Promise<void> {
  const manifest = await readManifest(cohort, { frame: options.frame })
  if (!options.quiet) for (const { message, code } of manifest.notes) console.error(`note: ${message} [${code}]`)
  const { results, problems } = await collectAnswers(manifest.rows, predictor, options)
  const all = [...manifest.problems, ...problems].sort((a, b) => a.line - b.line)
  const { out } = options
  if (out === undefined) process.stdout.write(csvOf(results, predictor))
  else await writeResults(results, predictor, out, all.length)
  await reportProblems(all, out === undefined ? undefined : dirname(out))
  if (!options.quiet) printSummary(results.length, predictor, out)
}

function printSummary(count: number, predictor: Predictor, out: string | undefined): void {
  const { model, modelVersion, software, use } = predictor.stamp
  const what = count === 1 ? 'nodule' : 'nodules'
  const where = out === undefined ? '' : ` -> ${out}`
  console.error(`${count} ${what} predicted${where}  (model ${model} ${modelVersion}, ${software}, ${use})`)
}

async function writeResults(
  results: readonly Answered<NodulePrediction>[],
  predictor: Predictor,
  out: string,
  failed = 0,
): Promise<void> {
  if (out.toLowerCase().endsWith('.json')) return writeFileAtomic(out, jsonOf(results, predictor, failed))
  await writeFileAtomic(out, csvOf(results, predictor))
  // The table keeps the published columns; what else an output must say stands beside it.
  await writeFileAtomic(`${out}.about.json`, about(predictor, results.length, failed))
}

function csvOf(results: readonly Answered<NodulePrediction>[], { folds, calibrated }: Predictor): string {
  const predictions = results.map(({ row: { pid, noduleId }, prediction }) => ({ pid, noduleId, ...prediction }))
  return predictionsCsv(predictions, { folds, calibrated })
}

function jsonOf(results: readonly Answered<NodulePrediction>[], predictor: Predictor, failed: number): string {
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

const about = (predictor: Predictor, answered: number, failed: number): string =>
  `${JSON.stringify({ ...stampJson(predictor), nodules: answered, failed }, null, 2)}\n`

const asError = ({ code, message, hint }: RowProblem): SpiculaError =>
  new SpiculaError(code, message, hint === undefined ? {} : { hint })
