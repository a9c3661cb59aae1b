/**
 * The safetensors format (huggingface/safetensors): 8 bytes little-endian header length, a JSON header
 * `{name: {dtype, shape, data_offsets}}`, then the numbers. Nothing in it is executed and no length is trusted.
 */
import { SpiculaError } from '../error.ts'
import type { TensorData } from '../graph/tensor.ts'
import { narrowToHalf, widenBfloat } from './float16.ts'
import { type Int8Tensor, isStoredScale, storedScaleName, widenInt8 } from './stored-int8.ts'

/** Bytes of one number. Types beyond these are named when they are met, and refused when they are read. */
const WIDTH: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I8: 1 }
/** The format's own limit on the header. */
const MAX_HEADER = 100_000_000

export interface TensorEntry {
  readonly dtype: string
  readonly shape: readonly number[]
  /** Bytes from the start of the file. */
  readonly start: number
  readonly end: number
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, TensorEntry>
  readonly metadata: Readonly<Record<string, string>>
}

const damaged = (file: string, what: string): SpiculaError =>
  new SpiculaError('clip/safetensors', `${file} is not a sound safetensors file: ${what}`, {
    hint: 'Copy or download the file again; a checksum tells whether it arrived whole.',
  })

/**
 * Length of the JSON header from the first 8 bytes.
 * @throws SpiculaError `clip/safetensors` when it exceeds the file or the format's limit
 */
export function headerLength(first: Uint8Array, fileSize: number, file: string): number {
  if (first.length < 8 || fileSize < 8) throw damaged(file, `it has ${fileSize} bytes`)
  const length = Number(new DataView(first.buffer, first.byteOffset).getBigUint64(0, true))
  if (length > MAX_HEADER || 8 + length > fileSize)
    throw damaged(file, `its header claims ${length} bytes, the file has ${fileSize}`)
  return length
}

/**
 * Parses the header.
 * @param json the header's bytes, without the length in front
 * @throws SpiculaError `clip/safetensors` for offsets that lie, overlap or leave the file, and shapes that do not fit
 */
export function parseHeader(json: Uint8Array, fileSize: number, file: string): SafetensorsHeader {
  let text: string
  let header: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(json)
    header = JSON.parse(text)
  } catch {
    throw damaged(file, 'its header is not JSON')
  }
  if (!isRecord(header)) throw damaged(file, 'its header is not a JSON object')
  const base = 8 + json.length
  const tensors = new Map<string, TensorEntry>()
  let metadata: Record<string, string> = {}
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') {
      if (!isTexts(entry)) throw damaged(file, 'its metadata is not a JSON object of texts')
      metadata = entry
    } else tensors.set(name, parseEntry(name, entry, base, fileSize, file))
  }
  // The format disallows a name twice; JSON.parse keeps the last in silence.
  if (countNames(text) !== Object.keys(header).length) throw damaged(file, 'its header has a name twice')
  let at = base
  for (const [name, { start, end }] of [...tensors].sort(([, a], [, b]) => a.start - b.start || a.end - b.end)) {
    if (start !== at) throw damaged(file, `the bytes of ${name} start at ${start}, where ${at} was due`)
    at = end
  }
  if (at !== fileSize) throw damaged(file, `its tensors end at byte ${at} of ${fileSize}`)
  return { tensors, metadata }
}

/** Names in the outermost object of sound JSON whose values are objects, repetitions counted. */
function countNames(json: string): number {
  let names = 0
  let depth = 0
  for (let i = 0; i < json.length; i++) {
    const c = json[i]
    if (c === '"') {
      // At this depth every value is an object, so a text is a name.
      if (depth === 1) names++
      for (i++; json[i] !== '"'; i++) if (json[i] === '\\') i++
    } else if (c === '{' || c === '[') depth++
    else if (c === '}' || c === ']') depth--
  }
  return names
}

function parseEntry(name: string, entry: unknown, base: number, fileSize: number, file: string): TensorEntry {
  const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {}
  if (typeof dtype !== 'string' || !isSizes(shape) || !isSizes(offsets) || offsets.length !== 2)
    throw damaged(file, `the entry of ${name} has no dtype, shape and data_offsets`)
  const [start, end] = [base + offsets[0], base + offsets[1]]
  const count = shape.reduce((product, n) => product * n, 1)
  if (start > end || end > fileSize) throw damaged(file, `${name} claims bytes ${start} to ${end} of ${fileSize}`)
  if (WIDTH[dtype] !== undefined && count * WIDTH[dtype] !== end - start)
    throw damaged(file, `${name} is ${dtype} [${shape.join(', ')}] but has ${end - start} bytes`)
  return { dtype, shape, start, end }
}

