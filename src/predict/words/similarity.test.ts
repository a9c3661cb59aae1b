import { describe, expect, it } from 'vitest'
import { choose, cosines, meanEmbedding, normalise } from './similarity.ts'

describe('choose', () => {
  it('is the softmax of scaled cosines', () => {
    const scale = 2
    const [a, b] = choose([3, 4], [normalise([1, 0]), normalise([0, 2])], Math.log(scale))
    const e = [Math.exp(scale * 0.6), Math.exp(scale * 0.8)]
    expect([a, b]).toEqual([expect.closeTo(e[0] / (e[0] + e[1]), 12), expect.closeTo(e[1] / (e[0] + e[1]), 12)])
  })

  it('clamps the scale to [0, 4.6052] as published, without overflow', () => {
    const values = [normalise([1, 0.1]), normalise([1, -0.1])]
    expect(choose([1, 0.5], values, 99)).toEqual(choose([1, 0.5], values, 4.6052))
    expect(choose([1, 0.5], values, -3)).toEqual(choose([1, 0.5], values, 0))
  })
})

describe('meanEmbedding', () => {
  it('averages directions, not lengths', () => {
    const [x, y] = meanEmbedding([
      [100, 0],
      [0, 0.01],
    ])
    expect([x, y]).toEqual([expect.closeTo(Math.SQRT1_2, 12), expect.closeTo(Math.SQRT1_2, 12)])
  })
})

describe('cosines', () => {
  it('takes each fold’s image with its own texts', () => {
    const [first, second] = cosines(
      [
        [3, 4],
        [0, 2],
      ],
      Float32Array.of(1, 0, 0, 1, 0, 1, -1, 0, 0, -1, 0.6, 0.8),
      3,
    )
    for (const [i, value] of [0.6, 0.8, 0.8].entries()) expect(first[i]).toBeCloseTo(value, 12)
    for (const [i, value] of [0, -1, 0.8].entries()) expect(second[i]).toBeCloseTo(value, 6)
  })
})
