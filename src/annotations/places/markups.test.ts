import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fcsvTable, placesOfMarkups } from './markups.ts'
import { markupsFcsv, markupsJson } from './markups-write.ts'

const codes = (notes: readonly { code: string }[]) => notes.map(({ code }) => code)
const json = (...markups: object[]) => JSON.stringify({ '@schema': 'x', markups })
const list = (more: object, ...points: object[]) => ({
  type: 'Fiducial',
  coordinateSystem: 'LPS',
  controlPoints: points,
  ...more,
})
const point = (label: string, ...position: number[]) => ({ label, position, positionStatus: 'defined' })

/** As 3D Slicer 5.11 writes it (test data of slicerio 1.4, MIT): behind the last column stand a status and a flag. */
const FCSV = `# Markups fiducial file version = 5.11
# CoordinateSystem = LPS
# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID
1,-6.282824184397157,-51.06216973995272,-10.2143,0,0,0,1,1,1,0,F_1-1,,vtkMRMLScalarVolumeNode1,2,0
2,-34.42466815602836,-55.90377730496455,-10.2143,0,0,0,1,0,1,0,F_1-2,Some description,vtkMRMLScalarVolumeNode1,2,0
8,49.698263286052025,7.03712104018912,-10.2143,0,0,0,1,0,1,1,Different name,,vtkMRMLScalarVolumeNode1,2,0
13,-4.164620874704482,-25.03852907801418,-10.2143,0,0,0,1,1,0,1,F_1-13,,vtkMRMLScalarVolumeNode1,2,0
14,0,0,0,0,0,0,1,1,1,0,F_1-14,,,0,0
`

describe('an .fcsv', () => {
  it('is read as Slicer writes it: hidden points count, such as were never placed do not', () => {
    const { places, notes } = placesOfMarkups(FCSV, 'F.fcsv')
    expect(places.map(({ noduleId, pointLps, values }) => [noduleId, pointLps[0], values.finding])).toEqual([
      ['F_1-1', -6.282824184397157, undefined],
      ['F_1-2', -34.42466815602836, 'Some description'],
      ['Different name', 49.698263286052025, undefined],
      ['F_1-13', -4.164620874704482, undefined],
    ])
    expect(notes.map(({ message }) => message)).toEqual([
      'F.fcsv: 1 points that were never placed, left out',
      'F.fcsv: 3 points are hidden or not selected in Slicer: taken all the same',
    ])
  })

  it.each([
    ['RAS', [-10, 20, -100]],
    ['LPS', [10, -20, -100]],
    ['0', [-10, 20, -100]],
    ['1', [10, -20, -100]],
  ])('lies in the world that it says: %s', (system, pointLps) => {
    const text = FCSV.split('\n')
      .slice(0, 3)
      .join('\n')
      .replace('LPS', system)
      .concat('\n1,10,-20,-100,0,0,0,1,1,1,0,a,,\n') // prettier-ignore
    expect(placesOfMarkups(text, 'F.fcsv').places[0].pointLps).toEqual(pointLps)
  })

  it('is RAS where it is so old that it does not say, with a note', () => {
    const old = '# Fiducial List file F.fcsv\n# version = 2\n# columns = label,x,y,z,sel,vis\nL1,10,-20,-100,1,1\n'
    const { places, notes } = placesOfMarkups(old, 'F.fcsv')
    expect([places[0].noduleId, places[0].pointLps]).toEqual(['L1', [-10, 20, -100]])
    expect(codes(notes)).toEqual(['datasets/markups-frame'])
    expect(placesOfMarkups(old, 'F.fcsv', { frame: 'lps' }).places[0].pointLps).toEqual([10, -20, -100])
  })

  it('needs the world to be told where there is no header', () => {
    for (const bare of ['1,10,-20,-100,0,0,0,1,1,1,0,a,,\n', 'a,10,-20,-100,1,1\n']) {
      expect(() => placesOfMarkups(bare, 'F.fcsv')).toThrow(expect.objectContaining({ code: 'datasets/markups-frame' }))
      expect(placesOfMarkups(bare, 'F.fcsv', { frame: 'ras' }).places[0]).toMatchObject({
        noduleId: 'a',
        pointLps: [-10, 20, -100],
      })
    }
  })

  it.each(['', 'pid,nodule_id\n1,2\n', '# CoordinateSystem = LPS\n', '1,2,3\n'])('is not %j', (text) => {
    expect(() => placesOfMarkups(text, 'F.fcsv')).toThrow(expect.objectContaining({ code: 'datasets/markups' }))
  })

  it('leaves out numbers that are not finite', () => {
    const { places, notes } = placesOfMarkups(`${FCSV}15,x,1,2,0,0,0,1,1,1,0,F_1-15,,,2,0\n16,,1,2\n`, 'F.fcsv')
    expect(places).toHaveLength(4)
    expect(codes(notes)).toContain('datasets/markups-odd')
  })

  it('is a table for a map', () => {
    const { table, frame } = fcsvTable(FCSV.replace('LPS', 'RAS'), 'F.fcsv')
    expect(frame).toBe('ras')
    expect(table.records.map(({ line, values }) => [line, values.label])).toEqual([
      [4, 'F_1-1'],
      [5, 'F_1-2'],
      [6, 'Different name'],
      [7, 'F_1-13'],
    ])
    expect(() => fcsvTable(FCSV, 'F.fcsv', 'ras')).toThrow(/it says that its numbers are LPS/)
  })
})

