/** Masks against their scans: geometry, labels that are no whole numbers, segments and layers of 3D Slicer. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { multiplyAffine, rasToLps } from '../../scan/affine.ts'
import { type Labels, labelsOf } from '../../scan/labels.ts'
import { memoryScan } from '../../scan/memory-scan.ts'
import { encodeNifti } from '../../scan/nifti/write.ts'
import { openLabels, openScan } from '../../scan/open.node.ts'
import type { Affine, Triple } from '../../scan/scan.ts'
import { placesOfMask } from './mask.ts'
import { checkMaskGrid } from './mask-grid.ts'

const folder = mkdtempSync(join(tmpdir(), 'spicula-mask-'))
afterAll(() => rmSync(folder, { recursive: true }))

const shapeIjk: Triple = [40, 40, 16]
const affineLps: Affine = [2.5, 0, 0, -40, 0, 2.5, 0, -70, 0, 0, 2.5, -10]
const scan = { name: 'ct', shapeIjk, affineLps }
const mask = (affine: Affine, shape: Triple = shapeIjk) => ({ name: 'mask', shapeIjk: shape, affineLps: affine })
const shifted = (x: number, y: number, z: number): Affine =>
  affineLps.map((value, n) => value + ({ 3: x, 7: y, 11: z }[n] ?? 0))
const IDENTITY: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]

describe('the grid of a mask', () => {
  it.each<[string, Affine, Triple]>([
    ['the same', affineLps, shapeIjk],
    ['rounded', affineLps.map((x) => Math.fround(x + 1e-4)), shapeIjk],
    ['stored the other way round in y', multiplyAffine(affineLps, [1, 0, 0, 0, 0, -1, 0, 39, 0, 0, 1, 0]), shapeIjk],
    ['stored with its axes in turn', multiplyAffine(affineLps, [0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0]), [16, 40, 40]],
    ['cut out', multiplyAffine(affineLps, [1, 0, 0, 10, 0, 1, 0, 12, 0, 0, 1, 3]), [8, 9, 5]],
    ['resampled to 1 mm', [1, 0, 0, -40, 0, 1, 0, -70, 0, 0, 1, -10], [98, 98, 39]],
  ])('%s: fits', (_, affine, shape) => {
    expect(checkMaskGrid(mask(affine, shape), scan)).toEqual([])
  })

  it('half a voxel beside: fits, with a note', () => {
    expect(checkMaskGrid(mask(shifted(1.25, -1.25, 0)), scan)).toMatchObject([
      { code: 'datasets/mask-geometry', message: expect.stringContaining('0.50 voxels beside') },
    ])
  })

  it.each<[string, Affine, RegExp]>([
    ['without geometry (SimpleITK)', IDENTITY, /not its geometry: voxels of 1 mm from the origin/],
    ['without geometry (nibabel)', rasToLps(IDENTITY), /voxels of 1 mm from the origin/],
    ['of LPS taken for RAS', rasToLps(affineLps), /mirrored in x and y/],
    [
      'with a spacing from the slice thickness',
      affineLps.with(10, 5),
      /its voxels are 2.5 x 2.5 x 5 mm, the scan's 2.5/,
    ],
    ['at another origin', shifted(0, 0, 30), /shifted by \(0, 0, 30\) mm/],
    ['three voxels beside', shifted(7.5, 0, 0), /shifted by \(7.5, 0, 0\) mm/],
    ['with an axis turned round in place', affineLps.with(5, -2.5), /axis j point/],
    ['with the origin alone kept', [1, 0, 0, -40, 0, 1, 0, -70, 0, 0, 1, -10], /its voxels are 1 x 1 x 1 mm/],
  ])('of the same size, %s: refused', (_, affine, message) => {
    expect(() => checkMaskGrid(mask(affine), scan)).toThrow(
      expect.objectContaining({ code: 'datasets/mask-geometry', message: expect.stringMatching(message) }),
    )
  })

  it('of another size without geometry: refused; far beyond the scan: noted', () => {
    expect(() => checkMaskGrid(mask(IDENTITY, [40, 40, 8]), scan)).toThrow(
      expect.objectContaining({ code: 'datasets/mask-geometry' }),
    )
    expect(checkMaskGrid(mask(shifted(0, 0, 60), [40, 40, 15]), scan)).toMatchObject([
      { message: expect.stringContaining('56 mm beyond ct') },
    ])
    expect(checkMaskGrid(mask(IDENTITY, [9, 9, 9]), { ...scan, affineLps: IDENTITY })).toEqual([])
  })
})

/** A mask of voxels 8 apart, so that each is a part: voxel 8 n has the nth value. */
const apart = (...values: readonly number[]): Labels => {
  const voxels = new Float32Array(8 * values.length)
  for (const [n, value] of values.entries()) voxels[8 * n] = value
  return labelsOf(memoryScan(voxels, [8 * values.length, 1, 1], IDENTITY, { name: 'm' }))
}
const labels = async (one: Labels) => {
  const { places, notes } = await placesOfMask(one)
  return [places.map(({ values }) => values.mask_label).join(), notes.map(({ code }) => code).join()]
}

