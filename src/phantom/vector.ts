/** Vectors in mm, LPS. */
import type { Random } from '../random.ts'
import type { Triple } from '../scan/scan.ts'

export const add = (a: Triple, b: Triple): Triple => [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
export const subtract = (a: Triple, b: Triple): Triple => [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
export const scale = (a: Triple, s: number): Triple => [a[0] * s, a[1] * s, a[2] * s]
/** a + s b */
export const along = (a: Triple, b: Triple, s: number): Triple => [a[0] + s * b[0], a[1] + s * b[1], a[2] + s * b[2]]
export const dot = (a: Triple, b: Triple): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
export const length = (a: Triple): number => Math.sqrt(dot(a, a))
export const distance = (a: Triple, b: Triple): number => length(subtract(a, b))
export const cross = (a: Triple, b: Triple): Triple => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
]
/** The vector at length 1; of no length, straight up. */
export function unit(a: Triple): Triple {
  const norm = length(a)
  return norm < 1e-12 ? [0, 0, 1] : scale(a, 1 / norm)
}
/** A unit vector at right angles to `a`. */
export const perpendicular = (a: Triple): Triple => unit(cross(a, Math.abs(a[2]) < 0.8 ? [0, 0, 1] : [1, 0, 0]))

/** A direction, all equally likely. */
export function randomDirection(random: Random): Triple {
  const z = 2 * random.uniform() - 1
  const angle = 2 * Math.PI * random.uniform()
  const r = Math.sqrt(1 - z * z)
  return [r * Math.cos(angle), r * Math.sin(angle), z]
}

/** Uniform in [low, high). */
export const between = (random: Random, low: number, high: number): number => low + (high - low) * random.uniform()
