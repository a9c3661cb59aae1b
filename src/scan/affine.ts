import { SpiculaError } from '../error.ts'
import type { Affine, Triple } from './scan.ts'

/**
 * Below this part of the volume that its three axes would span if they were at right angles, an affine counts as
 * singular: three axes within 0.00006 degrees of one plane are a broken header, never a scanner's.
 */
const SINGULAR = 1e-6

/**
 * World point of a voxel index.
 * @param a affine, 3x4 row-major
 * @param point index (i, j, k), may be between voxels
 * @returns a . (i, j, k, 1), in the affine's world frame
 * @example
 * applyAffine([0.7, 0, 0, -180, 0, 0.7, 0, -180, 0, 0, 1.25, -300], [256, 256, 0]) // [-0.8, -0.8, -300]
 */
export function applyAffine(a: Affine, [i, j, k]: Triple): Triple {
  return [
    a[0] * i + a[1] * j + a[2] * k + a[3],
    a[4] * i + a[5] * j + a[6] * k + a[7],
    a[8] * i + a[9] * j + a[10] * k + a[11],
  ]
}

/**
 * The affine that applies `b` first and `a` after it.
 * @param a affine, 3x4 row-major
 * @param b affine, 3x4 row-major
 * @returns a . b, 3x4 row-major
 * @example multiplyAffine(affineLps, invertAffine(affineLps)) // the identity, but for rounding
 */
export function multiplyAffine(a: Affine, b: Affine): Affine {
  return [0, 4, 8].flatMap((row) =>
    [0, 1, 2, 3].map(
      (column) =>
        a[row] * b[column] + a[row + 1] * b[4 + column] + a[row + 2] * b[8 + column] + (column === 3 ? a[row + 3] : 0),
    ),
  )
}

/**
 * Distance between the centres of neighbouring voxels on each stored axis: the affine's column norms.
 * @param a affine, voxel index to mm
 * @returns spacing in mm along i, j, k
 * @example spacingMm([-0.7, 0, 0, 0, 0, 0.7, 0, 0, 0, 0, 1.25, 0]) // [0.7, 0.7, 1.25]
 */
export function spacingMm(a: Affine): Triple {
  return [Math.hypot(a[0], a[4], a[8]), Math.hypot(a[1], a[5], a[9]), Math.hypot(a[2], a[6], a[10])]
}

/** Determinant of the affine's 3x3 part: below zero where the stored axes are a left-handed system. */
export function determinant(a: Affine): number {
  return a[0] * (a[5] * a[10] - a[6] * a[9]) - a[1] * (a[4] * a[10] - a[6] * a[8]) + a[2] * (a[4] * a[9] - a[5] * a[8])
}

/**
 * Why an affine cannot place voxels, in words for an error message.
 * @param a affine, 3x4 row-major
 * @returns undefined for a usable affine
 * @example affineFault([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]) // 'it is singular: axis j has no length'
 */
export function affineFault(a: Affine): string | undefined {
  if (a.length !== 12) return `it has ${a.length} numbers, not 12`
  const odd = a.findIndex((value) => !Number.isFinite(value))
  if (odd >= 0) return `its row ${Math.floor(odd / 4) + 1}, column ${(odd % 4) + 1} is ${a[odd]}, not a finite number`
  const spacing = spacingMm(a)
  const flat = spacing.findIndex((mm) => !Number.isFinite(1 / mm))
  if (flat >= 0) return `it is singular: axis ${'ijk'[flat]} has no length`
  const long = spacing.findIndex((mm) => !Number.isFinite(mm))
  if (long >= 0) return `axis ${'ijk'[long]} is longer than any number`
  if (Math.abs(determinant(unitColumns(a, spacing))) < SINGULAR) return 'it is singular: its axes lie in one plane'
  return undefined
}

/**
 * World point to voxel index.
 * @param a affine, 3x4 row-major
 * @returns the affine of the way back
 * @throws SpiculaError `volume/affine` where it holds NaN or infinity, or is singular
 * @example applyAffine(invertAffine(scan.affineLps), pointLps) // the point's continuous voxel index
 */
