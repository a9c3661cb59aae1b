/** From a row of a cohort to what the model trains on: its views, varied where training asks for it. */
import type { Frame } from '../cohort/frame.ts'
import { SpiculaError } from '../error.ts'
import {
  type AugmentationConfig,
  augmentedViews,
  drawAugmentation,
  JITTER_MM,
  jitterViews,
} from '../nodule/augment/augment.ts'
import type { CropOptions } from '../nodule/crop.ts'
import { cropOf, type PreparedViews, type Preprocessing, wholePreprocessing } from '../nodule/prepare.ts'
import { renderViews, viewsOf } from '../nodule/views.ts'
import { seededRandom } from '../random.ts'
import type { Triple } from '../scan/scan.ts'
import { openPool, type WorkerPool } from '../worker-pool.node.ts'
import { cachedCrop, cutCrop } from './crop-cache.node.ts'

/** One sample to prepare. Plain data, so that it can go to a worker thread. */
export interface VariedTask {
  /** Of the row, for messages. */
  readonly key: string
  readonly imageFile: string
  /** In `frame`. */
  readonly point: Triple
  readonly frame: Frame
  readonly preprocessing: Preprocessing
  /** Null for none. */
  readonly augmentation: AugmentationConfig | null
  /** Whether each view moves by up to 5 mm, as in training. */
  readonly jitter: boolean
  /** Of this sample in this epoch, e.g. `${seed}/${epoch}/${draw}/${key}`: it tells every random number. */
  readonly seed: string
  /** Where crops are kept (`cachedCrop`); null for nowhere. */
  readonly cacheDir: string | null
}

/**
 * Prepares one sample. Without augmentation and jitter these are, bit for bit, the views of `prepareViews`. With them
 * the crop is as large as that of the nine views even where fewer are wanted: the axial view of a volume is varied in
 * three dimensions like the others, so a tilt brings in what lies above and below, of which one plane is computed (but
 * its centre moves within the plane, see `jitterViews`); that of a single slice is varied within the slice. The same task gives the same bits, whichever thread works on it.
 * @throws SpiculaError what `openScan`, `cropNodule` and `renderViews` throw; `nodule/size` where the crop is too small
 * for the jitter
 * @example
 * const { count } = await prepareVaried({
 *   key: '100012 1', imageFile: 'scan.nii.gz', point: [-60.2, 31.5, -120], frame: 'lps', preprocessing,
 *   augmentation: PUBLISHED_AUGMENTATION, jitter: true, seed: '1/0/17/100012 1', cacheDir: 'cache',
 * })
 * count // 9
 */
export async function prepareVaried(task: VariedTask): Promise<PreparedViews> {
  const { imageFile, point, frame, augmentation, jitter, cacheDir } = task
  const preprocessing = wholePreprocessing(task.preprocessing)
  const request = { imageFile, point, frame, options: cropOptions(preprocessing, task) }
  const crop = cacheDir === null ? await cutCrop(request) : await cachedCrop(cacheDir, request)
  const views = viewsOf(crop, preprocessing.views)
  // A generator for each purpose: what one draws moves none of the others.
  const random = seededRandom(0, task.seed)
  const { centreZyx } = crop
  const placed = jitter
    ? jitterViews(views, centreZyx, random.fork('jitter'))
    : views.map((view) => ({ view, centreZyx }))
  const pixels = augmentation
    ? augmentedViews(
        crop,
        placed,
        drawAugmentation(augmentation, random.fork('augmentation')),
        random.fork('noise'),
        preprocessing,
      )
    : renderViews(crop, placed, preprocessing)
  return { pixels, count: views.length, views, notes: crop.notes }
}

/**
 * Threads that prepare samples; each works on one at a time.
 * @example
 * const pool = openVariedPool(2)
 * for await (const nodule of inOrder(tasks, 8, pool.run)) train(nodule)
 * await pool.close()
 */
export function openVariedPool(threads: number): WorkerPool<VariedTask, PreparedViews> {
  return openPool<VariedTask, PreparedViews>(new URL('./varied-views.worker.node.ts', import.meta.url), threads)
}

/** What to cut out: as `prepareViews` where nothing moves, else with room to move in. */
function cropOptions(
  preprocessing: Required<Preprocessing>,
  { augmentation, jitter }: Pick<VariedTask, 'augmentation' | 'jitter'>,
): Required<CropOptions> {
  const still = cropOf(preprocessing)
  if (!augmentation && !jitter) return still
  const { views, cropMm, viewMm } = preprocessing
  const room = viewMm + 2 * JITTER_MM
  // The oblique views turn about the crop's middle: its size is the model's, and cannot grow.
  if (views === 'nine' && jitter && cropMm < room) {
    throw new SpiculaError(
      'nodule/size',
      `a crop of ${cropMm} mm leaves no room to move views of ${viewMm} mm by ${JITTER_MM} mm: ${room} mm are needed`,
      { hint: 'Make the crop larger or the view smaller, or train without jitter.' },
    )
  }
  return { ...still, sizeMm: views === 'nine' ? cropMm : Math.max(cropMm, room), extent: 'cube' }
}
