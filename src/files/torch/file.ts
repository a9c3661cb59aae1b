/**
 * Files of PyTorch: a pickle in which tensors refer to storages, and the storages beside it (torch/serialization.py).
 * The pickle is read as data (pickle.ts); storages are read by ranges, when a tensor is asked for.
 */
import { SpiculaError } from '../../error.ts'
import { type ByteSource, readPrefix, readSpan } from '../bytes.ts'
import type { PickleValue } from '../pickle/value.ts'
import type { TorchContainer } from './container.ts'
import { openTorchLegacy } from './legacy.ts'
import { unsoundTorch } from './storage.ts'
import { gather, TORCH_WIDTH, type TorchTensor, tensorSpan } from './tensor.ts'
import { openTorchZip } from './zip.ts'

export interface TorchFile {
  readonly name: string
  readonly kind: TorchContainer['kind']
  /** What was saved: a dict of tensors, a tensor, a compiled module. */
  readonly value: PickleValue
  /** The numbers of a tensor, little-endian, in the order of its shape, last axis fastest. */
  read(tensor: TorchTensor): Promise<Uint8Array>
}

const PREFIX = 264

/**
 * Whether a file's first bytes are those of torch.save: a zip archive whose first member is the pickle, or a pickle
 * that begins with torch's magic number.
 */
export function isTorch(bytes: Uint8Array): boolean {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4 && bytes.length > 30) {
    const length = bytes[26] + 256 * bytes[27]
    return /^[^/]+\/data\.pkl$/.test(String.fromCharCode(...bytes.subarray(30, 30 + Math.min(length, 200))))
  }
  return [0x80, 2, 0x8a, 10, 0x6c, 0xfc].every((byte, n) => bytes[n] === byte)
}

/**
 * Opens a file of torch.save or torch.jit.save; no storage is read yet, and nothing of it is run.
 * @throws SpiculaError `pickle/*` for what the pickle asks for or lacks, `torch/format`, `torch/byte-order`,
 *   `torch/storage`, `torch/tensor`, `volume/zip`, `volume/truncated`
 * @example
 * const file = await openTorch(await fileSource('crop.pt'))
 * if (isTensor(file.value)) await file.read(file.value)
 */
export async function openTorch(source: ByteSource): Promise<TorchFile> {
  const { name } = source
  const first = await readPrefix(source, PREFIX)
  const container = await openContainer(source, first)
  return {
    name,
    kind: container.kind,
    value: container.value,
    read: async (tensor) => {
      const { storage } = tensor
      const { start, bytes } = await container.place(tensor)
      const width = TORCH_WIDTH[storage.dtype]
      if (bytes !== storage.count * width) {
        const due = `${storage.count} numbers of ${storage.dtype}`
        throw unsoundTorch(name, `storage ${storage.key} has ${bytes} bytes, ${due} are due`)
      }
      const span = tensorSpan(tensor)
      return gather(tensor, await readSpan(source, start + span.first * width, start + span.end * width))
    },
  }
}

function openContainer(source: ByteSource, first: Uint8Array): Promise<TorchContainer> {
  const starts = (text: string, at = 0) => [...text].every((c, n) => first[at + n] === c.charCodeAt(0))
  if (source.compressed)
    throw new SpiculaError('torch/format', `${source.name}: compressed with gzip`, { hint: 'Unpack it first.' })
  if (starts('PK\x03\x04')) return openTorchZip(source)
  if (starts('ustar', 257)) {
    throw new SpiculaError('torch/format', `${source.name}: a tar archive of PyTorch 0.1, which is not read`, {
      hint: 'Load it in Python and save it again with torch.save.',
    })
  }
  // Whatever is not a zip is taken for a pickle, so that what a hostile one asks for is named.
  return openTorchLegacy(source)
}
