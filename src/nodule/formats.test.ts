/** One volume as DICOM, NIfTI, MetaImage, NRRD and zipped DICOM: the same views of the same nodule. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeShared } from '../../test/shared.ts'
import { zipFile } from '../files/zip.fixture.ts'
import { smallPhantom } from '../phantom/phantom.ts'
import { spacingMm } from '../scan/affine.ts'
import { type SeriesVolume, writeSeries } from '../scan/dicom/dicom.fixture.node.ts'
import { writeNifti } from '../scan/nifti/write.node.ts'
import { openScan } from '../scan/open.node.ts'
import { readWhole } from '../scan/read-whole.ts'
import type { Scan, Triple } from '../scan/scan.ts'
import { DEFAULT_PREPROCESSING, prepareViews } from './prepare.ts'

const root = mkdtempSync(join(tmpdir(), 'spicula-formats-'))
afterAll(() => rmSync(root, { recursive: true }))

/** Writes a scan in the other formats; DICOM itself zipped. */
async function writeAll(scan: Scan, dicomFolder: string, folder: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true })
  const { shapeIjk, affineLps: a } = scan
  const voxels = await readWhole(scan)
  expect(voxels).toBeInstanceOf(Int16Array)
  const bytes = new Uint8Array(voxels.buffer)
  const spacing = spacingMm(a)
  const axes = [0, 1, 2].map((axis) => [a[axis], a[4 + axis], a[8 + axis]])
  const header = (type: string, more: string) =>
    `ObjectType = Image\nNDims = 3\nBinaryData = True\n${more}TransformMatrix = ${axes.map((axis, n) => axis.map((x) => x / spacing[n]).join(' ')).join(' ')}\n` +
    `Offset = ${a[3]} ${a[7]} ${a[11]}\nElementSpacing = ${spacing.join(' ')}\nDimSize = ${shapeIjk.join(' ')}\nElementType = MET_SHORT\nElementDataFile = ${type}\n`
  await writeNifti(join(folder, 'a.nii.gz'), { voxels, shapeIjk, affineLps: a })
  writeFileSync(join(folder, 'a.mhd'), header('a.raw', ''))
  writeFileSync(join(folder, 'a.raw'), bytes)
  writeFileSync(join(folder, 'b.mhd'), header('b.zraw', 'CompressedData = True\n'))
  writeFileSync(join(folder, 'b.zraw'), deflateSync(bytes, { level: 1 }))
  const directions = axes.map((axis) => `(${axis.join(',')})`).join(' ')
  const nrrd = `NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: ${shapeIjk.join(' ')}\nspace directions: ${directions}\nendian: little\nencoding: gzip\nspace origin: (${a[3]},${a[7]},${a[11]})\n\n`
  writeFileSync(join(folder, 'a.nrrd'), Buffer.concat([Buffer.from(nrrd), gzipSync(bytes, { level: 1 })]))
  const entries = readdirSync(dicomFolder).map((name) => ({
    path: `s/${name}`,
    bytes: readFileSync(join(dicomFolder, name)),
  }))
  writeFileSync(
    join(folder, 'a.zip'),
    zipFile(entries, (one) => deflateRawSync(one, { level: 1 })),
  )
  return ['a.nii.gz', 'a.mhd', 'b.mhd', 'a.nrrd', 'a.zip'].map((name) => join(folder, name))
}

async function expectSameViews(dicom: string, folder: string, pointLps: Triple): Promise<void> {
  const scan = await openScan(dicom)
  const { pixels } = await prepareViews(scan, pointLps, DEFAULT_PREPROCESSING)
  for (const path of await writeAll(scan, dicom, folder)) {
    const other = await prepareViews(await openScan(path), pointLps, DEFAULT_PREPROCESSING)
    let worst = 0
    for (const [n, value] of pixels.entries()) worst = Math.max(worst, Math.abs(value - other.pixels[n]))
    expect(worst, path).toBeLessThan(1e-5)
  }
}

describe('a made volume, oblique', () => {
  let folder = ''
  const nodule: Triple = [10, -5, 8]
  beforeAll(() => {
    // A scan of the left lung; told to lie turned about the origin, the nodule at (10, -5, 8).
    const made = smallPhantom({
      shapeIjk: [90, 80, 40],
      spacingMm: [1.2, 1.3, 2.5],
      centreLps: [75, 0, 10],
      nodules: [{ pointLps: [85, -5, 18], mm: 12 }],
      seed: 4,
    })
    const [c, s] = [Math.cos(0.1), Math.sin(0.1)]
    const volume: SeriesVolume = {
      ...made,
      affineLps: [1.2 * c, -1.3 * s, 0, -53, 1.2 * s, 1.3 * c, 0, -51, 0, 0, 2.5, -48],
    }
    folder = join(root, 'made')
    writeSeries(folder, volume)
  })
  it('has the same views in every format', () => expectSameViews(folder, join(root, 'made-others'), nodule))
})

describeShared('data/lung-pet-ct-dx/A0001', (path) => {
  // The middle of the tumour, by `cohort from pascal-voc`.
  it('has the same views in every format', () =>
    expectSameViews(path(), join(root, 'real'), [39.908, 199.218, -209.784]))
})
