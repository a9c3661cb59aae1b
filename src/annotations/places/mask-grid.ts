/**
 * Whether a mask lies where its scan does. A mask of the scan's size was drawn on it, voxel by voxel: where the two headers
 * place these voxels differently one of them is wrong, though the places may well fall into the scan.
 */
import { SpiculaError } from '../../error.ts'
import { applyAffine, axisAlignment, invertAffine, multiplyAffine, rasToLps, spacingMm } from '../../scan/affine.ts'
import type { Affine, Note, Scan, Triple } from '../../scan/scan.ts'

type Grid = Pick<Scan, 'name' | 'shapeIjk' | 'affineLps'>

/** Rounding in headers, voxels. */
const EQUAL = 0.1
/** Where a voxel begins or where its centre lies: programs differ by half a voxel, which is noted. */
const NEAR = 0.6

/**
 * Checks a mask against its scan. Stored axes may run other ways round; masks of another size (cut out, resampled) are
 * where their header says, unless it says nothing.
 * @returns a note where they differ by up to half a voxel, or the mask reaches far beyond the scan
 * @throws SpiculaError `datasets/mask-geometry` for a mask of the scan's size elsewhere, or one that lost its geometry
 * @example checkMaskGrid(await openScan('mask.nii.gz'), await openScan('ct.nii.gz')) // []
 */
export function checkMaskGrid(mask: Grid, scan: Grid): Note[] {
  const note = (message: string): Note => ({ code: 'datasets/mask-geometry', message: `${mask.name}: ${message}` })
  const maskToScan = multiplyAffine(invertAffine(scan.affineLps), mask.affineLps)
  const isBare = isBareArray(mask.affineLps) && !isBareArray(scan.affineLps)
  if (isSameSize(mask.shapeIjk, scan.shapeIjk)) {
    const off = offByVoxels(maskToScan, mask.shapeIjk, scan.shapeIjk)
    if (off <= EQUAL) return []
    if (off <= NEAR) {
      return [note(`its voxels lie up to ${off.toFixed(2)} voxels beside those of ${scan.name}: places are the mask's`)]
    }
    throw refusal(mask, scan, isBare ? BARE : difference(mask.affineLps, scan.affineLps))
  }
  if (isBare) throw refusal(mask, scan, BARE)
  const beyond = beyondMm(maskToScan, mask, scan)
  return beyond > FAR_MM ? [note(`it reaches ${beyond.toFixed(0)} mm beyond ${scan.name}: is it of this scan?`)] : []
}

const BARE = 'voxels of 1 mm from the origin, as arrays have that were saved without their geometry'
/** A mask that reaches this much further than its scan was drawn on another. */
const FAR_MM = 20

function refusal(mask: Grid, scan: Grid, how: string): SpiculaError {
  const size = mask.shapeIjk.join(' x ')
  const what = isSameSize(mask.shapeIjk, scan.shapeIjk) ? `has the size of ${scan.name} (${size})` : `(${size})`
  return new SpiculaError('datasets/mask-geometry', `${mask.name}: the mask ${what}, but not its geometry: ${how}`, {
    hint: 'Save the mask with the geometry of the scan that it was drawn on: CopyInformation in SimpleITK, its affine in nibabel.',
  })
}

const isSameSize = (a: Triple, b: Triple): boolean => `${[...a].sort()}` === `${[...b].sort()}`

/** Unit spacing along the world's axes from the world's origin, either way round in x and y. */
function isBareArray(a: Affine): boolean {
  const isUnit = spacingMm(a).every((mm) => Math.abs(mm - 1) < 1e-6)
  return isUnit && [3, 7, 11].every((n) => Math.abs(a[n]) < 1e-6) && axisAlignment(a) !== null
}

const corners = ([ni, nj, nk]: Triple): Triple[] =>
  [0, 1, 2, 3, 4, 5, 6, 7].map((n) => [n & 1 ? ni - 1 : 0, n & 2 ? nj - 1 : 0, n & 4 ? nk - 1 : 0])

/** How far the corners of one grid lie from corners of the other, voxels of the scan, along the axis where it is most. */
function offByVoxels(maskToScan: Affine, shapeIjk: Triple, scanShapeIjk: Triple): number {
  const found = corners(shapeIjk).map((corner) => applyAffine(maskToScan, corner))
  return Math.max(
    ...corners(scanShapeIjk).map((corner) =>
      Math.min(...found.map((at) => Math.max(...at.map((x, axis) => Math.abs(x - corner[axis]))))),
    ),
  )
}

/** What is wrong, in words. */
function difference(mask: Affine, scan: Affine): string {
  const isNear = (a: Affine, b: Affine): boolean =>
    a.every((x, n) => Math.abs(x - b[n]) < 0.05 * (n % 4 === 3 ? 10 : 1))
  if (isNear(mask, rasToLps(scan))) return 'it is mirrored in x and y, as where LPS is taken for RAS'
  const spacings = [mask, scan].map((a) => spacingMm(a).map((mm) => Number(mm.toFixed(3))))
  if (spacings[0].some((mm, axis) => Math.abs(mm - spacings[1][axis]) > 0.01)) {
    return `its voxels are ${spacings[0].join(' x ')} mm, the scan's ${spacings[1].join(' x ')} mm`
  }
  const shift = [3, 7, 11].map((n) => Number((mask[n] - scan[n]).toFixed(1)))
  const turned = [0, 1, 2].filter((axis) => !isNear(columnOf(mask, axis), columnOf(scan, axis)))
  if (turned.length === 0) return `it is shifted by (${shift.join(', ')}) mm`
  return `its stored ${turned.length === 1 ? 'axis' : 'axes'} ${turned.map((axis) => 'ijk'[axis]).join(', ')} point elsewhere`
}

const columnOf = (a: Affine, axis: number): Affine => [a[axis], a[4 + axis], a[8 + axis]]

/** How far the outermost voxels of the mask lie outside the scan, mm. */
function beyondMm(maskToScan: Affine, mask: Grid, scan: Grid): number {
  const spacing = spacingMm(scan.affineLps)
  const out = corners(mask.shapeIjk).map((corner) => {
    const index = applyAffine(maskToScan, corner)
    return Math.max(...index.map((x, axis) => Math.max(-0.5 - x, x - scan.shapeIjk[axis] + 0.5, 0) * spacing[axis]))
  })
  return Math.max(...out)
}
