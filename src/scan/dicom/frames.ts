/** Where the frames of pixel data lie, and their bytes (PS3.5 A.4). */
import { SpiculaError } from '../../error.ts'
import { type ByteSource, CUT_SHORT, inWords, readSpan, type Span, truncated } from '../../files/bytes.ts'
import type { CompressedCoding } from './codec-module.ts'
import { checkCodestream } from './codestream.ts'
import type { DicomHeader } from './file.ts'
import type { PixelFormat } from './pixels.ts'
import { decodeRle } from './rle.ts'
import { unreadError } from './syntax.ts'
import { bytesOf } from './values.ts'

/** Decompresses a frame: see {@link loadCodecs}. */
export type Decompress = (
  coding: CompressedCoding,
  coded: Uint8Array,
  frame: { columns: number; rows: number; bitsAllocated: number; bitsStored: number; signed: boolean },
) => Promise<Uint8Array<ArrayBuffer>>

/** The frames of one file, to be read one by one. */
export interface FrameReader {
  /** Bytes of `rows` rows from `firstRow` of a frame; compressed frames are decoded whole and give all rows. */
  read(frame: number, firstRow: number, rows: number): Promise<{ bytes: Uint8Array<ArrayBuffer>; whole: boolean }>
  /** Whether rows can be read alone. */
  readonly partial: boolean
}

/** Fragments a frame is cut into, and all of a file's: beyond this a file is made to exhaust memory. */
const MOST_FRAGMENTS = 1 << 20

/**
 * Refuses pixel data that cannot hold what the header says, as soon as the file's size tells.
 * @throws SpiculaError `volume/truncated`, `volume/dicom-pixels`
 */
export function checkPixelLength(header: DicomHeader, format: PixelFormat, frames: number, fileBytes: number): void {
  const { name, pixels, syntax } = header
  if (pixels === undefined) throw new SpiculaError('volume/dicom-pixels', `${name}: has no pixel data`)
  if (syntax.coding !== 'native' || pixels.length === undefined) {
    if (syntax.coding === 'native') throw fragmented(name)
    return
  }
  const expected = frames * frameBytes(format)
  if (pixels.length < expected) throw truncated(name, expected, pixels.length, CUT_SHORT)
  if (!syntax.deflated && pixels.at + expected > fileBytes) {
    throw truncated(name, pixels.at + expected, fileBytes, CUT_SHORT)
  }
}

const frameBytes = ({ rows, columns, bitsAllocated }: PixelFormat): number => (rows * columns * bitsAllocated) / 8

/**
 * Reads frames of a file.
 * @param decompress for compressed transfer syntaxes
 * @example
 * const { bytes } = await frameReader(header, format, 1, decompress).read(0, 0, format.rows)
 */
export function frameReader(
  header: DicomHeader,
  format: PixelFormat,
  frames: number,
  decompress: Decompress,
): FrameReader {
  const { name, syntax } = header
  const at = header.pixels?.at ?? 0
  const size = frameBytes(format)
  if (syntax.coding === 'native') {
    const rowBytes = size / format.rows
    return {
      partial: !syntax.deflated,
      read: async (frame, firstRow, rows) => {
        const source = await header.source()
        const start = at + frame * size + firstRow * rowBytes
        return { bytes: await readSpan(source, start, start + rows * rowBytes), whole: false }
      },
    }
  }
  const { coding } = syntax
  if (coding === 'unread') throw unreadError(name, syntax)
  let spans: Promise<readonly (readonly Span[])[]> | undefined
  return {
    partial: false,
    read: async (frame) => {
      const source = await header.source()
      spans ??= fragmentsOfFrames(header, source, frames)
      const pieces = (await spans)[frame] ?? []
      const coded = await joined(source, pieces)
      if (coding === 'rle') {
        const samples = format.rows * format.columns
        return { bytes: decodeRle(coded, { samples, bytesPerSample: format.bitsAllocated / 8, name }), whole: true }
      }
      checkCodestream(coding, coded, format, name)
      const bytes = await decompress(coding, coded, format).catch((cause) => {
        throw new SpiculaError('volume/corrupt', `${name}: its compressed pixels cannot be decoded`, {
          hint: 'A copy or download changed the file: repeat it.',
          cause,
        })
      })
      if (bytes.length !== size) {
        const message = `${name}: its pixels decode to ${inWords(bytes.length)} bytes, not ${inWords(size)}`
        throw new SpiculaError('volume/corrupt', message)
      }
      return { bytes, whole: true }
    },
  }
}

