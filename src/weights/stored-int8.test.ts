import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TensorData } from '../graph/tensor.ts'
import { openSafetensors } from './safetensors.node.ts'
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts'
import { type Int8Tensor, narrowToInt8, storedScaleName, widenInt8 } from './stored-int8.ts'

const matrix = fc
  .record({ rows: fc.integer({ min: 1, max: 5 }), columns: fc.integer({ min: 1, max: 7 }) })
  .chain(({ rows, columns }) =>
    fc
      .array(fc.float({ noNaN: true, min: -1000, max: 1000 }), { minLength: rows * columns, maxLength: rows * columns })
      .map((values) => ({ dtype: 'float32', shape: [rows, columns], data: Float32Array.from(values) }) as const),
  )

describe('weights in bytes', () => {
  it('come back within half a step of their row', () => {
    fc.assert(
      fc.property(matrix, (tensor) => {
        const { codes, scales } = narrowToInt8(tensor)
        const bytes = new Uint8Array(codes.data.buffer)
        const { data } = widenInt8('w', tensor.shape, bytes, scales)
        const columns = tensor.shape[1]
        for (const [i, value] of tensor.data.entries()) {
          const row = tensor.data.subarray(i - (i % columns), i - (i % columns) + columns)
          const step = Math.max(...row.map(Math.abs)) / 127
          expect(Math.abs(Number(data[i]) - value)).toBeLessThanOrEqual(0.5 * step * (1 + 1e-5) + 1e-40)
        }
      }),
    )
  })

  it('are read from a file as float32, their scales not shown', async () => {
    const tensor = { dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, -127, 63.5, 0, 0, 0) } as const
    const { codes, scales } = narrowToInt8(tensor)
    const bytes = encodeSafetensors(
      new Map<string, TensorData | Int8Tensor>([
        ['w', codes],
        [storedScaleName('w'), scales],
      ]),
    )
    const file = join(await mkdtemp(join(tmpdir(), 'int8-')), 'w.safetensors')
    await writeFile(file, bytes)
    const opened = await openSafetensors(file)
    const wanted = [1, -127, 64, 0, 0, 0]
    expect([...opened.tensors.keys()]).toEqual(['w'])
    expect([...(await opened.read('w')).data]).toEqual(wanted)
    await opened.close()
    expect([...(decodeSafetensors(bytes, 'w').tensors.get('w')?.data ?? [])]).toEqual(wanted)
  })

  it('without their scales are refused', () => {
    expect(() => widenInt8('w', [2, 1], new Uint8Array(2), undefined)).toThrow(/w is stored in bytes/)
    const wrong = { dtype: 'float32', shape: [3], data: new Float32Array(3) } as const
    expect(() => widenInt8('w', [2, 1], new Uint8Array(2), wrong)).toThrow(/2 scales/)
  })
})
