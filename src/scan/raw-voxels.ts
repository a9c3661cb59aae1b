import { SpiculaError } from '../error.ts'
import { type ByteSource, mergeSpans, type Span } from '../files/bytes.ts'
import { checkBox, voxelCount } from './box.ts'
import type { Box, Triple } from './scan.ts'
import { BYTES_PER_VOXEL, type StoredScale, storedToHu } from './voxel-type.ts'

/** Voxels stored one after the other, i fastest, uncompressed within their source: NIfTI, MetaImage, NRRD. */
export interface RawLayout extends StoredScale {
  readonly shapeIjk: Triple
  /** Byte of the source at which voxel (0, 0, 0) begins. */
  readonly voxelOffset: number
}

/** Skipping less than this in a file costs more than reading it. */
const GAP_BYTES = 1 << 16

/**
 * Runs of neighbouring bytes that make up a box: a row each, or a slice or all of it where the box spans whole axes.
 * Run n begins at `first + (n % runsPerSlice) * rowStride + floor(n / runsPerSlice) * sliceStride`.
 */
interface BoxRuns {
  readonly runBytes: number
  readonly runsPerSlice: number
  readonly slices: number
  readonly startOf: (run: number) => number
}

function boxRuns({ shapeIjk, voxelOffset, type }: RawLayout, { startIjk, sizeIjk }: Box): BoxRuns {
  const rowStride = shapeIjk[0] * BYTES_PER_VOXEL[type]
  const sliceStride = rowStride * shapeIjk[1]
  const first = voxelOffset + startIjk[0] * BYTES_PER_VOXEL[type] + startIjk[1] * rowStride + startIjk[2] * sliceStride
  const wholeRows = sizeIjk[0] === shapeIjk[0]
  const runsPerSlice = wholeRows ? 1 : sizeIjk[1]
  const wholeSlices = wholeRows && sizeIjk[1] === shapeIjk[1]
  return {
    runBytes: sizeIjk[0] * BYTES_PER_VOXEL[type] * (wholeRows ? sizeIjk[1] : 1) * (wholeSlices ? sizeIjk[2] : 1),
    runsPerSlice,
    slices: wholeSlices ? 1 : sizeIjk[2],
    startOf: (run) => first + (run % runsPerSlice) * rowStride + Math.floor(run / runsPerSlice) * sliceStride,
  }
}

/** A box on its way out of the source: the runs that it still waits for. */
interface Collector {
  readonly spans: readonly Span[]
  readonly raw: Uint8Array<ArrayBuffer>
  take(at: number, bytes: Uint8Array): void
  complete(): boolean
}

/** Keeps of the bytes that stream by only those of one box. */
function collector(layout: RawLayout, box: Box): Collector {
  const { runBytes, runsPerSlice, slices, startOf } = boxRuns(layout, box)
  const raw = new Uint8Array(voxelCount(box) * BYTES_PER_VOXEL[layout.type])
  // One span a slice: from the box's first row to its last one.
  const spans = Array.from({ length: voxelCount(box) > 0 ? slices : 0 }, (_, slice) => ({
    start: startOf(slice * runsPerSlice),
    end: startOf((slice + 1) * runsPerSlice - 1) + runBytes,
  }))
  let filled = 0 // bytes of the box so far: they come in the order in which the box keeps them
  return {
    spans,
    raw,
    complete: () => filled === raw.length,
    take(at, bytes) {
      const end = at + bytes.length
      while (filled < raw.length) {
        const run = Math.floor(filled / runBytes)
        const within = filled - run * runBytes
        const from = startOf(run) + within
        if (from < at || from >= end) return
        const part = bytes.subarray(from - at, Math.min(end - at, from - at + runBytes - within))
        raw.set(part, filled)
        filled += part.length
      }
    },
  }
}

interface Request {
  readonly collector: Collector
  readonly resolve: (hu: Float32Array) => void
  readonly reject: (reason: unknown) => void
}

/**
 * `readHu` of a scan whose voxels lie uncompressed, or in one compressed stream, in a source. Calls made at the same
 * time, and those made while the source is being read, share one pass over it: many nodules of one scan are read at
 * the price of one. A box whose bytes were all there is returned although the file is damaged further on.
 * @param name the scan's name
 * @example
 * const readHu = rawReader(source.name, source, layout)
 * const [a, b] = await Promise.all([readHu(boxA), readHu(boxB)]) // the file is inflated once
 */
export function rawReader(name: string, source: ByteSource, layout: RawLayout): (box: Box) => Promise<Float32Array> {
  let waiting: Request[] = []
  let busy = false

  async function drain(): Promise<void> {
    busy = true
    await new Promise((resolve) => setTimeout(resolve, 0)) // lets the other calls of this turn join
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      await readPass(source, layout, batch)
    }
    busy = false
  }

  return (box) =>
    new Promise((resolve, reject) => {
      checkBox({ name, shapeIjk: layout.shapeIjk }, box)
      waiting.push({ collector: allocate(name, layout, box), resolve, reject })
      if (!busy) void drain()
    })
}

/** One pass over the source for all boxes that wait; never throws, every request is answered. */
async function readPass(source: ByteSource, layout: RawLayout, batch: readonly Request[]): Promise<void> {
  const spans = mergeSpans(
    batch.flatMap(({ collector }) => collector.spans),
    GAP_BYTES,
  )
  let fault: unknown
  try {
    if (spans.length > 0) {
      await source.readSpans(spans, (at, bytes) => {
        for (const { collector } of batch) collector.take(at, bytes)
      })
    }
  } catch (error) {
    fault = error
  }
  // A wrong checksum does not say where the damage is: then nothing that was read can be trusted.
  const untrusted = fault instanceof SpiculaError && fault.code === 'volume/checksum'
  for (const { collector, resolve, reject } of batch) {
    if (!collector.complete() || untrusted) reject(fault)
    else {
      try {
        resolve(storedToHu(collector.raw, layout))
      } catch (error) {
        reject(outOfMemory(source.name, collector.raw.length, error))
      }
    }
  }
}

function allocate(name: string, layout: RawLayout, box: Box): Collector {
  try {
    return collector(layout, box)
  } catch (error) {
    throw outOfMemory(name, voxelCount(box) * BYTES_PER_VOXEL[layout.type], error)
  }
}

function outOfMemory(name: string, bytes: number, cause: unknown): SpiculaError {
  return new SpiculaError('volume/memory', `${name}: no memory for a box of ${bytes.toLocaleString('en-US')} bytes`, {
    hint: 'Read a smaller box: a nodule needs 100 mm round its centre.',
    cause,
  })
}
