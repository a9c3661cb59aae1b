/** A file of weights in any container, read tensor by tensor. */
import type { TensorData } from '../graph/tensor.ts'

export interface WeightFile {
  readonly name: string
  /** For people: `safetensors`, `TorchScript`. */
  readonly container: string
  /** Shapes and stored types, by the file's own names. */
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly dtype: string }>
  /** Numbers that stand beside the tensors in a compiled module, such as `num_heads`. */
  readonly values: ReadonlyMap<string, number>
  /** What the file holds beside weights, by key. */
  readonly beside: readonly string[]
  /** The numbers of one tensor: floats as float32 or float16, integers as they are. */
  read(name: string): Promise<TensorData>
  close(): Promise<void>
}
