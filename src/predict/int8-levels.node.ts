/** How many levels a weight of eight bits may have on this processor. */
import { writeOnnx } from '../graph/onnx.ts'
import * as g from '../graph/operations.ts'
import { openSession } from '../graph/session.node.ts'

/** Of the matrices that are tried: as many as the runtime's kernels take in at once. */
const SIZE = 64

/**
 * Steps either way of zero: 127; or 63 where products are added in pairs of 16 bits, as x86 does without VNNI, and larger
 * ones would be cut off without a word. Found by trying.
 * @example const levels = await int8Levels() // 127
 */
export async function int8Levels(): Promise<127 | 63> {
  const matrix: g.Int8Matrix = {
    values: g.parameter('values', [SIZE, SIZE], 'int8'),
    scales: g.parameter('scales', [SIZE]),
    sums: g.parameter('sums', [1, SIZE]),
  }
  const { product } = g.int8MatMul(g.input('x', [SIZE, SIZE]), matrix)
  const weights = new Map([
    ['values', { dtype: 'int8', shape: [SIZE, SIZE], data: new Int8Array(SIZE ** 2).fill(127) }],
    ['scales', { dtype: 'float32', shape: [SIZE], data: new Float32Array(SIZE).fill(1 / 127) }],
  ] as const)
  const session = await openSession(writeOnnx({ product }, weights), { threads: 1 })
  try {
    // Rows of ones are the largest whole numbers of all, 255; each sum is exactly SIZE, up to rounding.
    const ones = new Float32Array(SIZE ** 2).fill(1)
    const result = await session.run({ x: { dtype: 'float32', shape: [SIZE, SIZE], data: ones } })
    return Array.from(result.product.data, Number).every((sum) => Math.abs(sum - SIZE) < 0.01) ? 127 : 63
  } finally {
    await session.close()
  }
}
