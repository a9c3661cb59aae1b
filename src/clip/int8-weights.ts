/**
 * The matrices of the towers in whole numbers, as `graphWeights` reads them: each output's weights with their own
 * scale.
 */
import { SpiculaError } from '../error.ts'
import type { TensorData } from '../graph/tensor.ts'
import { asFloat32 } from '../weights/folds.ts'
import { isBlockMatrix } from './weight-names.ts'
import { int8Operands } from './weights.ts'

/**
 * Rounds the matrices of the residual blocks, nearly all of a tower's work. Everything else stays as it is.
 * @param tensors matrices [out, in], or [folds, out, in] where folds differ
 * @param levels steps either way of zero: 127, or 63 where a processor adds products in 16 bits (int8-levels.node.ts)
 * @returns the tensors, matrices replaced by their parts (`int8Operands`), and the names of those matrices
 * @throws SpiculaError `clip/not-finite` where a weight is NaN or infinite
 * @example const { tensors, int8 } = int8Weights(loaded.tensors, 127)
 */
export function int8Weights(tensors: ReadonlyMap<string, TensorData>, levels: number) {
  const rounded = new Map<string, TensorData>()
  const int8 = new Set<string>()
  for (const [name, tensor] of tensors) {
    if (!isBlockMatrix(name)) {
      rounded.set(name, tensor)
      continue
    }
    int8.add(name)
    const folds = tensor.shape.slice(0, -2)
    const [out, into] = tensor.shape.slice(-2)
    const values = new Int8Array(tensor.data.length)
    const scales = new Float32Array(values.length / into)
    const sums = new Float32Array(scales.length)
    // A row at a time: widened whole, a tower would take its size in memory again.
    const row = (index: number) => asFloat32(name, rowOf(name, tensor, index, into))
    for (let first = 0; first < scales.length; first += out)
      roundMatrix({ first, out, into, row, levels }, { values, scales, sums })
    // One weight that is NaN or infinite makes its row's sum not finite.
    if (!sums.every(Number.isFinite))
      throw new SpiculaError('clip/not-finite', `${name} holds a weight that is NaN or infinite`, {
        hint: 'The file is damaged.',
      })
    const parts = int8Operands(name)
    rounded.set(parts.values, { dtype: 'int8', shape: [...folds, into, out], data: values })
    rounded.set(parts.scales, { dtype: 'float32', shape: [...folds, out], data: scales })
    rounded.set(parts.sums, { dtype: 'float32', shape: [...folds, 1, out], data: sums })
  }
  return { tensors: rounded, int8 }
}

/** A row of a weight. */
function rowOf(name: string, { dtype, data }: TensorData, row: number, length: number): TensorData {
  const shape = [length]
  const [from, to] = [row * length, (row + 1) * length]
  if (dtype === 'float16') return { dtype, shape, data: data.subarray(from, to) }
  if (dtype === 'float32') return { dtype, shape, data: data.subarray(from, to) }
  throw new SpiculaError('clip/dtype', `${name} holds ${dtype}, a weight holds floats`)
}

/** Rows that are turned at a time: as many bytes as a cache line holds. */
const BLOCK = 64
/** Added to a number and taken away again, it leaves the nearest whole one: there is no room for more in a double. */
const ROUNDER = 3 * 2 ** 51

interface Rows {
  /** Of the matrix, among the rows of all folds. */
  readonly first: number
  readonly out: number
  readonly into: number
  readonly levels: number
  row(index: number): Float32Array
}

/** Each row of a matrix [out, into] in `levels` steps either way of zero; the values turned, [into, out]. */
function roundMatrix(
  { first, out, into, row, levels }: Rows,
  { values, scales, sums }: { values: Int8Array; scales: Float32Array; sums: Float32Array },
): void {
  for (let block = 0; block < out; block += BLOCK)
    for (let r = block; r < Math.min(block + BLOCK, out); r++) {
      const own = row(first + r)
      let largest = 0
      for (let i = 0; i < into; i++) largest = Math.max(largest, Math.abs(own[i]))
      const times = largest === 0 ? 0 : levels / largest
      let sum = 0
      for (let i = 0, at = first * into + r; i < into; i++, at += out) {
        const value = own[i] * times + ROUNDER - ROUNDER
        values[at] = value
        sum += value
      }
      scales[first + r] = largest / levels
      sums[first + r] = sum * scales[first + r]
    }
}
