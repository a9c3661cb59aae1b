/** A tensor of a PyTorch file: a view into a storage, checked against it, and read without the rest. */
import { SpiculaError } from '../../error.ts'
import { damagedPickle, isCount, isCounts, isObject, type PickleObject, type PickleValue } from '../pickle/value.ts'

export type TorchDtype =
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'float64'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'bool'

export const TORCH_WIDTH: Readonly<Record<TorchDtype, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  float64: 8,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
}

/** Numbers that lie in the file one after the other; tensors may share them. */
export interface TorchStorage extends PickleObject {
  readonly kind: 'storage'
  /** Its name in the file. */
  readonly key: string
  readonly dtype: TorchDtype
  /** Of numbers. */
  readonly count: number
}

/** Element (i, j, ...) is number `offset + i * stride[0] + j * stride[1] + ...` of the storage. */
export interface TorchTensor extends PickleObject {
  readonly kind: 'tensor'
  readonly storage: TorchStorage
  readonly offset: number
  readonly shape: readonly number[]
  readonly stride: readonly number[]
}

export const isTensor = (value: PickleValue | undefined): value is TorchTensor =>
  isObject(value) && value.kind === 'tensor'

const isStorage = (value: PickleValue | undefined): value is TorchStorage => isObject(value) && value.kind === 'storage'

const MOST_AXES = 16
/** A tensor larger than its storage repeats numbers; a bias spread over a batch is one, a bomb another. */
const MOST_REPEATED = 1 << 24

/**
 * `torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, metadata)`.
 * @throws SpiculaError `torch/tensor` where the tensor reaches out of its storage
 */
export function makeTensor([storage, offset, shape, stride, , , metadata]: readonly PickleValue[]): TorchTensor {
  if (!isStorage(storage) || !isCount(offset) || !isCounts(shape) || !isCounts(stride))
    throw damagedPickle('a tensor without storage, place, shape and strides')
  if (shape.length !== stride.length || shape.length > MOST_AXES)
    throw damagedPickle(`a tensor of ${shape.length} axes and ${stride.length} strides`)
  if (metadata instanceof Map && metadata.size > 0)
    throw new SpiculaError('torch/tensor', 'a tensor that is conjugated or negated when it is read is not supported')
  const tensor = { kind: 'tensor', storage, offset, shape, stride } as const
  const count = elements(tensor)
  if (!Number.isSafeInteger(count) || count > Math.max(storage.count, MOST_REPEATED))
    throw outside(tensor, `it has ${count} numbers`)
  if (count > 0 && offset + reach(tensor) >= storage.count)
    throw outside(tensor, `its last number is number ${offset + reach(tensor)}`)
  return tensor
}

const outside = ({ storage, shape }: TorchTensor, what: string): SpiculaError =>
  new SpiculaError(
    'torch/tensor',
    `a tensor [${shape.join(', ')}] lies outside its storage ${storage.key} of ${storage.count} numbers: ${what}`,
    { hint: 'The file was changed or made to read what it does not hold: do not trust it.' },
  )

/** Numbers of a tensor. */
export const elements = ({ shape }: TorchTensor): number => shape.reduce((product, n) => product * n, 1)

/** From its first number to its last in the storage. */
const reach = ({ shape, stride }: TorchTensor): number =>
  shape.reduce((sum, size, axis) => sum + (size - 1) * stride[axis], 0)

/** Numbers of the storage that a tensor spans: `[first, end)`. */
export function tensorSpan(tensor: TorchTensor): { readonly first: number; readonly end: number } {
  const { offset } = tensor
  return { first: offset, end: elements(tensor) === 0 ? offset : offset + reach(tensor) + 1 }
}

/** Whether its numbers lie in the storage in the order of the shape, last axis fastest. */
function isContiguous({ shape, stride }: TorchTensor): boolean {
  let due = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && stride[axis] !== due) return false
    due *= shape[axis]
  }
  return true
}

/**
 * The numbers of a tensor in the order of its shape, last axis fastest.
 * @param span bytes of the storage from the tensor's first number to its last
 * @returns little-endian bytes, `span` itself where nothing has to move
 */
export function gather(tensor: TorchTensor, span: Uint8Array): Uint8Array {
  if (elements(tensor) === 0 || isContiguous(tensor)) return span
  const { shape, stride, storage } = tensor
  const width = TORCH_WIDTH[storage.dtype]
  const out = new Uint8Array(elements(tensor) * width)
  const index = shape.map(() => 0)
  let from = 0 // number of the span
  for (let to = 0; to < out.length; to += width) {
    for (let b = 0; b < width; b++) out[to + b] = span[from * width + b]
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]++
      from += stride[axis]
      if (index[axis] < shape[axis]) break
      from -= stride[axis] * shape[axis]
      index[axis] = 0
    }
  }
  return out
}
