/** DICOM, MetaImage and NRRD against SimpleITK, dcmtk and pydicom: see fixtures/make_simpleitk.py. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { describeShared } from '../../test/shared.ts'
import { dicomFile, sliceAttributes } from './dicom/dicom.fixture.ts'
import { openScan } from './open.node.ts'
import type { Scan } from './scan.ts'

interface Stored {
  readonly cases: readonly {
    readonly open: string
    readonly files: Readonly<Record<string, string>>
    readonly affineLps?: readonly number[]
    readonly originLps?: readonly number[]
    readonly hu: readonly number[]
  }[]
  readonly syntaxes: Readonly<Record<string, { file: string; hu: readonly number[]; uid: string }>>
  readonly lungPetCtDxA0001: {
    readonly shapeIjk: readonly number[]
    readonly affineLps: readonly number[]
    readonly sum: number
    readonly samplesKji: readonly (readonly number[])[]
  }
}

const stored: Stored = JSON.parse(
  gunzipSync(readFileSync(new URL('./fixtures/simpleitk.json.gz', import.meta.url))).toString(),
)
const folder = mkdtempSync(join(tmpdir(), 'spicula-independent-'))
afterAll(() => rmSync(folder, { recursive: true }))

const affineLps = [0.7, 0, 0, 0, 0, 0.8, 0, 0, 0, 0, 2.5, 0]
const whole = (scan: Scan): Promise<Float32Array> => scan.readHu({ startIjk: [0, 0, 0], sizeIjk: scan.shapeIjk })

function expectNear(found: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(found.length).toBe(expected.length)
  for (const [n, value] of expected.entries()) expect(Math.abs(found[n] - value), `number ${n}`).toBeLessThan(tolerance)
}

describe('files of SimpleITK', () => {
  it.each(stored.cases)('$open has the same geometry and voxels', async ({ open, files, affineLps, originLps, hu }) => {
    const place = join(folder, `case-${open}`)
    mkdirSync(place, { recursive: true })
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(place, name), Buffer.from(content, 'base64'))
    const scan = await openScan(join(place, open))
    if (affineLps) expectNear(scan.affineLps, affineLps, 1e-4)
    if (originLps)
      expectNear(
        [3, 7, 11].map((n) => scan.affineLps[n]),
        originLps,
        1e-9,
      )
    expect([...(await whole(scan))]).toEqual(hu)
    const [ni, nj, nk] = scan.shapeIjk
    const part = await scan.readHu({ startIjk: [2, 1, nk - 2], sizeIjk: [3, 2, 2] })
    expect(part[0]).toBe(hu[2 + ni * (1 + nj * (nk - 2))])
    expect(part[11]).toBe(hu[4 + ni * (2 + nj * (nk - 1))])
  })
})

describe('transfer syntaxes', () => {
  // dcmtk's decoder and ours may round the inverse cosine transform differently: one stored step.
  const steps: Readonly<Record<string, number>> = {
    'jpeg-baseline': 32,
    'jpeg-extended': 2.1,
    'jpeg-spectral': 2.1,
    'jpeg-progressive': 2.1,
  }
  it.each(Object.entries(stored.syntaxes))('%s decodes as elsewhere', async (key, { file, hu, uid }) => {
    const path = join(folder, `${key}.dcm`)
    writeFileSync(path, Buffer.from(file, 'base64'))
    const scan = await openScan(path)
    expect(scan.shapeIjk).toEqual([24, 16, 1])
    expectNear([...(await whole(scan))], hu, steps[key] ?? 1e-9)
    const isLossy = /\.4\.(50|51|53|55|81|91|203)$/.test(uid)
    expect(scan.notes.some(({ code }) => code === 'volume/lossy')).toBe(isLossy)
  })
})

describe('HTJ2K', () => {
  it.each(['1.2.840.10008.1.2.4.201', '1.2.840.10008.1.2.4.202', '1.2.840.10008.1.2.4.203'])(
    '%s decodes',
    async (syntax) => {
      const { width, height, pixels, codestream } = JSON.parse(
        readFileSync(new URL('./fixtures/htj2k.json', import.meta.url), 'utf8'),
      ) as { width: number; height: number; pixels: number[]; codestream: string }
      const volume = { voxels: new Int16Array(width * height), shapeIjk: [width, height, 1], affineLps } as const
      const attributes = { ...sliceAttributes(volume, 0), BitsStored: 12, HighBit: 11, PixelData: undefined }
      const path = join(folder, 'htj2k.dcm')
      const fragments = [new Uint8Array(), Buffer.from(codestream, 'base64')]
      writeFileSync(path, dicomFile(attributes, { syntax, fragments }))
      expect([...(await whole(await openScan(path)))]).toEqual(pixels.map((value) => value - 1024))
    },
  )
})

describeShared('data/dicom-syntaxes', (path) => {
  const file = (end: string): string => join(path(), `CTImage.dcm_${end}.dcm`)
  /** HU that a syntax may differ from the original: nothing, or what its own compression costs in this file. */
  const TOLERANCE: readonly (readonly [file: string, most: number, mean: number])[] = [
    ['LittleEndianImplicitTransferSyntax_1.2.840.10008.1.2', 0, 0],
    ['BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2', 0, 0],
    ['DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99', 0, 0],
    ['RLELosslessTransferSyntax_1.2.840.10008.1.2.5', 0, 0],
    ['JPEGProcess14TransferSyntax_1.2.840.10008.1.2.4.57', 0, 0],
    ['JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70', 0, 0],
    ['JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80', 0, 0],
    ['JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90', 0, 0],
    ['JPEGLSLossyTransferSyntax_1.2.840.10008.1.2.4.81', 1, 0.75],
    ['JPEG2000TransferSyntax_1.2.840.10008.1.2.4.91', 6, 0.6],
    // 12 bits over 8,192 HU: steps of 2 HU before the compression begins.
    ['JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51', 36, 4],
    ['JPEGProcess6_8TransferSyntax_1.2.840.10008.1.2.4.53', 36, 4],
    ['JPEGProcess10_12TransferSyntax_1.2.840.10008.1.2.4.55', 36, 4],
    // 8 bits: steps of 32 HU.
    ['JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50', 65, 20],
  ]
  it.each(TOLERANCE)('%s within %d HU, %d in the mean', async (name, most, mean) => {
    const original = await whole(await openScan(file('LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1')))
    const decoded = await whole(await openScan(file(name)))
    const differences = decoded.map((value, n) => Math.abs(value - original[n]))
    expect(differences.reduce((a, b) => Math.max(a, b))).toBeLessThanOrEqual(most)
    expect(differences.reduce((a, b) => a + b) / differences.length).toBeLessThanOrEqual(mean)
  })

  it('reads an Enhanced CT whose frames are cut into fragments', async () => {
    const scan = await openScan(join(path(), 'CT0012.fragmented_no_bot_jpeg_baseline.51.dcm'))
    expect(scan.shapeIjk.slice(0, 2)).toEqual([512, 512])
    expect((await whole(scan)).every(Number.isFinite)).toBe(true)
  })
})

describeShared('data/lung-pet-ct-dx/A0001', (path) => {
  it("has SimpleITK's geometry and voxels", async () => {
    const scan = await openScan(path())
    const { shapeIjk, affineLps, sum, samplesKji } = stored.lungPetCtDxA0001
    expect(scan.shapeIjk).toEqual(shapeIjk)
    expectNear(scan.affineLps, affineLps, 1e-9)
    const hu = await whole(scan)
    expect(hu.reduce((a, b) => a + b, 0)).toBe(sum)
    for (const [k, j, i, value] of samplesKji) expect(hu[i + 512 * (j + 512 * k)]).toBe(value)
  })
})
