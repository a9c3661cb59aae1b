/** All nodules of one scan, prepared together: the scan is opened once. */
import { type Frame, toPointLps } from '../cohort/frame.ts'
import { SpiculaError } from '../error.ts'
import { openScan } from '../volume/open.node.ts'
import type { Note, Triple } from '../volume/volume.ts'
import { type PreparedViews, type Preprocessing, prepareViews } from './prepare.ts'

/** One scan and the places in it. Plain data, so that it can go to a worker thread. */
export interface ScanTask {
  readonly imageFile: string
  readonly frame: Frame
  readonly points: readonly Triple[]
  readonly preprocessing: Partial<Preprocessing>
}

/** What became of one nodule: its views, or why there are none. */
export type NoduleOutcome =
  | { readonly prepared: PreparedViews; readonly pointLps: Triple; readonly notes: readonly Note[] }
  | { readonly failed: { readonly code: string; readonly message: string; readonly hint: string | undefined } }

/**
 * Prepares every nodule of a scan; one that fails never loses the others.
 * @returns an outcome for each point, in order
 */
export async function prepareScan({ imageFile, frame, points, preprocessing }: ScanTask): Promise<NoduleOutcome[]> {
  const outcomes: NoduleOutcome[] = []
  try {
    const scan = await openScan(imageFile)
    for (const point of points) {
      try {
        const pointLps = toPointLps(point, frame, scan.affineLps)
        const prepared = await prepareViews(scan, pointLps, preprocessing)
        outcomes.push({ prepared, pointLps, notes: [...scan.notes, ...prepared.notes] })
      } catch (error) {
        outcomes.push(failure(error))
      }
    }
  } catch (error) {
    return points.map(() => failure(error))
  }
  return outcomes
}

/** An error as data. One that is not ours is a defect of the software: it is reported with its row, and the run goes on. */
export function failure(error: unknown): Extract<NoduleOutcome, { failed: unknown }> {
  if (error instanceof SpiculaError) return { failed: { code: error.code, message: error.message, hint: error.hint } }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { failed: { code: 'internal/unexpected', message, hint: 'This is a defect of spicula: please report it.' } }
}
