/** Series that hold several passes over one place: told apart by what each image says, never by their even spacing. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openScan } from '../open.node.ts'
import {
  type Attributes,
  dicomFile,
  join8,
  type SeriesVolume,
  sliceAttributes,
  writeSeries,
} from './dicom.fixture.node.ts'
import { listDicom } from './dicom.node.ts'

const root = mkdtempSync(join(tmpdir(), 'spicula-acquisitions-'))
afterAll(() => rmSync(root, { recursive: true }))
let count = 0
const place = (): string => join(root, `place${++count}`)

const SLICES = 12
const shapeIjk = [4, 3, SLICES] as const
const volumeAt = (z: number, hu: number): SeriesVolume => ({
  voxels: Int16Array.from({ length: 12 * SLICES }, (_, n) => hu + Math.floor(n / 12)),
  shapeIjk,
  affineLps: [0.7, 0, 0, -100, 0, 0.8, 0, -120, 0, 0, 2.5, z],
})
/** The first pass has -800 HU and more, the second, half a spacing further, +300. */
const passes = [volumeAt(-300, -800), volumeAt(-298.75, 300)] as const

type Mark = (pass: number, k: number) => Attributes

/** Both passes in one series; `mark` says what the images of each say. */
function twoPasses(mark: Mark, second: SeriesVolume = passes[1]): string {
  const folder = place()
  const number = (pass: number, k: number): Attributes => ({ InstanceNumber: String(2 * k + pass + 1) })
  for (const [pass, volume] of [passes[0], second].entries()) {
    writeSeries(folder, volume, {
      name: (k) => `${pass}-${k}.dcm`,
      change: (a, k) => ({ ...a, SOPInstanceUID: `1.2.${pass}.${k}`, ...number(pass, k), ...mark(pass, k) }),
    })
  }
  return folder
}
const firstHu = async (path: string): Promise<readonly number[]> => {
  const scan = await openScan(path)
  const hu = await scan.readHu({ startIjk: [0, 0, 0], sizeIjk: scan.shapeIjk })
  return Array.from({ length: scan.shapeIjk[2] }, (_, k) => hu[12 * k])
}
const passHu = (pass: number): number[] => Array.from({ length: SLICES }, (_, k) => [-800, 300][pass] + k)
const refusal = (path: string) =>
  openScan(path).then(
    () => ({ code: 'read', message: '' }),
    ({ code, message }) => ({ code, message }),
  )

const pick =
  (keyword: keyof Attributes, values: readonly string[] | readonly number[]): Mark =>
  (pass) => ({ [keyword]: values[pass] })
const MARKS: readonly (readonly [string, Mark])[] = [
  ['AcquisitionNumber', pick('AcquisitionNumber', ['1', '2'])],
  ['AcquisitionUID', pick('AcquisitionUID', ['1.2.3', '1.2.4'])],
  ['TemporalPositionIdentifier', pick('TemporalPositionIdentifier', ['1', '2'])],
  ['ImageType', pick('ImageType', ['ORIGINAL\\PRIMARY\\AXIAL', 'ORIGINAL\\PRIMARY\\AXIAL\\VENOUS'])],
  ['ContrastBolusAgent', (pass) => (pass === 1 ? { ContrastBolusAgent: 'Iohexol' } : {})],
  ['KVP', pick('KVP', ['80', '140'])],
  ['ConvolutionKernel', pick('ConvolutionKernel', ['B30f', 'B70f'])],
  ['TriggerTime', pick('TriggerTime', ['0', '500'])],
  ['FrameOfReferenceUID', pick('FrameOfReferenceUID', ['1.2.8', '1.2.9'])],
  ['ContentTime', pick('ContentTime', ['120000', '120130'])],
  ['AcquisitionTime', (pass, k) => ({ AcquisitionTime: `12${pass}${pass}${String(k).padStart(2, '0')}.25` })],
  ['InstanceNumber', (pass, k) => ({ InstanceNumber: String(1 + k + SLICES * pass) })],
]

