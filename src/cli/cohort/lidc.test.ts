import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { madeXml, RATINGS, square } from '../../annotations/lidc/lidc.fixture.ts'
import { parseTable } from '../../files/table.ts'
import { writeNifti } from '../../scan/nifti/write.node.ts'
import { cohortLidcCommand } from './lidc.ts'

/** As LUNA16 has a series whose rows run to the right and columns to the front. */
const MHD = `ObjectType = Image
NDims = 3
BinaryData = True
BinaryDataByteOrderMSB = False
TransformMatrix = -1 0 0 0 -1 0 0 0 1
Offset = 100 200 -44
ElementSpacing = 0.5 0.5 2
DimSize = 64 64 4
ElementType = MET_SHORT
ElementDataFile = 1.2.3.raw
`

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lidc-'))
  await mkdir(join(folder, 'xml/158'), { recursive: true })
  const nodule = { outlines: [square(10, 20, 3, -40)], ratings: RATINGS }
  await writeFile(join(folder, 'xml/158/1.xml'), madeXml([[nodule], [nodule]], '1.2.3'))
  await writeFile(join(folder, 'xml/158/2.xml'), '<half')
  await mkdir(join(folder, 'scans'))
  await writeNifti(join(folder, 'scans/1.2.3.nii.gz'), {
    voxels: new Int16Array(64 * 64 * 4),
    shapeIjk: [64, 64, 4],
    affineLps: [0.5, 0, 0, -100, 0, 0.5, 0, -200, 0, 0, 2, -44],
  })
})
afterAll(async () => {
  process.exitCode = 0
  await rm(folder, { recursive: true })
})

async function convert(source: string, ...options: string[]) {
  const out = join(folder, 'made/cohort.csv')
  await cohortLidcCommand().parseAsync(['node', 'lidc', join(folder, source), '--out', out, '--quiet', ...options])
  return parseTable(await readFile(out, 'utf8'), 'cohort.csv').records.map(({ values }) => values)
}

describe('spicula cohort from lidc', () => {
  it('gives a row a lesion, in pixels and with a note where the geometry is not known', async () => {
    expect(await convert('xml')).toMatchObject([{ readers: '2', coordX: '', pixelX: '10.00', sliceZ_mm: '-40.00' }])
    const about = JSON.parse(await readFile(join(folder, 'made/cohort.csv.about.json'), 'utf8'))
    expect(about.notes.join()).toMatch(/pixelX.*--scans FOLDER/)
    expect(await readFile(join(folder, 'made/errors.csv'), 'utf8')).toContain('2,datasets/lidc-xml')
  })

  it('gives LPS mm by the scans, whose paths are relative to the manifest', async () => {
    const scans = join(folder, 'scans')
    const place = async () => {
      const [row] = await convert('xml', '--scans', scans)
      return [row.image_path, row.coordX, row.coordY, row.coordZ]
    }
    // NIfTI alone does not tell which way the rows of the DICOM slices ran.
    expect(await place()).toEqual(['../scans/1.2.3.nii.gz', '', '', ''])
    expect(await readFile(join(folder, 'made/cohort.csv.about.json'), 'utf8')).toMatch(/which way the rows/)
    const sidecar = (orientation: number[]) =>
      writeFile(join(scans, '1.2.3.json'), JSON.stringify({ ImageOrientationPatientDICOM: orientation }))
    await sidecar([1, 0, 0, 0, 1, 0])
    expect(await place()).toEqual(['../scans/1.2.3.nii.gz', '-95.000', '-190.000', '-40.000'])
    await sidecar([-1, 0, 0, 0, -1, 0])
    expect(await place()).toEqual(['../scans/1.2.3.nii.gz', '-73.500', '-178.500', '-40.000'])
    await sidecar([0.6, 0.8, 0, -0.8, 0.6, 0])
    expect(await place()).toEqual(['1.2.3', '', '', ''])
    expect(await readFile(join(folder, 'made/cohort.csv.about.json'), 'utf8')).toMatch(/1 series cannot be used/)
    await rm(join(scans, '1.2.3.json'))
    await writeFile(join(scans, '1.2.3.mhd'), MHD)
    await writeFile(join(scans, '1.2.3.raw'), new Uint8Array(64 * 64 * 4 * 2))
    expect(await place()).toEqual(['../scans/1.2.3.mhd', '95.000', '190.000', '-40.000'])
  })

  it('leaves out what too few readers marked', async () => {
    expect(await convert('xml', '--min-readers', '3')).toEqual([])
  })

  it('keeps the patients of a table alone', async () => {
    await writeFile(join(folder, 'train.csv'), 'pid\nsomebody else\n')
    expect(await convert('xml', '--only', join(folder, 'train.csv'))).toEqual([])
    await writeFile(join(folder, 'train.csv'), 'pid,x\n1.2.3,1\n')
    expect(await convert('xml', '--only', join(folder, 'train.csv'))).toHaveLength(1)
  })

  it('takes the rule of the label', async () => {
    expect(await convert('xml', '--malignancy', 'above-3')).toMatchObject([{ malignant: '0' }])
    expect(await convert('xml')).toMatchObject([{ malignant: '' }])
  })

  it('says so where there is nothing', async () => {
    await expect(convert('none')).rejects.toMatchObject({ code: 'datasets/missing' })
    await expect(convert('scans')).rejects.toMatchObject({ code: 'datasets/lidc-empty' })
  })
})
