import { SpiculaError } from '../../error.ts'
import { type ByteSource, CUT_SHORT, inWords, memorySource, readPrefix, readSpan } from '../../files/bytes.ts'
import { type Dataset, type Element, MoreBytesNeeded, parseDataset } from './dataset.ts'
import {
  DEFAULT_SYNTAX,
  EXPLICIT_LITTLE_ENDIAN,
  type TransferSyntax,
  transferSyntax,
  unreadError,
  unreadSyntax,
} from './syntax.ts'
import { type Keyword, TAGS } from './tags.ts'
import { element, text } from './values.ts'

/** Inflates raw deflate data (RFC 1951), to at most a number of bytes. */
export type InflateRaw = (deflated: Uint8Array, mostBytes: number, name: string) => Promise<Uint8Array>

/** The head of a DICOM file: all attributes that are read, and where its pixels lie. */
export interface DicomHeader {
  readonly name: string
  readonly dataset: Dataset
  readonly syntax: TransferSyntax
  /** The pixel data; undefined for objects without (structured reports, structures). */
  readonly pixels: Element | undefined
  /** Source of the pixel data's bytes: the file, or what its deflated part inflates to. */
  readonly source: () => Promise<ByteSource>
}

/** Headers of scanners are 2 to 10 kB. */
const FIRST_PREFIX = 1 << 14
/** Per-frame groups of thousands of frames take some megabytes; more is not a header. */
const MOST_HEADER = 1 << 28
const MOST_INFLATED = 1 << 28
const PREAMBLE = 128

/**
 * Whether a file is DICOM: the prefix DICM behind 128 bytes (PS3.10 7.1), or, as in old archives, a data set at once.
 * @param bytes the first 132 bytes
 */
export function isDicom(bytes: Uint8Array): boolean {
  return hasPrefix(bytes) || bareDataset(bytes) !== undefined
}

const hasPrefix = (bytes: Uint8Array): boolean =>
  String.fromCharCode(...bytes.subarray(PREAMBLE, PREAMBLE + 4)) === 'DICM'

/** A data set without preamble begins with an attribute of group 8, low numbers first. */
function bareDataset(bytes: Uint8Array): TransferSyntax | undefined {
  if (bytes.length < 132 || bytes[0] !== 8 || bytes[1] !== 0 || bytes[3] !== 0 || bytes[2] > 0x20) return undefined
  const vr = String.fromCharCode(bytes[4], bytes[5])
  if (/^(UL|CS|UI|DA|TM|SH|LO)$/.test(vr)) return EXPLICIT_LITTLE_ENDIAN
  return bytes[6] === 0 && bytes[7] === 0 ? DEFAULT_SYNTAX : undefined
}

/**
 * Reads a file's attributes up to its pixel data, and no further.
 * @param source of the file
 * @param inflateRaw for the deflated transfer syntax
 * @throws SpiculaError `volume/format` for what is not DICOM, `volume/truncated` where the file ends within its header,
 *   `volume/corrupt`, `volume/transfer-syntax` for one in which not even the attributes can be read
 * @example
 * const header = await readDicomHeader(await fileSource('slice.dcm'), inflateRaw)
 * number(header.dataset, 'Rows') // 512
 */
export async function readDicomHeader(source: ByteSource, inflateRaw: InflateRaw): Promise<DicomHeader> {
  const { name } = source
  let bytes = await readPrefix(source, FIRST_PREFIX)
  const { syntax, at } = await metaInformation(bytes, name)
  if (syntax.deflated) return deflatedHeader(source, syntax, at, inflateRaw)
  for (;;) {
    const whole = bytes.length >= source.maxSize
    try {
      const { dataset, complete } = parseDataset(bytes, syntax, { at, name })
      // Without pixels in sight the data set may go on behind the bytes at hand.
      if (!complete && !whole) throw new MoreBytesNeeded(2 * bytes.length)
      return { name, dataset, syntax, pixels: pixelsOf(dataset), source: async () => source }
    } catch (error) {
      if (syntax.coding === 'unread') throw unreadError(name, syntax)
      if (!(error instanceof MoreBytesNeeded)) throw error
      const wanted = Math.max(error.bytes, 2 * bytes.length)
      if (whole || (source.compressed === false && error.bytes > source.maxSize && error.bytes > 2 * bytes.length)) {
        throw cutShort(name, error.bytes, source.maxSize)
      }
      if (wanted > MOST_HEADER) throw tooLong(name)
      const longer = await readPrefix(source, Math.min(wanted, source.maxSize))
      // A compressed source tells where it ends only when it is read.
      if (longer.length === bytes.length) return ended(longer, syntax, at, source)
      bytes = longer
    }
  }
}

