import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseTable } from '../../files/table.ts'
import type { Triple } from '../../scan/scan.ts'
import { lidcCsv, lidcLesions } from './cohort.ts'
import { geometryOf, tableGeometry, toLps } from './geometry.ts'
import { clusterReadings } from './lesions.ts'
import { madeXml, RATINGS, square } from './lidc.fixture.ts'
import { lesionCentroid, longestDiameterMm } from './outline.ts'
import {
  aggregateRatings,
  CHARACTERISTICS,
  lidcFeatures,
  malignancyLabel,
  median,
  mode,
  type Ratings,
} from './ratings.ts'
import { tableLesions } from './ratings-table.ts'
import { collectReadings } from './readings.ts'
import { patientsOf } from './source.ts'
import { parseReadMessage } from './xml.ts'

const read = (xml: string) => parseReadMessage(xml, 'a.xml')
const nodule = (x: number, y: number, half = 5, z = 0) => ({ outlines: [square(x, y, half, z)], ratings: RATINGS })
const readings = (...sessions: Parameters<typeof madeXml>[0]) => [...read(madeXml(sessions)).readings]

describe('parseReadMessage', () => {
  it('reads sessions, ratings and outlines', () => {
    const message = read(
      madeXml([[nodule(10, 20)], [], [nodule(30, 40, 2, -7.5), { outlines: [{ z: 1, points: [[1, 2]] }] }]]),
    )
    expect(message).toMatchObject({ kind: 'ct', seriesUid: '1.2.3', sessions: 3, small: 1, incomplete: 0 })
    expect(message.readings.map(({ session, noduleId }) => [session, noduleId])).toEqual([
      [0, '0'],
      [2, '0'],
    ])
    expect(message.readings[1].contours).toEqual([
      { zMm: -7.5, sopInstanceUid: '9.9', inclusion: true, points: Int16Array.of(28, 38, 32, 38, 32, 42, 28, 42) },
    ])
    expect(message.readings[0].ratings).toEqual(
      Object.fromEntries(CHARACTERISTICS.map((name, i) => [name, RATINGS[i]])),
    )
  })

  it('counts an outlined nodule without ratings, or with ratings of zero, as incomplete', () => {
    const zeros = { outlines: [square(1, 1, 3)], ratings: RATINGS.map(() => 0) }
    expect(read(madeXml([[{ outlines: [square(9, 9, 3)] }, zeros]]))).toMatchObject({ incomplete: 2, readings: [] })
  })

  it('knows a radiograph', () => {
    expect(read(madeXml([], '1', 'IdriReadMessage')).kind).toBe('radiograph')
  })

  it('takes a byte order mark, comments and blank lines', () => {
    const xml = madeXml([[nodule(1, 1)]]).replace(
      '<characteristics>',
      '<!-- <characteristics/> -->\n\n<characteristics>',
    )
    expect(read(`\uFEFF\n${xml}`).readings).toHaveLength(1)
  })

  const sound = madeXml([[nodule(1, 1)]])
  it.each([
    ['nothing', ''],
    ['no XML', 'pid,nodule_id'],
    ['another XML', '<annotation/>'],
    ['a file cut short', sound.slice(0, sound.length / 2)],
    ['no series', sound.replace('1.2.3', '')],
    ['a coordinate that is not a number', sound.replace('<xCoord>-4', '<xCoord>four')],
    ['an empty coordinate', sound.replace('<xCoord>-4', '<xCoord>')],
    [
      'entities that expand',
      `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>${sound.slice(39).replace('1.2.3', '&b;')}`,
    ],
  ])('refuses %s', (_, xml) => {
    expect(() => read(xml)).toThrow(expect.objectContaining({ code: 'datasets/lidc-xml' }))
  })

  it('never throws anything else', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(sound.length), (noise, at) => {
        try {
          read(sound.slice(0, at) + noise + sound.slice(at))
        } catch (error) {
          expect(error).toMatchObject({ code: 'datasets/lidc-xml' })
        }
      }),
    )
  })
})

describe('collectReadings', () => {
  it('counts the readings of a second file for a session once, and equal outlines of two sessions twice', () => {
    const first = read(madeXml([[nodule(1, 1)], [nodule(1, 1), nodule(50, 50)]]))
    const again = read(madeXml([[nodule(1, 1)], [nodule(1, 1), nodule(60, 60)]]))
    const { bySeries, duplicates } = collectReadings([first, again])
    expect(bySeries.get('1.2.3')).toHaveLength(4)
    expect(duplicates).toBe(2)
  })

  it('says so where there is nothing', () => {
    expect(() => collectReadings([])).toThrow(/no reading/)
  })
})

