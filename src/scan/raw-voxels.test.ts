import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SpiculaError } from '../error.ts'
import { type ByteSource, memorySource, mergeSpans, type Span } from '../files/bytes.ts'
import { type RawLayout, rawReader } from './raw-voxels.ts'
import type { Box, Triple } from './scan.ts'
import { BYTES_PER_VOXEL } from './voxel-type.ts'

const layout = (shapeIjk: Triple, change: Partial<RawLayout> = {}): RawLayout => ({
  shapeIjk,
  voxelOffset: 352,
  type: 'int16',
  littleEndian: true,
  slope: 1,
  intercept: 0,
  ...change,
})

/** Voxel n of the scan holds n (as int16), behind `voxelOffset` other bytes. */
function counting({ shapeIjk, voxelOffset }: RawLayout): Uint8Array {
  const bytes = new Uint8Array(voxelOffset + 2 * shapeIjk[0] * shapeIjk[1] * shapeIjk[2]).fill(0xee)
  const view = new DataView(bytes.buffer, voxelOffset)
  for (let n = 0; 2 * n < view.byteLength; n++) view.setInt16(2 * n, n, true)
  return bytes
}

/** What {@link counting} holds in a box. */
function counted([ni, nj]: Triple, { startIjk: [i0, j0, k0], sizeIjk: [si, sj, sk] }: Box): number[] {
  return Array.from({ length: si * sj * sk }, (_, n) => {
    const [i, j, k] = [n % si, Math.floor(n / si) % sj, Math.floor(n / (si * sj))]
    return i0 + i + ni * (j0 + j + nj * (k0 + k))
  })
}

/** A source that keeps a record of what is asked of it, handed over in pieces of `pieceBytes`. */
function recording(bytes: Uint8Array, pieceBytes = Number.POSITIVE_INFINITY): ByteSource & { passes: Span[][] } {
  const passes: Span[][] = []
  return {
    ...memorySource('scan', bytes),
    passes,
    async readSpans(spans, take) {
      passes.push([...spans])
      await new Promise((resolve) => setTimeout(resolve, 5))
      for (const { start, end } of spans) {
        for (let at = start; at < end; at += pieceBytes) take(at, bytes.subarray(at, Math.min(end, at + pieceBytes)))
      }
    },
  }
}

