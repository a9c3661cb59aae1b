/** Embeddings of a cohort's nodules by every fold of a model: what supervised baselines are fitted on. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { imageTower } from '../src/clip/image-tower.ts'
import { graphWeights } from '../src/clip/weights.ts'
import { type LocatedRow, readManifest } from '../src/cohort/manifest.node.ts'
import { writeOnnx } from '../src/graph/onnx.ts'
import * as g from '../src/graph/operations.ts'
import { openSession } from '../src/graph/session.node.ts'
import { openModelFolder } from '../src/model/folder.node.ts'
import { preprocessingOf } from '../src/model/preprocessing.ts'
import type { NoduleViews, ViewSet } from '../src/nodule/views.ts'
import { predictCohort } from '../src/predict/cohort.node.ts'
import { openImageSession } from '../src/predict/image-session.node.ts'
import { readNodules } from '../src/predict/read-nodules.node.ts'
import { prepareVaried } from '../src/training/varied-views.ts'
import { asFloat32 } from '../src/weights/folds.ts'
import { decodeSafetensors } from '../src/weights/safetensors.ts'

export interface EmbeddedCohort {
  readonly rows: readonly LocatedRow[]
  /** [folds][rows], each [embedDim], before L2 normalisation. */
  readonly folds: readonly (readonly (readonly number[])[])[]
}

/** The rows of a cohort; a study that leaves some out in silence tells of another cohort. */
export async function wholeCohort(cohort: string): Promise<readonly LocatedRow[]> {
  const { rows, problems } = await readManifest(cohort, { frame: 'lps' })
  if (problems.length > 0) throw new Error(`${cohort}: row ${problems[0].line}: ${problems[0].message}`)
  return rows
}

/**
 * @throws where a row cannot be read: a study works on whole cohorts
 * @example const { rows, folds } = await embedCohort('models/spicula-small', 'slices.csv', 'axial')
 */
export async function embedCohort(model: string, cohort: string, views: ViewSet): Promise<EmbeddedCohort> {
  const session = await openImageSession(await openModelFolder(model))
  const rows = await wholeCohort(cohort)
  const embeddings = new Map<LocatedRow, readonly (readonly number[])[]>()
  const reader = {
    config: session.config,
    predict: (nodules: readonly NoduleViews[]) => readNodules(session, nodules),
  }
  for await (const result of predictCohort(rows, reader, { frame: 'lps', views })) {
    if ('problem' in result) throw new Error(`row ${result.row.line}: ${result.problem.message}`)
    embeddings.set(result.row, result.prediction.embedding)
  }
  await session.close()
  const of = (row: LocatedRow) => embeddings.get(row) as readonly (readonly number[])[]
  return { rows, folds: Array.from({ length: session.folds }, (_, fold) => rows.map((row) => of(row)[fold])) }
}

/**
 * What an image tower without heads makes of a cohort's axial views, one image a view: [1][rows], each [features].
 * @param base a model folder of study/start.ts
 * @example const { rows, folds } = await towerFeatures('work/base', 'slices.csv')
 */
export async function towerFeatures(base: string, cohort: string): Promise<EmbeddedCohort> {
  const { config } = await openModelFolder(base)
  const { resolution } = config.architecture.image
  const views = g.input('views', [1, resolution, resolution])
  const features = imageTower(views, graphWeights({ folds: 1 }), config.architecture.image, config.preprocessing)
  const { tensors } = decodeSafetensors(readFileSync(join(base, config.base)), config.base)
  const weights = [...tensors].map(([name, one]) => {
    return [name, { dtype: 'float32', shape: one.shape, data: asFloat32(name, one) } as const] as const
  })
  const session = await openSession(writeOnnx({ features }, new Map(weights)))
  const rows = await wholeCohort(cohort)
  const preprocessing = { ...preprocessingOf(config), views: 'axial' as const }
  const all: number[][] = []
  for (const { line, imageFile, point } of rows) {
    const plain = { augmentation: null, jitter: false, seed: '', cacheDir: null } as const
    const { pixels } = await prepareVaried({
      key: String(line),
      imageFile,
      point,
      frame: 'lps',
      preprocessing,
      ...plain,
    })
    const fed = { dtype: 'float32', shape: [1, resolution, resolution], data: pixels } as const
    const { features: found } = await session.run({ views: fed })
    all.push(Array.from(found.data as Float32Array))
  }
  await session.close()
  return { rows, folds: [all] }
}

/** An embedding at length 1, as the heads read it (clip/pooling.ts). */
export function unitLength(embedding: readonly number[]): number[] {
  const length = Math.hypot(...embedding)
  return embedding.map((x) => x / length)
}
