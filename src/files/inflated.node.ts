import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { constants, createUnzip } from 'node:zlib'
import { SpiculaError } from '../error.ts'
import { type ByteSource, CUT_SHORT, truncated } from './bytes.ts'
import { withFile } from './file.node.ts'

/** Deflate cannot shrink further (RFC 1951 3.2.5). */
const MAX_RATIO = 1032
const CHUNK = 1 << 18

/**
 * Bytes of a part of a file that is one zlib or gzip stream (MetaImage's .zraw and compressed .mha, NRRD's gzip
 * encoding), inflated from its beginning to the last byte asked for and no further.
 * @param path of the file
 * @param range the stream's bytes in it
 * @example inflatedSource('scan.zraw', { start: 0, end: size })
 */
export function inflatedSource(path: string, { start, end }: { start: number; end: number }): ByteSource {
  const name = basename(path)
  return {
    name,
    maxSize: (end - start) * MAX_RATIO,
    compressed: true,
    readSpans: (spans, take) =>
      withFile(path, async (file) => {
        const [first, last] = [spans[0].start, spans[spans.length - 1].end]
        const unzip = createUnzip({ chunkSize: CHUNK, finishFlush: constants.Z_SYNC_FLUSH })
        async function* pieces(): AsyncGenerator<Uint8Array> {
          for (let at = start; at < end; ) {
            const piece = new Uint8Array(Math.min(CHUNK, end - at))
            const { bytesRead } = await file.read(piece, 0, piece.length, at)
            if (bytesRead === 0) return
            yield piece.subarray(0, bytesRead)
            at += bytesRead
          }
        }
        const deflated = Readable.from(pieces())
        deflated.on('error', (error) => unzip.destroy(error))
        deflated.pipe(unzip)
        let inflated = 0
        try {
          for await (const chunk of unzip as AsyncIterable<Uint8Array>) {
            if (inflated >= last) return
            if (inflated + chunk.length > first) take(inflated, chunk)
            inflated += chunk.length
          }
        } catch (error) {
          if (inflated >= last) return
          if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))) throw error
          const checksum = /incorrect data check/.test(error.message)
          const message = checksum
            ? `${name}: the checksum of its compressed voxels does not match`
            : `${name}: its compressed voxels are damaged after ${inflated} bytes`
          throw new SpiculaError(checksum ? 'volume/checksum' : 'volume/corrupt', message, {
            hint: 'A copy or download changed the file: repeat it.',
            cause: error,
          })
        } finally {
          deflated.destroy()
          unzip.destroy()
        }
        if (inflated < last) throw truncated(name, last, inflated, CUT_SHORT)
      }),
  }
}
