import { describe, expect, it } from 'vitest'
import { clipGradients } from './clip-gradients.ts'
import { farthest, torchNumbers } from './torch.fixture.node.ts'

const { gradients: stored, cases } = torchNumbers.clipping
const gradients = new Map(Object.entries(stored).map(([name, data]) => [name, new Float32Array(data)]))

describe('clipping gradients', () => {
  it.each(cases)("to $maxNorm is PyTorch's", ({ maxNorm, norm, clipped }) => {
    const ours = clipGradients(gradients, maxNorm)
    // PyTorch adds its norm up in single precision.
    expect(Math.abs(ours.norm / norm - 1)).toBeLessThan(2e-7)
    ;[...ours.gradients.values()].forEach((data, i) => {
      expect(farthest(data, clipped[i])).toBeLessThan(2e-7)
    })
  })

  it('leaves short gradients, and those that are not finite, as they are', () => {
    expect(clipGradients(gradients, 100).gradients).toBe(gradients)
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const broken = new Map([['a', Float32Array.of(1, bad)]])
      const { gradients: same, norm } = clipGradients(broken, 1)
      expect(same).toBe(broken)
      expect(norm).toBe(bad)
    }
  })
})