describe('numbers of a mask', () => {
  const slope = Math.fround(7 / 255)
  it.each<[string, readonly number[], string]>([
    ['0.99998 of 16 bits', [0.99998474, 1.99996948, 7], '1,2,7'],
    ['0.988 of 8 bits', [1, 2, 3, 4, 5, 6, 7].map((n) => Math.round(n / slope) * slope), '1,2,3,4,5,6,7'],
    ['0.816 of 104 labels in 8 bits', [1, 2, 104].map((n) => Math.round(n / (104 / 255)) * (104 / 255)), '1,2,104'],
    ['what resampling leaves', [0.999, 1.001, 0.0004, 2.003, -0.002], '1,1,2'],
  ])('%s: rounded, with a note', async (_, values, found) => {
    expect(await labels(apart(...values))).toEqual([found, 'datasets/mask-rounded'])
  })

  it('whole ones: no note', async () => {
    expect(await labels(apart(255, 1, 1))).toEqual(['1,1,255', ''])
    expect(await labels(apart(0, 0))).toEqual(['', 'datasets/empty'])
  })

  it.each([
    [[0.3]],
    [[0.2]],
    [[0.9, 1]],
    [[0.85, 0.95]],
    [[0.988, 0.4]],
    [[-1]],
    [[Number.NaN]],
    [[Number.POSITIVE_INFINITY]],
  ])('%s are refused: probabilities, HU', async (values) => {
    await expect(placesOfMask(apart(...values))).rejects.toMatchObject({ code: 'datasets/mask' })
  })
})

/** A .seg.nrrd of 6 x 1 x 1 voxels 10 mm apart. */
function segNrrd(layers: readonly (readonly number[])[], pairs: string, last = false): string {
  const voxels = last ? layers.flat() : layers[0].flatMap((_, v) => layers.map((layer) => layer[v]))
  const [list, domain] = [`${layers.length}`, '6 1 1']
  const directions = '(10,0,0) (0,10,0) (0,0,10)'
  const several = layers.length > 1
  const order = (a: string, b: string): string => (!several ? b : last ? `${b} ${a}` : `${a} ${b}`)
  const header = [
    'NRRD0004',
    'type: unsigned char',
    `dimension: ${several ? 4 : 3}`,
    'space: left-posterior-superior',
    `sizes: ${order(list, domain)}`,
    `space directions: ${order('none', directions)}`,
    `kinds: ${order('list', 'domain domain domain')}`,
    'encoding: gzip',
    'space origin: (0,0,0)',
    ...(pairs === '' ? [] : [pairs]),
    '',
    '',
  ]
  const path = join(folder, 'a.seg.nrrd')
  writeFileSync(path, Buffer.concat([Buffer.from(header.join('\n')), gzipSync(Uint8Array.from(voxels))]))
  return path
}
const found = async (path: string) =>
  (await placesOfMask(await openLabels(path))).places.map(({ noduleId, pointLps, values }) => [
    noduleId,
    pointLps[0],
    values.mask_label,
    values.finding,
  ])

describe("3D Slicer's .seg.nrrd", () => {
  const names = ['Segment0_Name:=Left upper', 'Segment0_LabelValue:=1', 'Segment0_Layer:=0', 'Segment1_Name:=Second']
  const pairs = [...names, 'Segment1_LabelValue:=1', 'Segment1_Layer:=1'].join('\n')

  it.each([false, true])('keeps segments that overlap apart, layers last %s', async (last) => {
    const path = segNrrd(
      [
        [1, 1, 1, 0, 0, 0],
        [0, 0, 1, 1, 1, 0],
      ],
      pairs,
      last,
    )
    expect(await found(path)).toEqual([
      ['1.1', 10, '1', 'Left upper'],
      ['2.1', 30, '1', 'Second'],
    ])
    await expect(openScan(path)).rejects.toMatchObject({
      code: 'volume/shape',
      hint: expect.stringContaining('cohort from mask'),
    })
  })

  it('names the labels of one layer, and leaves organs and what no segment names out', async () => {
    const one = ['A', 'B', 'Liver'].map(
      (name, n) => `Segment${n}_Name:=${name}\nSegment${n}_LabelValue:=${[5, 2, 3][n]}`,
    )
    const path = segNrrd([[2, 0, 5, 5, 3, 9]], one.join('\n'))
    expect(await found(path)).toEqual([
      ['1.1', 25, '5', 'A'],
      ['2.1', 0, '2', 'B'],
    ])
    const { notes } = await placesOfMask(await openLabels(path))
    expect(notes).toMatchObject([
      { code: 'datasets/seg-other', message: expect.stringContaining('Liver') },
      { code: 'datasets/seg-stranger', message: expect.stringContaining('1 voxels') },
    ])
  })

  it('without segments has a label a number of each layer', async () => {
    const path = segNrrd(
      [
        [1, 0, 2, 0, 0, 0],
        [0, 0, 0, 0, 1, 1],
      ],
      '',
    )
    expect((await found(path)).map(([id, x, label]) => [id, x, label])).toEqual([
      ['1.1', 0, '1'],
      ['2.1', 20, '2'],
      ['3.1', 45, '1'],
    ])
  })

  it('of before 4.11 has a layer a segment', async () => {
    const path = segNrrd(
      [
        [1, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 1],
      ],
      'Segment0_Name:=A\nSegment1_Name:=B',
    )
    expect(await found(path)).toEqual([
      ['1.1', 0, '1', 'A'],
      ['2.1', 45, '1', 'B'],
    ])
  })

  it.each(['Segment0_Layer:=2', 'Segment0_Layer:=-1', 'Segment0_LabelValue:=x'])('refuses %s', async (pair) => {
    const path = segNrrd(
      [
        [1, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 1],
      ],
      pair,
    )
    await expect(openLabels(path)).rejects.toMatchObject({ code: 'volume/header' })
  })

  it('is a mask of one volume in every other format', async () => {
    const path = join(folder, 'mask.nii')
    const voxels = Uint8Array.from([0, 1, 1, 0, 0, 3])
    writeFileSync(
      path,
      encodeNifti({ voxels, shapeIjk: [6, 1, 1], affineLps: [10, 0, 0, 0, 0, 10, 0, 0, 0, 0, 10, 0] }),
    )
    expect(await found(path)).toEqual([
      ['1.1', 15, '1', undefined],
      ['3.1', 50, '3', undefined],
    ])
  })
})
