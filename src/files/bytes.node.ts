import { basename } from 'node:path'
import { type ByteSource, CUT_SHORT, truncated } from './bytes.ts'
import { statFile, withFile } from './file.node.ts'
import { gzipSource, isGzip } from './gzip.node.ts'

/** Bytes read at once from an uncompressed file. */
const PIECE_BYTES = 1 << 20

/**
 * Bytes of a file, inflated on the way where it is gzip, which its first two bytes tell, not its name.
 * @throws SpiculaError `volume/missing`, `volume/unreadable`, `volume/empty`, `volume/format` for a folder or device
 * @example
 * const source = await fileSource('scan.nii.gz')
 * const header = await readPrefix(source, 348)
 */
export async function fileSource(path: string): Promise<ByteSource> {
  const name = basename(path)
  const { size } = await statFile(path)
  const first = await withFile(path, async (file) => {
    const bytes = new Uint8Array(2)
    await file.read(bytes, 0, 2, 0)
    return bytes
  })
  return isGzip(first) ? gzipSource(path, size) : plainFileSource(path, name, size)
}

/** Ranges of a file as it is, whatever its first bytes look like. */
export function plainFileSource(path: string, name: string, size: number): ByteSource {
  return {
    name,
    maxSize: size,
    compressed: false,
    readSpans: (spans, take) =>
      withFile(path, async (file) => {
        const longest = spans.reduce((most, { start, end }) => Math.max(most, end - start), 0)
        const piece = new Uint8Array(Math.min(PIECE_BYTES, longest))
        for (const { start, end } of spans) {
          for (let at = start; at < end; ) {
            const { bytesRead } = await file.read(piece, 0, Math.min(piece.length, end - at), at)
            if (bytesRead === 0) throw truncated(name, end, at, CUT_SHORT)
            take(at, piece.subarray(0, bytesRead))
            at += bytesRead
          }
        }
      }),
  }
}
