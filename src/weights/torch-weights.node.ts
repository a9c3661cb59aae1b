/** Weights from files of PyTorch (.pt, .pth, .bin), read by ranges and without running anything. */
import { SpiculaError } from '../error.ts'
import { fileSource } from '../files/bytes.node.ts'
import { openTorch } from '../files/torch/file.ts'
import type { TorchDtype } from '../files/torch/tensor.ts'
import type { TensorData } from '../graph/tensor.ts'
import { widenBfloat } from './float16.ts'
import { torchState } from './torch-state.ts'
import type { WeightFile } from './weight-file.ts'

/**
 * Opens a file of torch.save or torch.jit.save.
 * @throws SpiculaError `clip/state-dict` where it holds no weights; those of `openTorch`
 * @example
 * const file = await openTorchWeights('ViT-B-32.pt')
 * const scale = await file.read('logit_scale')
 */
export async function openTorchWeights(path: string): Promise<WeightFile> {
  const file = await openTorch(await fileSource(path))
  const { tensors, values, beside } = torchState(file.value, file.name)
  return {
    name: file.name,
    container: file.kind,
    tensors: new Map([...tensors].map(([name, { shape, storage }]) => [name, { shape, dtype: storage.dtype }])),
    values,
    beside,
    read: async (name) => {
      const tensor = tensors.get(name)
      if (!tensor) throw new SpiculaError('clip/missing', `${file.name} has no tensor ${name}`)
      return torchNumbers(name, tensor.storage.dtype, tensor.shape, await file.read(tensor))
    },
    // Every range opens the file anew.
    close: async () => undefined,
  }
}

/**
 * Stored numbers as a tensor: bfloat16 is widened, float64 rounded to float32.
 * @param bytes little-endian, in the order of the shape
 * @throws SpiculaError `clip/dtype` for types that no weight has
 */
export function torchNumbers(name: string, dtype: TorchDtype, shape: readonly number[], bytes: Uint8Array): TensorData {
  // Typed arrays need aligned memory of their own.
  const { buffer } = bytes.byteOffset === 0 && bytes.length === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes)
  switch (dtype) {
    case 'float32':
      return { dtype: 'float32', shape, data: new Float32Array(buffer) }
    case 'float16':
      return { dtype: 'float16', shape, data: new Uint16Array(buffer) }
    case 'bfloat16':
      return { dtype: 'float32', shape, data: widenBfloat(new Uint16Array(buffer)) }
    case 'float64':
      return { dtype: 'float32', shape, data: Float32Array.from(new Float64Array(buffer)) }
    case 'int64':
      return { dtype: 'int64', shape, data: new BigInt64Array(buffer) }
    case 'int32':
      return { dtype: 'int32', shape, data: new Int32Array(buffer) }
    default:
      throw new SpiculaError('clip/dtype', `${name} is stored as ${dtype}; weights are floats`)
  }
}
