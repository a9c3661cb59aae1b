/** What both kinds of torch files come down to. */
import type { PickleValue } from '../pickle/value.ts'
import type { TorchTensor } from './tensor.ts'

/** Where the numbers of a storage lie in the file. */
export interface StoragePlace {
  readonly start: number
  readonly bytes: number
}

/** A container: what was pickled, and where its storages are. */
export interface TorchContainer {
  readonly kind: 'PyTorch zip' | 'TorchScript' | 'PyTorch, legacy'
  readonly value: PickleValue
  place(tensor: TorchTensor): Promise<StoragePlace>
}
