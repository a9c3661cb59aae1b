/**
 * Noise with the texture that a reconstruction kernel gives it. White noise per voxel, from a hash of its index, is
 * averaged over neighbouring slices as the slice profile does, and filtered in the plane by the difference of two
 * Gaussians: like a reconstruction's ramp it passes nothing of the lowest frequencies, like its window little of the
 * highest. A part of a volume has the noise that the whole has there.
 */
import { normalQuantile } from '../../evaluation/intervals/normal.ts'
import type { Box } from '../../scan/scan.ts'
import { mix, rowHash, STRIDE } from './hash-noise.ts'
import { type Grid, KERNEL, type Scanner } from './scanner.ts'

/** Share of the lowest frequencies that is taken away. */
const RAMP = 0.94

let quantiles: Float32Array | undefined

/** Quantiles of the normal distribution, by which 16 random bits become a normal number. */
function normalTable(): Float32Array {
  quantiles ??= Float32Array.from({ length: 65536 }, (_, n) => normalQuantile((n + 0.5) / 65536))
  return quantiles
}

/** A Gaussian on voxels, summing to 1. */
function gaussian(sigmaVoxels: number): Float64Array {
  const reach = Math.ceil(2.5 * sigmaVoxels)
  const weights = Float64Array.from({ length: 2 * reach + 1 }, (_, n) =>
    Math.exp(-((n - reach) ** 2) / (2 * Math.max(sigmaVoxels, 1e-3) ** 2)),
  )
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}

/**
 * Noise of unit standard deviation.
 * @param seed of the scan
 * @returns a function that fills one slice of the box, [j][i]
 */
export function noisePlanes(
  seed: number,
  { spacingMm }: Grid,
  { kernel, thicknessMm }: Scanner,
  { startIjk, sizeIjk }: Box,
): (k: number, out: Float32Array) => void {
  const { fineMm, coarseMm } = KERNEL[kernel].noise
  const [ni, nj] = sizeIjk
  const across = gaussian(thicknessMm / spacingMm[2] / 2.3548)
  const fine = [gaussian(fineMm / spacingMm[0]), gaussian(fineMm / spacingMm[1])]
  const coarse = [gaussian(coarseMm / spacingMm[0]), gaussian(coarseMm / spacingMm[1])]
  const [mi, mj] = [coarse[0].length >> 1, coarse[1].length >> 1]
  const [wi, wj] = [ni + 2 * mi, nj + 2 * mj]
  const gain = 1 / deviation(across, fine, coarse)
  const table = normalTable()
  const white = new Float32Array(wi * wj)
  const rows = new Float32Array(ni * wj)
  const half = across.length >> 1
  /** White slices that the next ones need again, by index. */
  const slices = new Map<number, Float32Array>()

  const whiteSlice = (k: number): Float32Array => {
    const known = slices.get(k)
    if (known) return known
    const slice = slices.size > across.length ? takeOldest(slices) : new Float32Array(wi * wj)
    for (let j = 0, at = 0; j < wj; j++) {
      const start = rowHash(seed, startIjk[1] + j - mj, k)
      for (let i = 0, word = Math.imul(startIjk[0] - mi, STRIDE); i < wi; i++, at++, word = (word + STRIDE) | 0)
        slice[at] = table[mix(start + word) >>> 16]
    }
    slices.set(k, slice)
    return slice
  }

  return (k, out) => {
    white.fill(0)
    for (let n = 0; n < across.length; n++) {
      const [weight, slice] = [across[n], whiteSlice(k + n - half)]
      for (let at = 0; at < white.length; at++) white[at] += weight * slice[at]
    }
    out.fill(0)
    filter(white, fine, gain, out)
    filter(white, coarse, -RAMP * gain, out)
  }

  /** Adds the white noise, filtered along rows and columns, to `out`. Both sides of a Gaussian weigh the same. */
  function filter(from: Float32Array, [along, down]: readonly Float64Array[], factor: number, out: Float32Array) {
    const [ri, rj] = [along.length >> 1, down.length >> 1]
    for (let j = mj - rj; j < nj + mj + rj; j++)
      for (let i = 0, at = j * wi + mi; i < ni; i++, at++) {
        let sum = along[ri] * from[at]
        for (let t = 1; t <= ri; t++) sum += along[ri + t] * (from[at - t] + from[at + t])
        rows[j * ni + i] = sum
      }
    for (let j = 0; j < nj; j++) {
      const middle = (j + mj) * ni
      const start = j * ni
      for (let i = 0, weight = factor * down[rj]; i < ni; i++) out[start + i] += weight * rows[middle + i]
      for (let t = 1; t <= rj; t++) {
        const weight = factor * down[rj + t]
        const [above, below] = [middle - t * ni, middle + t * ni]
        for (let i = 0; i < ni; i++) out[start + i] += weight * (rows[above + i] + rows[below + i])
      }
    }
  }
}

/** The array of the slice that was drawn first, to be used again. */
function takeOldest(slices: Map<number, Float32Array>): Float32Array {
  const [[k, slice]] = slices
  slices.delete(k)
  return slice
}

/** Standard deviation of the filtered white noise: the root of the sum of all weights squared. */
function deviation(across: Float64Array, fine: readonly Float64Array[], coarse: readonly Float64Array[]): number {
  const product = (a: Float64Array, b: Float64Array): number => {
    const [short, long] = a.length < b.length ? [a, b] : [b, a]
    const offset = (long.length - short.length) / 2
    return short.reduce((sum, weight, n) => sum + weight * long[n + offset], 0)
  }
  const inPlane =
    product(fine[0], fine[0]) * product(fine[1], fine[1]) -
    2 * RAMP * product(fine[0], coarse[0]) * product(fine[1], coarse[1]) +
    RAMP * RAMP * product(coarse[0], coarse[0]) * product(coarse[1], coarse[1])
  return Math.sqrt(inPlane * product(across, across))
}
