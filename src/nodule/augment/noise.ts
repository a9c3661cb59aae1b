import type { Random } from '../../random.ts'

/** Values that noise can take: 16 bits choose one, so that a 32-bit draw serves two voxels. */
const VALUES = 2 ** 16

let table: Float32Array | undefined

/**
 * Gaussian noise for many voxels: each value is one of 65,536 equally likely quantiles of the normal distribution (up to
 * 4.3 standard deviations), looked up with 16 random bits: ten times as fast as Box and Muller's formula, and
 * indistinguishable at this use.
 * @param std standard deviation; exactly that of the table's values
 * @returns float32 [length]
 * @example gaussianNoise(1000, 0.02, seededRandom(1)) // the same 1000 values on every machine
 */
export function gaussianNoise(length: number, std: number, random: Random): Float32Array {
  table ??= normalQuantiles(VALUES)
  const out = new Float32Array(length)
  const words = new Uint32Array(Math.ceil(length / 2))
  random.fill(words)
  for (let w = 0, n = 0; w < words.length; w++, n += 2) {
    out[n] = std * table[words[w] >>> 16]
    // Beyond an odd end the write goes nowhere.
    out[n + 1] = std * table[words[w] & 0xffff]
  }
  return out
}

/** Reach of the table in standard deviations: beyond it lies a billionth of the distribution. */
const REACH = 6

/**
 * Quantiles (i + 1/2) / count of the standard normal distribution, scaled to a variance of 1 (their own lacks 1e-5).
 * The distribution function is the density's running sum by the trapezoidal rule, inverted by linear interpolation.
 */
function normalQuantiles(count: number): Float32Array {
  const steps = 4 * count
  const width = (2 * REACH) / steps
  const density = (z: number) => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)
  const quantiles = new Float64Array(count)
  let probability = 0
  for (let step = 0, i = 0; step < steps && i < count; step++) {
    const z = step * width - REACH
    const next = probability + (width * (density(z) + density(z + width))) / 2
    for (; i < count && (i + 0.5) / count <= next; i++) {
      quantiles[i] = z + (width * ((i + 0.5) / count - probability)) / (next - probability)
    }
    probability = next
  }
  const variance = quantiles.reduce((sum, z) => sum + z * z, 0) / count
  return Float32Array.from(quantiles, (z) => z / Math.sqrt(variance))
}
