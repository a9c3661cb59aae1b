import { SpiculaError } from '../../error.ts'
import { type ByteSource, CUT_SHORT, inWords, memorySource, readPrefix, readSpan } from '../../files/bytes.ts'
import { type Dataset, type Element, MoreBytesNeeded, parseDataset } from './dataset.ts'
import { beginningOf, type FileStart, startOf } from './start.ts'
import { type TransferSyntax, unreadError } from './syntax.ts'
import { type Keyword, TAGS } from './tags.ts'
import { element, number } from './values.ts'

/** Inflates raw deflate data (RFC 1951), to at most a number of bytes. */
export type InflateRaw = (deflated: Uint8Array, mostBytes: number, name: string) => Promise<Uint8Array>

/** The head of a DICOM file: all attributes that are read, and where its pixels lie. */
export interface DicomHeader {
  readonly name: string
  readonly dataset: Dataset
  readonly syntax: TransferSyntax
  /** How it is written otherwise than the standard has it, but readable. */
  readonly odd: string | undefined
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
  const start = startWithin(bytes, source)
  const { syntax, at } = start
  if (syntax.deflated) return deflatedHeader(source, start, inflateRaw)
  for (;;) {
    const whole = bytes.length >= source.maxSize
    try {
      const { dataset, complete } = parseDataset(bytes, syntax, { at, name })
      // Without pixels in sight the data set may go on behind the bytes at hand.
      if (!complete && !whole) throw new MoreBytesNeeded(2 * bytes.length)
      return header(dataset, start, async () => source, name)
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
      if (longer.length === bytes.length) return ended(longer, start, source)
      bytes = longer
    }
  }
}

/**
 * What a file says that cannot be read to its pixels: its attributes up to where it breaks off, group 2 among them.
 * @returns undefined where nothing of it can be read
 * @example text(await readDicomBeginning(source), 'SOPClassUID')
 */
export async function readDicomBeginning(source: ByteSource): Promise<Dataset | undefined> {
  const bytes = await readPrefix(source, FIRST_PREFIX)
  try {
    return beginningOf(bytes, { name: source.name, fileBytes: source.maxSize })
  } catch (error) {
    if (error instanceof SpiculaError || error instanceof MoreBytesNeeded) return undefined
    throw error
  }
}

function header(dataset: Dataset, start: FileStart, source: DicomHeader['source'], name: string): DicomHeader {
  const pixels = pixelsOf(dataset)
  const { syntax } = start
  if (!isUncompressed(dataset, syntax, pixels)) return { name, dataset, syntax, odd: start.odd, pixels, source }
  const odd = [start.odd, `named ${syntax.name}, its pixels stored uncompressed`].filter((one) => one !== undefined)
  return { name, dataset, syntax: { ...syntax, coding: 'native' }, odd: odd.join(', '), pixels, source }
}

/** Pixels that are called compressed, and have the very length that they have when they are not. */
function isUncompressed(dataset: Dataset, { coding }: TransferSyntax, pixels: Element | undefined): boolean {
  if (coding === 'native' || coding === 'unread' || pixels?.length === undefined) return false
  const [rows, columns, bits, frames] = (['Rows', 'Columns', 'BitsAllocated', 'NumberOfFrames'] as const).map(
    (keyword) => number(dataset, keyword) ?? 1,
  )
  const expected = (rows * columns * frames * bits) / 8
  return pixels.length === expected + (expected % 2)
}

function startWithin(bytes: Uint8Array, { name, maxSize }: ByteSource): FileStart {
  try {
    return startOf(bytes, { name, fileBytes: maxSize })
  } catch (error) {
    throw error instanceof MoreBytesNeeded ? cutShort(name, error.bytes, bytes.length) : error
  }
}

/** The header of a source that turned out to end here. */
function ended(bytes: Uint8Array, start: FileStart, source: ByteSource): DicomHeader {
  const { name } = source
  try {
    const { dataset } = parseDataset(bytes, start.syntax, { at: start.at, name })
    return header(dataset, start, async () => source, name)
  } catch (error) {
    throw error instanceof MoreBytesNeeded ? cutShort(name, error.bytes, bytes.length) : error
  }
}

async function deflatedHeader(source: ByteSource, start: FileStart, inflateRaw: InflateRaw): Promise<DicomHeader> {
  const { name } = source
  const inflate = async () => {
    if (source.maxSize > MOST_INFLATED) throw tooLong(name)
    return memorySource(name, await inflateRaw(await readSpan(source, start.at, source.maxSize), MOST_INFLATED, name))
  }
  const inflated = await inflate()
  const bytes = await readPrefix(inflated, inflated.maxSize)
  try {
    const { dataset } = parseDataset(bytes, start.syntax, { name })
    // Values are copied out of the whole, so that it can be let go; the pixels are inflated again when they are wanted.
    const end = pixelsOf(dataset)?.at ?? bytes.length
    return header({ ...dataset, bytes: bytes.slice(0, end) }, start, inflate, name)
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
