/** Embeddings of a cohort's nodules by every fold of a model: what supervised baselines are fitted on. */
import { bagFeeds, MAX_VIEWS } from '../src/clip/bags.ts'
import { imageSide } from '../src/clip/model.ts'
import { graphWeights } from '../src/clip/weights.ts'
import { type LocatedRow, readManifest } from '../src/cohort/manifest.node.ts'
import { writeOnnx } from '../src/graph/onnx.ts'
import { openSession } from '../src/graph/session.node.ts'
import { loadImageWeights, openModelFolder } from '../src/inference/model-folder.node.ts'
import { predictCohort } from '../src/inference/predict-cohort.node.ts'
import type { NoduleViews } from '../src/inference/predictor.node.ts'
import type { ViewSet } from '../src/nodule/views.ts'

export interface EmbeddedCohort {
  readonly rows: readonly LocatedRow[]
  /** [folds][rows], each [embedDim], before L2 normalisation. */
  readonly folds: readonly (readonly Float32Array[])[]
}

/**
 * @throws where a row cannot be read: a study works on whole cohorts
 * @example const { rows, folds } = await embedCohort('models/spicula-small', 'slices.csv', 'axial')
 */
export async function embedCohort(model: string, cohort: string, views: ViewSet): Promise<EmbeddedCohort> {
  const folder = await openModelFolder(model)
  const { config } = folder
  const { tensors, stacked } = await loadImageWeights(folder, 'both')
  const count = config.folds.length
  const { mean, std } = config.preprocessing
  const { embedding } = imageSide(config.architecture, graphWeights({ folds: count, stacked }), {
    normalisation: { mean, std },
    mergeLora: count === 1,
    maxViews: MAX_VIEWS,
  })
  const session = await openSession(writeOnnx({ embedding }, tensors))
  const predict = async (nodules: readonly NoduleViews[]) => {
    const bags = nodules.map(({ views: pixels, count: n }) => ({ pixels, count: n }))
    const { shape, data } = (await session.run(bagFeeds(bags, config.architecture.image.resolution))).embedding
    const [own, rows, width] = shape
    return nodules.map((_, row) =>
      Array.from({ length: count }, (__, fold) => {
        const start = ((own === 1 ? 0 : fold) * rows + row) * width
        return Float32Array.from(data.subarray(start, start + width), Number)
      }),
    )
  }
  const { rows } = await readManifest(cohort, { frame: 'lps' })
  const answers = new Map<LocatedRow, Float32Array[]>()
  for await (const result of predictCohort(rows, { config, predict }, { frame: 'lps', views })) {
    if ('problem' in result) throw new Error(`row ${result.row.line}: ${result.problem.message}`)
    answers.set(result.row, result.prediction)
  }
  await session.close()
  return {
    rows,
    folds: Array.from({ length: count }, (_, fold) => rows.map((row) => answers.get(row)?.[fold] as Float32Array)),
  }
}