async function joined(source: ByteSource, pieces: readonly Span[]): Promise<Uint8Array> {
  const total = pieces.reduce((sum, { start, end }) => sum + end - start, 0)
  const out = new Uint8Array(total)
  let at = 0
  for (const { start, end } of pieces) {
    out.set(await readSpan(source, start, end), at)
    at += end - start
  }
  return out
}

/**
 * The fragments of every frame. Which are whose is told by the basic or the extended offset table, by there being as
 * many fragments as frames, or by there being one frame; else by each frame's first bytes.
 */
async function fragmentsOfFrames(header: DicomHeader, source: ByteSource, frames: number): Promise<readonly Span[][]> {
  const { name } = header
  const { table, fragments } = await readFragments(header, source)
  if (frames === 1) return [fragments]
  const extended = extendedOffsets(header)
  const offsets = extended ?? table
  if (offsets.length >= frames) return byOffsets(fragments, offsets.slice(0, frames), name)
  if (fragments.length === frames) return fragments.map((one) => [one])
  // A new frame begins where a fragment does with the marker that starts a picture (SOI of JPEG, SOC of JPEG 2000).
  const starts: Span[][] = []
  for (const fragment of fragments) {
    const [a, b] = await readSpan(source, fragment.start, Math.min(fragment.end, fragment.start + 2))
    if (a === 0xff && (b === 0xd8 || b === 0x4f)) starts.push([fragment])
    else starts.at(-1)?.push(fragment)
  }
  if (starts.length === frames) return starts
  throw new SpiculaError(
    'volume/corrupt',
    `${name}: ${fragments.length} fragments cannot be told into ${frames} frames`,
  )
}

/** A.4: an item with the basic offset table, then an item a fragment, then the delimiter. */
async function readFragments(
  { name, pixels }: DicomHeader,
  source: ByteSource,
): Promise<{ table: number[]; fragments: Span[] }> {
  if (pixels === undefined || pixels.length !== undefined) throw fragmented(name)
  const fragments: Span[] = []
  let table: number[] | undefined
  for (let at = pixels.at; ; ) {
    const head = await readSpan(source, at, at + 8).catch((error) => {
      // Some writers leave the last delimiter out: what stands before it is whole.
      if (error instanceof SpiculaError && error.code === 'volume/truncated' && fragments.length > 0) return undefined
      throw error
    })
    if (head === undefined) break
    const view = new DataView(head.buffer)
    const tag = view.getUint16(0, true) * 0x10000 + view.getUint16(2, true)
    const length = view.getUint32(4, true)
    if (tag === 0xfffee0dd) break
    if (tag !== 0xfffee000 || length === 0xffffffff) throw fragmented(name)
    if (at + 8 + length > source.maxSize) throw truncated(name, at + 8 + length, source.maxSize, CUT_SHORT)
    if (table === undefined) {
      const bytes = await readSpan(source, at + 8, at + 8 + length)
      const words = new DataView(bytes.buffer)
      table = Array.from({ length: Math.floor(length / 4) }, (_, n) => words.getUint32(4 * n, true))
    } else fragments.push({ start: at + 8, end: at + 8 + length })
    if (fragments.length > MOST_FRAGMENTS) throw fragmented(name)
    at += 8 + length
  }
  if (fragments.length === 0) throw new SpiculaError('volume/dicom-pixels', `${name}: its pixel data hold no frame`)
  return { table: table ?? [], fragments }
}

function byOffsets(fragments: readonly Span[], offsets: readonly number[], name: string): Span[][] {
  const origin = fragments[0].start - 8
  const starts = new Map(fragments.map(({ start }, n) => [start - 8 - origin, n]))
  const firsts = offsets.map((offset) => starts.get(offset))
  return firsts.map((first, frame) => {
    const next = frame + 1 < firsts.length ? firsts[frame + 1] : fragments.length
    if (first === undefined || next === undefined || next <= first) {
      throw new SpiculaError('volume/corrupt', `${name}: its table of frames points beside its fragments`)
    }
    return fragments.slice(first, next)
  })
}

/** PS3.3 C.7.6.3.1.8: offsets of 64 bits, for pixel data beyond 4 GB. */
function extendedOffsets({ dataset }: DicomHeader): number[] | undefined {
  const bytes = bytesOf(dataset, 'ExtendedOffsetTable')
  if (bytes === undefined) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: Math.floor(bytes.length / 8) }, (_, n) => Number(view.getBigUint64(8 * n, true)))
}

const fragmented = (name: string): SpiculaError =>
  new SpiculaError('volume/corrupt', `${name}: its pixel data are not laid out as its transfer syntax says`, {
    hint: 'A copy or download changed the file, or another program wrote it wrongly.',
  })
