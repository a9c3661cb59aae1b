import { describe, expect, it } from 'vitest'
import { loraScale, patchCount, VIT_B_32 } from './architecture.ts'

describe('an architecture', () => {
  it.each([
    [2, 1, 'rank-stabilised', Math.SQRT1_2], // docs/method.md M8.1
    [4, 1, 'rank-stabilised', 0.5],
    [16, 2, 'rank-stabilised', 0.5],
    [2, 1, 'classic', 0.5],
    [16, 32, 'classic', 2],
  ] as const)('scales updates of rank %i and alpha %i, %s, by %d', (rank, alpha, scaling, scale) => {
    const rest = { targets: ['q'], imageLayers: [], textLayers: [] } as const
    expect(loraScale({ rank, alpha, scaling, ...rest })).toBeCloseTo(scale, 12)
  })

  it('has 49 patches in ViT-B/32, 196 in ViT-B/16', () => {
    expect(patchCount(VIT_B_32)).toBe(49)
    expect(patchCount({ ...VIT_B_32, patch: 16 })).toBe(196)
  })
})
