/** What the image side says of nodules, fold by fold. */
import { bagFeeds } from '../clip/view-bags.ts'
import { SpiculaError } from '../error.ts'
import type { ModelConfig } from '../model/config.ts'
import type { ModelFolder } from '../model/folder.node.ts'
import { type ModelPreprocessing, preprocessingOf } from '../model/preprocessing.ts'
import type { NoduleViews } from '../nodule/views.ts'
import { type Stamp, stampOf } from './answers.ts'
import { foldNumbers, foldRows } from './fold-rows.ts'
import { type ImageSessionOptions, openImageSession } from './image-session.node.ts'

/** What each fold makes of a nodule; everything else that a model answers comes of these. */
export interface ImageReading {
  /** Probability of malignancy by each fold, before calibration. */
  readonly raw: readonly number[]
  /** Weight of each view in each fold's decision, [folds][count]; sums to 1. */
  readonly attention: readonly (readonly number[])[]
  /** Image embedding before L2 normalisation, [folds][dim]. */
  readonly embedding: readonly (readonly number[])[]
}

export interface ImageReader {
  /** The model folder's, with a preprocessing that is whole: what `prepareViews` asks for. */
  readonly config: ModelConfig & { readonly preprocessing: ModelPreprocessing }
  readonly folds: number
  /** Name and version of model and software, and that it is for research use: what every output must say. */
  readonly stamp: Stamp
  /**
   * Reads a batch. The bits of a nodule's numbers may depend on the make-up of the batch in the last place.
   * @throws SpiculaError `inference/not-finite` where a nodule of the batch gets no number, `clip/views` where views
   *   are not the model's
   */
  read(nodules: readonly NoduleViews[]): Promise<ImageReading[]>
  close(): Promise<void>
}

export type PredictorOptions = ImageSessionOptions

/**
 * Opens the image side of a model. Probability, attention and embedding are outputs of one graph: the embedding is a
 * step on the way to the probability, so whoever does not read it pays nothing for it.
 * @throws SpiculaError of the weights, or `graph/device` where the device cannot be used
 * @example
 * const reader = await openImageReader(await openModelFolder('models/spicula-small'))
 * const [{ raw, embedding }] = await reader.read([await prepareViews(scan, pointLps, reader.config.preprocessing)])
 */
export async function openImageReader(folder: ModelFolder, options: PredictorOptions = {}): Promise<ImageReader> {
  const { config } = folder
  const folds = config.folds.length
  const session = await openImageSession(folder, options)
  const preprocessing = preprocessingOf(config)

  const read = async (nodules: readonly NoduleViews[]): Promise<ImageReading[]> => {
    if (nodules.length === 0) return []
    const outputs = await session.run(bagFeeds(nodules, preprocessing.resolution))
    return nodules.map(({ count }, n) => {
      const raw = foldNumbers(outputs.probability, folds, n)
      // Whatever is no number in an embedding makes the probability none.
      if (!raw.every(Number.isFinite))
        throw new SpiculaError('inference/not-finite', `the model answers ${raw.join(', ')}, which is no probability`, {
          hint: 'Does the scan hold voxels that are no numbers? If not, the weights of the model are damaged.',
        })
      return {
        raw,
        attention: foldRows(outputs.attention, folds, n).map((row) => row.slice(0, count)),
        embedding: foldRows(outputs.embedding, folds, n),
      }
    })
  }
  return {
    config: { ...config, preprocessing },
    folds,
    stamp: stampOf(config, options.precision),
    read,
    close: () => session.close(),
  }
}
