/** The ensemble that predicts: one session in which every fold runs over one shared base. */
import { bagFeeds, MAX_VIEWS } from '../clip/bags.ts'
import { imageSide } from '../clip/model.ts'
import { graphWeights } from '../clip/weights.ts'
import { SpiculaError } from '../error.ts'
import { writeOnnx } from '../graph/onnx.ts'
import { openSession, type SessionOptions } from '../graph/session.node.ts'
import type { TensorData } from '../graph/tensor.ts'
import { VERSION } from '../version.ts'
import { calibrate } from './calibration.ts'
import type { Checkpoint, ModelConfig } from './config.ts'
import { loadImageWeights, openModelFolder } from './model-folder.node.ts'

/** The views of a nodule: float32 [count, resolution, resolution] in [0, 1]. */
export interface NoduleViews {
  readonly views: Float32Array
  readonly count: number
}

/** What the ensemble says of a nodule. */
export interface NodulePrediction {
  /** Probability of malignancy by each fold. */
  readonly raw: readonly number[]
  /** Mean of `raw`. */
  readonly ensemble: number
  /** Each fold's probability after its calibration, where the model has one. */
  readonly calibrated?: readonly number[]
  /** Mean of `calibrated`. */
  readonly calibratedEnsemble?: number
  /** Weight of each view in each fold's decision, [folds][count]; sums to 1. */
  readonly attention: readonly (readonly number[])[]
}

export interface Predictor {
  readonly config: ModelConfig
  readonly folds: number
  /** Whether predictions carry calibrated probabilities too. */
  readonly calibrated: boolean
  /** Name and version of model and software, and that it is for research use: what every output must say. */
  readonly stamp: Stamp
  /**
   * Predicts a batch. The bits of a nodule's numbers may depend on the make-up of the batch in the last place.
   * @throws SpiculaError `inference/not-finite` where a nodule of the batch gets no number, `inference/views` where
   *   views are not the model's
   */
  predict(nodules: readonly NoduleViews[]): Promise<NodulePrediction[]>
  close(): Promise<void>
}

export interface Stamp {
  readonly model: string
  readonly modelVersion: string
  readonly software: string
  readonly use: 'for research use'
}

/** What every output of a model says. */
export const stampOf = ({ name, version }: ModelConfig): Stamp => ({
  model: name,
  modelVersion: version,
  software: `spicula ${VERSION}`,
  use: 'for research use',
})

export interface PredictorOptions extends SessionOptions {
  readonly checkpoint?: Checkpoint
}

/**
 * Opens a model folder for prediction.
 * @throws SpiculaError of the model folder, or `graph/device` where the device cannot be used
 * @example
 * const predictor = await openPredictor('models/spicula-small')
 * const [{ ensemble }] = await predictor.predict([{ views, count: 9 }])
 */
export async function openPredictor(path: string, options: PredictorOptions = {}): Promise<Predictor> {
  const { checkpoint = 'both', ...sessionOptions } = options
  const folder = await openModelFolder(path)
  const { config } = folder
  const folds = config.folds.length
  const { tensors, stacked } = await loadImageWeights(folder, checkpoint)
  const { mean, std } = config.preprocessing
  const { probability, attention } = imageSide(config.architecture, graphWeights({ folds, stacked }), {
    normalisation: { mean, std },
    // One fold carries its update inside its weights; several share the base and carry theirs beside it.
    mergeLora: folds === 1,
    maxViews: MAX_VIEWS,
  })
  const session = await openSession(writeOnnx({ probability, attention }, tensors), sessionOptions)
  // A calibration belongs to the probabilities that it was fitted on.
  const calibrations = checkpoint === 'both' ? config.folds.flatMap((fold) => fold.calibration ?? []) : []
  const calibrated = calibrations.length > 0
  const { resolution } = config.architecture.image

  const predict = async (nodules: readonly NoduleViews[]): Promise<NodulePrediction[]> => {
    if (nodules.length === 0) return []
    const outputs = await session.run(
      bagFeeds(
        nodules.map(({ views: pixels, count }) => ({ pixels, count })),
        resolution,
      ),
    )
    return nodules.map((nodule, n) => {
      const raw = foldNumbers(outputs.probability, folds, n)
      if (!raw.every(Number.isFinite))
        throw new SpiculaError('inference/not-finite', `the model answers ${raw.join(', ')}, which is no probability`, {
          hint: 'Does the scan hold voxels that are no numbers? If not, the weights of the model are damaged.',
        })
      const weights = foldRows(outputs.attention, folds, n).map((row) => row.slice(0, nodule.count))
      const prediction = { raw, ensemble: average(raw), attention: weights }
      if (!calibrated) return prediction
      const own = raw.map((p, fold) => calibrate(p, calibrations[fold]))
      return { ...prediction, calibrated: own, calibratedEnsemble: average(own) }
    })
  }
  return { config, folds, calibrated, stamp: stampOf(config), predict, close: () => session.close() }
}

const average = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length

/** A nodule's number in every fold, from [folds or 1, nodules]. Folds that share every weight give one number. */
function foldNumbers({ shape, data }: TensorData, folds: number, nodule: number): number[] {
  return Array.from({ length: folds }, (_, fold) => Number(data[(shape[0] === 1 ? 0 : fold) * shape[1] + nodule]))
}

/** A nodule's row in every fold, from [folds or 1, nodules, size]. */
export function foldRows({ shape, data }: TensorData, folds: number, nodule: number): number[][] {
  const [own, nodules, length] = shape
  return Array.from({ length: folds }, (_, fold) => {
    const start = ((own === 1 ? 0 : fold) * nodules + nodule) * length
    return Array.from(data.subarray(start, start + length), Number)
  })
}
