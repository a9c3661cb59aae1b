/** Series as they come: in any order, with strangers among them, broken, or several at once. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { zipFile } from '../../files/zip.fixture.ts'
import { openScan } from '../open.node.ts'
import type { Scan } from '../scan.ts'
import {
  type Attributes,
  CT_CLASS,
  dicomFile,
  join8,
  type SeriesVolume,
  sliceAttributes,
  writeSeries,
} from './dicom.fixture.node.ts'
import { listDicom, openDicom } from './dicom.node.ts'

const root = mkdtempSync(join(tmpdir(), 'spicula-dicom-'))
afterAll(() => rmSync(root, { recursive: true }))

const shapeIjk = [8, 6, 12] as const
const volume: SeriesVolume = {
  voxels: Int16Array.from({ length: 8 * 6 * 12 }, (_, n) => ((n * 37) % 3000) - 1000),
  shapeIjk,
  affineLps: [0.7, 0, 0, -100, 0, 0.8, 0, -120, 0, 0, 2.5, -300],
}
const hu = [...volume.voxels]
const whole = async (scan: Scan): Promise<number[]> => [
  ...(await scan.readHu({ startIjk: [0, 0, 0], sizeIjk: scan.shapeIjk })),
]
let count = 0
const place = (): string => join(root, `place${++count}`)
const codes = (scan: Scan): string[] => scan.notes.map(({ code }) => code)
const refusal = (path: string) =>
  openScan(path).then(
    () => ({ code: 'none', message: '', hint: '' }),
    ({ code, message, hint }) => ({ code, message, hint }),
  )

describe('the order of slices', () => {
  it.each<[string, (k: number) => string]>([
    ['in order', (k) => `${k}.dcm`],
    ['shuffled', (k) => `${(k * 7) % 12}.dcm`],
    ['reversed', (k) => `${11 - k}.dcm`],
    ['without endings', (k) => `IM${String((k * 5) % 12).padStart(4, '0')}`],
  ])('is that of their positions, names %s', async (_, name) => {
    const folder = place()
    writeSeries(folder, volume, {
      name,
      change: (a, k) => ({ ...a, SliceThickness: '1', SOPInstanceUID: `1.2.${99 - k}` }),
    })
    const scan = await openScan(folder)
    expect(scan.shapeIjk).toEqual(shapeIjk)
    expect(scan.affineLps.map((x) => Number(x.toFixed(9)))).toEqual(volume.affineLps)
    expect(scan.notes).toEqual([])
    expect(await whole(scan)).toEqual(hu)
    expect([...(await scan.readHu({ startIjk: [3, 2, 4], sizeIjk: [2, 1, 2] }))]).toEqual([
      hu[3 + 8 * (2 + 6 * 4)],
      hu[4 + 8 * (2 + 6 * 4)],
      hu[3 + 8 * (2 + 6 * 5)],
      hu[4 + 8 * (2 + 6 * 5)],
    ])
  })

  it('is along the normal, whichever way that points', async () => {
    const folder = place()
    // Rows to the right and columns to posterior: the normal points to the feet.
    const flipped: SeriesVolume = { ...volume, affineLps: [-0.7, 0, 0, 100, 0, 0.8, 0, -120, 0, 0, -2.5, 300] }
    writeSeries(folder, flipped)
    const scan = await openScan(folder)
    expect(scan.affineLps.map((x) => Number(x.toFixed(9)))).toEqual(flipped.affineLps)
    expect(await whole(scan)).toEqual(hu)
  })
})

describe('encodings', () => {
  it.each([
    ['implicit', { syntax: '1.2.840.10008.1.2', explicit: false }],
    ['undefined lengths', { undefinedLengths: true }],
  ])('%s', async (_, options) => {
    const folder = place()
    writeSeries(folder, volume, options)
    expect(await whole(await openScan(folder))).toEqual(hu)
  })

  it('rescales every slice by its own numbers', async () => {
    const folder = place()
    writeSeries(folder, volume, {
      change: (a, k) => ({ ...a, RescaleSlope: String(1 + k), RescaleIntercept: String(-k) }),
    })
    const found = await whole(await openScan(folder))
    expect(found).toEqual(hu.map((value, n) => (value + 1024) * (1 + Math.floor(n / 48)) - Math.floor(n / 48)))
  })

  /** One slice of stored numbers: 24 of them, then as many of another. */
  const slice = (first: number, second: number, change: Attributes): string => {
    const stored = Int32Array.from({ length: 48 }, (_, n) => (n < 24 ? first + n : second))
    const bytes = Uint16Array.from(stored, (value) => value & 0xffff)
    const folder = place()
    mkdirSync(folder)
    const attributes = { ...sliceAttributes(volume, 0), ...change, PixelData: new Uint8Array(bytes.buffer) }
    writeFileSync(join(folder, '1.dcm'), dicomFile(attributes))
    return folder
  }

  it('reads signed numbers below unused high bits', async () => {
    // Bits 12 to 15 hold an overlay, as the standard once allowed.
    const overlay = (value: number): number => (value & 0x0fff) | 0x5000
    const stored = { BitsStored: 12, HighBit: 11, PixelRepresentation: 1, RescaleSlope: '-1', RescaleIntercept: '0' }
    const found = await whole(await openScan(slice(overlay(100), overlay(-2000), stored)))
    expect(found.slice(0, 3)).toEqual([-100, -101, -102])
    expect(found[30]).toBe(2000)
  })

  const signed = { PixelRepresentation: 1, RescaleIntercept: '0' } as const
  const twelve = { BitsStored: 12, HighBit: 11 } as const
  it.each<[string, number, Attributes, number, readonly string[]]>([
    ['0 HU of signed numbers', 0, { ...signed, PixelPaddingValue: 0 }, 0, ['padding']],
    ['0 HU of unsigned ones', 1024, { PixelPaddingValue: 1024 }, 0, ['padding']],
    ['40 HU in a range', 1064, { PixelPaddingValue: 1000, PixelPaddingRangeLimit: 1100 }, 40, ['padding']],
    [
      '-1 HU in a range from -2000',
      -1,
      { ...signed, PixelPaddingValue: 63536, PixelPaddingRangeLimit: 65535 },
      -1,
      ['padding'],
    ],
    ['bone by a slope of -1', -2000, { ...signed, RescaleSlope: '-1', PixelPaddingValue: 63536 }, 2000, ['padding']],
    ['-2000 HU', -2000, { ...signed, PixelPaddingValue: 63536 }, -2000, []],
    ['-3024 HU', -2000, { PixelRepresentation: 1, PixelPaddingValue: 63536 }, -3024, []],
    ['0 stored', 0, { PixelPaddingValue: 0 }, -1024, []],
    ['4095 stored, as metal', 4095, { PixelPaddingValue: 4095 }, 3071, ['padding']],
    ['63536 of unsigned numbers', 63536, { PixelPaddingValue: 63536 }, -1000, []],
    ['63536 beyond 12 bits', 63536, { ...twelve, PixelPaddingValue: 63536 }, -1000, []],
    ['-3024 beyond 12 bits', -3024, { ...twelve, ...signed, PixelPaddingValue: 62512 }, -3024, []],
  ])('padding of %s never replaces tissue', async (_, stored, change, hu, notes) => {
    const scan = await openScan(slice(change.PixelRepresentation ? 0 : 1024, stored, change))
    const found = await whole(scan)
    const zero = change.PixelRepresentation && change.RescaleIntercept === undefined ? -1024 : 0
    expect(found[0] + 0).toBe(zero)
    expect(found[30] + 0).toBe(hu)
    expect(codes(scan).filter((code) => code !== 'volume/dicom-single')).toEqual(notes.map((n) => `volume/dicom-${n}`))
  })

  it('reads MONOCHROME1 with a note, and refuses what has no HU by name', async () => {
    const folder = place()
    writeSeries(folder, volume, { change: (a) => ({ ...a, PhotometricInterpretation: 'MONOCHROME1' }) })
    const scan = await openScan(folder)
    expect(codes(scan)).toEqual(['volume/dicom-monochrome1'])
    expect(await whole(scan)).toEqual(hu)
    const refused: readonly (readonly [Attributes, string])[] = [
      [{ PhotometricInterpretation: 'RGB', SamplesPerPixel: 3 }, 'volume/dicom-pixels'],
      [{ RescaleSlope: undefined }, 'volume/dicom-rescale'],
      [{ RescaleSlope: undefined, RescaleIntercept: undefined }, 'volume/dicom-rescale'],
      [{ RescaleType: 'Z_EFF' }, 'volume/dicom-rescale'],
      [{ RescaleSlope: '0' }, 'volume/dicom-rescale'],
      [{ BitsAllocated: 12 }, 'volume/dicom-pixels'],
      [{ ImagePositionPatient: undefined }, 'volume/dicom-geometry'],
      [{ ImageOrientationPatient: [1, 0, 0, 1, 0, 0] }, 'volume/orientation'],
      [{ PixelSpacing: [0, 0] }, 'volume/dicom-geometry'],
      [{ NumberOfFrames: '3' }, 'volume/truncated'],
    ]
    for (const [change, code] of refused) {
      const other = place()
      writeSeries(other, volume, { change: (a) => ({ ...a, ...change }) })
      expect(await refusal(other), JSON.stringify(change)).toMatchObject({ code })
    }
  })

  it('reads Enhanced CT by its functional groups', async () => {
    const slices = Array.from({ length: 12 }, (_, k) => sliceAttributes(volume, k))
    const pixels = join8(slices.map(({ PixelData }) => PixelData as Uint8Array))
    const order = [3, 0, 11, 7, 1, 2, 4, 5, 6, 8, 9, 10]
    const frames = order.map((k) => ({
      PlanePositionSequence: [{ ImagePositionPatient: slices[k].ImagePositionPatient }],
      PixelValueTransformationSequence: [{ RescaleSlope: '1', RescaleIntercept: '-1024', RescaleType: 'HU' }],
    }))
    const file = dicomFile(
      {
        ...slices[0],
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.2.1',
        NumberOfFrames: '12',
        ImagePositionPatient: undefined,
        ImageOrientationPatient: undefined,
        PixelSpacing: undefined,
        RescaleSlope: undefined,
        RescaleIntercept: undefined,
        SharedFunctionalGroupsSequence: [
          {
            PixelMeasuresSequence: [{ PixelSpacing: [0.8, 0.7], SliceThickness: '2.5' }],
            PlaneOrientationSequence: [{ ImageOrientationPatient: [1, 0, 0, 0, 1, 0] }],
          },
        ],
        PerFrameFunctionalGroupsSequence: frames,
        PixelData: join8(order.map((k) => pixels.subarray(96 * k, 96 * (k + 1)))),
      },
      { undefinedLengths: true },
    )
    const path = `${place()}.dcm`
    writeFileSync(path, file)
    const scan = await openScan(path)
    expect(scan.affineLps.map((x) => Number(x.toFixed(9)))).toEqual(volume.affineLps)
    expect(await whole(scan)).toEqual(hu)
  })

  it('decodes only the slices that a box needs', async () => {
    const folder = place()
    writeSeries(folder, volume)
    const scan = await openScan(folder)
    // All files but one slice's are gone: a box in that slice never looks at them.
    for (const name of readdirSync(folder)) if (name !== '1-005.dcm') rmSync(join(folder, name))
    expect([...(await scan.readHu({ startIjk: [0, 0, 4], sizeIjk: [8, 6, 1] }))]).toEqual(hu.slice(4 * 48, 5 * 48))
  })
})

