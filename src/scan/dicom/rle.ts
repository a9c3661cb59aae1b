import { SpiculaError } from '../../error.ts'

/** PS3.5 G.5: a header of sixteen 32-bit numbers, the number of segments and their offsets. */
const HEADER_BYTES = 64

/**
 * Decodes a frame of RLE Lossless (PS3.5 annex G): each byte of the samples is a segment of its own, the highest first.
 * @param coded the frame
 * @param samples number of pixels
 * @param bytesPerSample 1, 2 or 4
 * @param name for messages
 * @returns samples, little endian
 * @throws SpiculaError `volume/corrupt`
 * @example decodeRle(frame, 512 * 512, 2, 'slice.dcm').length // 524288
 */
export function decodeRle(
  coded: Uint8Array,
  { samples, bytesPerSample, name }: { samples: number; bytesPerSample: number; name: string },
): Uint8Array<ArrayBuffer> {
  if (coded.length < HEADER_BYTES) throw corrupt(name, `a frame of ${coded.length} bytes is shorter than its header`)
  const view = new DataView(coded.buffer, coded.byteOffset, coded.byteLength)
  const segments = view.getUint32(0, true)
  if (segments !== bytesPerSample) {
    throw corrupt(name, `${segments} RLE segments for samples of ${bytesPerSample} bytes`)
  }
  const out = new Uint8Array(samples * bytesPerSample)
  for (let segment = 0; segment < segments; segment++) {
    const start = view.getUint32(4 + 4 * segment, true)
    const end = segment + 1 < segments ? view.getUint32(8 + 4 * segment, true) : coded.length
    if (start < HEADER_BYTES || end > coded.length || start > end) throw corrupt(name, 'RLE segments outside the frame')
    // G.2: composite pixel code, most significant byte first; out is little endian.
    unpack(coded.subarray(start, end), out, bytesPerSample - 1 - segment, bytesPerSample, name)
  }
  return out
}

/** G.3.2: PackBits. */
function unpack(bytes: Uint8Array, out: Uint8Array, first: number, step: number, name: string): void {
  let to = first
  let at = 0
  while (to < out.length) {
    if (at >= bytes.length) throw corrupt(name, 'an RLE segment ends before its last pixel')
    const control = bytes[at++]
    if (control < 128) {
      if (at + control + 1 > bytes.length) throw corrupt(name, 'an RLE segment ends within a run')
      for (let n = 0; n <= control && to < out.length; n++, to += step) out[to] = bytes[at + n]
      at += control + 1
    } else if (control > 128) {
      if (at >= bytes.length) throw corrupt(name, 'an RLE segment ends within a run')
      const value = bytes[at++]
      for (let n = 0; n <= 256 - control && to < out.length; n++, to += step) out[to] = value
    }
  }
}

const corrupt = (name: string, what: string): SpiculaError =>
  new SpiculaError('volume/corrupt', `${name}: ${what}`, { hint: 'A copy or download changed the file: repeat it.' })
