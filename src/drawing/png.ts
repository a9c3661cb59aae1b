/** A PNG encoder for gray images (PNG, W3C 2003; zlib, RFC 1950; DEFLATE, RFC 1951). */
import { zlibSync } from 'fflate'

/** Largest stored block of DEFLATE. */
const maxBlock = 65535

/** Encodes gray values: rows from top to bottom, [height, width], 0 black to 1 white. */
export type EncodePng = (gray: Float32Array, size: readonly [width: number, height: number]) => Uint8Array<ArrayBuffer>

/**
 * Encodes an image of gray values without compression, in a millisecond: for images that only travel inside an SVG to
 * the rasteriser.
 * @param gray rows from top to bottom, [height, width], 0 black to 1 white; what lies beyond is clamped, NaN is black
 * @param size [width, height]
 * @returns the bytes of an 8-bit gray PNG
 * @throws RangeError where the size is not that of the data
 * @example grayPng(new Float32Array([0, 1]), [2, 1]).length // 70
 */
export const grayPng: EncodePng = (gray, size) => pngOf(stored(scanlines(gray, size)), size)

/**
 * The same image in fewer bytes, for what stays in a file: half of them for a CT.
 * @throws RangeError where the size is not that of the data
 * @example smallGrayPng(gray, [112, 112])
 */
export const smallGrayPng: EncodePng = (gray, size) => {
  const raw = scanlines(gray, size)
  filterPaeth(raw, size[0])
  return pngOf(zlibSync(raw, { level: 9 }), size)
}

/** The pixels as bytes, every row behind its filter, 0: none. */
function scanlines(gray: Float32Array, [width, height]: readonly [number, number]): Uint8Array {
  if (gray.length !== width * height || gray.length === 0) {
    throw new RangeError(`${gray.length} pixels do not make ${width} x ${height}`)
  }
  const raw = new Uint8Array((width + 1) * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = gray[y * width + x]
      raw[y * (width + 1) + 1 + x] = value > 0 ? Math.round(Math.min(value, 1) * 255) : 0
    }
  }
  return raw
}

/** Each pixel less its forecast from the three before it (PNG 9.4), in place: from the last to the first. */
function filterPaeth(raw: Uint8Array, width: number): void {
  const stride = width + 1
  for (let row = raw.length - stride; row >= 0; row -= stride) {
    for (let x = width; x > 0; x--) {
      const at = row + x
      const left = x > 1 ? raw[at - 1] : 0
      const above = row > 0 ? raw[at - stride] : 0
      const corner = x > 1 && row > 0 ? raw[at - stride - 1] : 0
      const [a, b, c] = [Math.abs(above - corner), Math.abs(left - corner), Math.abs(left + above - 2 * corner)]
      raw[at] -= a <= b && a <= c ? left : b <= c ? above : corner
    }
    raw[row] = 4
  }
}

/** @param data the zlib stream of the filtered rows */
function pngOf(data: Uint8Array, [width, height]: readonly [number, number]): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(13)
  new DataView(header.buffer).setUint32(0, width)
  new DataView(header.buffer).setUint32(4, height)
  header[8] = 8 // bits a sample; colour type 0: gray
  const parts = [
    new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', new Uint8Array()),
  ]
  const png = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    png.set(part, at)
    at += part.length
  }
  return png
}

/** A zlib stream of stored blocks. */
function stored(raw: Uint8Array): Uint8Array {
  const blocks = Math.ceil(raw.length / maxBlock)
  const out = new Uint8Array(2 + blocks * 5 + raw.length + 4)
  const view = new DataView(out.buffer)
  out.set([0x78, 0x01])
  let at = 2
  for (let from = 0; from < raw.length; from += maxBlock) {
    const block = raw.subarray(from, from + maxBlock)
    out[at] = from + maxBlock >= raw.length ? 1 : 0
    view.setUint16(at + 1, block.length, true)
    view.setUint16(at + 3, ~block.length & 0xffff, true)
    out.set(block, at + 5)
    at += 5 + block.length
  }
  view.setUint32(at, adler32(raw))
  return out
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + data.length)
  const view = new DataView(out.buffer)
  view.setUint32(0, data.length)
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i)
  out.set(data, 8)
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)))
  return out
}

function adler32(bytes: Uint8Array): number {
  let a = 1
  let b = 0
  for (let at = 0; at < bytes.length; ) {
    // 5552 is the longest run that stays below 2^32 before the remainder is taken (RFC 1950).
    for (const end = Math.min(at + 5552, bytes.length); at < end; at++) {
      a += bytes[at]
      b += a
    }
    a %= 65521
    b %= 65521
  }
  return ((b << 16) | a) >>> 0
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c
})

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 255] ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}
