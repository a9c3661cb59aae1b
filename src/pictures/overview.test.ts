import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { SpiculaError } from '../error.ts'
import { DEFAULT_PREPROCESSING, prepareViews } from '../nodule/prepare.ts'
import { applyAffine } from '../scan/affine.ts'
import { memoryScan } from '../scan/memory-scan.ts'
import type { Affine, Scan, Triple } from '../scan/scan.ts'
import { overview } from './overview.ts'
import { drawNodule } from './pictures.ts'

/** A scan in air with one bright block of voxels. */
function scanWith(affineLps: Affine, shapeIjk: Triple, at: Triple, half: Triple = [2, 2, 2]): Scan {
  const [ni, nj, nk] = shapeIjk
  const hu = new Float32Array(ni * nj * nk).fill(-1000)
  for (let k = 0; k < nk; k++)
    for (let j = 0; j < nj; j++)
      for (let i = 0; i < ni; i++)
        if ([i, j, k].every((index, axis) => Math.abs(index - at[axis]) <= half[axis])) hu[i + ni * (j + nj * k)] = 500
  return memoryScan(hu, shapeIjk, affineLps)
}

/** Centre of what is bright, [row, column]. */
function centreOf(gray: Float32Array, size: number): [number, number] {
  let [sum, row, column] = [0, 0, 0]
  for (const [i, value] of gray.entries()) {
    sum += value
    row += value * Math.floor(i / size)
    column += value * (i % size)
  }
  return [row / sum, column / sum]
}

const cosine = Math.cos(0.2)
const sine = Math.sin(0.2)
const AFFINES: Record<string, Affine> = {
  'axes of the body': [0.8, 0, 0, -40, 0, 0.8, 0, -30, 0, 0, 2, -100],
  'stored from left to right, from head to feet': [-0.8, 0, 0, 40, 0, 0.8, 0, -30, 0, 0, -2, 100],
  'stored along z first': [0, 0, 0.8, -40, 0, 0.8, 0, -30, 2, 0, 0, -100],
  oblique: [0.8 * cosine, -0.8 * sine, 0, -40, 0.8 * sine, 0.8 * cosine, 0, -30, 0, 0, 2, -100],
}

describe('overview', () => {
  it.each(Object.entries(AFFINES))('has the nodule under the cross-hair of every plane: %s', async (_, affineLps) => {
    const at: Triple = [20, 31, 17]
    const scan = scanWith(affineLps, [60, 50, 40], at)
    const planes = await overview(scan, applyAffine(affineLps, at))
    expect(planes.map(({ label }) => label)).toEqual(['axial', 'coronal', 'sagittal'])
    for (const { gray, pixels, pointRowColumn } of planes) {
      expect(gray.length).toBe(pixels * pixels)
      const [row, column] = centreOf(gray, pixels)
      // The lattice lies on whole millimetres round the point: no rounding is left.
      expect(Math.abs(row - pointRowColumn[0])).toBeLessThan(0.05)
      expect(Math.abs(column - pointRowColumn[1])).toBeLessThan(0.05)
    }
  })

  it('shows the whole scan, its middle in the middle', async () => {
    // All bright: 80 x 60 x 100 mm, seen from a corner.
    const scan = scanWith([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], [80, 60, 100], [40, 30, 50], [99, 99, 99])
    const [axial, coronal, sagittal] = await overview(scan, [3, 2, 1])
    expect([axial.pixels, coronal.pixels, sagittal.pixels]).toEqual([100, 100, 100])
    const bright = ({ gray }: typeof axial) => gray.filter((value) => value > 0.9).length
    expect([bright(axial), bright(coronal), bright(sagittal)]).toEqual([80 * 60, 80 * 100, 60 * 100])
    expect(centreOf(coronal.gray, 100).map(Math.round)).toEqual([50, 50])
    expect(axial.pointRowColumn).toEqual([22, 13])
  })

  it('is bounded, and holds the point, where a scan is larger than any chest', async () => {
    const scan = scanWith([10, 0, 0, 0, 0, 10, 0, 0, 0, 0, 10, 0], [90, 90, 90], [88, 45, 45])
    const planes = await overview(scan, [880, 450, 450])
    expect(planes).toHaveLength(3)
    for (const { pixels, pointRowColumn } of planes) {
      expect(pixels).toBe(512)
      for (const index of pointRowColumn) expect(index >= 0 && index < 512).toBe(true)
    }
  })

  it('has the axial plane alone of a single slice', async () => {
    const scan = scanWith([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 5, 0], [80, 80, 1], [30, 30, 0])
    const planes = await overview(scan, [30, 30, 2])
    expect(planes.map(({ label }) => label)).toEqual(['axial'])
    // Its slice is what there is, wherever through its thickness the point lies.
    expect(Math.max(...planes[0].gray)).toBe(1)
  })
})

describe('drawNodule', () => {
  const affine: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]
  it('draws the views that the model gets, in images that a browser reads', async () => {
    const scan = scanWith(affine, [120, 120, 120], [60, 60, 60])
    const prepared = await prepareViews(scan, [60, 60, 60], DEFAULT_PREPROCESSING)
    const { views, overview: planes } = await drawNodule(scan, [60, 60, 60], prepared)
    expect(views.map(({ label }) => label)).toEqual(prepared.views.map(({ label }) => label))
    expect('planes' in planes && planes.planes.map(({ label }) => label)).toEqual(['axial', 'coronal', 'sagittal'])
    for (const { svg } of views) {
      const png = Buffer.from(/base64,([^"]+)"/.exec(svg)?.[1] ?? '', 'base64')
      expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([112, 112])
      expect(inflateSync(png.subarray(41, 41 + png.readUInt32BE(33))).length).toBe(113 * 112)
    }
  })

  it('keeps the views where the scan cannot be shown as a whole', async () => {
    const scan = scanWith(affine, [120, 120, 120], [60, 60, 60])
    const prepared = await prepareViews(scan, [60, 60, 60], DEFAULT_PREPROCESSING)
    const readHu = () => Promise.reject(new SpiculaError('volume/truncated', 'it is cut short'))
    const { views, overview: planes } = await drawNodule({ ...scan, readHu }, [60, 60, 60], prepared)
    expect(views).toHaveLength(9)
    expect(planes).toEqual({ why: 'it is cut short' })
  })
})
