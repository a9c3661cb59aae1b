/** The levels that are found on this processor against what its products give. */
import { expect, it } from 'vitest'
import { writeOnnx } from '../graph/onnx.ts'
import * as g from '../graph/operations.ts'
import { openSession } from '../graph/session.node.ts'
import { int8Levels } from './int8-levels.node.ts'

const SIZE = 64

/** Of 64 products each of the largest input with a weight of so many levels, over what they are exactly. */
async function ratioAt(levels: number): Promise<number[]> {
  const x = g.input('x', [SIZE, SIZE])
  const matrix = {
    values: g.parameter('values', [SIZE, SIZE], 'int8'),
    scales: g.parameter('scales', [SIZE]),
    sums: g.parameter('sums', [1, SIZE]),
  }
  const { product } = g.int8MatMul(x, matrix)
  const session = await openSession(
    writeOnnx(
      { product },
      new Map([
        ['values', { dtype: 'int8', shape: [SIZE, SIZE], data: new Int8Array(SIZE ** 2).fill(levels) }],
        ['scales', { dtype: 'float32', shape: [SIZE], data: new Float32Array(SIZE).fill(1) }],
      ]),
    ),
  )
  const ones = new Float32Array(SIZE ** 2).fill(1)
  const { data } = (await session.run({ x: { dtype: 'float32', shape: [SIZE, SIZE], data: ones } })).product
  await session.close()
  return Array.from(data, Number).map((value) => value / (SIZE * levels))
}

it('are as many as leave products exact, and the most of those', async () => {
  const levels = await int8Levels()
  for (const ratio of await ratioAt(levels)) expect(ratio).toBeCloseTo(1, 3)
  const most = (await ratioAt(127)).every((ratio) => Math.abs(ratio - 1) < 1e-3)
  expect(levels).toBe(most ? 127 : 63)
})