describe('clusterReadings', () => {
  it('joins outlines that come within the tolerance, also through a third, and no others', () => {
    const all = readings([nodule(10, 10), nodule(100, 100)], [nodule(20, 10)], [nodule(30, 10)])
    expect(clusterReadings(all, 0.7).map((lesion) => lesion.length)).toEqual([3, 1])
  })

  it('measures in mm across slices too', () => {
    const far = readings([nodule(10, 10, 5, 0)], [nodule(10, 10, 5, 2.5)])
    expect(clusterReadings(far, 0.7)).toHaveLength(2)
    expect(clusterReadings(far, 2.5)).toHaveLength(1)
  })

  it('shrinks the tolerance where more than four would be one lesion', () => {
    // Four readers agree within 0 mm, a fifth outline is a pixel away.
    const all = readings([nodule(10, 10)], [nodule(10, 10)], [nodule(10, 10)], [nodule(10, 10), nodule(21, 10)])
    expect(clusterReadings(all, 1).map((lesion) => lesion.length)).toEqual([4, 1])
    expect(clusterReadings(all.slice(0, 3).concat(all[4]), 1).map((lesion) => lesion.length)).toEqual([4])
  })

  it('leaves what no tolerance parts', () => {
    const all = readings(...Array.from({ length: 5 }, () => [nodule(10, 10)]))
    expect(clusterReadings(all, 0.7).map((lesion) => lesion.length)).toEqual([5])
    expect(clusterReadings([], 0.7)).toEqual([])
  })

  it('keeps every reading, once', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(60), fc.nat(60)), { maxLength: 12 }), (places) => {
        const all = readings(places.map(([x, y]) => nodule(x, y, 3)))
        expect(new Set(clusterReadings(all, 1).flat())).toEqual(new Set(all))
      }),
      { numRuns: 50 },
    )
  })
})

