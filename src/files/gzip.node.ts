import type { FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { constants, crc32, createInflateRaw } from 'node:zlib'
import { SpiculaError } from '../error.ts'
import { type ByteSource, CUT_SHORT, type TakeBytes, truncated } from './bytes.ts'
import { withFile } from './file.node.ts'

// Measured on a CT of 157 MB: Node's default chunks of 16 KiB inflate at half the speed of these; larger ones gain
// nothing, and lose more where a file is damaged (zlib gives nothing of the chunk in which it finds the damage).
const INFLATED_CHUNK = 1 << 18
const DEFLATED_CHUNK = 1 << 18
/** For headers, and for members after short ones. */
const SMALL_CHUNK = 1 << 14

/** Deflate cannot shrink further: a match of 258 bytes in 2 bits (RFC 1951 3.2.5). */
const MAX_RATIO = 1032

/** RFC 1952 2.3.1: ID1, ID2. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/**
 * Bytes of a gzip file, inflated from its beginning to the last byte asked for and no further: memory for a few
 * chunks, whatever the file claims to hold. Members are inflated one by one (RFC 1952 2.2), because Node's own gunzip
 * takes anything behind the last one for a damaged member and withholds the voxels before it.
 */
export function gzipSource(path: string, compressedSize: number): ByteSource {
  const name = basename(path)
  return {
    name,
    maxSize: compressedSize * MAX_RATIO,
    compressed: true,
    readSpans: (spans, take) =>
      withFile(path, async (file) => {
        const pass: Pass = { name, file, first: spans[0].start, end: spans[spans.length - 1].end, take }
        let [at, inflated, chunk] = [0, 0, DEFLATED_CHUNK]
        while (inflated < pass.end) {
          const dataAt = await memberData(pass, at)
          if (dataAt === undefined) throw truncated(name, pass.end, inflated, CUT_SHORT)
          const member = await inflateMember(pass, dataAt, inflated, chunk)
          if (member === undefined) return
          // Block gzip has thousands of members of 64 KiB: reading far ahead of each would read all again and again.
          chunk = Math.min(DEFLATED_CHUNK, Math.max(SMALL_CHUNK, 2 * (member.dataEnd - dataAt)))
          inflated = member.inflated
          at = member.dataEnd + 8
        }
      }),
  }
}

interface Pass {
  readonly name: string
  readonly file: FileHandle
  /** First inflated byte that is wanted, and the one after the last. */
  readonly first: number
  readonly end: number
  readonly take: TakeBytes
}

/** Where the deflated data of the member at `at` begin; undefined where no member begins there (end, or padding). */
async function memberData({ name, file }: Pass, at: number): Promise<number | undefined> {
  const buffer = new Uint8Array(4096)
  const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
  const header = buffer.subarray(0, bytesRead)
  if (!isGzip(header)) return undefined
  const flags = header[3]
  // RFC 1952 2.3.1: FLG bits FHCRC 2, FEXTRA 4, FNAME 8, FCOMMENT 16; bits 5 to 7 must be zero.
  let end = 10
  if (flags & 4) end += 2 + header[10] + 256 * header[11]
  if (flags & 8) end = afterZero(header, end)
  if (flags & 16) end = afterZero(header, end)
  if (flags & 2) end += 2
  if (bytesRead < 10) return undefined
  if (header[2] !== 8 || flags & 0xe0 || !(end <= bytesRead)) throw corrupt(name, 'its gzip header is not valid')
  return at + end
}

function afterZero(bytes: Uint8Array, from: number): number {
  const zero = bytes.indexOf(0, from)
  return zero < 0 ? Number.POSITIVE_INFINITY : zero + 1
}

/**
 * Inflates one member and hands over what lies in the pass.
 * @param dataAt byte of the file at which its deflated data begin
 * @param before bytes inflated before it
 * @returns bytes inflated with it and the byte of the file after its data; undefined when all wanted bytes were read
 */
async function inflateMember(
  pass: Pass,
  dataAt: number,
  before: number,
  chunkSize: number,
): Promise<{ inflated: number; dataEnd: number } | undefined> {
  const small = pass.end <= SMALL_CHUNK
  // Z_SYNC_FLUSH: a file that was cut gives all it has instead of an error.
  const inflate = createInflateRaw({
    chunkSize: small ? SMALL_CHUNK : INFLATED_CHUNK,
    finishFlush: constants.Z_SYNC_FLUSH,
  })
  const deflated = Readable.from(pieces(pass.file, dataAt, small ? SMALL_CHUNK : chunkSize))
  deflated.on('error', (error) => inflate.destroy(error))
  deflated.pipe(inflate)
  let [inflated, checksum] = [before, 0]
  try {
    for await (const chunk of inflate as AsyncIterable<Uint8Array>) {
      // Leaving one chunk late: a read to the last voxel thus meets the end of the member, and its checksum.
      if (inflated >= pass.end) return undefined
      checksum = crc32(chunk, checksum)
      if (inflated + chunk.length > pass.first) pass.take(inflated, chunk)
      inflated += chunk.length
    }
  } catch (error) {
    if (inflated >= pass.end) return undefined
    if (isZlibError(error)) throw corrupt(pass.name, `its gzip data are damaged after ${inflated} bytes`, error)
    throw error
  } finally {
    deflated.destroy()
    inflate.destroy()
  }
  const dataEnd = dataAt + inflate.bytesWritten
  await checkTrailer(pass, dataEnd, checksum, inflated)
  return { inflated, dataEnd }
}

/** A file from `at` to its end, a piece at a time. */
async function* pieces(file: FileHandle, at: number, size: number): AsyncGenerator<Uint8Array> {
  for (;;) {
    const piece = new Uint8Array(size)
    const { bytesRead } = await file.read(piece, 0, size, at)
    if (bytesRead === 0) return
    yield piece.subarray(0, bytesRead)
    at += bytesRead
  }
}

/** RFC 1952 2.3.1: behind the data CRC32, then ISIZE, little-endian. */
async function checkTrailer(pass: Pass, dataEnd: number, checksum: number, inflated: number): Promise<void> {
  const trailer = new DataView(new ArrayBuffer(8))
  const { bytesRead } = await pass.file.read(trailer, 0, 8, dataEnd)
  if (bytesRead < 8) {
    if (inflated >= pass.end) return
    throw truncated(pass.name, pass.end, inflated, CUT_SHORT)
  }
  if (trailer.getUint32(0, true) === checksum) return
  throw new SpiculaError('volume/checksum', `${pass.name}: its gzip checksum does not match its ${inflated} bytes`, {
    hint: 'A copy or download changed the file: repeat it.',
  })
}

const isZlibError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^Z_[A-Z]+_ERROR$|^Z_NEED_DICT$/.test(String(error.code))

function corrupt(name: string, what: string, cause?: unknown): SpiculaError {
  return new SpiculaError('volume/corrupt', `${name}: ${what}`, {
    hint: 'A copy or download changed the file: repeat it.',
    cause,
  })
}
