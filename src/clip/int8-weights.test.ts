import { describe, expect, it } from 'vitest'
import type { TensorData } from '../graph/tensor.ts'
import { seededRandom } from '../random.ts'
import { narrowToHalf } from '../weights/float16.ts'
import { int8Weights } from './int8-weights.ts'
import { int8Operands } from './weights.ts'

const NAME = 'vision_model.transformer.resblocks.0.mlp.c_fc.weight'
const random = seededRandom(1)
const matrix = (shape: readonly number[]): TensorData & { dtype: 'float32' } => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
})
const round = (tensor: TensorData, levels = 127, name = NAME) => int8Weights(new Map([[name, tensor]]), levels)
const part = (rounded: ReturnType<typeof round>, which: 'values' | 'scales' | 'sums') => {
  const tensor = rounded.tensors.get(int8Operands(NAME)[which])
  if (!tensor) throw new Error(`there are no ${which}`)
  return { shape: tensor.shape, data: Array.from(tensor.data, Number) }
}

describe('weights in eight bits', () => {
  it.each([127, 63])('are within half a step of the weights, the largest of a row at %i', (levels) => {
    const [out, into] = [70, 33] // more rows than are turned at a time, and no multiple of them
    const weights = matrix([out, into])
    const rounded = round(weights, levels)
    const [values, scales, sums] = (['values', 'scales', 'sums'] as const).map((which) => part(rounded, which))
    expect([values.shape, scales.shape, sums.shape]).toEqual([[into, out], [out], [1, out]])
    for (let row = 0; row < out; row++) {
      const steps = Array.from({ length: into }, (_, i) => values.data[i * out + row])
      expect(Math.max(...steps.map(Math.abs))).toBe(levels)
      const own = weights.data.subarray(row * into, (row + 1) * into)
      steps.forEach((step, i) => {
        expect(Math.abs(scales.data[row] * step - own[i])).toBeLessThanOrEqual(0.5001 * scales.data[row])
      })
      const sum = scales.data[row] * steps.reduce((a, b) => a + b, 0)
      expect(Math.abs(sums.data[row] - sum)).toBeLessThan(1e-5 * (1 + Math.abs(sum)))
    }
  })

  it('of folds are rounded each by itself', () => {
    const folds = [matrix([4, 3]), matrix([4, 3])]
    const data = Float32Array.from(folds.flatMap((fold) => [...fold.data]))
    const together = round({ dtype: 'float32', shape: [2, 4, 3], data })
    for (const which of ['values', 'scales', 'sums'] as const) {
      const alone = folds.map((fold) => part(round(fold), which))
      expect(part(together, which)).toEqual({
        shape: [2, ...alone[0].shape],
        data: alone.flatMap(({ data: own }) => own),
      })
    }
  })

  it('come from half precision too, and a row of zeros stays zero', () => {
    const half = narrowToHalf(Float32Array.of(1, -0.5, 0, 0))
    const rounded = round({ dtype: 'float16', shape: [2, 2], data: half })
    expect(part(rounded, 'values').data).toEqual([127, 0, -64, 0])
    expect(part(rounded, 'scales').data[1]).toBe(0)
  })

  it('are only those of the residual blocks', () => {
    const weights = matrix([4, 4])
    for (const name of ['vision_model.proj', 'classifier_image.weight', `${NAME.slice(0, -7)}.bias`]) {
      const { tensors, int8 } = round(weights, 127, name)
      expect(tensors.get(name)).toBe(weights)
      expect(int8.size).toBe(0)
    }
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('are not made of %d', (value) => {
    const weights = matrix([3, 3])
    weights.data[4] = value
    expect(() => round(weights)).toThrow(
      expect.objectContaining({ code: 'clip/not-finite', message: expect.stringContaining(NAME) }),
    )
  })
})
