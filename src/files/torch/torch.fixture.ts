/** For tests: files of PyTorch written from scratch, sound ones and others. */
import { ops, u32 } from '../pickle/pickle.fixture.ts'
import { zipFile } from '../zip.fixture.ts'
import type { TorchDtype } from './tensor.ts'

/** A tensor to be written: the bytes are the whole storage. */
export interface WrittenTensor {
  readonly dtype: TorchDtype
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
  readonly offset?: number
  readonly stride?: readonly number[]
  /** What the pickle says of the storage's size, where that shall be a lie. */
  readonly count?: number
}

const STORAGE: Readonly<Record<TorchDtype, readonly [type: string, width: number]>> = {
  float32: ['FloatStorage', 4],
  float16: ['HalfStorage', 2],
  bfloat16: ['BFloat16Storage', 2],
  float64: ['DoubleStorage', 8],
  int64: ['LongStorage', 8],
  int32: ['IntStorage', 4],
  int16: ['ShortStorage', 2],
  int8: ['CharStorage', 1],
  uint8: ['ByteStorage', 1],
  bool: ['BoolStorage', 1],
}

const text = (value: string): Uint8Array => {
  const bytes = new TextEncoder().encode(value)
  return ops('X', u32(bytes.length), bytes)
}
const integer = (value: number): Uint8Array =>
  value >= 0 && value < 2 ** 31 ? ops('J', u32(value)) : ops(`L${value}L\n`)
const tuple = (items: readonly Uint8Array[]): Uint8Array => ops('(', ...items, 't')
const integers = (values: readonly number[]): Uint8Array => tuple(values.map(integer))

const contiguous = (shape: readonly number[]): number[] =>
  shape.map((_, axis) => shape.slice(axis + 1).reduce((product, n) => product * n, 1))

/** What torch's pickler makes of a tensor, its numbers being the storage `key`. */
export function tensorOps(key: string, tensor: WrittenTensor, legacy = false): Uint8Array {
  const { dtype, shape, bytes, offset = 0, stride = contiguous(shape), count } = tensor
  const [type, width] = STORAGE[dtype]
  const id = [
    text('storage'),
    ops(`ctorch\n${type}\n`),
    text(key),
    text('cpu'),
    integer(count ?? bytes.length / width),
    ...(legacy ? [ops('N')] : []),
  ]
  const args = [ops(tuple(id), 'Q'), integer(offset), integers(shape), integers(stride), ops('\x89')]
  return ops('ctorch._utils\n_rebuild_tensor_v2\n', tuple([...args, ops('ccollections\nOrderedDict\n)R')]), 'R')
}

/** A state dictionary: an OrderedDict, with the attribute that torch's carry. */
export function stateOps(tensors: ReadonlyMap<string, WrittenTensor>, { legacy = false } = {}): Uint8Array {
  const entries = [...tensors].map(([name, tensor], key) => ops(text(name), tensorOps(String(key), tensor, legacy)))
  return ops('ccollections\nOrderedDict\n)R(', ...entries, 'u}', text('_metadata'), 'Nsb')
}

/** A plain dict of values that are pickled already. */
export const dictOps = (entries: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  ops('}(', ...Object.entries(entries).flatMap(([name, value]) => [text(name), value]), 'u')

/** A file as torch.save writes it. */
export const torchZip = (pickle: Uint8Array, tensors: Iterable<WrittenTensor>): Uint8Array =>
  zipFile([
    { path: 'archive/data.pkl', bytes: ops('\x80\x02', pickle, '.') },
    ...[...tensors].map(({ bytes }, key) => ({ path: `archive/data/${key}`, bytes })),
    { path: 'archive/version', bytes: ops('3\n') },
  ])

/** A file as torch.save wrote it before 1.6. */
export function torchLegacy(pickle: Uint8Array, tensors: Iterable<WrittenTensor>): Uint8Array {
  const all = [...tensors]
  const storages = all.flatMap(({ dtype, bytes }) => {
    const count = new Uint8Array(8)
    new DataView(count.buffer).setBigInt64(0, BigInt(bytes.length / STORAGE[dtype][1]), true)
    return [count, bytes]
  })
  return ops(
    '\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.',
    '\x80\x02M\xe9\x03.',
    ops('\x80\x02}', text('little_endian'), '\x88s.'),
    ops('\x80\x02', pickle, '.'),
    ops('\x80\x02](', ...all.map((_, key) => text(String(key))), 'e.'),
    ...storages,
  )
}

/**
 * A compiled module as torch.jit.save writes it, every part of a tensor's name an object within the one before it, its
 * code of no use.
 * @param values numbers that objects have beside tensors, by names with dots
 * @param pickle in place of the one that the tensors make
 */
export function torchScript(
  tensors: ReadonlyMap<string, WrittenTensor>,
  values: ReadonlyMap<string, number> = new Map(),
  pickle?: Uint8Array,
): Uint8Array {
  interface Part {
    readonly parts: Map<string, Part>
    readonly own: Uint8Array[]
  }
  const root: Part = { parts: new Map(), own: [] }
  const place = (name: string): [Part, string] => {
    const path = name.split('.')
    let part = root
    for (const step of path.slice(0, -1)) {
      const next = part.parts.get(step) ?? { parts: new Map(), own: [] }
      part.parts.set(step, next)
      part = next
    }
    return [part, path[path.length - 1]]
  }
  for (const [key, [name, tensor]] of [...tensors].entries()) {
    const [part, last] = place(name)
    part.own.push(ops(text(last), tensorOps(String(key), tensor)))
  }
  for (const [name, value] of values) {
    const [part, last] = place(name)
    part.own.push(ops(text(last), integer(value)))
  }
  const object = ({ parts, own }: Part): Uint8Array => {
    const inner = [...parts].map(([name, part]) => ops(text(name), object(part)))
    const training = ops(text('training'), '\x89')
    return ops('c__torch__.multimodal.model\nModule_mangle_7\n)\x81}(', training, ...own, ...inner, 'ub')
  }
  return zipFile([
    ...[...tensors.values()].map(({ bytes }, key) => ({ path: `model/data/${key}`, bytes })),
    { path: 'model/data.pkl', bytes: pickle ?? ops('\x80\x02', object(root), '.') },
    { path: 'model/code/__torch__.py', bytes: ops('import os\n') },
    { path: 'model/constants.pkl', bytes: ops('\x80\x02).') },
    { path: 'model/version', bytes: ops('3\n') },
  ])
}
