/** All nodules of one scan, prepared together: the scan is opened once. */
import { type Frame, placeIn } from '../cohort/frame.ts'
import { openScans } from '../scan/open.node.ts'
import type { Note, Scan, Scans, Triple } from '../scan/scan.ts'
import { type Failed, failure } from './failure.ts'
import { type PreparedViews, type Preprocessing, prepareViews } from './prepare.ts'

/** One scan and the places in it. Plain data, so that it can go to a worker thread. */
export interface ScanTask {
  readonly imageFile: string
  readonly frame: Frame
  readonly points: readonly Triple[]
  readonly preprocessing: Preprocessing
}

/** What became of one nodule: its views, or why there are none. */
export type NoduleOutcome =
  | { readonly prepared: PreparedViews; readonly pointLps: Triple; readonly notes: readonly Note[] }
  | Failed

/** Nodules of one scan worked on at once: their voxels then come out of one pass over the file. */
const AT_ONCE = 8

/**
 * Does something for every place in a scan, which is opened once. One place that fails never loses the others.
 * @param points in `frame`
 * @returns what `work` gives or why it failed, for each point in order
 */
export async function forEachPlace<Result>(
  imageFile: string,
  { frame, points }: { readonly frame: Frame; readonly points: readonly Triple[] },
  work: (scan: Scan, pointLps: Triple, index: number) => Promise<Result>,
): Promise<(Result | Failed)[]> {
  let scans: Scans
  try {
    scans = await openScans(imageFile)
  } catch (error) {
    return points.map(() => failure(error))
  }
  const outcomes: (Result | Failed)[] = []
  for (let first = 0; first < points.length; first += AT_ONCE) {
    const some = points.slice(first, first + AT_ONCE)
    const settled = await Promise.allSettled(
      some.map(async (point, i) => {
        const { scan, pointLps } = placeIn(scans, point, frame)
        return work(scan, pointLps, first + i)
      }),
    )
    outcomes.push(...settled.map((one) => (one.status === 'fulfilled' ? one.value : failure(one.reason))))
  }
  return outcomes
}

/** Prepares every nodule of a scan. */
export function prepareScan({ imageFile, frame, points, preprocessing }: ScanTask): Promise<NoduleOutcome[]> {
  return forEachPlace(imageFile, { frame, points }, async (scan, pointLps) => {
    const prepared = await prepareViews(scan, pointLps, preprocessing)
    return { prepared, pointLps, notes: [...scan.notes, ...prepared.notes] }
  })
}
