import { SpiculaError } from '../error.ts'

/** Bytes `start` to `end - 1` of a source. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Receives bytes of a source in ascending order: `at` is the place of the first one. Copies what it wants to keep. */
export type TakeBytes = (at: number, bytes: Uint8Array) => void

/** Where the bytes of a scan come from: a file, a file inflated on the way, an array in memory. */
export interface ByteSource {
  /** Base name, for messages. */
  readonly name: string
  /** Bytes it holds; where they are compressed, the most that it could hold. */
  readonly maxSize: number
  /** True where bytes can only be had by inflating all that lie before them. */
  readonly compressed: boolean
  /**
   * Hands over the bytes of all spans, in ascending order and each once, and perhaps some between them.
   * @param spans ascending, not overlapping: see {@link mergeSpans}
   * @throws SpiculaError `volume/truncated`, `volume/corrupt`, `volume/checksum`, after having handed over all bytes
   *   that could be read before the fault
   */
  readSpans(spans: readonly Span[], take: TakeBytes): Promise<void>
}

/**
 * Spans sorted, and joined where the gap between two is cheaper read than skipped.
 * @param spans in any order, may overlap
 * @param gap bytes; spans this near to each other become one
 * @example mergeSpans([{ start: 90, end: 95 }, { start: 0, end: 10 }, { start: 5, end: 20 }], 8)
 * // [{ start: 0, end: 20 }, { start: 90, end: 95 }]
 */
export function mergeSpans(spans: readonly Span[], gap = 0): Span[] {
  const merged: { start: number; end: number }[] = []
  for (const { start, end } of spans.filter((span) => span.end > span.start).sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1)
    if (last && start - last.end <= gap) last.end = Math.max(last.end, end)
    else merged.push({ start, end })
  }
  return merged
}

/** A number of bytes (or anything) in words: `1,024`. */
export const inWords = (count: number): string => count.toLocaleString('en-US')

/** The error of a source that ends before the bytes that were asked for. */
export function truncated(name: string, expected: number, found: number, hint: string): SpiculaError {
  return new SpiculaError('volume/truncated', `${name}: ${inWords(expected)} bytes expected, ${inWords(found)} found`, {
    hint,
  })
}

/** Hint of a file that ends too early. */
export const CUT_SHORT = 'The file was cut short, or its header describes another volume: copy or download it again.'

/**
 * A file's bytes that are in memory already, not compressed.
 * @example memorySource('scan.nii', new Uint8Array(await file.arrayBuffer()))
 */
export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    maxSize: bytes.length,
    compressed: false,
    async readSpans(spans, take) {
      for (const { start, end } of spans) {
        if (start < bytes.length) take(start, bytes.subarray(start, end))
        if (end > bytes.length) throw truncated(name, end, bytes.length, CUT_SHORT)
      }
    },
  }
}

/**
 * The first bytes of a source, fewer where it has fewer.
 * @param length bytes wanted
 * @throws SpiculaError `volume/corrupt` where they are compressed and damaged
 * @example const magic = await readPrefix(source, 4)
 */
export async function readPrefix(source: ByteSource, length: number): Promise<Uint8Array> {
  const prefix = new Uint8Array(length)
  let filled = 0
  try {
    await source.readSpans([{ start: 0, end: length }], (at, bytes) => {
      if (at >= length) return
      prefix.set(bytes.subarray(0, length - at), at)
      filled = Math.min(length, at + bytes.length)
    })
  } catch (error) {
    // A bad checksum is reported when the voxels are read; the header may still name the format.
    if (!(error instanceof SpiculaError && ['volume/truncated', 'volume/checksum'].includes(error.code))) throw error
  }
  return prefix.subarray(0, filled)
}

/**
 * Bytes `start` to `end - 1` of a source, in an array of their own.
 * @throws SpiculaError `volume/truncated` where the source ends before
 * @example const header = await readSpan(source, 128, 132)
 */
export async function readSpan(source: ByteSource, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  if (!source.compressed && end > source.maxSize) throw truncated(source.name, end, source.maxSize, CUT_SHORT)
  const out = new Uint8Array(Math.max(0, end - start))
  if (out.length === 0) return out
  await source.readSpans([{ start, end }], (at, bytes) => {
    const from = Math.max(start, at)
    const to = Math.min(end, at + bytes.length)
    if (to > from) out.set(bytes.subarray(from - at, to - at), from - start)
  })
  return out
}
