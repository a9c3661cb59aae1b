/** Noise that depends on seed and place alone: a part of a volume has the very numbers that the whole has there. */

/** Mixes the bits of a word: MurmurHash3's finaliser. */
export function mix(word: number): number {
  let h = word
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** The start of the row (j, k): `mix(rowHash(seed, j, k) + Math.imul(i, STRIDE))` is the word at (i, j, k). */
export const rowHash = (seed: number, j: number, k: number): number =>
  mix(mix(mix(seed) + Math.imul(k, 0x27d4eb2f)) + Math.imul(j, 0x165667b1))

/** The golden ratio in 32 bits, as splitmix steps. */
export const STRIDE = 0x9e3779b9 | 0

/**
 * Smooth noise at a point: uniform words of a lattice in [-1, 1], interpolated trilinearly.
 * @param x, y, z in units of the lattice
 * @example valueNoise(7, x / 3, y / 3, z / 3) // structure of 3 mm
 */
export function valueNoise(seed: number, x: number, y: number, z: number): number {
  const [i, j, k] = [Math.floor(x), Math.floor(y), Math.floor(z)]
  const [u, v, w] = [x - i, y - j, z - k]
  const near = edge(rowHash(seed, j, k), i, u) * (1 - v) + edge(rowHash(seed, j + 1, k), i, u) * v
  const far = edge(rowHash(seed, j, k + 1), i, u) * (1 - v) + edge(rowHash(seed, j + 1, k + 1), i, u) * v
  return near * (1 - w) + far * w
}

function edge(row: number, i: number, u: number): number {
  return mix(row + Math.imul(i, STRIDE)) * 2 ** -31 * (1 - u) + mix(row + Math.imul(i + 1, STRIDE)) * 2 ** -31 * u
}
