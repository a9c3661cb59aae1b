import { SpiculaError } from '../../error.ts'
import { TAGS, vrOf } from './tags.ts'

/** How a data set is encoded (PS3.5 6, 7 and 10). */
export interface Encoding {
  /** False where value representations are left out. */
  readonly explicit: boolean
  readonly littleEndian: boolean
}

/** One attribute: where its value lies, and the items of a sequence. */
export interface Element {
  readonly vr: string
  /** First byte of the value. */
  readonly at: number
  /** Bytes of the value; undefined where the standard lets it be (0xFFFFFFFF). */
  readonly length: number | undefined
  readonly items?: readonly Dataset[]
}

/** Attributes of a file or of an item of a sequence, by tag; only those of `tags.ts`. */
export interface Dataset {
  readonly bytes: Uint8Array
  readonly littleEndian: boolean
  readonly elements: ReadonlyMap<number, Element>
}

/** Thrown where the bytes at hand end before the data set does. */
export class MoreBytesNeeded extends Error {
  /** The least number of bytes from the beginning with which to try again. */
  readonly bytes: number
  constructor(bytes: number) {
    super(`${bytes} bytes needed`)
    this.bytes = bytes
  }
}

const UNDEFINED_LENGTH = 0xffffffff
const ITEM = 0xfffee000
const ITEM_END = 0xfffee00d
const SEQUENCE_END = 0xfffee0dd
/** PS3.5 7.1.2: these have two reserved bytes and a length of 32 bits. */
const LONG_VRS = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV'])
/** No standard object nests deeper; a file that does is made to exhaust the stack. */
const MAX_DEPTH = 48
const PIXEL_DATA: ReadonlySet<number> = new Set([
  TAGS.PixelData[0],
  TAGS.FloatPixelData[0],
  TAGS.DoubleFloatPixelData[0],
])

interface Cursor extends Encoding {
  readonly bytes: Uint8Array
  readonly view: DataView
  at: number
  readonly name: string
}

/**
 * Reads a data set from its first byte up to and with the head of its pixel data, whose value is not looked at.
 * @param bytes of the file from its beginning, as many as are at hand
 * @param at first byte of the data set
 * @param name of the file, for messages
 * @param into takes the attributes as they come: what was read is there although an error ended the reading
 * @throws MoreBytesNeeded where the bytes at hand end first
 * @throws SpiculaError `volume/corrupt` for what cannot be DICOM
 * @example parseDataset(bytes, { explicit: true, littleEndian: true }, { at: 132, name: 'slice.dcm' })
 */
export function parseDataset(
  bytes: Uint8Array,
  encoding: Encoding,
  {
    at = 0,
    name,
    group,
    into: elements = new Map(),
  }: { at?: number; name: string; group?: number; into?: Map<number, Element> },
): { dataset: Dataset; end: number; complete: boolean } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const cursor: Cursor = { ...encoding, bytes, view, at, name }
  let complete = false
  while (cursor.at < bytes.length) {
    // The meta information is group 2 alone, in an encoding of its own (PS3.10 7.1).
    if (group !== undefined && cursor.at + 2 <= bytes.length && view.getUint16(cursor.at, true) !== group) break
    const tag = readElement(cursor, elements, 0)
    if (tag !== undefined && PIXEL_DATA.has(tag)) {
      complete = true
      break
    }
  }
  return { dataset: { bytes, littleEndian: encoding.littleEndian, elements }, end: cursor.at, complete }
}

function need(cursor: Cursor, count: number): void {
  if (cursor.at + count > cursor.bytes.length) throw new MoreBytesNeeded(cursor.at + count)
}

function readTag(cursor: Cursor): number {
  need(cursor, 4)
  const { view, at, littleEndian } = cursor
  const tag = view.getUint16(at, littleEndian) * 0x10000 + view.getUint16(at + 2, littleEndian)
  cursor.at += 4
  return tag
}

function readLength(cursor: Cursor): number {
  need(cursor, 4)
  const length = cursor.view.getUint32(cursor.at, cursor.littleEndian)
  cursor.at += 4
  return length
}

function readVr(cursor: Cursor): string {
  need(cursor, 4)
  const [a, b] = [cursor.bytes[cursor.at], cursor.bytes[cursor.at + 1]]
  const isLetter = (c: number): boolean => c >= 0x41 && c <= 0x5a
  if (!isLetter(a) || !isLetter(b)) throw corrupt(cursor, 'an attribute without a value representation')
  return String.fromCharCode(a, b)
}

