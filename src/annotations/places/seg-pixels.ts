/** Samples of a segmentation's frames: single bits packed across frames, bytes or words. */
import { SpiculaError } from '../../error.ts'
import { readSpan } from '../../files/bytes.ts'
import type { DicomHeader } from '../../scan/dicom/file.ts'
import { type Decompress, frameReader } from '../../scan/dicom/frames.ts'
import { samplesOf } from '../../scan/dicom/pixels.ts'

/** Reads a frame's samples, rows after rows. */
export type FrameSamples = (frame: number) => Promise<Uint8Array | Uint16Array>

/**
 * A reader of frames. Frames of single bits follow each other without filling up bytes (PS3.5 8.2).
 * @throws SpiculaError `volume/truncated` without pixels, `datasets/seg` for compressed single bits
 */
export function segPixels(
  header: DicomHeader,
  { rows, columns, count, bits }: { rows: number; columns: number; count: number; bits: number },
  decompress: Decompress,
): FrameSamples {
  const { name, pixels, syntax } = header
  const size = rows * columns
  if (pixels === undefined) throw new SpiculaError('volume/truncated', `${name}: has no pixel data`)
  if (bits > 1) {
    const layout = { bitsAllocated: bits, bitsStored: bits, highBit: bits - 1, signed: false, padding: undefined }
    const format = { rows, columns, ...layout }
    const reader = frameReader(header, format, count, decompress)
    return async (frame) => {
      const { bytes } = await reader.read(frame, 0, rows)
      const samples = samplesOf(bytes, format, syntax.coding === 'native' ? syntax.littleEndian : true)
      return samples instanceof Uint16Array ? samples : Uint8Array.from(samples)
    }
  }
  if (syntax.coding !== 'native') {
    throw new SpiculaError('datasets/seg', `${name}: compressed segmentations of single bits are not read`, {
      hint: 'Decompress it with dcmconv or gdcmconv --raw.',
    })
  }
  return async (frame) => {
    const first = frame * size
    const start = pixels.at + Math.floor(first / 8)
    const bytes = await readSpan(await header.source(), start, pixels.at + Math.ceil((first + size) / 8))
    const shift = first % 8
    return Uint8Array.from({ length: size }, (_, n) => (bytes[(n + shift) >> 3] >> ((n + shift) & 7)) & 1)
  }
}
