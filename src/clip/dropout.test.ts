import { describe, expect, it } from 'vitest'
import { writeOnnx } from '../graph/onnx.ts'
import * as g from '../graph/operations.ts'
import { openSession } from '../graph/session.node.ts'
import { drop, fedDropout } from './dropout.ts'

describe('dropout', () => {
  it('keeps what its mask keeps, times the scale, and makes the rest 0', async () => {
    const x = g.input('x', ['N', 3])
    const y = drop(x, 'semantic_projection', fedDropout('dropoutScale'))
    expect(y.shape).toEqual(['N', 3])
    const model = writeOnnx({ y }, new Map())
    expect(Object.keys(model.inputs).sort()).toEqual(['dropoutScale', 'semantic_projection.mask', 'x'])
    expect(model.inputs['semantic_projection.mask']).toMatchObject({ dtype: 'bool', shape: ['N', 3] })
    const session = await openSession(model)
    const { data } = (
      await session.run({
        x: { dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, 2, 3, -4, -5, -6) },
        'semantic_projection.mask': { dtype: 'bool', shape: [2, 3], data: Uint8Array.of(1, 0, 1, 0, 1, 0) },
        dropoutScale: { dtype: 'float32', shape: [1], data: Float32Array.of(4 / 3) },
      })
    ).y
    await session.close()
    const wanted = [4 / 3, 0, 4, 0, -20 / 3, 0]
    Array.from(data, Number).forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i], 6)
    })
  })

  it('is nothing where there is none', () => {
    const x = g.input('x', [3])
    expect(drop(x, 'anywhere', undefined)).toBe(x)
  })
})