describe('rawReader', () => {
  it('reads any box, however the bytes are cut into pieces', async () => {
    const axis = fc
      .integer({ min: 1, max: 9 })
      .chain((n) => fc.integer({ min: 0, max: n - 1 }).map((start) => ({ n, start })))
      .chain(({ n, start }) => fc.integer({ min: 0, max: n - start }).map((size) => ({ n, start, size })))
    await fc.assert(
      fc.asyncProperty(axis, axis, axis, fc.integer({ min: 1, max: 40 }), async (i, j, k, pieceBytes) => {
        const scan = layout([i.n, j.n, k.n])
        const box: Box = { startIjk: [i.start, j.start, k.start], sizeIjk: [i.size, j.size, k.size] }
        const hu = await rawReader('scan', recording(counting(scan), pieceBytes), scan)(box)
        expect([...hu]).toEqual(counted(scan.shapeIjk, box))
      }),
      { numRuns: 100 },
    )
  })

  it('asks for the rows of the box in each slice and nothing else', async () => {
    const scan = layout([400, 300, 8])
    const source = recording(counting(scan))
    const box: Box = { startIjk: [10, 20, 2], sizeIjk: [30, 40, 3] }
    const hu = await rawReader('scan', source, scan)(box)
    expect([...hu]).toEqual([...Int16Array.from(counted(scan.shapeIjk, box))])
    const sliceBytes = 2 * 400 * 300
    const first = 352 + 2 * (10 + 400 * 20)
    expect(source.passes).toEqual([
      [2, 3, 4].map((k) => ({ start: first + k * sliceBytes, end: first + k * sliceBytes + 2 * (39 * 400 + 30) })),
    ])
  })

  it('shares a pass between calls of one time, and between those that come while it runs', async () => {
    const scan = layout([40, 30, 8])
    const source = recording(counting(scan))
    const readHu = rawReader('scan', source, scan)
    const boxes: Box[] = [0, 3, 5, 1].map((k) => ({ startIjk: [k, 2, k], sizeIjk: [9, 9, 3] }))
    const together = Promise.all(boxes.map((box) => readHu(box)))
    await new Promise((resolve) => setTimeout(resolve, 4))
    const late = Promise.all(boxes.map((box) => readHu(box)))
    const expected = boxes.map((box) => counted(scan.shapeIjk, box))
    expect((await together).map((hu) => [...hu])).toEqual(expected)
    expect((await late).map((hu) => [...hu])).toEqual(expected)
    expect(source.passes.length).toBe(2)
    expect([...(await readHu(boxes[2]))]).toEqual(expected[2])
    expect(source.passes.length).toBe(3)
  })

  it('reads nothing for an empty box', async () => {
    const scan = layout([4, 3, 2])
    const source = recording(counting(scan))
    expect((await rawReader('scan', source, scan)({ startIjk: [0, 0, 0], sizeIjk: [0, 0, 0] })).length).toBe(0)
    expect(source.passes).toEqual([])
  })

  it('loses no box but those that the damage hits', async () => {
    const scan = layout([40, 30, 8])
    const cut = memorySource('scan.nii', counting(scan).subarray(0, 352 + 2 * 40 * 30 * 5))
    const readHu = rawReader('scan.nii', cut, scan)
    const box = (k: number): Box => ({ startIjk: [0, 0, k], sizeIjk: [4, 4, 2] })
    const outside: Box = { startIjk: [38, 0, 0], sizeIjk: [4, 4, 2] }
    const read = await Promise.allSettled([readHu(box(1)), readHu(box(5)), readHu(outside), readHu(box(0))])
    expect(read.map((one) => (one.status === 'fulfilled' ? one.value.length : one.reason.code))).toEqual([
      32,
      'volume/truncated',
      'volume/box',
      32,
    ])
  })

  it('trusts nothing where a checksum is wrong', async () => {
    const scan = layout([4, 3, 2])
    const bytes = counting(scan)
    const source: ByteSource = {
      ...memorySource('scan', bytes),
      async readSpans(_, take) {
        take(0, bytes)
        throw new SpiculaError('volume/checksum', 'scan: checksum')
      },
    }
    await expect(rawReader('scan', source, scan)({ startIjk: [0, 0, 0], sizeIjk: [1, 1, 1] })).rejects.toMatchObject({
      code: 'volume/checksum',
    })
  })

  it('refuses a box that no memory holds', async () => {
    const scan = layout([30000, 30000, 30000])
    const readHu = rawReader('scan', memorySource('scan', new Uint8Array(1024)), scan)
    const all = readHu({ startIjk: [0, 0, 0], sizeIjk: [30000, 30000, 30000] })
    await expect(all).rejects.toMatchObject({ code: 'volume/memory', message: expect.stringContaining('scan: ') })
  })

  it.each([true, false])('scales in double precision and rounds once, little-endian %s', async (littleEndian) => {
    const [slope, intercept] = [0.1, -1000.3]
    const stored = { int32: 16777217, uint32: 4294967295, int16: -32768, uint16: 65535, float64: 1 / 3 } as const
    for (const type of ['int32', 'uint32', 'int16', 'uint16', 'float64'] as const) {
      const view = new DataView(new ArrayBuffer(BYTES_PER_VOXEL[type]))
      if (type === 'int32') view.setInt32(0, stored[type], littleEndian)
      if (type === 'uint32') view.setUint32(0, stored[type], littleEndian)
      if (type === 'int16') view.setInt16(0, stored[type], littleEndian)
      if (type === 'uint16') view.setUint16(0, stored[type], littleEndian)
      if (type === 'float64') view.setFloat64(0, stored[type], littleEndian)
      const one = layout([1, 1, 1], { type, littleEndian, slope, intercept, voxelOffset: 0 })
      const source = memorySource('scan', new Uint8Array(view.buffer))
      const [hu] = await rawReader('scan', source, one)({ startIjk: [0, 0, 0], sizeIjk: [1, 1, 1] })
      expect(hu).toBe(Math.fround(stored[type] * slope + intercept))
    }
  })

  it('keeps voxels that are not finite', async () => {
    const stored = new Float32Array([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1])
    const scan = layout([4, 1, 1], { type: 'float32', slope: 2, voxelOffset: 0 })
    const readHu = rawReader('scan', memorySource('scan', new Uint8Array(stored.buffer)), scan)
    const hu = await readHu({ startIjk: [0, 0, 0], sizeIjk: [4, 1, 1] })
    expect([...hu]).toEqual([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2])
  })
})

describe('mergeSpans', () => {
  it('sorts, joins and drops empty ones', () => {
    const spans = [
      { start: 90, end: 95 },
      { start: 50, end: 50 },
      { start: 0, end: 10 },
      { start: 5, end: 7 },
      { start: 12, end: 20 },
    ]
    expect(mergeSpans(spans, 2)).toEqual([
      { start: 0, end: 20 },
      { start: 90, end: 95 },
    ])
    expect(mergeSpans(spans)).toEqual([
      { start: 0, end: 10 },
      { start: 12, end: 20 },
      { start: 90, end: 95 },
    ])
  })
})
