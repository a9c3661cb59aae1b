import { SpiculaError } from '../error.ts'
import { applyAffine, invertAffine } from './affine.ts'
import type { Box, Scan, Triple } from './scan.ts'

/** A cube (or any box) whose faces are at right angles to the world's axes: smallest and largest corner, LPS mm. */
export interface WorldBox {
  readonly minLps: Triple
  readonly maxLps: Triple
}

/** Number of voxels in a box. */
export const voxelCount = ({ sizeIjk }: Pick<Box, 'sizeIjk'>): number => sizeIjk[0] * sizeIjk[1] * sizeIjk[2]

/**
 * Whether a point lies in the scan: voxels reach half a voxel to each side of their centres, so a continuous index is
 * inside from -0.5 to n - 0.5 on each axis.
 * @param shapeIjk voxels on each stored axis
 * @param indexIjk continuous voxel index
 * @example insideScan([512, 512, 300], applyAffine(invertAffine(scan.affineLps), pointLps))
 */
export function insideScan(shapeIjk: Triple, indexIjk: Triple): boolean {
  return indexIjk.every((index, axis) => index >= -0.5 && index <= shapeIjk[axis] - 0.5)
}

/**
 * The voxels that trilinear interpolation inside a world-axis-aligned cube touches, and a margin, clipped to the scan.
 * @param scan shape and affine of the scan
 * @param world corners of the cube in LPS mm
 * @param marginVoxels voxels added on each side, before clipping
 * @returns a box inside the scan; of size [0, 0, 0] at its origin where the cube and the scan do not meet
 * @throws SpiculaError `volume/box` for corners that are not finite, `volume/affine` for an affine without inverse
 * @example
 * const box = boxOfCube(scan, { minLps: [-80, -80, -340], maxLps: [20, 20, -240] })
 * const hu = await scan.readHu(box) // float32, i fastest
 */
export function boxOfCube(
  scan: Pick<Scan, 'shapeIjk' | 'affineLps'>,
  { minLps, maxLps }: WorldBox,
  marginVoxels = 1,
): Box {
  if (![...minLps, ...maxLps].every(Number.isFinite)) {
    throw new SpiculaError('volume/box', `A cube from (${minLps}) to (${maxLps}) mm has no place: not finite numbers`)
  }
  const toIndex = invertAffine(scan.affineLps)
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((corner) =>
    applyAffine(toIndex, [
      corner & 1 ? maxLps[0] : minLps[0],
      corner & 2 ? maxLps[1] : minLps[1],
      corner & 4 ? maxLps[2] : minLps[2],
    ]),
  )
  const [i, j, k] = [0, 1, 2].map((axis) => {
    const onAxis = corners.map((corner) => corner[axis])
    const first = Math.max(0, Math.floor(Math.min(...onAxis)) - marginVoxels)
    const last = Math.min(scan.shapeIjk[axis] - 1, Math.ceil(Math.max(...onAxis)) + marginVoxels)
    return { first, count: last - first + 1 }
  })
  if (Math.min(i.count, j.count, k.count) <= 0) return { startIjk: [0, 0, 0], sizeIjk: [0, 0, 0] }
  return { startIjk: [i.first, j.first, k.first], sizeIjk: [i.count, j.count, k.count] }
}

/**
 * Refuses a box that is not whole voxels of the scan; a box without voxels is fine.
 * @throws SpiculaError `volume/box` naming the axis
 */
export function checkBox({ name, shapeIjk }: Pick<Scan, 'name' | 'shapeIjk'>, { startIjk, sizeIjk }: Box): void {
  for (const axis of [0, 1, 2] as const) {
    const [start, size, extent] = [startIjk[axis], sizeIjk[axis], shapeIjk[axis]]
    if (Number.isInteger(start) && Number.isInteger(size) && start >= 0 && size >= 0 && start + size <= extent) continue
    throw new SpiculaError(
      'volume/box',
      `${name}: ${size} voxels from ${start} on axis ${'ijk'[axis]} are not inside the scan's 0 to ${extent - 1}`,
    )
  }
}
