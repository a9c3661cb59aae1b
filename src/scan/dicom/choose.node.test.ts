/** Which series of a folder is meant, with and without a nodule's place; what lies among them and is none. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { checkPlace } from '../../nodule/place.ts'
import { openScan, openScans } from '../open.node.ts'
import type { Triple } from '../scan.ts'
import { type Attributes, dicomFile, type SeriesVolume, sliceAttributes, writeSeries } from './dicom.fixture.node.ts'

const root = mkdtempSync(join(tmpdir(), 'spicula-choose-'))
afterAll(() => rmSync(root, { recursive: true }))
let count = 0
const place = (): string => join(root, `place${++count}`)

const volume = (z: number, spacing: number, slices: number, hu: number): SeriesVolume => ({
  voxels: new Int16Array(16 * slices).fill(hu),
  shapeIjk: [4, 4, slices],
  affineLps: [10, 0, 0, -20, 0, 10, 0, -20, 0, 0, spacing, z],
})
/** Chest from -130 to -70 at 5 mm, abdomen from -300 to -120 at 2.5 mm: it reaches into the chest. */
const chest = volume(-130, 5, 13, -800)
const abdomen = volume(-300, 2.5, 73, 40)
const study = (change: Attributes = {}, chestToo: Attributes = {}): string => {
  const folder = place()
  writeSeries(join(folder, 'chest'), chest, { change: (a) => ({ ...a, ...chestToo }) })
  writeSeries(join(folder, 'abdomen'), abdomen, {
    change: (a, k) => ({
      ...a,
      SeriesInstanceUID: '1.2.3.77',
      SeriesNumber: '3',
      SOPInstanceUID: `1.7.${k}`,
      ...change,
    }),
  })
  return folder
}
const huAt = async (folder: string, pointLps?: Triple): Promise<number> => {
  const scan = (await openScans(folder)).at(pointLps)
  return (await scan.readHu({ startIjk: [1, 1, 1], sizeIjk: [1, 1, 1] }))[0]
}