describe('what is irregular', () => {
  const series = (change?: (attributes: Attributes, k: number) => Attributes | undefined): string => {
    const folder = place()
    writeSeries(folder, volume, change ? { change } : {})
    return folder
  }

  it('refuses a missing slice, saying where', async () => {
    expect(await refusal(series((a, k) => (k === 5 ? undefined : a)))).toEqual({
      code: 'volume/dicom-missing',
      message: `place${count}: 1 slice missing: between -290.0 mm and -285.0 mm, at a spacing of 2.50 mm`,
      hint: expect.stringContaining('again'),
    })
  })

  it('counts a copy of a slice once, and refuses two different slices at one place', async () => {
    const folder = series()
    writeFileSync(join(folder, 'copy.dcm'), readFileSync(join(folder, '1-004.dcm')))
    const scan = await openScan(folder)
    expect(codes(scan)).toEqual(['volume/dicom-duplicate'])
    expect(await whole(scan)).toEqual(hu)
    writeFileSync(join(folder, 'copy.dcm'), dicomFile({ ...sliceAttributes(volume, 3), PixelData: new Uint8Array(96) }))
    expect(await refusal(folder)).toMatchObject({ code: 'volume/dicom-duplicate' })
  })

  it('refuses uneven spacing, and takes rounded positions with a note', async () => {
    const moved = (by: (k: number) => number) => (a: Attributes, k: number) => ({
      ...a,
      ImagePositionPatient: [-100, -120, -300 + 2.5 * k + by(k)],
    })
    expect(await refusal(series(moved((k) => (k === 6 ? 0.9 : 0))))).toMatchObject({ code: 'volume/dicom-uneven' })
    expect(await refusal(series(moved((k) => k * k * 0.1)))).toMatchObject({ code: 'volume/dicom-uneven' })
    expect(codes(await openScan(series(moved((k) => (k % 2) * 0.05))))).toEqual(['volume/dicom-uneven'])
  })

  it('places a tilted gantry by its positions, with a note', async () => {
    const shift = Math.tan((20 * Math.PI) / 180) * 2.5
    const scan = await openScan(
      series((a, k) => ({ ...a, ImagePositionPatient: [-100, -120 + shift * k, -300 + 2.5 * k] })),
    )
    expect(scan.notes).toMatchObject([{ code: 'volume/dicom-tilt', message: expect.stringContaining('20.0 degrees') }])
    expect(scan.affineLps[6]).toBeCloseTo(shift, 9)
    expect(await whole(scan)).toEqual(hu)
  })

  it.each<[string, Attributes]>([
    ['orientation', { ImageOrientationPatient: [1, 0, 0, 0, 0, -1] }],
    ['pixel spacing', { PixelSpacing: [0.9, 0.9] }],
    ['size', { Rows: 4 }],
  ])('sets an image of another %s aside, and misses it where it stood among the slices', async (what, change) => {
    const odd = (at: number) => series((a, k) => (k === at ? { ...a, ...change } : a))
    const scan = await openScan(odd(11))
    expect(scan.shapeIjk).toEqual([8, 6, 11])
    expect(scan.notes).toMatchObject([
      { code: 'volume/dicom-mixed', message: expect.stringMatching(`1 image of another ${what}.* set aside`) },
    ])
    expect(await refusal(odd(2))).toMatchObject({
      code: 'volume/dicom-missing',
      message: expect.stringMatching(`1 slice missing.*1 image of another ${what}.* set aside`),
    })
  })

  it('sets localisers aside', async () => {
    const localizer = { ImageType: 'ORIGINAL\\PRIMARY\\LOCALIZER', ImageOrientationPatient: [1, 0, 0, 0, 0, -1] }
    const scan = await openScan(series((a, k) => (k === 0 ? { ...a, ...localizer } : a)))
    expect(codes(scan)).toEqual(['volume/dicom-localizer'])
    expect(scan.shapeIjk[2]).toBe(11)
    expect(await refusal(series((a) => ({ ...a, ...localizer })))).toMatchObject({ code: 'volume/dicom-localizer' })
  })

  it.each([
    ['its pixels', -40],
    ['its header', -450],
  ])('refuses a file that ends within %s', async (_, by) => {
    const folder = series()
    const path = join(folder, '1-007.dcm')
    truncateSync(path, readFileSync(path).length + by)
    expect(await refusal(folder)).toMatchObject({
      code: 'volume/truncated',
      message: expect.stringContaining('1-007.dcm'),
    })
  })

  it('leaves a text file and other objects out, with notes', async () => {
    const folder = series()
    writeFileSync(join(folder, 'README.txt'), 'Scans of Secret^Name')
    writeFileSync(join(folder, 'sr.dcm'), dicomFile({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.33', Modality: 'SR' }))
    const scan = await openScan(folder)
    expect(codes(scan)).toEqual(['volume/not-dicom', 'volume/dicom-other'])
    expect(scan.notes.map(({ message }) => message).join()).not.toContain('Secret')
  })

  it('reads a series of one slice, with a note', async () => {
    const scan = await openScan(series((a, k) => (k === 4 ? a : undefined)))
    expect(scan.shapeIjk).toEqual([8, 6, 1])
    expect(codes(scan)).toEqual(['volume/dicom-single'])
    expect(scan.affineLps[10]).toBe(2.5)
  })

  it('never names a patient', async () => {
    const folder = place()
    const secret = { PatientID: 'SECRET', SeriesDescription: 'SECRET' }
    writeSeries(folder, volume, {
      name: (k) => `SECRET_NAME_${k}.dcm`,
      change: (a, k) => (k === 3 ? { ...a, ...secret, Rows: 0 } : { ...a, ...secret }),
    })
    const refused = await refusal(folder)
    expect(refused).toMatchObject({
      code: 'volume/dicom-missing',
      message: expect.stringMatching(/1 slice missing.*1 image that is no slice set aside: .*8 columns and 0 rows/),
    })
    expect(JSON.stringify(refused)).not.toContain('SECRET')
    expect(refused.message).toContain('of 12')
  })
})

describe('several series', () => {
  const two = (change: Attributes): string => {
    const folder = place()
    writeSeries(folder, volume)
    const other = { SeriesInstanceUID: '1.2.3.77', SeriesNumber: '3', ...change }
    writeSeries(join(folder, 'b'), volume, { change: (a) => ({ ...a, ...other }) })
    return folder
  }

  it('are refused and listed where two could be meant; a name in the path chooses', async () => {
    const folder = two({ ConvolutionKernel: 'B70f' })
    const refused = await refusal(folder)
    expect(refused).toMatchObject({
      code: 'volume/dicom-series',
      message: expect.stringMatching(/series 2 .* series 3 /),
    })
    const scan = await openScan(`${folder}#1.2.3.77`)
    expect(scan).toMatchObject({ seriesUid: '1.2.3.77', notes: [] })
    expect(await refusal(`${folder}#9.9`)).toMatchObject({ code: 'volume/dicom-series' })
    const { series } = await listDicom(folder)
    expect(series.map(({ kernel, sliceCount, thicknessMm }) => [kernel, sliceCount, thicknessMm])).toEqual([
      ['B30f', 12, 2.5],
      ['B70f', 12, 2.5],
    ])
  })

  it.each<[string, Attributes]>([
    ['a reformation', { ImageOrientationPatient: [1, 0, 0, 0, 0, -1] }],
    ['a derived one', { ImageType: 'DERIVED\\SECONDARY\\MIP' }],
  ])('%s is passed over, with a note', async (_, change) => {
    const folder = place()
    writeSeries(folder, volume)
    writeSeries(join(folder, 'b'), volume, {
      change: (a, k) => ({
        ...a,
        SeriesInstanceUID: '1.2.3.77',
        ...change,
        ImagePositionPatient: change.ImageOrientationPatient ? [-100, -120 + 2.5 * k, 0] : a.ImagePositionPatient,
      }),
    })
    const scan = await openScan(folder)
    expect(scan).toMatchObject({ seriesUid: '1.2.3.4' })
    expect(codes(scan)).toEqual(['volume/dicom-series'])
  })

  it('the thinner of one acquisition is taken, of another study it is refused', async () => {
    const thick = (change: Attributes): string => {
      const folder = place()
      writeSeries(folder, { ...volume, shapeIjk: [8, 6, 12] })
      writeSeries(join(folder, 'b'), volume, {
        change: (a, k) =>
          k > 7
            ? undefined
            : { ...a, SeriesInstanceUID: '1.2.3.77', ImagePositionPatient: [-100, -120, -300 + 3.7 * k], ...change },
      })
      return folder
    }
    expect(await openScan(thick({}))).toMatchObject({ seriesUid: '1.2.3.4' })
    expect(await refusal(thick({ StudyInstanceUID: '1.2.3.2' }))).toMatchObject({ code: 'volume/dicom-series' })
    expect(await refusal(thick({ FrameOfReferenceUID: '1.2.3.8' }))).toMatchObject({ code: 'volume/dicom-series' })
  })
})

describe('archives, directories, lists', () => {
  const files = Array.from({ length: 12 }, (_, k) => ({
    path: `st/se/${k}.dcm`,
    bytes: dicomFile(sliceAttributes(volume, k)),
  }))

  it.each([true, false])('reads a zip, deflated %s', async (deflated) => {
    const path = `${place()}.zip`
    writeFileSync(path, zipFile(files, deflated ? (bytes) => deflateRawSync(bytes) : undefined))
    const scan = await openScan(path)
    expect(scan.affineLps.map((x) => Number(x.toFixed(9)))).toEqual(volume.affineLps)
    expect(await whole(scan)).toEqual(hu)
  })

  it('refuses members that climb out, damaged members, and bombs', async () => {
    const path = `${place()}.zip`
    for (const name of ['../evil.dcm', '/etc/evil.dcm', 'a/../../evil', 'c:\\evil.dcm', '..\\evil']) {
      writeFileSync(path, zipFile([...files, { path: name, bytes: files[0].bytes }]))
      expect(await refusal(path), name).toMatchObject({ code: 'volume/zip' })
    }
    const bomb = join8([dicomFile({ ...sliceAttributes(volume, 0), PixelData: undefined }), new Uint8Array(50_000_000)])
    writeFileSync(
      path,
      zipFile([{ path: 'b.dcm', bytes: bomb }], (bytes) => deflateRawSync(bytes)),
    )
    expect((await refusal(path)).code).toMatch(/^volume\//)
    const sound = zipFile(files, (bytes) => deflateRawSync(bytes))
    writeFileSync(path, sound.subarray(0, sound.length - 100))
    expect(await refusal(path)).toMatchObject({ code: 'volume/zip' })
  })

  it('reads what a DICOMDIR names, and nothing outside its folder', async () => {
    const folder = place()
    writeSeries(join(folder, 'DATA'), volume, { name: (k) => `IM${k}` })
    const directory = (ids: readonly string[]) =>
      dicomFile({
        SOPClassUID: '1.2.840.10008.1.3.10',
        DirectoryRecordSequence: ids.map((id) => ({ ReferencedFileID: id })),
      })
    const ids = Array.from({ length: 12 }, (_, k) => `DATA\\IM${k}`)
    const path = join(folder, 'DICOMDIR')
    writeFileSync(path, directory(ids))
    expect(await whole(await openScan(path))).toEqual(hu)
    writeFileSync(path, directory([...ids, '..\\secret']))
    expect(await refusal(path)).toMatchObject({ code: 'volume/dicomdir' })
    writeFileSync(path, directory([...ids, 'DATA\\IM99']))
    expect(await refusal(path)).toMatchObject({ code: 'volume/missing' })
    writeFileSync(join(root, 'outside'), files[0].bytes)
    symlinkSync(join(root, 'outside'), join(folder, 'LINK'))
    writeFileSync(path, directory([...ids, 'LINK']))
    expect(await refusal(path)).toMatchObject({ code: 'volume/dicomdir' })
  })

  it('reads a list of files, and one file alone', async () => {
    const folder = place()
    writeSeries(folder, volume)
    const paths = readdirSync(folder).map((name) => join(folder, name))
    expect(await whole(await openDicom(paths.reverse()))).toEqual(hu)
    expect((await openDicom(paths[0])).shapeIjk).toEqual([8, 6, 1])
    renameSync(paths[0], join(folder, 'x'))
    await expect(openDicom(paths)).rejects.toMatchObject({ code: 'volume/missing' })
  })

  it('refuses a transfer syntax that is not read, by name, and leaves other objects in it out', async () => {
    const folder = place()
    writeSeries(folder, volume)
    const video = { SOPClassUID: '1.2.840.10008.5.1.4.1.1.77.1.1.1', Modality: 'ES' }
    writeFileSync(join(folder, 'video.dcm'), dicomFile(video, { syntax: '1.2.840.10008.1.2.4.102' }))
    expect(codes(await openScan(folder))).toEqual(['volume/dicom-other'])
    const path = `${place()}.dcm`
    writeFileSync(path, dicomFile({ SOPClassUID: CT_CLASS }, { syntax: '1.2.840.10008.1.2.4.102' }))
    expect(await refusal(path)).toMatchObject({
      code: 'volume/transfer-syntax',
      message: expect.stringContaining('MPEG-4'),
    })
  })
})