/** Reads one attribute, keeps it where it is wanted, and stands behind it afterwards. */
function readElement(cursor: Cursor, elements: Map<number, Element>, depth: number): number | undefined {
  const tag = readTag(cursor)
  if (tag === ITEM || tag === ITEM_END || tag === SEQUENCE_END) {
    throw corrupt(cursor, 'an item delimiter outside a sequence')
  }
  let vr = vrOf.get(tag) ?? 'UN'
  let length: number
  if (cursor.explicit) {
    vr = readVr(cursor)
    if (LONG_VRS.has(vr)) {
      cursor.at += 4
      length = readLength(cursor)
    } else {
      length = cursor.view.getUint16(cursor.at + 2, cursor.littleEndian)
      cursor.at += 4
    }
  } else length = readLength(cursor)

  const known = vrOf.get(tag)
  const at = cursor.at
  if (PIXEL_DATA.has(tag) && depth === 0) {
    elements.set(tag, { vr, at, length: length === UNDEFINED_LENGTH ? undefined : length })
    return tag
  }
  const isSequence =
    known === 'SQ' || (length === UNDEFINED_LENGTH && known === undefined && (vr === 'SQ' || vr === 'UN'))
  if (length === UNDEFINED_LENGTH && !isSequence) {
    // Encapsulated pixels of an icon, say, have the structure of a sequence of unread items.
    skipFragments(cursor)
    return tag
  }
  if (isSequence) {
    // PS3.5 6.2.2, note 2: an unknown sequence of undefined length is implicit little endian inside.
    const inside: Cursor = vr === 'UN' && cursor.explicit ? { ...cursor, explicit: false, littleEndian: true } : cursor
    const items = readItems(inside, length, depth + 1)
    cursor.at = inside.at
    if (known === 'SQ' && !elements.has(tag)) elements.set(tag, { vr: 'SQ', at, length: cursor.at - at, items })
    return tag
  }
  need(cursor, length)
  cursor.at += length
  if (known !== undefined && !elements.has(tag)) elements.set(tag, { vr, at, length })
  return tag
}

/** PS3.5 7.5: items, each of given or undefined length, to the end of the sequence. */
function readItems(cursor: Cursor, length: number, depth: number): Dataset[] {
  if (depth > MAX_DEPTH) throw corrupt(cursor, `sequences nested deeper than ${MAX_DEPTH}`)
  const end = length === UNDEFINED_LENGTH ? Number.POSITIVE_INFINITY : cursor.at + length
  if (length !== UNDEFINED_LENGTH) need(cursor, length)
  const items: Dataset[] = []
  while (cursor.at < end) {
    const tag = readTag(cursor)
    const itemLength = readLength(cursor)
    if (tag === SEQUENCE_END) break
    if (tag !== ITEM) throw corrupt(cursor, 'a sequence holds something other than items')
    items.push(readItem(cursor, itemLength, depth))
  }
  if (cursor.at > end) throw corrupt(cursor, 'an item is longer than its sequence')
  return items
}

function readItem(cursor: Cursor, length: number, depth: number): Dataset {
  const elements = new Map<number, Element>()
  const { bytes, littleEndian } = cursor
  if (length !== UNDEFINED_LENGTH) {
    need(cursor, length)
    const end = cursor.at + length
    while (cursor.at < end) readElement(cursor, elements, depth)
    if (cursor.at > end) throw corrupt(cursor, 'an attribute is longer than its item')
    return { bytes, littleEndian, elements }
  }
  for (;;) {
    need(cursor, 4)
    const before = cursor.at
    if (readTag(cursor) === ITEM_END) {
      readLength(cursor)
      return { bytes, littleEndian, elements }
    }
    cursor.at = before
    readElement(cursor, elements, depth)
  }
}

function skipFragments(cursor: Cursor): void {
  for (;;) {
    const tag = readTag(cursor)
    const length = readLength(cursor)
    if (tag === SEQUENCE_END) return
    if (tag !== ITEM || length === UNDEFINED_LENGTH) throw corrupt(cursor, 'fragments that do not follow each other')
    need(cursor, length)
    cursor.at += length
  }
}

const corrupt = ({ name }: Cursor, what: string): SpiculaError =>
  new SpiculaError('volume/corrupt', `${name}: not sound DICOM: ${what}`, {
    hint: 'A copy or download changed the file, or another program wrote it wrongly: copy it again from the archive.',
  })
