import { describe, expect, it } from 'vitest'
import { type Random, seededRandom } from '../../random.ts'
import { gaussianNoise } from './noise.ts'

/** A generator whose 32-bit words are given. */
const fixedWords = (words: ArrayLike<number>): Random => ({
  ...seededRandom(1),
  fill: (out: Uint32Array) => {
    out.set(Array.from(words).slice(0, out.length))
    return out
  },
})

describe('gaussianNoise', () => {
  it('has the quantiles of the normal distribution, and any length', () => {
    const noise = gaussianNoise(200_001, 1, seededRandom(10)).sort()
    for (const [share, quantile] of [
      [0.00135, -3],
      [0.15866, -1],
      [0.5, 0],
      [0.97725, 2],
      [0.99865, 3],
    ]) {
      expect(noise[Math.round(share * 200_000)]).toBeCloseTo(quantile, 1)
    }
    expect(gaussianNoise(0, 1, seededRandom(1))).toHaveLength(0)
    expect(gaussianNoise(3, 1, seededRandom(11))).toEqual(gaussianNoise(5, 1, seededRandom(11)).subarray(0, 3))
  })

  // Every pair of 16 bits once, high half first: the whole table in its order.
  const words = Uint32Array.from({ length: 2 ** 15 }, (_, w) => 2 * w * 2 ** 16 + 2 * w + 1)
  const table = gaussianNoise(2 ** 16, 1, fixedWords(words))

  it.each([
    // scipy.stats.norm.ppf((i + 0.5) / 65536), over the standard deviation of all of them.
    [0, -4.324963],
    [1, -4.076248],
    [100, -2.96097],
    [1638, -1.959958],
    [10397, -1.0000184],
    [32767, -0.00001912],
    [32768, 0.00001912],
    [63897, 1.959958],
    [65535, 4.324963],
  ])('looks up quantile %i of 65536: %d', (index, quantile) => {
    expect(table[index]).toBeCloseTo(quantile, 4)
  })

  it('has a mean of 0 and a variance of 1, and what is asked for else', () => {
    const moment = (values: Float32Array, power: number) =>
      values.reduce((sum, x) => sum + x ** power, 0) / values.length
    expect(Math.abs(moment(table, 1))).toBeLessThan(1e-6)
    expect(moment(table, 2)).toBeCloseTo(1, 6)
    const wide = gaussianNoise(2 ** 16, 2.5, fixedWords(words))
    for (const index of [0, 777, 65535]) expect(wide[index] / table[index]).toBeCloseTo(2.5, 5)
  })
})