export function invertAffine(a: Affine): Affine {
  const fault = affineFault(a)
  if (fault !== undefined) {
    throw new SpiculaError('volume/affine', `The affine cannot be inverted: ${fault}`, {
      hint: 'The header of the scan is damaged; convert the scan again from its DICOM files.',
    })
  }
  // Columns of unit length first, so that spacings of 0.5 and 5 mm, or of metres, lose no digits.
  const spacing = spacingMm(a)
  const u = unitColumns(a, spacing)
  const scale = 1 / determinant(u)
  const cofactors = [
    [u[5] * u[10] - u[6] * u[9], u[2] * u[9] - u[1] * u[10], u[1] * u[6] - u[2] * u[5]],
    [u[6] * u[8] - u[4] * u[10], u[0] * u[10] - u[2] * u[8], u[2] * u[4] - u[0] * u[6]],
    [u[4] * u[9] - u[5] * u[8], u[1] * u[8] - u[0] * u[9], u[0] * u[5] - u[1] * u[4]],
  ]
  return cofactors.flatMap((row, axis) => {
    const [x, y, z] = row.map((value) => (value * scale) / spacing[axis])
    return [x, y, z, -(x * a[3] + y * a[7] + z * a[11])]
  })
}

/** The affine with its three columns divided by their lengths, without translation. */
function unitColumns(a: Affine, spacing: Triple): Affine {
  return [
    a[0] / spacing[0],
    a[1] / spacing[1],
    a[2] / spacing[2],
    0,
    a[4] / spacing[0],
    a[5] / spacing[1],
    a[6] / spacing[2],
    0,
    a[8] / spacing[0],
    a[9] / spacing[1],
    a[10] / spacing[2],
    0,
  ]
}

/**
 * Between NIfTI's world (RAS: x to the right, y to anterior) and ours (LPS), either way: both turn the signs of x and y.
 * @param a voxel index to RAS mm (or LPS mm)
 * @returns voxel index to LPS mm (or RAS mm)
 * @example rasToLps([1, 0, 0, 10, 0, 1, 0, 20, 0, 0, 1, 30]) // [-1, 0, 0, -10, 0, -1, 0, -20, 0, 0, 1, 30]
 */
export function rasToLps(a: Affine): Affine {
  // 0 - value, not -value: no negative zeros, so that a round trip is equal.
  return a.map((value, index) => (index < 8 ? 0 - value : value))
}

/**
 * A point from RAS mm to LPS mm, or back; without negative zeros, which a table would show.
 * @example rasToLpsPoint([10, 20, 30]) // [-10, -20, 30]
 */
export function rasToLpsPoint([x, y, z]: Triple): Triple {
  return [0 - x, 0 - y, z]
}

/** The world axis that a stored axis runs along: 0, 1, 2 for x, y, z; sign 1 where both grow together. */
export interface AxisDirection {
  readonly world: 0 | 1 | 2
  readonly sign: 1 | -1
}

/**
 * For each stored axis the world axis that it runs along.
 * @param a affine, voxel index to world mm
 * @param tolerance largest sideways part of a unit step; 1e-4 is 0.05 mm over a 512 mm axis
 * @returns null where the volume is oblique (or sheared) against the world's axes
 * @example axisAlignment([0, 0, 5, 0, -1, 0, 0, 0, 0, -1, 0, 0])
 * // [{ world: 1, sign: -1 }, { world: 2, sign: -1 }, { world: 0, sign: 1 }]: a sagittal volume
 */
export function axisAlignment(
  a: Affine,
  tolerance = 1e-4,
): readonly [AxisDirection, AxisDirection, AxisDirection] | null {
  const [i, j, k] = [0, 1, 2].map((column) => columnDirection([a[column], a[4 + column], a[8 + column]], tolerance))
  if (!i || !j || !k) return null
  return new Set([i.world, j.world, k.world]).size === 3 ? [i, j, k] : null
}

function columnDirection(column: Triple, tolerance: number): AxisDirection | null {
  const length = Math.hypot(...column)
  for (const world of [0, 1, 2] as const) {
    const sideways = Math.hypot(...column.filter((_, row) => row !== world))
    if (length > 0 && sideways <= tolerance * length) return { world, sign: column[world] > 0 ? 1 : -1 }
  }
  return null
}
