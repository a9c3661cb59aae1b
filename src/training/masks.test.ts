import { describe, expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { dropoutMask } from './masks.ts'

describe('a mask of dropout', () => {
  it.each([0, 0.1, 0.25, 0.5, 0.75, 0.9])('drops its share, %f, of every place in a word', (rate) => {
    const mask = dropoutMask(400_001, rate, seededRandom(1))
    expect(mask).toHaveLength(400_001)
    expect(mask.every((x) => x === 0 || x === 1)).toBe(true)
    for (let place = 0; place < 16; place++) {
      const kept = mask.filter((_, i) => i % 16 === place)
      const share = 1 - kept.reduce((sum, x) => sum + x, 0) / kept.length
      // Five standard deviations.
      expect(Math.abs(share - rate)).toBeLessThanOrEqual(5 * Math.sqrt((rate * (1 - rate)) / kept.length))
    }
  })

  it('drops neighbours independently of each other', () => {
    const mask = dropoutMask(400_000, 0.25, seededRandom(2))
    for (const distance of [1, 4, 16]) {
      let both = 0
      for (let i = distance; i < mask.length; i++) both += (1 - mask[i]) * (1 - mask[i - distance])
      expect(both / mask.length).toBeCloseTo(1 / 16, 2)
    }
  })

  it('is told by its generator', () => {
    expect(dropoutMask(1000, 0.25, seededRandom(3))).toEqual(dropoutMask(1000, 0.25, seededRandom(3)))
    expect(dropoutMask(1000, 0.25, seededRandom(3))).not.toEqual(dropoutMask(1000, 0.25, seededRandom(4)))
  })
})
