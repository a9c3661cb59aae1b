/** Weights of an ensemble: what folds share stays one tensor, what differs becomes one stacked tensor. */
import { SpiculaError } from '../error.ts'
import { showShape } from '../graph/shape.ts'
import type { TensorData } from '../graph/tensor.ts'
import { widenHalf } from './float16.ts'

/**
 * One tensor [folds, ...shape] from the folds' tensors. Half precision is widened where folds do not agree on a type.
 * @throws SpiculaError `clip/folds` where shapes differ, naming the weight and the fold
 */
export function stackFolds(name: string, folds: readonly TensorData[]): TensorData {
  const [first] = folds
  folds.forEach(({ shape }, fold) => {
    if (showShape(shape) !== showShape(first.shape))
      throw new SpiculaError(
        'clip/folds',
        `${name} is ${showShape(first.shape)} in fold 0 but ${showShape(shape)} in fold ${fold}`,
      )
  })
  const shape = [folds.length, ...first.shape]
  const size = first.data.length
  // Half precision that all agree on stays: the runtime widens it in a fraction of the time.
  const halves = folds.filter((tensor) => tensor.dtype === 'float16')
  if (halves.length === folds.length) {
    const data = new Uint16Array(size * folds.length)
    for (const [fold, half] of halves.entries()) data.set(half.data, fold * size)
    return { dtype: 'float16', shape, data }
  }
  const data = new Float32Array(size * folds.length)
  for (const [fold, tensor] of folds.entries()) data.set(asFloat32(name, tensor), fold * size)
  return { dtype: 'float32', shape, data }
}

/** The numbers of a weight as float32. */
export function asFloat32(name: string, tensor: TensorData): Float32Array {
  if (tensor.dtype === 'float32') return tensor.data
  if (tensor.dtype === 'float16') return widenHalf(tensor.data)
  throw new SpiculaError('clip/dtype', `${name} holds ${tensor.dtype}, a weight holds floats`)
}
