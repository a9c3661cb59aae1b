/** Images of a DICOM series that annotations name: which slice each is, and where its pixels are. */
import type { ImageReference } from '../../annotations/places/image-reference.ts'
import type { FramePlane } from '../../annotations/places/seg-planes.ts'
import { applyAffine, determinant, spacingMm } from '../../scan/affine.ts'
import { cross } from '../../scan/dicom/slice.ts'
import type { Scan, Triple } from '../../scan/scan.ts'

/**
 * The k of an image of a DICOM series, or of a frame of it; scans of other formats do not say.
 * @param frame counted from 1; an image of several frames has no slice without it
 */
export function sliceOf(scan: Scan, sopInstanceUid: string, frame?: number): number | undefined {
  const frames = framesOf(scan, sopInstanceUid)
  if (frame !== undefined) return frames?.get(frame)
  return frames?.size === 1 ? [...frames.values()][0] : undefined
}

function framesOf(scan: Scan, sopInstanceUid: string): ReadonlyMap<number, number> | undefined {
  if (!('kOfSopInstance' in scan && scan.kOfSopInstance instanceof Map)) return undefined
  const frames: unknown = scan.kOfSopInstance.get(sopInstanceUid)
  return frames instanceof Map ? frames : undefined
}

/**
 * A pixel of one of the series' slices in LPS mm; of several frames the middle.
 * @param column from the centre of the first pixel
 * @returns the point, or why there is none
 */
export function imagePoint(
  scan: Scan,
  { sopInstanceUid, frames }: ImageReference,
  column: number,
  row: number,
): Triple | string {
  if (!('kOfSopInstance' in scan)) return 'coordinates in an image: give the DICOM series itself as --image'
  const own = framesOf(scan, sopInstanceUid)
  if (own === undefined) return 'coordinates in an image that is none of the scan'
  if (frames.length === 0 && own.size > 1) return 'coordinates in an image of many frames, without the frame'
  const ks = frames.length === 0 ? [...own.values()] : frames.map((frame) => own.get(frame))
  const missing = ks.indexOf(undefined)
  if (missing >= 0) return `coordinates in frame ${frames[missing]}, which the scan does not have`
  const points = ks.map((k) => applyAffine(scan.affineLps, [column, row, k ?? 0]))
  const mean = (axis: number): number => points.reduce((sum, point) => sum + point[axis], 0) / points.length
  return [mean(0), mean(1), mean(2)]
}

/** The plane of an image that a frame was made from; undefined where the scan does not have it. */
export function framePlane(scan: Scan, { sopInstanceUid, frames }: ImageReference): FramePlane | undefined {
  const k = sliceOf(scan, sopInstanceUid, frames[0])
  if (k === undefined) return undefined
  const { affineLps: a } = scan
  const [betweenColumns, betweenRows] = spacingMm(a)
  return {
    positionLps: applyAffine(a, [0, 0, k]),
    rowLps: [a[0] / betweenColumns, a[4] / betweenColumns, a[8] / betweenColumns],
    columnLps: [a[1] / betweenRows, a[5] / betweenRows, a[9] / betweenRows],
    spacingMm: [betweenColumns, betweenRows],
  }
}

/** Distance between the planes of neighbouring slices, mm: less than their step where the gantry was tilted. */
export function sliceDistanceMm({ affineLps: a }: Scan): number {
  return Math.abs(determinant(a)) / Math.hypot(...cross([a[0], a[4], a[8]], [a[1], a[5], a[9]]))
}