describe('two passes in one series', () => {
  it.each(MARKS)('are two volumes by their %s, and either can be named', async (keyword, mark) => {
    for (const z of [-298.75, -300, -299.2]) {
      const folder = twoPasses(mark, volumeAt(z, 300))
      expect(await refusal(folder)).toEqual({
        code: 'volume/dicom-acquisitions',
        message: expect.stringMatching(
          `2 volumes of one series could be meant, told apart by ${keyword}: .*:1: 12 slices, 2.50 mm.*:2: 12 slices`,
        ),
      })
      const named = [await firstHu(`${folder}#1.2.3.4:1`), await firstHu(`${folder}#1.2.3.4:2`)]
      expect(named.sort((a, b) => a[0] - b[0])).toEqual([passHu(0), passHu(1)])
    }
  })

  it('of two phases and two kernels are four', async () => {
    const folder = place()
    for (const [n, volume] of [...passes, ...passes].entries()) {
      writeSeries(
        folder,
        { ...volume, voxels: volume.voxels.map((hu) => hu + n) },
        {
          name: (k) => `${n}-${k}.dcm`,
          change: (a) => ({ ...a, AcquisitionNumber: String(n % 2), ConvolutionKernel: n < 2 ? 'B30f' : 'B70f' }),
        },
      )
    }
    const { series } = await listDicom(folder)
    expect(series.map(({ part, sliceCount, kernel }) => [part?.nth, part?.by, sliceCount, kernel])).toEqual([
      [1, 'AcquisitionNumber, ConvolutionKernel', 12, 'B30f'],
      [2, 'AcquisitionNumber, ConvolutionKernel', 12, 'B70f'],
      [3, 'AcquisitionNumber, ConvolutionKernel', 12, 'B30f'],
      [4, 'AcquisitionNumber, ConvolutionKernel', 12, 'B70f'],
    ])
  })

  it('in frames of one Enhanced object', async () => {
    const slices = passes.flatMap((volume) => Array.from({ length: SLICES }, (_, k) => sliceAttributes(volume, k)))
    const frames = slices.map((slice, n) => ({
      FrameContentSequence: [{ FrameAcquisitionNumber: 1 + Math.floor(n / SLICES) }],
      PlanePositionSequence: [{ ImagePositionPatient: slice.ImagePositionPatient }],
      PixelValueTransformationSequence: [{ RescaleSlope: '1', RescaleIntercept: '-1024', RescaleType: 'HU' }],
    }))
    const path = `${place()}.dcm`
    const shared = {
      PixelMeasuresSequence: [{ PixelSpacing: [0.8, 0.7] }],
      PlaneOrientationSequence: [{ ImageOrientationPatient: [1, 0, 0, 0, 1, 0] }],
    }
    const object = {
      ...slices[0],
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.2.1',
      NumberOfFrames: String(slices.length),
      SharedFunctionalGroupsSequence: [shared],
      PerFrameFunctionalGroupsSequence: frames,
      PixelData: join8(slices.map(({ PixelData }) => PixelData as Uint8Array)),
    }
    writeFileSync(path, dicomFile(object))
    expect(await refusal(path)).toMatchObject({
      code: 'volume/dicom-acquisitions',
      message: expect.stringContaining('told apart by FrameAcquisitionNumber'),
    })
    expect(await firstHu(`${path}#1.2.3.4:2`)).toEqual(passHu(1))
  })
})

