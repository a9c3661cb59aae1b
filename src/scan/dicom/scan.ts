/** A DICOM series as a scan: slices are read, and decoded, only when a box needs them. */
import { SpiculaError } from '../../error.ts'
import { mapConcurrently } from '../../files/concurrent.ts'
import { checkBox, voxelCount } from '../box.ts'
import type { Box, Note, Scan } from '../scan.ts'
import type { Choice } from './choose.ts'
import { type Samples, samplesOf, writeHu } from './pixels.ts'
import type { Slice } from './slice.ts'

/** Slices read at once: enough to hide a network's delay, far below the limit of open files. */
const AT_ONCE = 16
/** Decoded slices kept: neighbouring nodules share them. */
const CACHE_BYTES = 64 << 20

/** A scan, and which series it is of. */
export interface DicomScan extends Scan {
  readonly seriesUid: string
  readonly frameOfReferenceUid: string
  /** The k of each frame, counted from 1, by its image's SOP Instance UID; a classic image has one. */
  readonly kOfSopInstance: ReadonlyMap<string, ReadonlyMap<number, number>>
}

/**
 * The scan of a chosen series.
 * @param name for messages: base name of what the user gave
 */
export function dicomScan(
  name: string,
  { series, stack, notes, elsewhere }: Choice,
  more: readonly Note[] = [],
): DicomScan {
  const { slices, shapeIjk, affineLps } = stack
  const decoded = sliceCache()
  return {
    name,
    shapeIjk,
    affineLps,
    notes: [...more, ...notes].map(({ code, message }) => ({ code, message: `${name}: ${message}` })),
    elsewhere,
    seriesUid: series.seriesUid,
    frameOfReferenceUid: series.frameOfReferenceUid,
    kOfSopInstance: framesOf(slices),
    async readHu(box: Box): Promise<Float32Array> {
      checkBox({ name, shapeIjk }, box)
      const [ni, nj, nk] = box.sizeIjk
      const out = allocate(name, voxelCount(box))
      if (out.length === 0) return out
      await mapConcurrently(
        Array.from({ length: nk }, (_, n) => n),
        AT_ONCE,
        async (n) => {
          const slice = slices[box.startIjk[2] + n]
          const samples = await rowsOf(slice, box.startIjk[1], nj, decoded)
          const rescale = slice.rescale ?? { slope: 1, intercept: 0 }
          writeHu(samples, { rescale, format: slice.format, columns: [box.startIjk[0], ni] }, out, n * ni * nj)
        },
      )
      return out
    },
  }
}

function framesOf(slices: readonly Slice[]): Map<string, Map<number, number>> {
  const found = new Map<string, Map<number, number>>()
  for (const [k, { sopInstanceUid, frame }] of slices.entries()) {
    const frames = found.get(sopInstanceUid) ?? new Map<number, number>()
    found.set(sopInstanceUid, frames.set(frame + 1, k))
  }
  return found
}

type SliceCache = (slice: Slice, decode: () => Promise<Samples>) => Promise<Samples>

/** Samples of some rows of a slice, whole rows. */
async function rowsOf(slice: Slice, first: number, count: number, decoded: SliceCache): Promise<Samples> {
  const { format, frames, frame, littleEndian } = slice
  const bytesToSamples = (bytes: Uint8Array<ArrayBuffer>): Samples =>
    samplesOf(bytes, format, frames.partial ? littleEndian : true)
  if (frames.partial) return bytesToSamples((await frames.read(frame, first, count)).bytes)
  const samples = await decoded(slice, async () => bytesToSamples((await frames.read(frame, 0, format.rows)).bytes))
  return samples.subarray(first * format.columns, (first + count) * format.columns)
}

/** Keeps the slices used last. */
function sliceCache(): SliceCache {
  const kept = new Map<Slice, Promise<Samples>>()
  return (slice, decode) => {
    const found = kept.get(slice)
    const samples = found ?? decode()
    kept.delete(slice)
    kept.set(slice, samples)
    // A slice that could not be read is tried again next time.
    if (!found) samples.catch(() => kept.delete(slice))
    const most = Math.max(
      1,
      Math.floor(CACHE_BYTES / ((slice.format.rows * slice.format.columns * slice.format.bitsAllocated) / 8)),
    )
    for (const oldest of kept.keys()) {
      if (kept.size <= most) break
      kept.delete(oldest)
    }
    return samples
  }
}

function allocate(name: string, voxels: number): Float32Array {
  try {
    return new Float32Array(voxels)
  } catch (cause) {
    throw new SpiculaError(
      'volume/memory',
      `${name}: no memory for a box of ${voxels.toLocaleString('en-US')} voxels`,
      {
        hint: 'Read a smaller box: a nodule needs 100 mm round its centre.',
        cause,
      },
    )
  }
}
