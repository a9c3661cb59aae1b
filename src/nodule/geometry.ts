import { SpiculaError } from '../error.ts'
import { applyAffine, axisAlignment, invertAffine } from '../scan/affine.ts'
import type { Scan, Triple } from '../scan/scan.ts'
import { linearTaps, type ObliqueGrid, type SeparableGrid } from './sample.ts'

/**
 * Where the samples of a crop lie: `exact` on the point plus whole millimetres along L, P and S; `published` as the
 * published implementation samples them, displaced by up to some millimetres (docs/geometry.md). A property of a
 * model: a model sees what it was trained on.
 */
export type Geometry = 'exact' | 'published'

/** HU that stands for what lies outside the scan: air, or water as published. */
export const FILL_HU: Readonly<Record<Geometry, number>> = { exact: -1000, published: 0 }

/** The samples of a crop: 1 mm apart, in an array [z, y, x] whose index `centreZyx` is the nodule's point. */
export interface CropLattice {
  readonly pointLps: Triple
  readonly shapeZyx: Triple
  readonly centreZyx: Triple
}

/**
 * Largest sideways part of a voxel's step at which one table an axis still serves the exact geometry: over 50 mm the
 * samples then move by at most a millionth of a voxel, and a step of 1000 HU between voxels by 1e-3 HU.
 */
const SEPARABLE = 1e-8

/**
 * The exact geometry: offset 0 is the point itself, every sample a whole number of millimetres from it.
 * @param thinAxis stored axis of the only slice of a single-slice scan: its position is then not used, the slice is
 * @throws SpiculaError what `invertAffine` throws for a singular affine
 */
export function exactGrid(
  { affineLps, shapeIjk }: Scan,
  { pointLps, shapeZyx, centreZyx }: CropLattice,
  thinAxis?: number,
): SeparableGrid | ObliqueGrid {
  const inverse = invertAffine(affineLps)
  const [i, j, k] = applyAffine(inverse, pointLps)
  const toIndexIjk = [...inverse]
  for (const [axis, position] of [i, j, k].entries()) {
    if (axis === thinAxis) toIndexIjk.fill(0, 4 * axis, 4 * axis + 4)
    else {
      const row = toIndexIjk.slice(4 * axis, 4 * axis + 3)
      toIndexIjk[4 * axis + 3] = position - row[0] * centreZyx[2] - row[1] * centreZyx[1] - row[2] * centreZyx[0]
    }
  }
  const worldAxes = axisAlignment(affineLps, SEPARABLE)?.map(({ world }) => world)
  if (!worldAxes) return { kind: 'oblique', toIndexIjk, shapeZyx, shapeIjk }
  return separable(shapeIjk, shapeZyx, worldAxes, (axis, t) => {
    const world = worldAxes[axis]
    // Around the crop's centre, so that what the affine has off its axes moves nothing there.
    return axis === thinAxis ? 0 : [i, j, k][axis] + toIndexIjk[4 * axis + world] * (t - centreZyx[2 - world])
  })
}

/**
 * The geometry of the published implementation, which resamples the whole scan to 1 mm with one corner convention,
 * samples with another and truncates the nodule's index (docs/geometry.md has the formulas).
 * @throws SpiculaError `nodule/geometry` for scans that have no published geometry: oblique ones, and those with fewer
 * than two voxels, or less than a millimetre between the first and the last, on an axis
 */
export function publishedGrid(scan: Scan, { pointLps, shapeZyx, centreZyx }: CropLattice): SeparableGrid {
  const { affineLps, shapeIjk, name } = scan
  const worldAxes = axisAlignment(affineLps)?.map(({ world }) => world)
  if (!worldAxes) {
    throw new SpiculaError(
      'nodule/geometry',
      `${name}: its voxel axes are oblique to the body's axes, so it has no published geometry`,
      { hint: 'Use a model with the exact geometry, or resample the scan to axes along L, P and S first.' },
    )
  }
  const axes = worldAxes.map((world, axis) => publishedAxis(scan, axis, world, pointLps))
  return separable(shapeIjk, shapeZyx, worldAxes, (axis, t) => axes[axis](t - centreZyx[2 - worldAxes[axis]]))
}

/** Continuous voxel index along one stored axis for an offset in samples from the crop's centre; NaN is outside. */
function publishedAxis(
  { affineLps, shapeIjk, name }: Scan,
  axis: number,
  world: number,
  pointLps: Triple,
): (offset: number) => number {
  // The published formulas are in RAS; x and y of LPS run against it, and so does the index of the crop.
  const sign = world === 2 ? 1 : -1
  const n = shapeIjk[axis]
  const reaches = [0, 1, 2].map((other) => sign * affineLps[4 * world + other] * (shapeIjk[other] - 1))
  const origin = sign * affineLps[4 * world + 3]
  const low = reaches.reduce((sum, reach) => sum + Math.min(reach, 0), origin)
  const high = reaches.reduce((sum, reach) => sum + Math.max(reach, 0), origin)
  const resampled = roundHalfEven(high - low + 1)
  if (n < 2 || resampled < 2) {
    const size = n < 2 ? 'a single voxel' : `${n} voxels over ${(high - low).toFixed(2)} mm`
    throw new SpiculaError(
      'nodule/geometry',
      `${name}: with ${size} on stored axis ${'ijk'[axis]} it has no published geometry`,
      { hint: 'Use a model with the exact geometry.' },
    )
  }
  const point = sign * pointLps[world]
  const centre = Math.trunc(sign < 0 ? low + resampled - 1 - point : point - low)
  const inverse = invertAffine(affineLps)
  const pointIndex = applyAffine(inverse, pointLps)[axis]
  const voxelsPerMm = sign * inverse[4 * axis + world]
  return (offset) => {
    const index = centre + offset
    if (index < 0 || index >= resampled) return Number.NaN
    const r = sign < 0 ? resampled - 1 - index : index
    const ras = low + (r * resampled) / (resampled - 1) - 0.5
    const position = pointIndex + voxelsPerMm * (ras - point)
    return ((position + 0.5) * (n - 1)) / n
  }
}

/** As NumPy rounds: a tie goes to the even neighbour. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  if (value - floor !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}

/** One table of taps for each stored axis, from positions as a function of the sample along it. */
function separable(
  shapeIjk: Triple,
  shapeZyx: Triple,
  worldAxes: readonly number[],
  position: (axis: number, t: number) => number,
): SeparableGrid {
  const strideOfWorld = [1, shapeZyx[2], shapeZyx[2] * shapeZyx[1]]
  const taps = (axis: number) =>
    linearTaps(
      Float64Array.from({ length: shapeZyx[2 - worldAxes[axis]] }, (_, t) => position(axis, t)),
      shapeIjk[axis],
    )
  const [wi, wj, wk] = worldAxes
  return {
    kind: 'separable',
    tapsIjk: [taps(0), taps(1), taps(2)],
    strideIjk: [strideOfWorld[wi], strideOfWorld[wj], strideOfWorld[wk]],
  }
}
