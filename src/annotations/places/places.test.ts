import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { memorySource } from '../../files/bytes.ts'
import { seededRandom } from '../../random.ts'
import { decompress, inflateRaw } from '../../scan/dicom/dicom.node.ts'
import { readDicomHeader } from '../../scan/dicom/file.ts'
import { labelsOf } from '../../scan/labels.ts'
import { memoryScan } from '../../scan/memory-scan.ts'
import type { Affine } from '../../scan/scan.ts'
import { componentFinder } from './components.ts'
import { readObject } from './dicom-object.node.ts'
import { placesOfSeg } from './dicom-seg.ts'
import { placesOfMask } from './mask.ts'
import { lesionsOfBoxes, parseBoxes } from './pascal-voc.ts'
import { placesCsv } from './place.ts'
import { boxesXml, reportFile, segmentationFile, structuresFile } from './places.fixture.ts'
import { placesOfStructures } from './rtstruct.ts'
import { placesOfReport } from './sr.ts'

const folder = mkdtempSync(join(tmpdir(), 'spicula-places-'))
afterAll(() => rmSync(folder, { recursive: true }))
const affineLps: Affine = [0.7, 0, 0, -100, 0, 0.8, 0, -120, 0, 0, 2.5, -300]
const header = (bytes: Uint8Array) => readDicomHeader(memorySource('a.dcm', bytes), inflateRaw)

describe('label masks', () => {
  it('makes a nodule of each connected part, with centroid and size', async () => {
    const shape = [10, 9, 8] as const
    const labels = new Float32Array(10 * 9 * 8)
    const fill = (i0: number, j0: number, k0: number, size: number, label: number) => {
      for (let k = k0; k < k0 + size; k++)
        for (let j = j0; j < j0 + size; j++) labels.fill(label, i0 + 10 * (j + 9 * k), i0 + size + 10 * (j + 9 * k))
    }
    fill(1, 1, 1, 3, 2)
    fill(4, 4, 4, 2, 2) // touches the first by a corner only: one part
    fill(8, 1, 6, 1, 2)
    fill(8, 2, 6, 1, 1) // another label beside it
    const { places } = await placesOfMask(labelsOf(memoryScan(labels, shape, affineLps)))
    expect(places.map(({ noduleId, values }) => [noduleId, values.mask_label, values.mask_voxels])).toEqual([
      ['1.1', '1', '1'],
      ['2.1', '2', '35'],
      ['2.2', '2', '1'],
    ])
    const mean = (27 * 2 + 8 * 4.5) / 35
    expect(places[1].pointLps[0]).toBeCloseTo(0.7 * mean - 100, 9)
    expect(places[1].pointLps[2]).toBeCloseTo(2.5 * mean - 300, 9)
    expect(Number(places[1].values.volume_mm3)).toBeCloseTo(35 * 0.7 * 0.8 * 2.5, 3)
    expect(Number(places[1].values.diameter_mm)).toBeCloseTo(Math.cbrt((6 * 49) / Math.PI), 3)
    expect(Number(places[1].values['longest_axial_diameter_(mm)'])).toBeCloseTo(Math.hypot(3 * 0.7, 2 * 0.8), 3)
    const large = await placesOfMask(labelsOf(memoryScan(labels, shape, affineLps)), { minDiameterMm: 3 })
    expect(large.places.map(({ noduleId }) => noduleId)).toEqual(['1'])
  })

  it('finds the parts that flooding finds', () => {
    const random = seededRandom(3)
    const [ni, nj, nk] = [7, 6, 5]
    for (let trial = 0; trial < 40; trial++) {
      const labels = Float32Array.from({ length: ni * nj * nk }, () =>
        random.uniform() < 0.22 ? 1 + random.integer(2) : 0,
      )
      const finder = componentFinder([ni, nj, nk], affineLps)
      for (let k = 0; k < nk; k++) finder.addSlice(k, labels.subarray(k * ni * nj, (k + 1) * ni * nj))
      const found = finder.finish().map(({ label, voxels }) => `${label}:${voxels}`)
      expect(found.sort()).toEqual(flood(labels, ni, nj, nk).sort())
    }
  })

  it('refuses what is no mask', async () => {
    const scan = (value: number) => labelsOf(memoryScan(new Float32Array(8).fill(value, 3, 4), [2, 2, 2], affineLps))
    await expect(placesOfMask(scan(-1000))).rejects.toMatchObject({ code: 'datasets/mask' })
    await expect(placesOfMask(scan(0.5))).rejects.toMatchObject({ code: 'datasets/mask' })
    expect((await placesOfMask(scan(0))).places).toEqual([])
    const specks = memoryScan(
      Float32Array.from({ length: 32 ** 3 }, (_, n) => +(n % 2 === 0 && (n >> 5) % 2 === 0 && (n >> 10) % 2 === 0)),
      [32, 32, 32],
      affineLps,
    )
    await expect(placesOfMask(labelsOf(specks))).rejects.toMatchObject({ code: 'datasets/mask' })
  })
})

