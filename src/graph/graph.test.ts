import { beforeAll, describe, expect, it } from 'vitest'
import { SpiculaError } from '../error.ts'
import type { Device } from './device.ts'
import { writeOnnx } from './onnx.ts'
import * as g from './operations.ts'
import { openSession } from './session.node.ts'
import { broadcastShapes, dimProduct, unify } from './shape.ts'
import { hasSoftwareWebgpu, ON_SOFTWARE_WEBGPU, useSoftwareWebgpu } from './software-webgpu.fixture.node.ts'
import type { TensorData } from './tensor.ts'

const floats = (shape: number[], ...data: number[]): TensorData => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(data),
})
const code = async (work: () => unknown) => {
  try {
    await work()
  } catch (error) {
    return error instanceof SpiculaError ? error.code : String(error)
  }
  return 'no error'
}

describe('shapes', () => {
  it('multiply symbols by numbers', () => {
    expect(dimProduct(['9N', 50])).toBe('450N')
    expect(dimProduct(['N', 1])).toBe('N')
    expect(dimProduct([2, 3])).toBe(6)
    expect(() => dimProduct(['N', 'M'])).toThrow(/more than one symbol/)
  })
  it('broadcast symbols with 1 and themselves only', () => {
    expect(broadcastShapes(['N', 1, 4], [3, 4])).toEqual(['N', 3, 4])
    expect(() => broadcastShapes(['N'], ['M'])).toThrow(/do not broadcast/)
    expect(() => broadcastShapes(['N'], [3])).toThrow(/\[N\] and \[3\]/)
  })
  it('learn symbols from sizes', () => {
    const symbols = new Map<string, number>()
    expect(unify('9N', 36, symbols)).toBe(true)
    expect(unify('N', 4, symbols)).toBe(true)
    expect(unify('N', 5, symbols)).toBe(false)
    expect(unify('9M', 35, symbols)).toBe(false)
  })
  it('are refused with the operation, the shapes and the reason', () => {
    const a = g.input('a', ['N', 3])
    expect(() => g.matMul(a, g.input('b', [4, 5]))).toThrow(/matMul: inner dimensions 3 and 4/)
    expect(() => g.reshape(a, ['N', 2])).toThrow(/reshape: \[N, 3\] cannot become \[N, 2\]/)
    expect(() => g.transpose(a, [0, 0])).toThrow(/not an order of the axes/)
    expect(() => g.slice(a, 1, 2, 5)).toThrow(/not within axis 1/)
    expect(() => g.slice(a, 0, 0, 1)).toThrow(/not within axis 0/)
    expect(() => g.concat([a, g.input('c', ['N', 3], 'int64')], 1)).toThrow(/does not join/)
    expect(() => g.add(a, g.input('d', [3], 'int64'))).toThrow(/float32 and int64/)
    expect(() => g.softmax(a, 2)).toThrow(/axis 2 does not exist/)
    expect(() => g.gather(a, g.input('i', ['M'], 'int64'), 0)).toThrow(
      /gather: indices are int64 \[\.\.\., 1\], .*\[M\]/,
    )
    expect(() => g.gather(a, g.input('i', ['M', 1], 'int32'), 0)).toThrow(/not int32 \[M, 1\]/)
    expect(g.gather(a, g.input('i', ['M', 9, 1], 'int64'), 1).shape).toEqual(['N', 'M', 9])
  })
})

