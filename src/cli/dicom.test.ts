/** DICOM on the command line: the table of series, convert, and cohorts from annotated places. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeShared } from '../../test/shared.ts'
import { boxesXml, reportFile, segmentationFile, structuresFile } from '../annotations/places/places.fixture.ts'
import { type SeriesVolume, writeSeries } from '../scan/dicom/dicom.fixture.node.ts'
import { encodeNifti } from '../scan/nifti/write.ts'
import { runner } from './shared/cli.fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'spicula-cli-dicom-'))
afterAll(() => rmSync(folder, { recursive: true }))
const run = runner(folder)

const volume: SeriesVolume = {
  voxels: Int16Array.from({ length: 40 * 30 * 12 }, (_, n) => ((n * 37) % 2000) - 1000),
  shapeIjk: [40, 30, 12],
  affineLps: [0.7, 0, 0, -100, 0, 0.8, 0, -120, 0, 0, 2.5, -300],
}
beforeAll(() => {
  writeSeries(join(folder, 'ct'), volume)
  writeSeries(join(folder, 'study', 'a'), volume)
  writeSeries(join(folder, 'study', 'b'), volume, {
    change: (a, k) =>
      k === 3
        ? undefined
        : {
            ...a,
            SeriesInstanceUID: '1.2.99',
            SeriesNumber: '7',
            SeriesDescription: 'Lung\u001b[31m',
            ConvolutionKernel: 'B70f',
          },
  })
})
const csv = (name: string): string => readFileSync(join(folder, name), 'utf8')

describe('spicula check', () => {
  it('lists the series of a folder, and marks the best', async () => {
    const { status, stdout } = await run('check', 'study')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^\*\s+2 #1\.2\.3\.4\s+Chest\s+B30f\s+2\.5 mm\s+2\.5 mm\s+12\s+sound$/m)
    expect(stdout).toMatch(
      /^\s+7 #1\.2\.99\s+Lung \[31m\s+B70f\s+2\.5 mm\s+-\s+11\s+1 slice missing.*\[volume\/dicom-missing\]$/m,
    )
    expect(stdout).toContain('best for a chest nodule: study#1.2.3.4')
  })
})

describe('spicula convert', () => {
  it('keeps numbers and affine', async () => {
    const { status, stderr } = await run('convert', 'ct', '--out', 'out/ct.nii.gz')
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining('40 x 30 x 12 int16') })
    const nifti = gunzipSync(readFileSync(join(folder, 'out/ct.nii.gz')))
    expect(new Int16Array(nifti.buffer.slice(nifti.byteOffset + 352, nifti.byteOffset + nifti.length))).toEqual(
      volume.voxels,
    )
    const view = new DataView(nifti.buffer, nifti.byteOffset)
    expect([0, 3, 5, 7, 10, 11].map((n) => Number(view.getFloat32(280 + 4 * n, true).toFixed(4)))).toEqual([
      -0.7, 100, -0.8, 120, 2.5, -300,
    ])
    expect((await run('convert', 'ct', '--out', 'ct.mha')).status).toBe(1)
  })
})

describe('spicula cohort from', () => {
  it('mask', async () => {
    const labels = new Uint8Array(volume.voxels.length)
    for (const k of [4, 5]) for (const j of [10, 11]) labels.fill(1, 20 + 40 * (j + 30 * k), 22 + 40 * (j + 30 * k))
    const { shapeIjk, affineLps } = volume
    writeFileSync(join(folder, 'ct_mask.nii'), encodeNifti({ voxels: labels, shapeIjk, affineLps }))
    const { status } = await run('cohort', 'from', 'mask', 'ct_mask.nii', '--images', '.', '--out', 'mask.csv')
    expect(status).toBe(0)
    expect(csv('mask.csv')).toBe(
      'pid,nodule_id,image_path,coordX,coordY,coordZ,diameter_mm,longest_axial_diameter_(mm),volume_mm3,mask_label,mask_voxels,mask_slices\n' +
        'ct_mask,1,ct,-85.65,-111.6,-288.75,2.776,1.612,11.2,1,8,2\n',
    )
    expect((await run('check', 'mask.csv', '--out', 'checked')).status).toBe(0)
  })

  it("mask, of nnU-Net's names, and of another geometry", async () => {
    const { shapeIjk, affineLps, voxels } = volume
    mkdirSync(join(folder, 'imagesTr'))
    mkdirSync(join(folder, 'labelsTr'))
    const labels = new Uint8Array(voxels.length).fill(1, 5 * 1200, 5 * 1200 + 3)
    const write = (name: string, data: Int16Array | Uint8Array, affine = affineLps) =>
      writeFileSync(join(folder, name), encodeNifti({ voxels: data, shapeIjk, affineLps: affine }))
    for (const n of [0, 1]) write(`imagesTr/L_1_000${n}.nii`, voxels)
    write('labelsTr/L_1.nii', labels)
    write('lost.nii', labels, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0])
    const mask = (path: string, ...image: string[]) => run('cohort', 'from', 'mask', path, ...image, '--out', 'nn.csv')
    expect((await mask('labelsTr/L_1.nii', '--images', 'imagesTr')).status).toBe(0)
    expect(csv('nn.csv').split('\n')[1]).toMatch(/^L_1,1,imagesTr\/L_1_0000\.nii,-99\.3,-120,-287\.5,/)
    expect(await mask('lost.nii', '--image', 'imagesTr/L_1_0000.nii')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('[datasets/mask-geometry]'),
    })
  })

  it('mask, as a DICOM segmentation', async () => {
    writeFileSync(join(folder, 'seg.dcm'), segmentationFile())
    const { status } = await run(
      'cohort',
      'from',
      'mask',
      'seg.dcm',
      '--image',
      'ct',
      '--out',
      'seg.csv',
      '--min-diameter',
      '2',
    )
    expect(status).toBe(0)
    expect(csv('seg.csv').split('\n')[1]).toMatch(/^P7,1,ct,-98\.95,-118\.8,-291\.25,.*,Nodule$/)
  })

  it('rtstruct: places outside the scan are problems, other frames of reference refused', async () => {
    writeFileSync(join(folder, 'rt.dcm'), structuresFile())
    const outside = await run('cohort', 'from', 'rtstruct', 'rt.dcm', '--image', 'ct', '--out', 'rt.csv')
    expect(outside.status).toBe(2)
    expect(outside.stderr).toContain('place 1 at (5.0, 15.0, 22.0) mm LPS lies outside ct')
    const roi = { ROINumber: '1', ROIName: 'GTV', ReferencedFrameOfReferenceUID: '9.9' }
    writeFileSync(join(folder, 'rt2.dcm'), structuresFile({ StructureSetROISequence: [roi] }))
    const other = await run('cohort', 'from', 'rtstruct', 'rt2.dcm', '--image', 'ct', '--out', 'rt2.csv')
    expect(other).toMatchObject({ status: 1, stderr: expect.stringContaining('datasets/frame-of-reference') })
  })

  it('sr, points in the world and in a slice', async () => {
    writeFileSync(join(folder, 'sr.dcm'), reportFile())
    const { status } = await run('cohort', 'from', 'sr', 'sr.dcm', '--image', 'ct', '--out', 'sr.csv')
    expect(status).toBe(0)
    expect(csv('sr.csv').split('\n').slice(1, 3)).toEqual([
      'P7,Nodule A,ct,-98.5,-117.25,-290,12,Nodule',
      'P7,Nodule B,ct,-97.9,-118.4,-290,,',
    ])
  })

  it('pascal-voc', async () => {
    mkdirSync(join(folder, 'xml'))
    writeFileSync(join(folder, 'xml', '1.2.3.4.5.xml'), boxesXml([['A', 10, 10, 20, 20]]))
    writeFileSync(join(folder, 'xml', '1.2.3.4.6.xml'), boxesXml([['A', 10, 10, 20, 20]]))
    writeFileSync(join(folder, 'xml', '9.9.9.xml'), boxesXml([['A', 10, 10, 20, 20]]))
    const { status, stderr } = await run(
      'cohort',
      'from',
      'pascal-voc',
      'xml',
      '--image',
      'ct',
      '--pid',
      '007',
      '--out',
      'voc.csv',
    )
    expect(status).toBe(0)
    expect(stderr).toContain('1 of 3 files are of slices of other series')
    expect(csv('voc.csv').split('\n')[1]).toBe('007,1,ct,-89.85,-108.4,-288.75,8,2,A')
  })
})

describeShared('data/lung-pet-ct-dx', (path) => {
  it('boxes of A0001 become one place, in the middle of the tumour', async () => {
    const image = join(path(), 'A0001')
    const { status, stderr } = await run(
      'cohort',
      'from',
      'pascal-voc',
      join(path(), 'A0001-annotation'),
      '--image',
      image,
      '--pid',
      'A0001',
      '--out',
      'a.csv',
    )
    expect(status).toBe(0)
    expect(stderr).toContain('9 of 20 files are of slices of other series')
    expect(csv('a.csv').split('\n')[1]).toMatch(/,39\.908,199\.218,-209\.784,73\.236,11,A$/)
    expect((await run('views', 'a.csv', '--out', 'views')).status).toBe(0)
    expect(readFileSync(join(folder, 'views', 'A0001_1.png')).length).toBeGreaterThan(10_000)
  })
})
