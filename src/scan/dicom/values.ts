/** Values of attributes. A missing or empty attribute is undefined; a value that is none of its kind is NaN or ''. */
import type { Dataset, Element } from './dataset.ts'
import { type Keyword, TAGS } from './tags.ts'

const latin1 = new TextDecoder('latin1')

/** The attribute, where it is there and holds something. */
export const element = (dataset: Dataset, keyword: Keyword): Element | undefined => {
  const found = dataset.elements.get(TAGS[keyword][0])
  return found?.length === 0 ? undefined : found
}

/** The attribute's bytes. */
export function bytesOf(dataset: Dataset, keyword: Keyword): Uint8Array | undefined {
  const found = element(dataset, keyword)
  if (found?.length === undefined) return undefined
  return dataset.bytes.subarray(found.at, found.at + found.length)
}

/**
 * Text of an attribute, its values still joined by backslashes, padding removed (PS3.5 6.2). Only used for codes and
 * descriptions, so the character set is not looked at.
 */
export function text(dataset: Dataset, keyword: Keyword): string | undefined {
  const bytes = bytesOf(dataset, keyword)
  if (bytes === undefined) return undefined
  let [from, end] = [0, bytes.length]
  while (from < end && bytes[from] === SPACE) from++
  while (end > from && (bytes[end - 1] === SPACE || bytes[end - 1] === 0)) end--
  if (from === end) return undefined
  return end - from <= SHORT ? short(bytes, from, end) : latin1.decode(bytes.subarray(from, end))
}

const SPACE = 0x20
/** A decoder takes longer to begin than a short text to be put together, and there are thousands in a series. */
const SHORT = 64

function short(bytes: Uint8Array, from: number, end: number): string {
  let value = ''
  for (let n = from; n < end; n++) {
    if (bytes[n] > 0x7f) return latin1.decode(bytes.subarray(from, end))
    value += String.fromCharCode(bytes[n])
  }
  return value
}

/** The values of an attribute that holds texts. */
export const texts = (dataset: Dataset, keyword: Keyword): readonly string[] =>
  (text(dataset, keyword) ?? '')
    .split('\\')
    .map((one) => one.trim())
    .filter((one) => one !== '')

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

/**
 * The numbers of an attribute: decimal and integer strings (DS, IS) and binary ones (US, SS, UL, SL, FL, FD).
 * @returns undefined where it is missing; NaN for each value that is not a number
 */
export function numbers(dataset: Dataset, keyword: Keyword): readonly number[] | undefined {
  const found = element(dataset, keyword)
  if (found?.length === undefined) return undefined
  const vr = found.vr === 'UN' ? TAGS[keyword][1] : found.vr
  const binary = BINARY[vr]
  if (binary) {
    const view = new DataView(dataset.bytes.buffer, dataset.bytes.byteOffset + found.at, found.length)
    const count = Math.floor(found.length / binary.width)
    return Array.from({ length: count }, (_, n) => binary.read(view, n * binary.width, dataset.littleEndian))
  }
  const values = text(dataset, keyword)?.split('\\')
  return values?.map((one) => (DECIMAL.test(one.trim()) ? Number(one) : Number.NaN))
}

/** The first number of an attribute. */
export function number(dataset: Dataset, keyword: Keyword): number | undefined {
  const found = element(dataset, keyword)
  if (found?.length === undefined) return undefined
  const binary = BINARY[found.vr === 'UN' ? TAGS[keyword][1] : found.vr]
  // Most of what is read are single binary numbers, thousands in a series: no array is made of them.
  if (binary === undefined || found.length < binary.width) return numbers(dataset, keyword)?.[0]
  const view = new DataView(dataset.bytes.buffer, dataset.bytes.byteOffset + found.at, binary.width)
  return binary.read(view, 0, dataset.littleEndian)
}

/** Items of a sequence, none where it is missing. */
export const items = (dataset: Dataset, keyword: Keyword): readonly Dataset[] => element(dataset, keyword)?.items ?? []

const BINARY: Readonly<
  Record<string, { width: number; read: (view: DataView, at: number, littleEndian: boolean) => number }>
> = {
  US: { width: 2, read: (view, at, le) => view.getUint16(at, le) },
  SS: { width: 2, read: (view, at, le) => view.getInt16(at, le) },
  UL: { width: 4, read: (view, at, le) => view.getUint32(at, le) },
  SL: { width: 4, read: (view, at, le) => view.getInt32(at, le) },
  FL: { width: 4, read: (view, at, le) => view.getFloat32(at, le) },
  FD: { width: 8, read: (view, at, le) => view.getFloat64(at, le) },
  OV: { width: 8, read: (view, at, le) => Number(view.getBigUint64(at, le)) },
}
