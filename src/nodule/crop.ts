import { SpiculaError } from '../error.ts'
import type { Affine, Note, Scan, Triple } from '../scan/scan.ts'
import { type CropLattice, exactGrid, FILL_HU, type Geometry, publishedGrid } from './geometry.ts'
import { huNotes } from './hounsfield.ts'
import { borderNotes, checkPlace } from './place.ts'
import { neededBox, sampleGrid } from './sample.ts'

/** The surroundings of a nodule at 1 mm, axes along the body's. */
export interface Crop {
  /** HU, float32 [z, y, x]: z to superior, y to posterior, x to the patient's left. */
  readonly hu: Float32Array
  /** [size, size, size], or [1, size, size] where only the axial plane was wanted or exists. */
  readonly shapeZyx: Triple
  /** Index of the nodule's point. */
  readonly centreZyx: Triple
  /** Nodule centre, mm. */
  readonly pointLps: Triple
  readonly geometry: Geometry
  /** What was odd about the place or the voxels: `nodule/border`, `nodule/not-hu`, `nodule/single-slice`. */
  readonly notes: readonly Note[]
}

/** What to cut out. */
export interface CropOptions {
  /** Which sample positions (see `Geometry`). */
  readonly geometry: Geometry
  /** Edge in mm: index floor(size / 2) is the point, indices run from there to both sides. */
  readonly sizeMm?: number
  /** The whole cube, or only the axial plane through the point. */
  readonly extent?: 'cube' | 'axial'
  /** Edge in mm of the part that will be shown: the border note is about it. */
  readonly shownMm?: number
}

/** A slice whose normal leans further than this from the body's axis is not axial: 1 degree. */
const AXIAL_COSINE = Math.cos(Math.PI / 180)

/**
 * Cuts the cube round a nodule out of a scan, trilinear, at 1 mm: from the stored voxels straight to the samples, the
 * scan is never resampled as a whole, and only the voxels that the crop touches are read.
 *
 * @param scan the CT
 * @param pointLps nodule centre, mm, LPS
 * @returns HU at 1 mm. Outside the scan: -1000 (exact) or 0 (published) HU, blended at the border
 * @throws SpiculaError `nodule/point`, `nodule/outside` (see `checkPlace`), `nodule/non-finite`, `nodule/size`;
 * `nodule/geometry` for a scan that has no published geometry; `nodule/not-axial` for a single slice that is not axial;
 * and what the scan's reader throws
 * @see docs/method.md M1, docs/geometry.md
 * @example
 * const crop = await cropNodule(scan, [-60.2, 31.5, -120], { geometry: 'exact' })
 * crop.shapeZyx // [100, 100, 100]
 * crop.hu[(50 * 100 + 50) * 100 + 50] // the value at the point, HU
 */
export async function cropNodule(
  scan: Scan,
  pointLps: Triple,
  { geometry, sizeMm = 100, extent = 'cube', shownMm = 50 }: CropOptions,
): Promise<Crop> {
  if (!Number.isInteger(sizeMm) || sizeMm < 1) {
    throw new SpiculaError('nodule/size', `a crop of ${sizeMm} mm: the size must be a whole number of mm, at least 1`)
  }
  checkPlace(scan, pointLps)
  const thinAxis = geometry === 'exact' ? thinAxisOf(scan) : undefined // published: refused with the grid
  const axial = extent === 'axial' || thinAxis !== undefined
  const half = Math.floor(sizeMm / 2)
  const lattice: CropLattice = {
    pointLps,
    shapeZyx: [axial ? 1 : sizeMm, sizeMm, sizeMm],
    centreZyx: [axial ? 0 : half, half, half],
  }
  const grid = geometry === 'exact' ? exactGrid(scan, lattice, thinAxis) : publishedGrid(scan, lattice)
  const box = neededBox(grid)
  const voxels = await scan.readHu(box)
  const shown = Math.min(sizeMm, shownMm)
  const notes = [
    ...(thinAxis === undefined ? [] : [singleSliceNote(scan)]),
    ...borderNotes(scan, pointLps, [axial ? 1 : shown, shown, shown], FILL_HU[geometry]),
    ...huNotes(scan.name, voxels, box),
  ]
  const hu = sampleGrid(voxels, box, grid, FILL_HU[geometry], lattice.shapeZyx)
  return { hu, ...lattice, geometry, notes }
}

/**
 * The stored axis that has one voxel only, where the scan is a single axial slice: then the slice itself is the axial
 * view, and there is no other.
 */
function thinAxisOf({ shapeIjk, affineLps, name }: Scan): number | undefined {
  const thin = [0, 1, 2].filter((axis) => shapeIjk[axis] === 1)
  if (thin.length === 0) return undefined
  if (thin.length > 1) {
    throw new SpiculaError(
      'nodule/not-axial',
      `${name}: ${shapeIjk.join(' x ')} voxels are not a slice, so there is no view to show`,
    )
  }
  const cosine = zCosineOfNormal(affineLps, thin[0])
  if (cosine < AXIAL_COSINE) {
    const degrees = ((Math.acos(cosine) * 180) / Math.PI).toFixed(0)
    throw new SpiculaError(
      'nodule/not-axial',
      `${name}: a single slice whose normal is ${degrees} degrees off the body's axis: only an axial one has a view`,
      { hint: 'Give the whole series, or a single axial slice.' },
    )
  }
  return thin[0]
}

/** |cosine| between z and the normal of the plane that the other two stored axes span. */
function zCosineOfNormal(a: Affine, thinAxis: number): number {
  const [u, v] = [0, 1, 2].filter((axis) => axis !== thinAxis).map((axis) => [a[axis], a[4 + axis], a[8 + axis]])
  const normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
  return Math.min(1, Math.abs(normal[2]) / Math.hypot(...normal))
}

const singleSliceNote = ({ name }: Scan): Note => ({
  code: 'nodule/single-slice',
  message: `${name} has a single slice: only its axial view is used, and what lies above and below is unknown`,
})
