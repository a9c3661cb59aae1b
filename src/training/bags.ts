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
import { DEFAULT_PREPROCESSING, type Preprocessing } from '../nodule/prepare.ts'
import { renderViews, VIEWS, viewsOf } from '../nodule/views.ts'
import { seededRandom } from '../random.ts'
import type { Note, Triple } from '../scan/scan.ts'
import { openPool, type WorkerPool } from '../worker-pool.node.ts'
import { cachedCrop, cutCrop } from './crop-cache.node.ts'

/** One sample to prepare. Plain data, so that it can go to a worker thread. */
export interface BagTask {
  /** Of the row, for messages. */
  readonly key: string
  readonly imageFile: string
  /** In `frame`. */
  readonly point: Triple
  readonly frame: Frame
  readonly preprocessing: Partial<Preprocessing>
  /** Null for none. */
  readonly augmentation: AugmentationConfig | null
  /** Whether each view moves by up to 5 mm, as in training. */
  readonly jitter: boolean
  /** Of this sample in this epoch, e.g. `${seed}/${epoch}/${draw}/${key}`: it tells every random number. */
  readonly seed: string
  /** Where crops are kept (`cachedCrop`); null for nowhere. */
  readonly cacheDir: string | null
}

/** The views of one nodule. */
export interface Bag {
  /** float32 [count, R, R]; [-1000, 500] HU is [0, 1], which noise and the oblique views may overshoot. */
  readonly pixels: Float32Array
  readonly count: number
  /** Which of `VIEWS` each is. */
  readonly viewIndices: readonly number[]
  /** What was odd about scan and place. */
  readonly notes: readonly Note[]
}

/**
 * Prepares one sample. Without augmentation and jitter these are, bit for bit, the views of `prepareViews`. With them
 * the crop is as large as that of the nine views even where fewer are wanted: the axial view of a volume is varied in
 * three dimensions like the others, so a tilt brings in what lies above and below, of which one plane is computed (but
 * its centre moves within the plane, see `jitterViews`); that of a single slice is varied within the slice. The same task gives the same bits, whichever thread works on it.
 * @throws SpiculaError what `openScan`, `cropNodule` and `renderViews` throw; `nodule/size` where the crop is too small
 * for the jitter
 * @example
 * const { count, viewIndices } = await prepareBag({
 *   key: '100012 1', imageFile: 'scan.nii.gz', point: [-60.2, 31.5, -120], frame: 'lps', preprocessing: {},
 *   augmentation: PUBLISHED_AUGMENTATION, jitter: true, seed: '1/0/17/100012 1', cacheDir: 'cache',
 * })
 * count // 9
 * viewIndices // [0, 1, 2, 3, 4, 5, 6, 7, 8]
 */
export async function prepareBag(task: BagTask): Promise<Bag> {
  const { imageFile, point, frame, augmentation, jitter, cacheDir } = task
  const preprocessing = { ...DEFAULT_PREPROCESSING, ...task.preprocessing }
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
  const viewIndices = views.map(({ name }) => VIEWS.findIndex((view) => view.name === name))
  return { pixels, count: views.length, viewIndices, notes: crop.notes }
}

/**
 * Threads that prepare samples; each works on one at a time.
 * @example
 * const pool = openBagPool(2)
 * for await (const bag of inOrder(tasks, 8, pool.run)) train(bag)
 * await pool.close()
 */
export function openBagPool(threads: number): WorkerPool<BagTask, Bag> {
  return openPool<BagTask, Bag>(new URL('./bags.worker.node.ts', import.meta.url), threads)
}

/** What to cut out: as `prepareViews` where nothing moves, else with room to move in. */
function cropOptions(
  { geometry, views, cropMm, viewMm }: Preprocessing,
  { augmentation, jitter }: Pick<BagTask, 'augmentation' | 'jitter'>,
): Required<CropOptions> {
  const shown = { geometry, shownMm: viewMm }
  if (!augmentation && !jitter) {
    return { ...shown, sizeMm: views === 'nine' ? cropMm : viewMm, extent: views === 'axial' ? 'axial' : 'cube' }
  }
  const room = viewMm + 2 * JITTER_MM
  // The oblique views turn about the crop's middle: its size is the model's, and cannot grow.
  if (views === 'nine' && jitter && cropMm < room) {
    throw new SpiculaError(
      'nodule/size',
      `a crop of ${cropMm} mm leaves no room to move views of ${viewMm} mm by ${JITTER_MM} mm: ${room} mm are needed`,
      { hint: 'Make the crop larger or the view smaller, or train without jitter.' },
    )
  }
  return { ...shown, sizeMm: views === 'nine' ? cropMm : Math.max(cropMm, room), extent: 'cube' }
}
