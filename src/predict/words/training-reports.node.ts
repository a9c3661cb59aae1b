/** The reports of a model's training nodules: which of them are most like a nodule. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { SpiculaError } from '../../error.ts'
import { parseJson } from '../../files/json.ts'
import type { ModelFolder } from '../../model/folder.node.ts'
import { asFloat32 } from '../../weights/folds.ts'
import { openSafetensors } from '../../weights/safetensors.node.ts'
import type { SimilarReport } from '../answers.ts'
import { cosines } from './similarity.ts'

export interface TrainingReports {
  /**
   * The texts most like a nodule, the most similar first.
   * @param images its embedding by each fold, [folds][dim]
   */
  nearest(images: readonly (readonly number[])[], count: number): SimilarReport[]
}

/** Tensor of the embeddings' file: float16 [folds, distinct, dim], each row of length 1. */
export const EMBEDDINGS = 'embeddings'
/** Far above the texts of any cohort, far below what would exhaust memory. */
const MAX_BYTES = 64 * 1024 * 1024
const UNUSABLE = "the model's training reports cannot be used"

export const reportsFile = z.strictObject({
  format: z.literal('spicula-reports/1'),
  model: z.string(),
  modelVersion: z.string(),
  software: z.string(),
  use: z.literal('for research use'),
  texts: z.array(z.strictObject({ text: z.string().min(1), nodules: z.int().positive() })).min(1),
})

/**
 * Opens the training reports of a model folder.
 * @returns undefined where it has none
 * @throws SpiculaError `inference/reports` where files are missing, or do not fit the model or each other
 * @example const reports = await openTrainingReports(folder)
 */
export async function openTrainingReports({ path, config }: ModelFolder): Promise<TrainingReports | undefined> {
  const { reports, folds: names, architecture } = config
  if (reports === undefined) return undefined
  const about = { name: UNUSABLE, code: 'inference/reports', hint: '`spicula model add-reports` makes them anew.' }
  const misfit = (what: string, cause?: unknown) =>
    new SpiculaError(about.code, `${UNUSABLE}: ${what}`, { hint: about.hint, cause })
  const text = await readText(join(path, reports.texts)).catch((cause: Error) => {
    throw misfit(`${reports.texts} cannot be read (${cause.message})`, cause)
  })
  const { texts } = parseJson(text, reportsFile, { ...about, name: `${UNUSABLE}: ${reports.texts}` })
  if (texts.length !== reports.distinct)
    throw misfit(`${reports.texts} has ${texts.length} texts, config.json says ${reports.distinct}`)
  const file = await openSafetensors(join(path, reports.embeddings))
  try {
    const shape = [names.length, texts.length, architecture.pooling.embedDim]
    const found = file.tensors.get(EMBEDDINGS)
    if (found?.shape.join() !== shape.join())
      throw misfit(`${reports.embeddings} has no tensor ${EMBEDDINGS} [${shape.join(', ')}]`)
    const embeddings = asFloat32(EMBEDDINGS, await file.read(EMBEDDINGS))
    if (!embeddings.every(Number.isFinite)) throw misfit(`${reports.embeddings} holds NaN or infinite numbers`)
    return { nearest: (images, count) => nearest(images, count, texts, embeddings) }
  } finally {
    await file.close()
  }
}

type Texts = z.infer<typeof reportsFile>['texts']

async function readText(path: string): Promise<string> {
  if ((await stat(path)).size > MAX_BYTES) throw new Error('it is too large')
  return readFile(path, 'utf8')
}

function nearest(
  images: readonly (readonly number[])[],
  count: number,
  texts: Texts,
  embeddings: Float32Array,
): SimilarReport[] {
  const byFold = cosines(images, embeddings, texts.length)
  return texts
    .map(({ text, nodules }, t) => {
      const folds = byFold.map((fold) => fold[t])
      return { text, nodules, folds, similarity: folds.reduce((sum, x) => sum + x, 0) / folds.length }
    })
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, count)
}
