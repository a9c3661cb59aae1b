/** The frames in which a table may give its points; within Spicula every point is LPS mm. */
import { SpiculaError } from '../error.ts'
import { applyAffine, rasToLpsPoint } from '../scan/affine.ts'
import type { Affine, Scan, Scans, Triple } from '../scan/scan.ts'

/**
 * `lps`: world mm, x to the patient's left, y to posterior, z to superior (DICOM, LUNA16, the published tables).
 * `ras`: world mm, x to the right, y to anterior (NIfTI, 3D Slicer's display).
 * `voxel`: indices i, j, k of the stored array, a voxel's centre at its integer index, from 0.
 */
export const frames = ['lps', 'ras', 'voxel'] as const

export type Frame = (typeof frames)[number]

/** Those of world mm: what a table can say without its scan. */
export const worldFrames = ['lps', 'ras'] as const satisfies readonly Frame[]

export type WorldFrame = (typeof worldFrames)[number]

/**
 * A frame by its name.
 * @throws SpiculaError `cohort/frame` for any other word
 * @example parseFrame('RAS') // 'ras'
 */
export function parseFrame(text: string): Frame {
  const frame = frames.find((name) => name === text.trim().toLowerCase())
  if (frame === undefined) {
    throw new SpiculaError('cohort/frame', `"${text}" is not a frame`, { hint: `Frames are ${frames.join(', ')}.` })
  }
  return frame
}

/**
 * The scan that a point of a table lies in, and the point in the world's frame. Of several series the point decides,
 * where it is in millimetres; voxel indices need a scan first.
 * @example const { scan, pointLps } = placeIn(await openScans('study/'), [10, -20, -100], 'lps')
 */
export function placeIn(scans: Scans, point: Triple, frame: Frame): { scan: Scan; pointLps: Triple } {
  if (frame === 'voxel') {
    const scan = scans.at()
    return { scan, pointLps: toPointLps(point, frame, scan.affineLps) }
  }
  const pointLps = worldPointLps(point, frame)
  return { scan: scans.at(pointLps), pointLps }
}

/**
 * A point as a table gives it, in the world's frame.
 * @param point as written, mm or voxel indices
 * @param affineLps of the scan: index to LPS mm, row-major 3x4; read for `voxel` only
 * @returns LPS mm
 * @example toPointLps([10, 20, 30], 'ras', scan.affineLps) // [-10, -20, 30]
 */
export function toPointLps(point: Triple, frame: Frame, affineLps: Affine): Triple {
  return frame === 'voxel' ? applyAffine(affineLps, point) : worldPointLps(point, frame)
}

/**
 * A point of a table of world mm.
 * @returns LPS mm
 * @example worldPointLps([10, 20, 30], 'ras') // [-10, -20, 30]
 */
export function worldPointLps(point: Triple, frame: WorldFrame): Triple {
  return frame === 'ras' ? rasToLpsPoint(point) : point
}