describe('of two series of one study', () => {
  it('the one that holds the point is taken, not the longest nor the thinnest', async () => {
    const folder = study()
    expect(await huAt(folder, [0, 0, -85])).toBe(-800)
    expect(await huAt(folder, [0, 0, -250])).toBe(40)
    expect((await openScans(folder)).at([0, 0, -85]).notes).toMatchObject([
      { code: 'volume/dicom-series', message: expect.stringMatching(/series 2 .* was taken, which holds the point/) },
    ])
  })

  it('where both hold it, the one with its surroundings is taken; else the thinner', async () => {
    const folder = study()
    expect(await huAt(folder, [0, 0, -122])).toBe(40) // 8 mm above the chest's end, 2 mm below the abdomen's
    const both = place()
    writeSeries(both, chest)
    writeSeries(join(both, 'thin'), volume(-130, 1, 61, -700), {
      change: (a, k) => ({ ...a, SeriesInstanceUID: '1.2.3.77', SOPInstanceUID: `1.7.${k}` }),
    })
    expect(await huAt(both, [0, 0, -100])).toBe(-700)
    expect(await huAt(both)).toBe(-700)
  })

  it('nobody can choose without a point, or by one that neither holds', async () => {
    const folder = study()
    await expect(openScan(folder)).rejects.toMatchObject({ code: 'volume/dicom-series' })
    await expect(openScan(folder, [0, 0, 0])).rejects.toMatchObject({
      code: 'volume/dicom-series',
      message: expect.stringContaining('(0, 0, 0) mm LPS lies in none of them'),
    })
  })

  it('what the scanner calls another part of the body is passed over', async () => {
    expect(await huAt(study({ BodyPartExamined: 'ABDOMEN' }, { BodyPartExamined: 'CHEST' }))).toBe(-800)
    expect(await huAt(study({ BodyPartExamined: 'ABDOMEN' }))).toBe(-800)
  })

  it('in another frame of reference the point decides as well', async () => {
    expect(await huAt(study({ FrameOfReferenceUID: '1.2.3.10', StudyInstanceUID: '1.2.9' }), [0, 0, -75])).toBe(-800)
  })

  it('that were named, the other one is told where it holds the point', async () => {
    const scan = await openScan(`${study()}#1.2.3.77`, [0, 0, -85])
    expect(() => checkPlace(scan, [0, 0, -85])).toThrow(
      expect.objectContaining({
        code: 'nodule/outside',
        hint: expect.stringMatching(/The point lies in series 2 \(#1\.2\.3\.4: 13 slices, 5\.00 mm\)/),
      }),
    )
    expect(scan.elsewhere?.([0, 0, -250])).toBeUndefined()
  })

  it('the one that is not sound is named', async () => {
    const folder = study()
    rmSync(join(folder, 'chest', '1-006.dcm'))
    const scan = await openScan(folder)
    expect(scan.notes[0].message).toMatch(/series 3 .* was taken; not sound: series 2 /)
  })
})

describe('what lies among the slices', () => {
  const series = (add: (folder: string) => void): string => {
    const folder = place()
    writeSeries(folder, chest)
    add(folder)
    return folder
  }
  const slice = sliceAttributes(chest, 0)
  const stray = (name: string, attributes: Attributes) => (folder: string) =>
    writeFileSync(join(folder, name), dicomFile({ ...slice, SOPInstanceUID: '1.9.9', ...attributes }))
  const screen: Attributes = { ImagePositionPatient: undefined, ImageOrientationPatient: undefined }
  const SECONDARY = '1.2.840.10008.5.1.4.1.1.7'

  it.each<[string, string, (folder: string) => void]>([
    ['a scout', 'mixed', stray('s.dcm', { ImageOrientationPatient: [1, 0, 0, 0, 0, -1], Rows: 2, Columns: 8 })],
    ['a colour picture', 'stray', stray('c.dcm', { SamplesPerPixel: 3, PhotometricInterpretation: 'RGB' })],
    ['a picture without a place', 'stray', stray('p.dcm', screen)],
    ['an image far away', 'stray', stray('f.dcm', { ImagePositionPatient: [-20, -20, 400] })],
    ['a picture of a screen', 'other', stray('d.dcm', { ...screen, SOPClassUID: SECONDARY, SeriesInstanceUID: '1.5' })],
    [
      'a PDF',
      'other',
      stray('d.dcm', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.104.1', Modality: 'DOC', PixelData: undefined }),
    ],
    [
      'a plan that is cut short',
      'unread',
      (folder) => {
        const plan = dicomFile({
          SOPClassUID: '1.2.840.10008.5.1.4.1.1.481.5',
          Modality: 'RTPLAN',
          TextValue: 'x'.repeat(99),
        })
        writeFileSync(join(folder, 'plan.dcm'), plan.subarray(0, plan.length - 50))
      },
    ],
    [
      'an object that names no transfer syntax and shows none',
      'unread',
      (folder) =>
        writeFileSync(
          join(folder, 'x.dcm'),
          Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), Buffer.alloc(400)]),
        ),
    ],
  ])('%s is set aside with a note', async (_, code, add) => {
    const scan = await openScan(series(add))
    expect(scan.shapeIjk).toEqual([4, 4, 13])
    expect(scan.notes.map((note) => note.code)).toEqual([`volume/dicom-${code}`])
  })

  it('empty files are counted', async () => {
    const scan = await openScan(series((folder) => writeFileSync(join(folder, 'e.dcm'), '')))
    expect(scan.notes).toMatchObject([{ code: 'volume/empty', message: expect.stringContaining('1 empty file') }])
  })

  it('a slice that cannot be read is never set aside', async () => {
    const cut = (by: number) =>
      series((folder) => {
        const path = join(folder, '1-013.dcm')
        const bytes = readFileSync(path)
        writeFileSync(path, bytes.subarray(0, by < 0 ? bytes.length + by : by))
      })
    for (const by of [200, -20, -60]) {
      await expect(openScan(cut(by)), String(by)).rejects.toMatchObject({ code: 'volume/truncated' })
    }
  })

  it('a DICOMDIR may name reports that are not there', async () => {
    const folder = place()
    mkdirSync(folder)
    for (let k = 0; k < 13; k++) writeFileSync(join(folder, `IM${k}`), dicomFile(sliceAttributes(chest, k)))
    const record = (id: string, type: string): Attributes => ({ ReferencedFileID: id, DirectoryRecordType: type })
    const directory = (...more: Attributes[]) =>
      dicomFile({
        SOPClassUID: '1.2.840.10008.1.3.10',
        DirectoryRecordSequence: [...Array.from({ length: 13 }, (_, k) => record(`IM${k}`, 'IMAGE')), ...more],
      })
    const path = join(folder, 'DICOMDIR')
    writeFileSync(path, directory(record('SR1', 'SR DOCUMENT')))
    expect((await openScan(path)).notes).toMatchObject([{ code: 'volume/missing' }])
    writeFileSync(path, directory(record('IM99', 'IMAGE')))
    await expect(openScan(path)).rejects.toMatchObject({ code: 'volume/missing' })
  })
})

describe('slices in Secondary Capture objects', () => {
  const secondary = (change: Attributes): string => {
    const folder = place()
    writeSeries(folder, chest, { change: (a) => ({ ...a, SOPClassUID: '1.2.840.10008.5.1.4.1.1.7', ...change }) })
    return folder
  }

  it('are read where they have a place and a rescale, with a note', async () => {
    const scan = await openScan(secondary({}))
    expect(scan.notes).toMatchObject([
      { code: 'volume/dicom-odd', message: expect.stringContaining('slices in Secondary Capture objects') },
    ])
    expect(scan.affineLps[11]).toBe(-130)
    expect((await scan.readHu({ startIjk: [0, 0, 0], sizeIjk: [1, 1, 1] }))[0]).toBe(-800)
  })

  it.each<[string, Attributes, string]>([
    ['a place', { ImagePositionPatient: undefined }, 'dicom-series'],
    ['an orientation', { ImageOrientationPatient: undefined }, 'dicom-geometry'],
    ['a rescale', { RescaleSlope: undefined, RescaleIntercept: undefined }, 'dicom-rescale'],
    ["CT's modality", { Modality: 'OT' }, 'dicom-series'],
  ])('are refused without %s, saying what they are', async (_, change, code) => {
    await expect(openScan(secondary(change))).rejects.toMatchObject({
      code: `volume/${code}`,
      message: expect.stringContaining('Secondary Capture'),
    })
  })
})
