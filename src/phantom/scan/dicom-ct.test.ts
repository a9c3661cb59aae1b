import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isNIFTI, readHeader, readImage } from 'nifti-reader-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openScan } from '../../scan/open.node.ts'
import { readWhole } from '../../scan/read-whole.ts'
import { buildPhantom, phantomSpec, renderPhantom } from '../phantom.ts'
import { writePhantom } from '../write.node.ts'
import { ctSlice, uidOf } from './dicom-ct.ts'

let folder = ''
const spec = phantomSpec({
  seed: 2,
  shapeIjk: [41, 37, 12],
  spacingMm: [1.1, 1.3, 2.5],
  thicknessMm: 3,
  centreLps: [72.123456, 3, 20],
  nodules: [{ seed: 1, pointLps: [74.3, 1.1, 21.7], features: { 'longest_axial_diameter_(mm)': 16 } }],
})
const phantom = buildPhantom(spec)
const volume = renderPhantom(phantom)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'phantom-'))
  await writePhantom(folder, { nifti: 'ct.nii.gz', dicom: 'dicom' }, phantom, volume, 'P-1', 'both')
})
afterAll(() => rm(folder, { recursive: true }))

/** Centroid of what is denser than half way between lung and nodule, in world mm. */
function centroid(voxels: ArrayLike<number>, world: (i: number, j: number, k: number) => readonly number[]): number[] {
  const sum = [0, 0, 0]
  let count = 0
  const [ni, nj] = spec.shapeIjk
  for (let n = 0; n < voxels.length; n++) {
    const point = world(n % ni, Math.floor(n / ni) % nj, Math.floor(n / (ni * nj)))
    if (voxels[n] < -400 || Math.hypot(point[0] - 74.3, point[1] - 1.1, point[2] - 21.7) > 9.5) continue
    point.forEach((mm, axis) => {
      sum[axis] += mm
    })
    count++
  }
  return sum.map((mm) => mm / count)
}

describe('a phantom in its files', () => {
  it('is the same scan as NIfTI and as DICOM', async () => {
    const [nifti, dicom] = [await openScan(join(folder, 'ct.nii.gz')), await openScan(join(folder, 'dicom'))]
    expect(dicom.notes).toEqual([])
    expect(nifti.notes).toEqual([])
    expect(dicom.shapeIjk).toEqual(nifti.shapeIjk)
    dicom.affineLps.forEach((value, n) => {
      expect(value).toBeCloseTo(nifti.affineLps[n], 4)
    })
    expect([...(await readWhole(dicom))]).toEqual([...volume.voxels])
    expect([...(await readWhole(nifti))]).toEqual([...volume.voxels])
  })

  it('has its nodule at the stated point, for our reader and for nifti-reader-js', async () => {
    const { affineLps: a } = await openScan(join(folder, 'dicom'))
    const ours = centroid(volume.voxels, (i, j, k) => [a[0] * i + a[3], a[5] * j + a[7], a[10] * k + a[11]])
    const file = await readFile(join(folder, 'ct.nii.gz'))
    const { gunzipSync } = await import('node:zlib')
    const bytes = new Uint8Array(gunzipSync(file)).buffer
    expect(isNIFTI(bytes)).toBe(true)
    const header = readHeader(bytes)
    if (!header) throw new Error('no header')
    const m = header.affine
    const theirs = centroid(new Int16Array(readImage(header, bytes)), (i, j, k) => {
      const [x, y, z] = [0, 1, 2].map((row) => m[row][0] * i + m[row][1] * j + m[row][2] * k + m[row][3])
      return [-x, -y, z] // NIfTI is RAS
    })
    for (const found of [ours, theirs]) {
      expect(Math.hypot(found[0] - 74.3, found[1] - 1.1, found[2] - 21.7)).toBeLessThan(0.6)
    }
    expect(header.description).toMatch(/synthetic, spicula .*for research use/)
  })

  it('says in DICOM what it is', async () => {
    const text = (await readFile(join(folder, 'dicom/01.dcm'))).toString('latin1')
    expect(text.slice(128, 132)).toBe('DICM')
    for (const said of ['PHANTOM', 'P-1', 'For research use', 'ORIGINAL\\PRIMARY\\AXIAL', 'SOFT', 'HFS'])
      expect(text).toContain(said)
    // (0008,001C) Synthetic Data, CS, 4 bytes: YES.
    expect(text).toContain('\x08\x00\x1c\x00CS\x04\x00YES ')
  })
})

describe('ctSlice', () => {
  const series = { pid: 'a', grid: phantom.grid, scanner: phantom.scanner, identity: 'x' }
  it('keeps -1024 to 3071 HU and cuts off what is beyond', async () => {
    const hu = new Int16Array(41 * 37)
    hu.set([-1024, 3071, -2000, 4000, 0])
    const path = join(folder, 'one.dcm')
    await writeFile(path, ctSlice(series, hu, 0))
    const scan = await openScan(path)
    const read = await scan.readHu({ startIjk: [0, 0, 0], sizeIjk: [5, 1, 1] })
    expect([...read]).toEqual([-1024, 3071, -1024, 3071, 0])
  })

  it('has UIDs of its own for every slice and series, the same for the same', () => {
    const uids = ['a', 'b', 'a slice 1', 'a slice 2'].map(uidOf)
    expect(new Set(uids).size).toBe(4)
    for (const uid of uids) expect(uid).toMatch(/^2\.25\.(0|[1-9]\d{0,38})$/)
    expect(uidOf('a')).toBe(uids[0])
    const hu = new Int16Array(41 * 37)
    expect(ctSlice(series, hu, 3)).toEqual(ctSlice(series, hu, 3))
  })
})