describe('one pass', () => {
  const one = (mark: (k: number) => Attributes | undefined): string => {
    const folder = place()
    writeSeries(folder, passes[0], {
      change: (a, k) => {
        const marks = mark(k)
        return marks && { ...a, ...marks }
      },
    })
    return folder
  }

  it.each<[string, (k: number) => Attributes]>([
    [
      'acquisitions that follow each other, block by block',
      (k) => ({ AcquisitionNumber: String(1 + Math.floor(k / 4)) }),
    ],
    ['an acquisition a slice', (k) => ({ AcquisitionNumber: String(k), AcquisitionTime: `1200${10 + k}` })],
    [
      'times in any order',
      (k) => ({ ContentTime: `1200${10 + ((7 * k) % 12)}`, InstanceNumber: String((5 * k) % 12) }),
    ],
    ['numbers and times from the other end', (k) => ({ ContentTime: `1200${40 - k}`, InstanceNumber: String(40 - k) })],
    ['two blocks, the upper one first', (k) => ({ InstanceNumber: String(k < 6 ? k + 20 : k) })],
  ])('stays one: %s', async (_, mark) => {
    const scan = await openScan(one(mark))
    expect(scan.shapeIjk[2]).toBe(SLICES)
    expect(scan.notes).toEqual([])
  })

  it('whose attribute changes in one slice stays one, with a note', async () => {
    const scan = await openScan(one((k) => ({ ImageType: `ORIGINAL\\PRIMARY\\AXIAL${k === 5 ? '\\REPEAT' : ''}` })))
    expect(scan.shapeIjk[2]).toBe(SLICES)
    expect(scan.notes).toMatchObject([
      { code: 'volume/dicom-acquisitions', message: expect.stringContaining('ImageType changes among its slices') },
    ])
  })

  it('with a bolus at one place is taken, the bolus named', async () => {
    const folder = one(() => ({ AcquisitionNumber: '1' }))
    for (let n = 0; n < 5; n++) {
      const slice = { ...sliceAttributes(passes[0], 6), SOPInstanceUID: `1.9.${n}`, AcquisitionNumber: '2' }
      writeFileSync(join(folder, `b${n}.dcm`), dicomFile({ ...slice, PixelData: new Uint8Array(24).fill(n) }))
    }
    expect(await firstHu(folder)).toEqual(passHu(0))
    const { notes } = await openScan(folder)
    expect(notes).toMatchObject([{ code: 'volume/dicom-series', message: expect.stringContaining(':1: 12 slices') }])
  })

  it('that was stored twice, at other times, is counted once', async () => {
    const folder = twoPasses((pass, k) => ({ ContentTime: `12${10 + pass}00`, InstanceNumber: String(k) }), passes[0])
    const scan = await openScan(folder)
    expect(scan.shapeIjk[2]).toBe(SLICES)
    expect(scan.notes).toMatchObject([{ code: 'volume/dicom-duplicate' }])
  })
})

describe('rounded places', () => {
  const rounded = (spacing: number, more: Attributes = {}, left = (_: number) => true): string => {
    const folder = place()
    writeSeries(
      folder,
      { ...passes[0] },
      {
        change: (a, k) =>
          left(k) ? { ...a, ImagePositionPatient: [-100, -120, Math.round(-300 + spacing * k)], ...more } : undefined,
      },
    )
    return folder
  }

  it.each([0.7, 1.25, 1.5, 2.5, 3.3])(
    'of slices %d mm apart are told, not taken for missing slices',
    async (spacing) => {
      expect(await refusal(rounded(spacing))).toMatchObject({
        code: 'volume/dicom-rounded',
        message: expect.stringContaining('in whole millimetres: rounded by the program that wrote them'),
      })
    },
  )

  it('are even where the file tells the spacing', async () => {
    const scan = await openScan(rounded(1.25, { SpacingBetweenSlices: '1.25' }))
    expect(scan.affineLps[10]).toBeCloseTo(1.25, 9)
    expect(scan.notes).toMatchObject([{ code: 'volume/dicom-rounded' }])
    expect(await refusal(rounded(1.25, { SpacingBetweenSlices: '1' }))).toMatchObject({ code: 'volume/dicom-rounded' })
  })

  it.each([1, 2, 5])('of %d mm are as they are, and a missing slice is one', async (spacing) => {
    expect((await openScan(rounded(spacing))).notes).toEqual([])
    expect(await refusal(rounded(spacing, {}, (k) => k !== 6))).toMatchObject({ code: 'volume/dicom-missing' })
  })
})
