/** Outputs of an ensemble by nodule (or text) and fold. Folds that share every weight have one row for all. */
import type { TensorData } from '../graph/tensor.ts'

/**
 * The number of one item in every fold, from [folds or 1, items].
 * @example foldNumbers(outputs.probability, 5, 0) // [0.47, 0.59, ...]
 */
export function foldNumbers({ shape, data }: TensorData, folds: number, item: number): number[] {
  return Array.from({ length: folds }, (_, fold) => Number(data[(shape[0] === 1 ? 0 : fold) * shape[1] + item]))
}

/** The row of one item in every fold, from [folds or 1, items, size]. */
export function foldRows({ shape, data }: TensorData, folds: number, item: number): number[][] {
  const [own, items, length] = shape
  return Array.from({ length: folds }, (_, fold) => {
    const start = ((own === 1 ? 0 : fold) * items + item) * length
    return Array.from(data.subarray(start, start + length), Number)
  })
}

export const average = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length