const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null && !Array.isArray(x)
const isTexts = (x: unknown): x is Record<string, string> =>
  isRecord(x) && Object.values(x).every((value) => typeof value === 'string')
const isSizes = (x: unknown): x is number[] => Array.isArray(x) && x.every((n) => Number.isSafeInteger(n) && n >= 0)

/**
 * The numbers of one tensor. bfloat16 is widened to float32, float16 stays as it is stored.
 * @param bytes exactly the tensor's bytes
 * @throws SpiculaError `clip/dtype` for a type that no weight here has
 */
export function decodeTensor(name: string, { dtype, shape }: TensorEntry, bytes: Uint8Array): TensorData {
  // Typed arrays need aligned memory; a copy has it. Not slice(): of Node's Buffer that is not a copy.
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes)
  const { buffer, byteOffset, byteLength } = aligned
  const count = byteLength / (WIDTH[dtype] ?? 1)
  if (dtype === 'F32') return { dtype: 'float32', shape, data: new Float32Array(buffer, byteOffset, count) }
  if (dtype === 'F16') return { dtype: 'float16', shape, data: new Uint16Array(buffer, byteOffset, count) }
  if (dtype === 'BF16')
    return { dtype: 'float32', shape, data: widenBfloat(new Uint16Array(buffer, byteOffset, count)) }
  if (dtype === 'I32') return { dtype: 'int32', shape, data: new Int32Array(buffer, byteOffset, count) }
  if (dtype === 'I64') return { dtype: 'int64', shape, data: new BigInt64Array(buffer, byteOffset, count) }
  throw new SpiculaError('clip/dtype', `${name} is stored as ${dtype}; weights are F32, F16 or BF16`)
}

/**
 * A whole file in memory; what is stored in bytes with scales (int8.ts) comes as float32.
 * @example decodeSafetensors(bytes, 'base.safetensors').tensors.get('logit_scale')
 */
export function decodeSafetensors(bytes: Uint8Array, file: string) {
  const length = headerLength(bytes, bytes.length, file)
  const { tensors, metadata } = parseHeader(bytes.subarray(8, 8 + length), bytes.length, file)
  const stored = (name: string) => {
    const entry = tensors.get(name)
    return entry && decodeTensor(name, entry, bytes.subarray(entry.start, entry.end))
  }
  const numbers = new Map<string, TensorData>()
  for (const [name, { dtype, shape, start, end }] of tensors) {
    if (isStoredScale(name)) continue
    const own =
      dtype === 'I8' ? widenInt8(name, shape, bytes.subarray(start, end), stored(storedScaleName(name))) : stored(name)
    if (own) numbers.set(name, own)
  }
  return { tensors: numbers, metadata }
}

const STORED: Partial<Record<(TensorData | Int8Tensor)['dtype'], string>> = {
  int8: 'I8',
  float32: 'F32',
  float16: 'F16',
  int32: 'I32',
  int64: 'I64',
}

/**
 * A file from tensors, in the order of the map.
 * @returns the bytes; the header is padded with spaces so that the numbers start at a multiple of 8
 * @throws SpiculaError `clip/dtype` for a type, `clip/safetensors` for a name that the format does not hold
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, TensorData | Int8Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : []
  let at = 0
  for (const [name, { dtype, shape, data }] of tensors) {
    const stored = STORED[dtype]
    if (!stored) throw new SpiculaError('clip/dtype', `${name} is ${dtype}, which safetensors here does not hold`)
    if (name === '__metadata__') throw new SpiculaError('clip/safetensors', `no tensor can be called ${name}`)
    header.push([name, { dtype: stored, shape, data_offsets: [at, at + data.byteLength] }])
    at += data.byteLength
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)))
  const length = Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(8 + length + at)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true)
  bytes.fill(0x20, 8, 8 + length)
  bytes.set(json, 8)
  at = 8 + length
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return bytes
}

/** The same tensor in half precision, half the bytes. */
export function toHalf(tensor: TensorData): TensorData {
  return tensor.dtype === 'float32'
    ? { dtype: 'float16', shape: tensor.shape, data: narrowToHalf(tensor.data) }
    : tensor
}