describe('places and sizes', () => {
  it('takes the area into account, and holes off', () => {
    const [small] = readings([{ outlines: [square(0, 0, 1, 0), square(10, 0, 2, 3)], ratings: RATINGS }])
    expect(lesionCentroid([small])).toEqual({ x: 8, y: 0, zMm: expect.closeTo(2.4, 12) })
    const [ring] = readings([{ outlines: [square(0, 0, 4), square(2, 0, 2, 0, true)], ratings: RATINGS }])
    expect(lesionCentroid([ring]).x).toBeCloseTo(-2 / 3, 12)
  })

  it('gives every reader the same weight, and a line its middle', () => {
    const all = readings(
      [nodule(0, 0, 1)],
      [nodule(10, 0, 9)],
      [
        {
          outlines: [
            {
              z: 0,
              points: [
                [20, 0],
                [20, 30],
              ],
            },
          ],
          ratings: RATINGS,
        },
      ],
    )
    expect(lesionCentroid(all)).toEqual({ x: 10, y: 5, zMm: 0 })
  })

  it('measures the longest diameter within a slice', () => {
    expect(longestDiameterMm(readings([nodule(0, 0, 3)]), 0.5)).toBeCloseTo(0.5 * 6 * Math.SQRT2, 12)
  })

  it('is in LPS mm along the rows and columns that the slices have', () => {
    const pixel = { x: 100, y: 200, zMm: -50 }
    const scan = (affineLps: number[], shapeIjk = [512, 512, 200] as const) => ({ affineLps, shapeIjk, name: 'a' })
    const straight = scan([0.5, 0, 0, -150, 0, 0.5, 0, -160, 0, 0, 2, -300])
    expect(toLps(pixel, geometryOf(straight))).toEqual([-100, -60, -50])
    expect(toLps(pixel, { spacingMm: 0.5 })).toBeUndefined()
    // Prone: rows run to the right and columns to the front. Feet first: the stack's first slice is the upper one.
    const prone = scan([-0.5, 0, 0, 150, 0, -0.5, 0, 160, 0, 0, 2, -300])
    expect(toLps(pixel, geometryOf(prone))).toEqual([100, 60, -50])
    const feetFirst = scan([-0.5, 0, 0, 150, 0, 0.5, 0, -160, 0, 0, -2, 98])
    expect(toLps(pixel, geometryOf(feetFirst))).toEqual([100, -60, -50])
    // Turned in the plane: rows run to the back.
    const turned = scan([0, 0.5, 0, -160, -0.5, 0, 0, 150, 0, 0, 2, -300])
    expect(toLps(pixel, geometryOf(turned))).toEqual([-60, 100, -50])
    // A tilted gantry shifts slices to the back as they go up.
    const tilted = scan([0.5, 0, 0, -150, 0, 0.5, 0.5, -160, 0, 0, 2, -300])
    expect(toLps(pixel, geometryOf(tilted))).toEqual([-100, -60 + (250 / 2) * 0.5, -50])
    expect(geometryOf(feetFirst).zRangeMm).toEqual([-301, 99])
    for (const affine of [
      [0, 0, 2, -150, 0, 0.5, 0, -160, 0.5, 0, 0, -300],
      [0.5, 0, 0, -150, 0, 0.6, 0, -160, 0, 0, 2, -300],
    ])
      expect(() => geometryOf(scan(affine))).toThrow(expect.objectContaining({ code: 'datasets/lidc-oblique' }))
  })

  it('undoes what a converter turned, by the orientation of the slices', () => {
    const pixel = { x: 100, y: 200, zMm: -50 }
    // dcm2niix turns columns round: they run to the front for slices that run to the back.
    const affineLps = [0.5, 0, 0, -150, 0, -0.5, 0, -160 + 255.5, 0, 0, 2, -300]
    const shapeIjk = [512, 512, 200] as const
    const of = (row: Triple, column: Triple) =>
      toLps(pixel, geometryOf({ affineLps, shapeIjk, name: 'a' }, { rowLps: row, columnLps: column }))
    expect(of([1, 0, 0], [0, 1, 0])).toEqual([-100, -60, -50])
    expect(of([-1, 0, 0], [0, -1, 0])).toEqual([-150 + 255.5 - 50, -160 + 255.5 - 100, -50])
    expect(of([0, -1, 0], [1, 0, 0])).toEqual([-150 + 100, -160 + 255.5 - 50, -50])
    expect(() => of([0.8, 0.6, 0], [-0.6, 0.8, 0])).toThrow(/axial/)
  })

  it('is told by a table that has the orientation, and by none that has not', () => {
    const of = (orientation: string) =>
      tableGeometry(
        parseTable(`series_uid,pixel_spacing_mm,originX,originY,orientation\n1,0.5,150,160,${orientation}\n`, 'g.csv'),
      ).get('1') ?? {}
    const pixel = { x: 100, y: 200, zMm: -50 }
    expect(toLps(pixel, of('-1\\0\\0\\0\\-1\\0'))).toEqual([100, 60, -50])
    for (const orientation of ['', '1 0 0 0 1', '1 0 0 1 0 0', '0 1 0 0 0 -1', 'a b c d e f'])
      expect(of(orientation)).toEqual({ spacingMm: 0.5, isTurnUnknown: true })
  })
})

const rated = (over: Partial<Ratings>): Ratings => ({ ...readings([nodule(1, 1)])[0].ratings, ...over })

describe('ratings', () => {
  it('are made one by median, or mode with the lowest of ties', () => {
    expect([median([1, 4, 2]), median([1, 4]), mode([3, 1, 3, 1]), mode([5, 2, 5])]).toEqual([2, 2.5, 1, 5])
    const readers = [rated({ margin: 1, calcification: 3 }), rated({ margin: 4, calcification: 6 })]
    expect(aggregateRatings(readers, 'median')).toMatchObject({ margin: 2.5, calcification: 3 })
    expect(aggregateRatings(readers, 'mode')).toMatchObject({ margin: 1 })
  })

  it.each([
    [{ margin: 3 }, { nodule_margin_conspicuity: 'Well marginated' }],
    [{ margin: 2.5 }, { nodule_margin_conspicuity: 'Poorly marginated' }],
    [
      { lobulation: 3, spiculation: 3 },
      { nodule_margins: 'Lobulated', additional_nodule_margins: 'Spiculated' },
    ],
    [
      { lobulation: 2.5, spiculation: 2 },
      { nodule_margins: '', additional_nodule_margins: '' },
    ],
    [{ sphericity: 3 }, { nodule_shape: 'Ovoid' }],
    [{ sphericity: 3.5 }, { nodule_shape: 'Round' }],
    [{ texture: 1.5 }, { nodule_consistency: 'Pure ground glass' }],
    [{ texture: 2 }, { nodule_consistency: 'Part-solid' }],
    [{ texture: 4 }, { nodule_consistency: 'Part-solid' }],
    [{ texture: 4.5 }, { nodule_consistency: 'Solid' }],
    [
      { internalStructure: 4, calcification: 4 },
      { 'cyst-like_spaces': 'Present', eccentric_calcification: 'Present' },
    ],
    [
      { internalStructure: 1, calcification: 6 },
      { 'cyst-like_spaces': 'Absent', eccentric_calcification: 'Absent' },
    ],
  ])('%j is %j', (ratings, features) => {
    expect(lidcFeatures(rated(ratings))).toMatchObject(features)
  })

  it('become labels by the rule that is asked for', () => {
    const of = (readers: number[], target: Parameters<typeof malignancyLabel>[2]) =>
      malignancyLabel(readers, median(readers), target)
    expect([of([3, 3, 4], 'leave-3'), of([4, 4, 1], 'leave-3'), of([2, 2, 5], 'leave-3')]).toEqual([null, 1, 0])
    expect([of([3, 3, 4], 'mean-above-3'), of([3], 'mean-above-3'), of([3], 'mean-leave-3')]).toEqual([1, 0, null])
    expect([of([3, 3, 4], 'above-3'), of([4, 4, 1], 'above-3')]).toEqual([0, 1])
    expect(malignancyLabel([Number.NaN], Number.NaN, 'above-3')).toBeNull()
  })
})