/** The header of a source that turned out to end here. */
function ended(bytes: Uint8Array, syntax: TransferSyntax, at: number, source: ByteSource): DicomHeader {
  const { name } = source
  try {
    const { dataset } = parseDataset(bytes, syntax, { at, name })
    return { name, dataset, syntax, pixels: pixelsOf(dataset), source: async () => source }
  } catch (error) {
    throw error instanceof MoreBytesNeeded ? cutShort(name, error.bytes, bytes.length) : error
  }
}

async function deflatedHeader(
  source: ByteSource,
  syntax: TransferSyntax,
  at: number,
  inflateRaw: InflateRaw,
): Promise<DicomHeader> {
  const { name } = source
  const inflate = async () => {
    if (source.maxSize > MOST_INFLATED) throw tooLong(name)
    return memorySource(name, await inflateRaw(await readSpan(source, at, source.maxSize), MOST_INFLATED, name))
  }
  const inflated = await inflate()
  const bytes = await readPrefix(inflated, inflated.maxSize)
  try {
    const { dataset } = parseDataset(bytes, syntax, { name })
    // Values are copied out of the whole, so that it can be let go; the pixels are inflated again when they are wanted.
    const end = pixelsOf(dataset)?.at ?? bytes.length
    return {
      name,
      dataset: { ...dataset, bytes: bytes.slice(0, end) },
      syntax,
      pixels: pixelsOf(dataset),
      source: inflate,
    }
  } catch (error) {
    throw error instanceof MoreBytesNeeded ? cutShort(name, error.bytes, bytes.length) : error
  }
}

/** PS3.10 7.1: group 2, always explicit little endian, says how the rest is encoded. */
async function metaInformation(bytes: Uint8Array, name: string): Promise<{ syntax: TransferSyntax; at: number }> {
  if (!hasPrefix(bytes)) {
    const bare = bareDataset(bytes)
    if (bare) return { syntax: bare, at: 0 }
    throw new SpiculaError('volume/format', `${name}: not a DICOM file`)
  }
  try {
    const at = PREAMBLE + 4
    const { dataset, end } = parseDataset(bytes, EXPLICIT_LITTLE_ENDIAN, { at, name, group: 2 })
    const uid = text(dataset, 'TransferSyntaxUID')
    if (uid === undefined) {
      throw new SpiculaError('volume/transfer-syntax', `${name}: its meta information names no transfer syntax`)
    }
    const syntax = transferSyntax(uid) ?? unreadSyntax(uid)
    return { syntax, at: end }
  } catch (error) {
    throw error instanceof MoreBytesNeeded ? cutShort(name, error.bytes, bytes.length) : error
  }
}

const PIXEL_KEYWORDS: readonly Keyword[] = ['PixelData', 'FloatPixelData', 'DoubleFloatPixelData']

const pixelsOf = (dataset: Dataset): Element | undefined =>
  PIXEL_KEYWORDS.map((keyword) => element(dataset, keyword)).find((one) => one !== undefined) ??
  dataset.elements.get(TAGS.PixelData[0])

const cutShort = (name: string, expected: number, found: number): SpiculaError =>
  new SpiculaError(
    'volume/truncated',
    `${name}: the file ends within its header: ${inWords(expected)} bytes expected, ${inWords(found)} found`,
    { hint: CUT_SHORT },
  )

const tooLong = (name: string): SpiculaError =>
  new SpiculaError(
    'volume/header',
    `${name}: its header or deflated data are longer than ${inWords(MOST_HEADER)} bytes`,
  )
