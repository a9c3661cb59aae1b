/** What the image side says of nodules, fold by fold. */
import { bagFeeds } from '../clip/view-bags.ts'
import { SpiculaError } from '../error.ts'
import type { NoduleViews } from '../nodule/views.ts'
import { foldNumbers, foldRows } from './fold-rows.ts'
import type { ImageSession } from './image-session.node.ts'

/** What each fold makes of a nodule; everything else that a model answers comes of these. */
export interface ImageReading {
  /** Probability of malignancy by each fold, before calibration. */
  readonly raw: readonly number[]
  /** Weight of each view in each fold's decision, [folds][count]; sums to 1. */
  readonly attention: readonly (readonly number[])[]
  /** Image embedding before L2 normalisation, [folds][dim]. */
  readonly embedding: readonly (readonly number[])[]
}

/**
 * Reads a batch. The bits of a nodule's numbers may depend on the make-up of the batch in the last place.
 * @throws SpiculaError `inference/not-finite` where a nodule of the batch gets no number, `clip/views` where views are
 *   not the model's
 * @example
 * const session = await openImageSession(await openModelFolder('models/spicula-small'))
 * const views = await prepareViews(scan, pointLps, session.config.preprocessing)
 * const [{ raw, embedding }] = await readNodules(session, [views])
 */
export async function readNodules(
  { config, folds, run }: ImageSession,
  nodules: readonly NoduleViews[],
): Promise<ImageReading[]> {
  if (nodules.length === 0) return []
  const outputs = await run(bagFeeds(nodules, config.preprocessing.resolution))
  return nodules.map(({ count }, n) => {
    const raw = foldNumbers(outputs.probability, folds, n)
    // One NaN in an embedding makes the probability NaN.
    if (!raw.every(Number.isFinite))
      throw new SpiculaError(
        'inference/not-finite',
        `the model answers ${raw.join(', ')}, which is not a probability`,
        {
          hint: 'Does the scan hold voxels that are NaN or infinite? If not, the weights of the model are damaged.',
        },
      )
    return {
      raw,
      attention: foldRows(outputs.attention, folds, n).map((row) => row.slice(0, count)),
      embedding: foldRows(outputs.embedding, folds, n),
    }
  })
}