describe('.mrk.json', () => {
  it('has a nodule of each placed point, in the world of each list', () => {
    const { places, notes } = placesOfMarkups(
      json(
        list({}, point('a', 10, -20, -100), point('b', 1, 2, 3)),
        list({ coordinateSystem: 'RAS' }, point('b', -10, 20, -100), {
          label: 'c',
          position: [0, 0, 0],
          positionStatus: 'undefined',
        }),
        list({}, { label: 'd', positionStatus: 'missing' }, { label: '', position: [7, 8, 9], visibility: false }),
      ),
      'F.mrk.json',
    )
    expect(places.map(({ noduleId, pointLps }) => [noduleId, pointLps])).toEqual([
      ['a', [10, -20, -100]],
      ['1.2', [1, 2, 3]],
      ['2.1', [10, -20, -100]],
      ['3.1', [7, 8, 9]],
    ])
    expect(codes(notes)).toEqual(['datasets/markups-unplaced', 'datasets/markups-hidden'])
  })

  it('has lines, closed curves and boxes by their middles; the rest is left out by name', () => {
    const square = [
      [0, 0, 5],
      [1, 0, 5],
      [2, 0, 5],
      [3, 0, 5],
      [8, 0, 5],
      [8, 8, 5],
      [0, 8, 5],
    ] // prettier-ignore
    const { places, notes } = placesOfMarkups(
      json(
        list({ type: 'Line' }, point('', -2, 0, 0), point('', 4, 8, 0)),
        list({ type: 'ClosedCurve' }, ...square.map((at) => point('', ...at))),
        list({ type: 'ROI', center: [1, 2, 3], size: [8, 9, 10] }),
        list({ type: 'ROI', center: [1, 2, 3], size: [8, -9, 10] }),
        list({ type: 'Plane' }, point('', 0, 0, 0)),
        list({ type: 'Angle' }, point('', 0, 0, 0)),
      ),
      'F.mrk.json',
    )
    expect(places.map(({ noduleId, pointLps, values }) => [noduleId, pointLps, values])).toEqual([
      ['1.1', [1, 4, 0], { 'longest_axial_diameter_(mm)': '10' }],
      ['2.1', [4, 4, 5].map((x) => expect.closeTo(x, 9)), { 'longest_axial_diameter_(mm)': '11.314' }],
      ['3.1', [1, 2, 3], { box_longest_mm: '10' }],
    ])
    expect(notes.map(({ message }) => message)).toEqual([
      'F.mrk.json: left out, for they mark no nodule: Plane, Angle',
      'F.mrk.json: 1 points or boxes with numbers that are not finite, left out',
    ])
  })

  it('is refused where it does not say its world, or says another than is asked for', () => {
    const read = (more: object, frame?: 'lps' | 'ras') =>
      placesOfMarkups(json(list(more, point('a', 10, -20, -100))), 'F.mrk.json', { frame }).places[0].pointLps
    const refused = expect.objectContaining({ code: 'datasets/markups-frame' })
    expect(() => read({ coordinateSystem: undefined })).toThrow(refused)
    expect(() => read({ coordinateSystem: 'IJK' })).toThrow(refused)
    expect(() => read({}, 'ras')).toThrow(refused)
    expect(read({ coordinateSystem: undefined }, 'ras')).toEqual([-10, 20, -100])
  })

  it.each(['{', '{}', '{"markups": 1}', '{"markups": [{"type": 1}]}', json(list({ coordinateUnits: 'um' }))])(
    'is not %s',
    (text) => {
      expect(() => placesOfMarkups(text, 'a.json')).toThrow(expect.objectContaining({ code: 'datasets/markups' }))
    },
  )
})

describe('written markups', () => {
  it('read back the same, whatever their labels', () => {
    const labels = fc.string({ minLength: 1, unit: 'grapheme-ascii' }).filter((label) => label.trim() === label)
    const mm = fc.double({ min: -2000, max: 2000, noNaN: true })
    const points = fc.uniqueArray(
      fc.record({
        label: labels,
        description: labels,
        pointLps: fc.tuple(mm, mm, mm),
      }),
      { minLength: 1, maxLength: 8, selector: ({ label }) => label },
    )
    fc.assert(
      fc.property(points, (all) => {
        for (const text of [markupsJson(all), markupsFcsv(all)]) {
          const { places, notes } = placesOfMarkups(text, 'a')
          expect(notes).toEqual([])
          expect(
            places.map(({ noduleId, pointLps, values }) => [noduleId, pointLps.map((x) => x + 0), values.finding]),
          ).toEqual(all.map(({ label, description, pointLps }) => [label, pointLps.map((x) => x + 0), description]))
        }
      }),
    )
  })
})
