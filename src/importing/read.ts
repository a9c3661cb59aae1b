/** Numbers of a weight of ours, read from where a file has them. */

import { SpiculaError } from '../error.ts'
import type { TensorData } from '../graph/tensor.ts'
import { narrowToHalf, widenHalf } from '../weights/float16.ts'
import type { WeightFile } from '../weights/weight-file.ts'
import type { WeightOrigin } from './names.ts'

/** A weight's numbers are floats. */
export type WeightData = Extract<TensorData, { dtype: 'float32' | 'float16' }>

/**
 * Reads weights by their origins. The last tensors of the file are kept, for the parts of a fused projection follow
 * each other.
 * @throws SpiculaError `clip/dtype` for numbers that are not floats, `inference/import-finite` for NaN and infinity;
 *   those of the file
 */
export function weightReader(file: WeightFile): (origin: WeightOrigin) => Promise<WeightData> {
  const kept = new Map<string, WeightData>()
  const whole = async (name: string): Promise<WeightData> => {
    const known = kept.get(name)
    if (known) return known
    const tensor = await file.read(name)
    if (tensor.dtype !== 'float32' && tensor.dtype !== 'float16')
      throw new SpiculaError('clip/dtype', `${file.name}: ${name} holds ${tensor.dtype}, a weight holds floats`)
    checkFinite(file.name, name, tensor)
    return tensor
  }
  return async ({ from, part, transposed }) => {
    const tensor = await whole(from)
    if (!part) return transposed ? transpose(tensor) : tensor
    const [index, count] = part
    if (index === count - 1) kept.delete(from)
    else kept.set(from, tensor)
    return rows(tensor, index, count)
  }
}

/** In halves and floats alike, NaN and infinity have an exponent of ones. */
function checkFinite(file: string, name: string, { dtype, data }: WeightData): void {
  const bad =
    dtype === 'float16'
      ? data.findIndex((half) => (half & 0x7c00) === 0x7c00)
      : data.findIndex((x) => !Number.isFinite(x))
  if (bad >= 0)
    throw new SpiculaError('inference/import-finite', `${file}: number ${bad} of ${name} is not finite`, {
      hint: 'The training that left these weights had diverged, or the file is damaged.',
    })
}

function rows(tensor: WeightData, index: number, count: number): WeightData {
  const shape = [tensor.shape[0] / count, ...tensor.shape.slice(1)]
  const size = tensor.data.length / count
  const from = index * size
  return tensor.dtype === 'float32'
    ? { dtype: 'float32', shape, data: tensor.data.slice(from, from + size) }
    : { dtype: 'float16', shape, data: tensor.data.slice(from, from + size) }
}

function transpose(tensor: WeightData): WeightData {
  const [height, width] = tensor.shape
  const shape = [width, height]
  const turn = <T extends Float32Array | Uint16Array>(from: T, to: T): T => {
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) to[x * height + y] = from[y * width + x]
    return to
  }
  return tensor.dtype === 'float32'
    ? { dtype: 'float32', shape, data: turn(tensor.data, new Float32Array(tensor.data.length)) }
    : { dtype: 'float16', shape, data: turn(tensor.data, new Uint16Array(tensor.data.length)) }
}

/** A weight as it is stored, and by how much that rounded it. */
export interface Stored {
  readonly tensor: WeightData
  /** Largest |stored - given|. */
  readonly rounding: number
}

/**
 * Half precision where it holds every number as it is; else as given, or rounded where that is asked for.
 * @throws SpiculaError `inference/import-range` for numbers that half precision does not reach, where it is asked for
 */
export function storedWeight(name: string, tensor: WeightData, { round }: { readonly round: boolean }): Stored {
  if (tensor.dtype === 'float16') return { tensor, rounding: 0 }
  const half: WeightData = { dtype: 'float16', shape: tensor.shape, data: narrowToHalf(tensor.data) }
  const back = widenHalf(half.data)
  let rounding = 0
  for (let n = 0; n < back.length; n++) rounding = Math.max(rounding, Math.abs(back[n] - tensor.data[n]))
  if (rounding === 0) return { tensor: half, rounding }
  if (!round) return { tensor, rounding: 0 }
  if (!Number.isFinite(rounding))
    throw new SpiculaError(
      'inference/import-range',
      `${name} has numbers beyond 65504, which half precision does not hold`,
      {
        hint: 'Leave --half out.',
      },
    )
  return { tensor: half, rounding }
}