describe('a written model', () => {
  const x = g.input('x', ['N', 3])
  const y = g.add(g.matMul(x, g.parameter('w', [2, 3]), { transposeB: true }), g.parameter('b', [2]))

  it('serves any batch size in one session', async () => {
    const weights = new Map([
      ['w', floats([2, 3], 1, 0, 0, 0, 1, 1)],
      ['b', floats([2], 10, 20)],
    ])
    const session = await openSession(writeOnnx({ y }, weights))
    expect((await session.run({ x: floats([1, 3], 1, 2, 3) })).y).toMatchObject(floats([1, 2], 11, 25))
    expect((await session.run({ x: floats([2, 3], 1, 2, 3, 4, 5, 6) })).y).toMatchObject(floats([2, 2], 11, 25, 14, 31))
    await session.close()
  })

  it('takes a parameter without numbers as an input', async () => {
    const model = writeOnnx({ y }, new Map([['b', floats([2], 0, 0)]]))
    expect(Object.keys(model.inputs).sort()).toEqual(['w', 'x'])
    const session = await openSession(model)
    const feeds = { x: floats([1, 3], 1, 2, 3), w: floats([2, 3], 1, 1, 1, 2, 2, 2) }
    expect((await session.run(feeds)).y).toMatchObject(floats([1, 2], 6, 12))
    await session.close()
  })

  it('hands large numbers over beside the protobuf', () => {
    const weights = new Map([['w', floats([2, 1000], ...new Array(2000).fill(1))]])
    const { bytes, externalData } = writeOnnx(
      { y: g.matMul(g.input('x', ['N', 1000]), g.parameter('w', [2, 1000]), { transposeB: true }) },
      weights,
    )
    expect(bytes.length).toBeLessThan(1000)
    expect(externalData.map(({ path, data }) => [path, data.length])).toEqual([['w', 8000]])
  })

  it('names a weight that does not fit', async () => {
    expect(await code(() => writeOnnx({ y }, new Map([['w', floats([3, 2], 1, 2, 3, 4, 5, 6)]])))).toBe('graph/weights')
  })

  it('names feeds that are missing, extra or mis-shaped', async () => {
    const session = await openSession(writeOnnx({ y }, new Map([['w', floats([2, 3], 1, 0, 0, 0, 1, 1)]])))
    const b = floats([2], 0, 0)
    expect(await code(() => session.run({ b }))).toBe('graph/feeds')
    expect(await code(() => session.run({ b, x: floats([1, 4], 1, 2, 3, 4) }))).toBe('graph/feeds')
    expect(await code(() => session.run({ b, x: floats([2, 3], 1, 2, 3, 4) }))).toBe('graph/feeds')
    expect(await code(() => session.run({ b, x: floats([1, 3], 1, 2, 3), z: b }))).toBe('graph/feeds')
    await session.close()
  })

  it('refuses one name for two weights', async () => {
    const other = g.add(y, g.reduceSum(g.parameter('b', [2, 2]), [0]))
    expect(await code(() => writeOnnx({ other }, new Map()))).toBe('graph/weights')
  })

  it('refuses an output by the name of an input or weight', async () => {
    expect(await code(() => writeOnnx({ w: y }, new Map()))).toBe('graph/outputs')
  })

  it('keeps a graph of ten thousand nodes off the call stack', () => {
    let deep = x
    for (let i = 0; i < 10_000; i++) deep = g.add(deep, 1)
    expect(writeOnnx({ deep }, new Map()).bytes.length).toBeGreaterThan(100_000)
  })
})

describe('a device that is not there', () => {
  it.each(['webgpu', 'cuda'] as Device[])(
    '%s works or is refused by name, never replaced in silence',
    async (device) => {
      const y = g.relu(g.input('x', [2]))
      try {
        const session = await openSession(writeOnnx({ y }, new Map()), { device })
        expect((await session.run({ x: floats([2], -1, 1) })).y.data).toEqual(Float32Array.of(0, 1))
        await session.close()
      } catch (error) {
        expect(error).toMatchObject({ code: 'graph/device', message: expect.stringContaining(device) })
        expect((error as SpiculaError).hint).toMatch(/--device cpu/)
      }
    },
  )
})

describe.skipIf(!hasSoftwareWebgpu)(`a kernel that is not there, ${ON_SOFTWARE_WEBGPU}`, () => {
  beforeAll(useSoftwareWebgpu)
  const x = g.input('x', ['N', 3])
  it.each([
    [
      'FusedMatMul (com.microsoft) of float',
      g.add(g.matMul(g.relu(x), g.parameter('w', [2, 3]), { transposeB: true }), 1),
    ],
    ['Reshape of int64', g.gather(x, g.reshape(g.input('i', ['M', 3], 'int64'), ['3M', 1]), 0)],
  ] as const)('%s is named, not the adapter', async (operator, y) => {
    const weights = new Map([['w', floats([2, 3], 1, 0, 0, 0, 1, 1)]])
    await expect(openSession(writeOnnx({ y }, weights), { device: 'webgpu' })).rejects.toMatchObject({
      code: 'graph/kernel',
      message: `webgpu has no kernel for ${operator}`,
    })
  })
})
