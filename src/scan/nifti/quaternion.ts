import { determinant, spacingMm } from '../affine.ts'
import type { Affine, Triple } from '../scan.ts'

/** Axes this far from right angles (as a cosine) are a shear, not the rounding of direction cosines. */
const SKEW = 1e-5

/** A rotation as NIfTI's qform keeps it. */
export interface QformRotation {
  /** quatern_b, quatern_c, quatern_d; quatern_a is what is left to length 1, never below 0. */
  readonly bcd: Triple
  /** pixdim[0]: -1 where the third axis has to be turned round to make the axes right-handed. */
  readonly qfac: 1 | -1
}

/**
 * The rotation of an affine as a unit quaternion (nifti1.h; nifti_mat44_to_quatern of the reference library).
 * @param a affine, voxel index to mm
 * @returns undefined where the axes are not at right angles, which a quaternion cannot say
 * @example rotationQuaternion([0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0])?.bcd // [0, 0, 0.7071]: a quarter turn about z
 */
export function rotationQuaternion(a: Affine): QformRotation | undefined {
  const spacing = spacingMm(a)
  const [i, j, k] = [0, 1, 2].map((column) => [a[column], a[4 + column], a[8 + column]].map((v) => v / spacing[column]))
  const cosines = [
    [i, j],
    [i, k],
    [j, k],
  ].map(([u, v]) => Math.abs(u[0] * v[0] + u[1] * v[1] + u[2] * v[2]))
  if (Math.max(...cosines) > SKEW) return undefined
  const qfac = determinant(a) < 0 ? -1 : 1
  const [m0, m1, m2] = [0, 1, 2].map((row) => [i[row], j[row], qfac * k[row]])
  // The largest of the four parts is computed first, so that nothing is divided by a small number.
  const squares = [
    1 + m0[0] + m1[1] + m2[2],
    1 + m0[0] - m1[1] - m2[2],
    1 - m0[0] + m1[1] - m2[2],
    1 - m0[0] - m1[1] + m2[2],
  ]
  const parts = [
    [squares[0], m2[1] - m1[2], m0[2] - m2[0], m1[0] - m0[1]],
    [m2[1] - m1[2], squares[1], m0[1] + m1[0], m0[2] + m2[0]],
    [m0[2] - m2[0], m0[1] + m1[0], squares[2], m1[2] + m2[1]],
    [m1[0] - m0[1], m0[2] + m2[0], m1[2] + m2[1], squares[3]],
  ][squares.indexOf(Math.max(...squares))]
  const length = Math.hypot(...parts) * (parts[0] < 0 ? -1 : 1)
  const [, b, c, d] = parts.map((part) => part / length)
  return { bcd: [b, c, d], qfac }
}