/** Sizes of the parts by flooding with 26 neighbours. */
function flood(labels: Float32Array, ni: number, nj: number, nk: number): string[] {
  const left = Float32Array.from(labels)
  const sizes: string[] = []
  for (let start = 0; start < left.length; start++) {
    const label = left[start]
    if (label === 0) continue
    left[start] = 0
    let voxels = 0
    const queue = [start]
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      voxels++
      const [i, j, k] = [at % ni, Math.floor(at / ni) % nj, Math.floor(at / (ni * nj))]
      for (let z = Math.max(0, k - 1); z <= Math.min(nk - 1, k + 1); z++)
        for (let y = Math.max(0, j - 1); y <= Math.min(nj - 1, j + 1); y++)
          for (let x = Math.max(0, i - 1); x <= Math.min(ni - 1, i + 1); x++) {
            const next = x + ni * (y + nj * z)
            if (left[next] !== label) continue
            left[next] = 0
            queue.push(next)
          }
    }
    sizes.push(`${label}:${voxels}`)
  }
  return sizes
}

describe('DICOM segmentations', () => {
  it('reads frames of single bits in any order', async () => {
    const { places } = await placesOfSeg(await header(segmentationFile()), decompress)
    expect(places.map(({ noduleId, values }) => [noduleId, values.finding, values.mask_voxels])).toEqual([
      ['1.1', 'Nodule', '8'],
      ['2.1', 'Specks', '1'],
      ['2.2', 'Specks', '1'],
    ])
    expect(places[0].pointLps.map((x) => Number(x.toFixed(6)))).toEqual([-98.95, -118.8, -291.25])
  })

  it('refuses a broken one', async () => {
    const broken = [
      { NumberOfFrames: '4' },
      { SharedFunctionalGroupsSequence: undefined },
      { BitsAllocated: 12 },
      { Rows: 0 },
    ]
    for (const change of broken) {
      const read = placesOfSeg(await header(segmentationFile(change)), decompress)
      await expect(read, JSON.stringify(change)).rejects.toMatchObject({ code: 'datasets/seg' })
    }
    const cut = placesOfSeg(await header(segmentationFile({ PixelData: new Uint8Array(2) })), decompress)
    await expect(cut).rejects.toMatchObject({ code: 'volume/truncated' })
  })
})

describe('structure sets', () => {
  it('measures outlines, holes taken out, and leaves organs out', async () => {
    const { dataset } = await header(structuresFile())
    const { places, notes } = placesOfStructures(dataset, 'a.dcm')
    expect(places).toHaveLength(1)
    expect(places[0].pointLps.map((x) => Number(x.toFixed(6)))).toEqual([5, 15, 22])
    expect(Number(places[0].values.volume_mm3)).toBeCloseTo((100 + 96 + 100) * 2, 6)
    expect(Number(places[0].values['longest_axial_diameter_(mm)'])).toBeCloseTo(Math.hypot(10, 10), 3)
    expect(notes).toMatchObject([{ code: 'datasets/rtstruct' }])
    expect(placesOfStructures(dataset, 'a.dcm', { isWanted: () => true }).places).toHaveLength(2)
  })

  it('lists the names where none is a lesion', async () => {
    const { dataset } = await header(
      structuresFile({ StructureSetROISequence: [{ ROINumber: '1', ROIName: 'Lung_L' }] }),
    )
    expect(() => placesOfStructures(dataset, 'a.dcm')).toThrow(
      expect.objectContaining({ code: 'datasets/rtstruct', hint: expect.stringContaining('Lung_L') }),
    )
  })
})

