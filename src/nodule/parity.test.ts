import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { describeShared } from '../../test/shared.ts'
import { memoryScan } from '../scan/memory-scan.ts'
import { openNifti } from '../scan/nifti/nifti.node.ts'
import type { Triple } from '../scan/scan.ts'
import { cropNodule } from './crop.ts'
import type { Geometry } from './geometry.ts'
import { prepareViews } from './prepare.ts'
import { nineViews, renderViews, VIEWS } from './views.ts'

/** Values of a .npy file of float32 or int16, last axis fastest. */
function readNpy(path: string): Float32Array {
  const bytes = readFileSync(path)
  const start = 10 + bytes.readUInt16LE(8)
  const header = bytes.toString('latin1', 10, start)
  const data = bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length)
  const values = header.includes("'<i2'") ? Float32Array.from(new Int16Array(data)) : new Float32Array(data)
  if (header.includes("'fortran_order': False")) return values
  const shape = (/\(([\d, ]+)\)/.exec(header)?.[1] ?? '').split(',').map(Number)
  const out = new Float32Array(values.length)
  for (let v = 0; v < values.length; v++) {
    let [rest, o] = [v, 0]
    const index = shape.map((n) => {
      const i = rest % n
      rest = (rest - i) / n
      return i
    })
    for (const [axis, n] of shape.entries()) o = o * n + index[axis]
    out[o] = values[v]
  }
  return out
}

function largestDifference(one: Float32Array, other: Float32Array): number {
  expect(one.length).toBe(other.length)
  let largest = 0
  for (let v = 0; v < one.length; v++) {
    const difference = Math.abs(one[v] - other[v])
    if (!(difference <= largest)) largest = difference // NaN counts as largest
  }
  return largest
}

describeShared('fixtures/preprocessing', (folder) => {
  const HU = 1e-3
  const UNIT = 1e-4
  interface Case {
    file: string
    coordX: number
    coordY: number
    coordZ: number
  }
  const stored = (): Case[] => JSON.parse(readFileSync(`${folder()}/cases.json`, 'utf8'))
  const rows: [string, Geometry, string][] = [
    ['case0', 'published', ''],
    ['case4', 'published', ''],
    ['sagittal', 'published', ''],
    ['case0', 'exact', '_exact'],
    ['sagittal', 'exact', '_exact'],
    ['oblique', 'exact', '_exact'],
  ]
  it.each(rows)('%s in the %s geometry', async (name, geometry, suffix) => {
    const row = stored().find(({ file }) => file === `${name}.nii.gz`)
    if (!row) throw new Error(`${name} is not in cases.json`)
    const pointLps: Triple = [row.coordX, row.coordY, row.coordZ]
    const scan = await openNifti(`${folder()}/${row.file}`)
    const crop = await cropNodule(scan, pointLps, { geometry })
    const expectedCrop = readNpy(`${folder()}/${name}_crop${suffix}.npy`)
    const expectedViews = readNpy(`${folder()}/${name}_slices${suffix}.npy`)
    expect(largestDifference(crop.hu, expectedCrop)).toBeLessThanOrEqual(HU)
    expect(largestDifference(nineViews({ ...crop, hu: expectedCrop }), expectedViews)).toBeLessThanOrEqual(UNIT)

    for (const [views, count] of [
      ['nine', 9],
      ['planes', 3],
      ['axial', 1],
    ] as const) {
      const prepared = await prepareViews(scan, pointLps, { geometry, views, resolution: 224 })
      expect(prepared.count).toBe(count)
      expect(largestDifference(prepared.pixels, expectedViews.subarray(0, count * 224 * 224))).toBeLessThanOrEqual(UNIT)
    }
  })

  it('the oblique scan has no published geometry', async () => {
    const scan = await openNifti(`${folder()}/oblique.nii.gz`)
    const row = stored().find(({ file }) => file === 'oblique.nii.gz')
    const point: Triple = [row?.coordX ?? 0, row?.coordY ?? 0, row?.coordZ ?? 0]
    await expect(cropNodule(scan, point, { geometry: 'published' })).rejects.toMatchObject({ code: 'nodule/geometry' })
  })
})

describe('SciPy on small random volumes (fixtures/make_scipy.py)', () => {
  const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))
  const cases: Record<string, { affineLps: number[]; pointLps: [number, number, number] }> = JSON.parse(
    readFileSync(fixture('cases.json'), 'utf8'),
  )

  it.each([
    ['sagittal', 'exact'],
    ['oblique', 'exact'],
    ['sagittal', 'published'],
  ] as const)('crop of the %s volume, %s', async (name, geometry) => {
    const { affineLps, pointLps } = cases[name]
    const scan = memoryScan(readNpy(fixture('voxels_kji.npy')), [14, 12, 9], affineLps, { name })
    const crop = await cropNodule(scan, pointLps, { geometry, sizeMm: 16 })
    expect(crop.shapeZyx).toEqual([16, 16, 16])
    expect(largestDifference(crop.hu, readNpy(fixture(`${name}_${geometry}.npy`)))).toBeLessThanOrEqual(1e-3)
  })

  const cube = { hu: readNpy(fixture('cube.npy')), shapeZyx: [24, 24, 24] as const }

  it('nine views', () => {
    const crop = { ...cube, centreZyx: [12, 12, 12], pointLps: [0, 0, 0], geometry: 'exact', notes: [] } as const
    const views = nineViews(crop, { viewMm: 16, resolution: 30 })
    expect(largestDifference(views, readNpy(fixture('views.npy')))).toBeLessThanOrEqual(1e-6)
  })

  it('views moved to where part of the turned cube is empty', () => {
    const placed = VIEWS.map((view) => ({ view, centreZyx: [19, 18, 17] as const }))
    const expected = readNpy(fixture('views_moved.npy'))
    expect(expected).toContain(0)
    expect(largestDifference(renderViews(cube, placed, { viewMm: 10, resolution: 20 }), expected)).toBeLessThan(1e-6)
  })
})
