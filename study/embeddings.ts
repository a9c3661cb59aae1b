/** Embeddings of a cohort's nodules by every fold of a model: what supervised baselines are fitted on. */
import { type LocatedRow, readManifest } from '../src/cohort/manifest.node.ts'
import { openImageReader } from '../src/inference/image-reader.node.ts'
import { openModelFolder } from '../src/inference/model-folder.node.ts'
import { predictCohort } from '../src/inference/predict-cohort.node.ts'
import type { ViewSet } from '../src/nodule/views.ts'

export interface EmbeddedCohort {
  readonly rows: readonly LocatedRow[]
  /** [folds][rows], each [embedDim], before L2 normalisation. */
  readonly folds: readonly (readonly (readonly number[])[])[]
}

/**
 * @throws where a row cannot be read: a study works on whole cohorts
 * @example const { rows, folds } = await embedCohort('models/spicula-small', 'slices.csv', 'axial')
 */
export async function embedCohort(model: string, cohort: string, views: ViewSet): Promise<EmbeddedCohort> {
  const reader = await openImageReader(await openModelFolder(model))
  const { rows } = await readManifest(cohort, { frame: 'lps' })
  const embeddings = new Map<LocatedRow, readonly (readonly number[])[]>()
  const { config } = reader
  for await (const result of predictCohort(rows, { config, predict: reader.read }, { frame: 'lps', views })) {
    if ('problem' in result) throw new Error(`row ${result.row.line}: ${result.problem.message}`)
    embeddings.set(result.row, result.prediction.embedding)
  }
  await reader.close()
  const of = (row: LocatedRow) => embeddings.get(row) as readonly (readonly number[])[]
  return { rows, folds: Array.from({ length: reader.folds }, (_, fold) => rows.map((row) => of(row)[fold])) }
}

/** An embedding at length 1, as the heads read it (clip/pooling.ts). */
export function unitLength(embedding: readonly number[]): number[] {
  const length = Math.hypot(...embedding)
  return embedding.map((x) => x / length)
}
