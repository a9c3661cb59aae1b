import { Readable } from 'node:stream'
import { constants, createInflateRaw } from 'node:zlib'
import { type ByteSource, CUT_SHORT, readSpan, truncated } from './bytes.ts'
import { memberDataAt, unsound, type ZipMember } from './zip.ts'

const PIECE_BYTES = 1 << 16

/**
 * A member of an archive as a source of bytes: inflated from its beginning to the last byte asked for, and never
 * beyond what the directory says it holds.
 */
export function zipMemberSource(archive: ByteSource, member: ZipMember, name: string): ByteSource {
  const { stored, compressedBytes, bytes } = member
  if (stored) {
    return {
      name,
      maxSize: bytes,
      compressed: false,
      readSpans: async (spans, take) => {
        const at = await memberDataAt(archive, member)
        for (const { start, end } of spans) {
          const there = Math.min(end, bytes)
          if (start < there) take(start, await readSpan(archive, at + start, at + there))
          if (end > bytes) throw truncated(name, end, bytes, CUT_SHORT)
        }
      },
    }
  }
  return {
    name,
    maxSize: bytes,
    compressed: true,
    readSpans: async (spans, take) => {
      const at = await memberDataAt(archive, member)
      const last = spans[spans.length - 1].end
      let seen = 0
      const input = Readable.from(pieces(archive, at, compressedBytes, last))
      const inflate = createInflateRaw({ chunkSize: PIECE_BYTES, finishFlush: constants.Z_SYNC_FLUSH })
      input.on('error', (error) => inflate.destroy(error))
      input.pipe(inflate)
      try {
        for await (const chunk of inflate as AsyncIterable<Uint8Array>) {
          // A member that goes on behind its announced end is damaged, or a bomb.
          const whole = seen + chunk.length > bytes ? chunk.subarray(0, bytes - seen) : chunk
          take(seen, whole)
          seen += whole.length
          if (seen >= last) return
          if (whole.length < chunk.length) break
        }
      } catch (error) {
        if (error instanceof Error && 'code' in error && /^Z_/.test(String(error.code))) {
          throw unsound(archive.name, 'the data of a member are damaged')
        }
        throw error
      } finally {
        input.destroy()
        inflate.destroy()
      }
      if (seen < last) throw truncated(name, last, seen, CUT_SHORT)
    },
  }
}

/** A member's compressed bytes, a piece at a time; the first pieces small, for headers. */
async function* pieces(archive: ByteSource, from: number, length: number, wanted: number): AsyncGenerator<Uint8Array> {
  const end = Math.min(from + length, archive.maxSize)
  let size = Math.min(PIECE_BYTES, Math.max(1 << 12, wanted))
  for (let at = from; at < end; at += size) {
    size = Math.min(PIECE_BYTES, size)
    yield await readSpan(archive, at, Math.min(end, at + size))
  }
}