describe('structured reports', () => {
  it('reads points in the world and in images, with lengths', async () => {
    const { dataset } = await header(reportFile())
    const { places, notes } = placesOfReport(dataset, 'a.dcm', ({ sopInstanceUid }, column, row) =>
      sopInstanceUid === '1.2.3.4.5' ? [column, row, 7] : 'not here',
    )
    expect(places).toEqual([
      {
        noduleId: 'Nodule A',
        pointLps: [-98.5, -117.25, -290],
        values: { 'longest_axial_diameter_(mm)': '12', finding: 'Nodule' },
        frameUid: '1.2.3.9',
      },
      { noduleId: 'Nodule B', pointLps: [3, 2, 7].map((x) => expect.closeTo(x, 9)), values: {} },
    ])
    expect(notes).toMatchObject([{ message: 'a.dcm: 1 measurement groups without a place: no coordinates' }])
    expect(placesOfReport(dataset, 'a.dcm').places).toHaveLength(1)
  })
})

describe('boxes', () => {
  it('joins the boxes of one lesion from slice to slice', () => {
    const at = (k: number, xml: string) => parseBoxes(xml, 'a.xml').map((box) => ({ ...box, k }))
    const boxes = [
      ...at(
        5,
        boxesXml([
          ['A', 10, 20, 20, 30],
          ['A', 100, 100, 110, 110],
        ]),
      ),
      ...at(3, boxesXml([['A', 12, 22, 22, 32]])),
      ...at(6, boxesXml([['B', 10, 20, 20, 30]])),
    ]
    const lesions = lesionsOfBoxes(boxes, { affineLps, shapeIjk: [512, 512, 20] })
    expect(lesions.map(({ values }) => [values.finding, values.boxes])).toEqual([
      ['A', '2'],
      ['A', '1'],
      ['B', '1'],
    ])
    expect(lesions[0].pointLps[0]).toBeCloseTo(0.7 * 15.5 - 100, 9)
    expect(lesions[0].pointLps[2]).toBeCloseTo(2.5 * 4 - 300, 9)
  })

  it('reads what the XML says, not what its text looks like', () => {
    const object = (name: string, box: readonly number[], more = '') =>
      `<object>${more}<name>${name}</name><bndbox><xmin>${box[0]}</xmin><ymin>${box[1]}</ymin>` +
      `<xmax>${box[2]}</xmax><ymax>${box[3]}</ymax></bndbox></object>`
    const part =
      '<part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part>'
    const xml = `\uFEFF<?xml version="1.0"?><annotation><!-- ${object('B', [7, 7, 9, 9])} -->
      ${object('A &amp; <![CDATA[B]]>', [10, 20, 30, 40], part)}</annotation>`
    expect(parseBoxes(xml, 'a.xml')).toEqual([{ label: 'A & B', xMin: 10, yMin: 20, xMax: 30, yMax: 40 }])
  })

  it.each(['', '<html></html>', boxesXml([['A', 5, 5, 5, 9]]), boxesXml([['A', Number.NaN, 5, 6, 9]])])(
    'refuses %s',
    (xml) => {
      expect(() => parseBoxes(xml, 'a.xml')).toThrow(expect.objectContaining({ code: 'datasets/boxes' }))
    },
  )
})

describe('the cohort', () => {
  it('has the published columns first', () => {
    const row = {
      pid: '007',
      noduleId: '1',
      imagePath: 'a',
      pointLps: [1.23456, -0, 2] as const,
      values: { diameter_mm: '5' },
    }
    expect(placesCsv([row, { ...row, noduleId: '2', values: { finding: 'x, y' } }])).toBe(
      'pid,nodule_id,image_path,coordX,coordY,coordZ,diameter_mm,finding\n007,1,a,1.235,0,2,5,\n007,2,a,1.235,0,2,,"x, y"\n',
    )
  })
})

describe('objects', () => {
  it('refuses files that are not DICOM', async () => {
    const path = join(folder, 'a.dcm')
    writeFileSync(path, 'text')
    await expect(readObject(path)).rejects.toMatchObject({ code: 'volume/format' })
  })
})
