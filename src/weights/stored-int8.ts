/**
 * Weights at a byte a number, for storage: symmetric, one scale for each row of a matrix (each output's weights), the
 * row's largest magnitude at 127. What is computed with them is float32 again; products in whole numbers round those anew
 * (clip/int8-weights.ts).
 */
import { SpiculaError } from '../error.ts'
import type { TensorData } from '../graph/tensor.ts'

/** A tensor as it is stored: bytes, and a scale for each index of its first axis. */
export interface Int8Tensor {
  readonly dtype: 'int8'
  readonly shape: readonly number[]
  readonly data: Int8Array
}

/** Name under which a file holds a tensor's scales beside its bytes. */
export const storedScaleName = (name: string): string => `${name}.int8_scale`
export const isStoredScale = (name: string): boolean => name.endsWith('.int8_scale')

/**
 * Rounds each row to 127 steps either way of zero.
 * @param tensor float32 of two axes or more
 * @returns the bytes, and the scales [rows]: row = scale * bytes
 * @example const { codes, scales } = narrowToInt8({ dtype: 'float32', shape: [1, 2], data: Float32Array.of(1, -0.5) })
 */
export function narrowToInt8({ shape, data }: TensorData & { readonly dtype: 'float32' }): {
  readonly codes: Int8Tensor
  readonly scales: TensorData
} {
  const rows = shape[0]
  const size = data.length / rows
  const codes = new Int8Array(data.length)
  const scales = new Float32Array(rows)
  for (let row = 0; row < rows; row++) {
    let largest = 0
    for (let i = row * size; i < (row + 1) * size; i++) largest = Math.max(largest, Math.abs(data[i]))
    scales[row] = largest / 127
    if (largest === 0) continue
    for (let i = row * size; i < (row + 1) * size; i++) codes[i] = Math.round((data[i] / largest) * 127)
  }
  return { codes: { dtype: 'int8', shape, data: codes }, scales: { dtype: 'float32', shape: [rows], data: scales } }
}

/**
 * The float32 numbers that bytes and scales stand for.
 * @param bytes int8, as stored
 * @throws SpiculaError `clip/int8` where the scales do not fit
 */
export function widenInt8(
  name: string,
  shape: readonly number[],
  bytes: Uint8Array,
  scales: TensorData | undefined,
): TensorData {
  const rows = shape[0] ?? 0
  if (scales?.dtype !== 'float32' || scales.shape.length !== 1 || scales.shape[0] !== rows)
    throw new SpiculaError(
      'clip/int8',
      `${name} is stored in bytes, but ${storedScaleName(name)} has not its ${rows} scales`,
    )
  const codes = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  const data = new Float32Array(codes.length)
  const size = codes.length / rows
  for (let row = 0; row < rows; row++) {
    const scale = scales.data[row]
    for (let i = row * size; i < (row + 1) * size; i++) data[i] = scale * codes[i]
  }
  return { dtype: 'float32', shape, data }
}