describe('a cohort', () => {
  const all = collectReadings([read(madeXml([[nodule(10, 10), nodule(90, 90)], [nodule(11, 10)]]))])

  it('has a row a lesion; without geometry pixels and no millimetres', () => {
    const lesions = lidcLesions(all, { aggregate: 'median', patients: new Map(), geometry: new Map() })
    const { records } = parseTable(lidcCsv(lesions, 'leave-3'), 'a.csv')
    expect(records.map(({ values }) => values)).toMatchObject([
      {
        pid: '1.2.3',
        nodule_id: '1',
        coordX: '',
        readers: '2',
        malignant: '',
        pixelX: '10.50',
        malignancy_readers: '3|3',
      },
      { pid: '1.2.3', nodule_id: '2', coordX: '', readers: '1', pixelX: '90.00', sliceZ_mm: '0.00' },
    ])
  })

  it('has millimetres with it, and the patient', () => {
    const pixelsLps = [0.5, 0, 0, -100, 0, 0.5, 0, -100, 0, 0, 2, -10]
    const geometry = new Map([['1.2.3', { spacingMm: 0.5, pixelsLps, imagePath: 'scan.nii.gz' }]])
    const lesions = lidcLesions(all, { aggregate: 'median', patients: new Map([['1.2.3', 'P7']]), geometry })
    expect(parseTable(lidcCsv(lesions, 'leave-3'), 'a.csv').records[1].values).toMatchObject({
      pid: 'P7',
      image_path: 'scan.nii.gz',
      coordX: '-55.000',
      coordY: '-55.000',
      coordZ: '0.000',
      'longest_axial_diameter_(mm)': '7.1',
    })
  })

  it('comes of a table of ratings too, by the same rule', () => {
    const table = parseTable(
      'pid,nodule_id,malignancy,malignancy_readers,margin,texture\nA,1,4.0,5|4|4,2.0,5\nB,1,9,,3,1\nC,1,,,,\n',
      'a.csv',
    )
    const { lesions, problems } = tableLesions(table, 'median')
    expect(problems).toMatchObject([{ line: 3, code: 'datasets/rating' }])
    expect(parseTable(lidcCsv(lesions, 'leave-3'), 'b.csv').records.map(({ values }) => values)).toMatchObject([
      { pid: 'A', malignant: '1', nodule_margin_conspicuity: 'Poorly marginated', nodule_shape: '', coordX: '' },
      { pid: 'C', malignant: '', nodule_consistency: '' },
    ])
    expect(() => tableLesions(parseTable('pid,x\n1,2\n', 'a.csv'), 'median')).toThrow(/nodule_id, malignancy/)
  })

  it('takes patients from the table of the archive', () => {
    const table = parseTable('Collection,Patient Id,Series UID\nLIDC-IDRI,LIDC-IDRI-0001,1.2.3\n', 'm.csv')
    expect(patientsOf(table).get('1.2.3')).toBe('LIDC-IDRI-0001')
    expect(() => patientsOf(parseTable('a\n1\n', 'm.csv'))).toThrow(/Patient Id/)
  })
})
