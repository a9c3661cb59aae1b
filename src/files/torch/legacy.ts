/** PyTorch's format before 1.6: five pickles one behind the other, then the storages (torch/serialization.py). */
import { SpiculaError } from '../../error.ts'
import { type ByteSource, readSpan } from '../bytes.ts'
import { readPickle } from '../pickle/pickle.ts'
import { damagedPickle, type PickleValue } from '../pickle/value.ts'
import type { StoragePlace, TorchContainer } from './container.ts'
import { bigEndian, storageOf, unsoundTorch } from './storage.ts'
import { TORCH_WIDTH, type TorchStorage } from './tensor.ts'
import { torchTypes } from './types.ts'

const MAGIC = 0x1950a86a20f9469cfc6cn
const VERSION = 1001
/** Bytes read at first for the pickles, and at most. */
const FIRST_PICKLES = 1 << 20
const MOST_PICKLES = 1 << 26

interface Pickles {
  readonly value: PickleValue
  readonly storages: ReadonlyMap<string, TorchStorage>
  /** Names of the storages in the order in which they lie in the file. */
  readonly keys: readonly string[]
  /** Where the first of them begins. */
  readonly end: number
}

/**
 * Opens a file of the old format.
 * @throws SpiculaError `torch/format` where it is another pickle, `torch/byte-order`, `torch/storage`; those of pickles
 */
export async function openTorchLegacy(source: ByteSource): Promise<TorchContainer> {
  const { value, storages, keys, end } = await readPickles(source)
  const places = new Map<string, StoragePlace>()
  let at = end
  for (const key of keys) {
    const storage = storages.get(key)
    if (!storage) throw unsoundTorch(source.name, 'it holds a storage that no tensor uses')
    if (at + 8 > source.maxSize) throw unsoundTorch(source.name, 'it ends before its storages')
    const bytes = await readSpan(source, at, at + 8)
    const count = Number(new DataView(bytes.buffer).getBigInt64(0, true))
    if (count !== storage.count)
      throw unsoundTorch(source.name, `storage ${key} has ${count} numbers for ${storage.count}`)
    const size = count * TORCH_WIDTH[storage.dtype]
    if (at + 8 + size > source.maxSize) throw unsoundTorch(source.name, 'it ends within its storages')
    places.set(key, { start: at + 8, bytes: size })
    at += 8 + size
  }
  if (at !== source.maxSize) throw unsoundTorch(source.name, `${source.maxSize - at} bytes follow its storages`)
  return {
    kind: 'PyTorch, legacy',
    value,
    place: async ({ storage }) => {
      const place = places.get(storage.key)
      if (!place) throw unsoundTorch(source.name, `storage ${storage.key} is missing`)
      return place
    },
  }
}

/** The pickles say nowhere how long they are: more is read until they end. */
async function readPickles(source: ByteSource): Promise<Pickles> {
  for (let size = FIRST_PICKLES; ; size *= 8) {
    const length = Math.min(size, source.maxSize, MOST_PICKLES)
    const bytes = await readSpan(source, 0, length)
    try {
      return parsePickles(bytes, source.name)
    } catch (error) {
      const more = length < Math.min(source.maxSize, MOST_PICKLES)
      if (!(more && error instanceof SpiculaError && error.code === 'pickle/truncated')) throw error
    }
  }
}

function parsePickles(bytes: Uint8Array, name: string): Pickles {
  const storages = new Map<string, TorchStorage>()
  const allowed = torchTypes({ script: false })
  let at = 0
  const next = (persistent?: (id: PickleValue) => PickleValue): PickleValue => {
    const { value, end } = readPickle(bytes, { allowed, name, at, ...(persistent ? { persistent } : {}) })
    at = end
    return value
  }
  if (firstOf(next, bytes, name) !== MAGIC || next() !== VERSION) throw notTorch(name)
  const system = next()
  if (!(system instanceof Map)) throw notTorch(name)
  if (system.get('little_endian') !== true) throw bigEndian(name)
  const value = next((id) => legacyStorage(id, storages))
  const keys = next()
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string') || new Set(keys).size !== keys.length)
    throw unsoundTorch(name, 'it does not name its storages')
  return { value, storages, keys: keys.map(String), end: at }
}

/**
 * torch writes protocol 2, which begins with 0x80: what does not, and is not a sound pickle either, is something else.
 */
function firstOf(next: () => PickleValue, bytes: Uint8Array, name: string): PickleValue {
  try {
    return next()
  } catch (error) {
    const strange = bytes[0] !== 0x80 && error instanceof SpiculaError && error.code !== 'pickle/global'
    throw strange ? notTorch(name, error) : error
  }
}

/** ('storage', type, key, location, count, view): the same storage is described at every tensor that uses it. */
function legacyStorage(id: PickleValue, known: Map<string, TorchStorage>): TorchStorage {
  if (Array.isArray(id) && id[5] !== undefined && id[5] !== null)
    throw damagedPickle('a storage that is a view of another')
  const storage = storageOf(id)
  const first = known.get(storage.key)
  if (!first) known.set(storage.key, storage)
  else if (first.dtype !== storage.dtype || first.count !== storage.count)
    throw damagedPickle(`storage ${storage.key} is described in two ways`)
  return first ?? storage
}

const notTorch = (name: string, cause?: unknown): SpiculaError =>
  new SpiculaError('torch/format', `${name}: neither a file of torch.save nor of torch.jit.save`, {
    hint: "Was a web page or a pointer of Git LFS saved in its place? Weights are PyTorch's files and .safetensors.",
    cause,
  })
