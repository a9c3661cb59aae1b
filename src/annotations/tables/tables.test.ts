/** Sources without sample files: small ones made from the formats' descriptions, traps and all. */
import { describe, expect, it } from 'vitest'
import { parseTable } from '../../files/table.ts'
import { mappedCohort, parseColumnMap } from './column-map.ts'
import { cohortCsv } from './converted.ts'
import { dlcsCohort } from './dlcs.ts'
import { luna16Cohort, luna25Cohort, luna25PointsCohort } from './luna.ts'
import { monaiCohort } from './monai.ts'
import { nlstCohort } from './nlst.ts'

const table = (text: string) => parseTable(text, 'table.csv')
const codes = (notes: readonly { code: string }[]) => notes.map(({ code }) => code)

describe('NLST', () => {
  const PRSN = `pid,age,gender,cigsmok,scr_days0,scr_days1,scr_days2,candx_days,fup_days,conflc,locrup,loclup
100001,61,1,1,-4,370,.N,361,2500,1,1,0
100002,58,2,0,10,380,740,.N,2400,.N,.N,.N
100003,66,1,1,5,400,760,800,2500,1,0,1
100004,70,2,1,0,.N,.N,.N,100,.N,.N,.N
100005,63,1,0,8,365,730,300,2000,1,1,0
100006,64,1,0,8,365,730,200,2000,2,1,0
`
  const CTAB = `pid,study_yr,sct_ab_num,sct_ab_desc,sct_epi_loc,sct_long_dia,sct_perp_dia,sct_margins,sct_pre_att,sct_slice_num
100001,0,1,51,1,9,7,1,1,42
100001,0,2,51,6,5,4,2,2,60
100001,0,3,59,.N,.N,.N,.N,.N,.N
100001,1,1,51,1,12,9,1,1,40
100002,0,1,51,4,6,6,2,3,33
100003,0,1,51,4,8,6,9,9,20
100003,2,1,51,4,11,8,1,1,22
100004,0,1,51,2,7,7,2,1,11
100005,1,1,51,1,7,7,2,1,11
100006,0,1,51,1,7,7,2,1,11
100007,0,1,51,1,7,7,2,1,11
`
  const { rows, notes, problems } = nlstCohort(table(CTAB), table(PRSN))
  const label = (pid: string, noduleId: string) =>
    rows.find((row) => row.pid === pid && row.noduleId === noduleId)?.malignant

  it('labels by the days between that screen and the diagnosis', () => {
    // 361 - (-4) = 365 days: still within the year.
    expect(label('100001', 'T0_1')).toBe(1)
    // The screen of day 370 came after the diagnosis on day 361.
    expect(label('100001', 'T1_1')).toBeNull()
    expect(label('100002', 'T0_1')).toBe(0)
    // 800 - 5 days: a cancer, but not within the year; 800 - 760 = 40 days: within.
    expect(label('100003', 'T0_1')).toBe(0)
    expect(label('100003', 'T2_1')).toBe(1)
    // Followed for 100 days only.
    expect(label('100004', 'T0_1')).toBeNull()
    expect(label('100005', 'T1_1')).toBeNull()
    // Reported, not confirmed.
    expect(label('100006', 'T0_1')).toBe(0)
    expect(nlstCohort(table(CTAB), table(PRSN), { days: 364 }).rows[0].malignant).toBe(0)
  })

  it('tells of its traps', () => {
    expect(rows).toHaveLength(9)
    expect(problems).toEqual([])
    expect(codes(notes)).toEqual([
      'datasets/nlst-other',
      'datasets/nlst-stranger',
      'datasets/nlst-before',
      'datasets/nlst-short',
      'datasets/nlst-patient',
      'datasets/no-points',
    ])
    expect(codes(nlstCohort(table(CTAB), table(PRSN.replace('fup_days', 'x'))).notes)).toContain(
      'datasets/nlst-follow-up',
    )
  })

  it('translates codes, and takes ".N" for nothing', () => {
    expect(rows[0].extra).toMatchObject({
      nodule_margins: 'Spiculated/Serrated',
      nodule_consistency: 'Solid',
      lobe: 'RUL',
      sex: 'male',
      days_from_screen: '365',
      cancer: '1',
    })
    expect(rows.find(({ pid }) => pid === '100003')?.extra).toMatchObject({
      nodule_margins: '',
      nodule_consistency: '',
    })
  })

  it("labels by lobe where asked, and joins points by the year's own numbers", () => {
    const points = table('pid,study_yr,sct_ab_num,coordX,coordY,coordZ\n100001,1,1,-1,-2,-3\n')
    const made = nlstCohort(table(CTAB), table(PRSN), { byLobe: true, points })
    const of = (noduleId: string) => made.rows.find((row) => row.pid === '100001' && row.noduleId === noduleId)
    expect([of('T0_1')?.malignant, of('T0_2')?.malignant]).toEqual([1, null])
    expect([of('T0_1')?.pointLps, of('T1_1')?.pointLps]).toEqual([null, [-1, -2, -3]])
  })

  it('names missing columns, and takes upper case as older files have it', () => {
    expect(() => nlstCohort(table(CTAB.replace('sct_ab_desc', 'desc')), table(PRSN))).toThrow('sct_ab_desc missing')
    const upper = CTAB.replace(/^.*/, (header) => header.toUpperCase())
    expect(nlstCohort(table(upper), table(PRSN)).rows).toEqual(rows)
  })
})

describe('LUNA16', () => {
  it('counts nodules within a series, and knows of no diagnosis', () => {
    const { rows, notes, problems } = luna16Cohort(
      table(
        'seriesuid,coordX,coordY,coordZ,diameter_mm\n1.3.6,-128.69,-175.31,-298.38,5.65\n1.3.6,103.78,-211.92,-227.12,4.22\n1.3.7,69.63,-140.94,876.37,5.78\n1.3.7,69.63,-140.94,876.37,5.78\n1.3.8,x,1,2,3\n',
      ),
    )
    expect(rows.map(({ pid, noduleId, imagePath, malignant }) => [pid, noduleId, imagePath, malignant])).toEqual([
      ['1.3.6', '1', '1.3.6.mhd', null],
      ['1.3.6', '2', '1.3.6.mhd', null],
      ['1.3.7', '1', '1.3.7.mhd', null],
    ])
    expect(codes(notes)).toEqual(['datasets/repeated', 'datasets/luna16-series', 'datasets/no-label'])
    expect(problems).toEqual([{ line: 6, code: 'datasets/row', message: 'coordX: not a finite number' }])
  })

  it('refuses the excluded findings, and names sizes that cannot be right', () => {
    const text = 'seriesuid,coordX,coordY,coordZ,diameter_mm\n1.2,1,2,3,8.1\n1.2,4,5,6,-1\n'
    for (const excluded of [table(text), parseTable(text.replace('-1', '5'), 'annotations_excluded.csv')])
      expect(() => luna16Cohort(excluded)).toThrow(expect.objectContaining({ code: 'datasets/excluded' }))
    const { rows, problems } = luna16Cohort(table(text.replace('-1', '-5').concat('1.2,7,8,9,0\n1.2,1,1,1,\n')))
    expect(rows.map(({ extra }) => extra.diameter_mm)).toEqual(['8.1', ''])
    expect(problems.map(({ line, message }) => [line, message])).toEqual([
      [3, 'diameter_mm is -5, which is not a size in mm'],
      [4, 'diameter_mm is 0, which is not a size in mm'],
    ])
  })

  it('refuses the candidates, whose class is not a diagnosis', () => {
    expect(() => luna16Cohort(table('seriesuid,coordX,coordY,coordZ,class\n1,2,3,4,0\n'))).toThrow(
      expect.objectContaining({ code: 'datasets/candidates' }),
    )
  })
})

describe('LUNA25', () => {
  const TEXT = `PatientID,SeriesInstanceUID,StudyDate,CoordX,CoordY,CoordZ,LesionID,AnnotationID,NoduleID,label,Age_at_StudyDate,Gender
100570,1.2.840.1,19990102,-66.5,54.2,-110.9,1,100570_1_19990102,100570_1,0,61,Male
100570,1.2.840.2,20000102,-66.9,54.0,-111.3,1,100570_1_20000102,100570_1,1,62,Male
100571,1.2.840.3,20000102,1,2,3,1,100571_1_20000102,100571_1,2,62,Female
`
  it('keeps one lesion of two studies apart, and names a label that is neither 0 nor 1', () => {
    const { rows, notes, problems } = luna25Cohort(table(TEXT))
    expect(rows.map(({ pid, noduleId, malignant, extra }) => [pid, noduleId, malignant, extra.sex])).toEqual([
      ['100570', '100570_1_19990102', 0, 'Male'],
      ['100570', '100570_1_20000102', 1, 'Male'],
    ])
    expect(codes(notes)).toEqual(['datasets/luna25-studies'])
    expect(problems).toMatchObject([{ line: 4, message: 'label is neither 0 nor 1' }])
  })

  it('reads the points of one scan, and numbers them where names repeat', () => {
    const text = '{"points": [{"name": "a", "point": [1, 2, 3]}, {"name": "a", "point": [4, 5, 6]}]}'
    const said = {
      name: 'nodule-locations.json',
      pid: '7',
      image: 'ct.mha',
      clinicalText: '{"gender": "Female", "age": 61}',
    }
    const { rows, notes } = luna25PointsCohort(text, said)
    expect(rows.map(({ noduleId, pointLps, extra }) => [noduleId, pointLps, extra.age, extra.sex])).toEqual([
      ['1', [1, 2, 3], '61', 'Female'],
      ['2', [4, 5, 6], '61', 'Female'],
    ])
    expect(codes(notes)).toEqual(['datasets/luna25-names'])
  })
})

describe('DLCS24', () => {
  const TEXT =
    'patient-id,nodule_id,ct_nifti_file,coordX,coordY,coordZ,w,h,d,Malignant_lbl,benchmark_split\n' +
    'DLCS_0001,DLCS_0001_01,DLCS_0001.nii.gz,-106.55,-63.84,-211.68,4.39,4.10,6.25,0,train\n' +
    'DLCS_0001,DLCS_0001_02,DLCS_0001.nii.gz,88.63,39.48,-126.09,5.51,7.59,8.75,1,train\n'

  it('reads its hyphenated columns, and turns ras round', () => {
    const { rows } = dlcsCohort(table(TEXT), { folder: 'ct/' })
    expect(rows[1]).toMatchObject({
      pid: 'DLCS_0001',
      noduleId: 'DLCS_0001_02',
      imagePath: 'ct/DLCS_0001.nii.gz',
      pointLps: [88.63, 39.48, -126.09],
      malignant: 1,
      extra: { diameter_mm: '7.59', w: '5.51', d: '8.75', benchmark_split: 'train' },
    })
    expect(dlcsCohort(table(TEXT), { frame: 'ras' }).rows[1].pointLps).toEqual([-88.63, -39.48, -126.09])
  })

  it('names sizes that cannot be right', () => {
    const { rows, problems } = dlcsCohort(table(TEXT.replace('5.51', '-5.51').replace('6.25', '0')))
    expect(rows).toEqual([])
    expect(problems.map(({ message }) => message)).toEqual([
      'd is 0, which is not a size in mm',
      'w is -5.51, which is not a size in mm',
    ])
  })

  it('names rows of one nodule that differ', () => {
    const twice = TEXT.replace('DLCS_0001_02', 'DLCS_0001_01')
    expect(dlcsCohort(table(twice)).problems).toMatchObject([{ line: 3, code: 'datasets/duplicate' }])
  })
})

describe('MONAI', () => {
  it('reads lists and results; the class is not a diagnosis', () => {
    const text = JSON.stringify({
      numFold: 10,
      training: [{ box: [[-73, -42, 100, 8, 9, 10]], image: '1.3.6/1.3.6.nii.gz', label: [0] }],
      validation: [
        {
          box: [
            [1, 2, 3, 4, 5, 6],
            [7, 8, 9, 1, 1, 1],
          ],
          image: 'b.nii.gz',
          label: [0, 0],
          label_scores: [0.9, 0.1],
        },
        { box: [], image: 'c.nii.gz', label: [] },
        { box: [[1, 2, 3]], image: 'd.nii.gz' },
        { box: [[1, 2, 3, 4, 5, 6]], image: 'e.nii.gz', label_scores: [] },
      ],
    })
    const { rows, notes, problems } = monaiCohort(text, { name: 'a.json', minScore: 0.5 })
    expect(
      rows.map(({ pid, noduleId, pointLps, malignant, extra }) => [
        pid,
        noduleId,
        pointLps,
        malignant,
        extra.set,
        extra.detection_score,
      ]),
    ).toEqual([
      ['1.3.6', '1', [-73, -42, 100], null, 'training', undefined],
      ['b', '1', [1, 2, 3], null, 'validation', '0.9'],
    ])
    expect(codes(notes)).toEqual([
      'datasets/no-label',
      'datasets/monai-series',
      'datasets/monai-empty',
      'datasets/monai-faint',
    ])
    expect(problems).toHaveLength(2)
  })

  it('loses no entry of a list for a bad one', () => {
    const { rows, problems } = monaiCohort('[{"image": 1}, {"image": "a.nii", "box": [[100, 2, 3, 4, 5, 6]]}]', {
      name: 'a.json',
    })
    expect(rows.map(({ pid }) => pid)).toEqual(['a'])
    expect(problems).toMatchObject([{ line: 1, code: 'datasets/row', message: expect.stringContaining('image') }])
  })

  it('names boxes without a size, and keeps the others', () => {
    const text = JSON.stringify([
      {
        image: 'a.nii.gz',
        box: [
          [100, 2, 3, 8, 8, 8],
          [5, 6, 7, 8, -8, 8],
          [5, 6, 7, 0, 8, 8],
        ],
      },
    ])
    const { rows, problems } = monaiCohort(text, { name: 'a.json' })
    expect(rows.map(({ noduleId }) => noduleId)).toEqual(['1'])
    expect(problems.map(({ message }) => message)).toEqual([
      'entry 1: box 2 has a size of 8 x -8 x 8 mm',
      'entry 1: box 3 has a size of 0 x 8 x 8 mm',
    ])
  })

  it.each([
    ['a nodule where the world begins', [[6, -24, -104, 14, -16, -96]]],
    ['a nodule of positive coordinates', [[40, 50, 60, 48, 58, 70]]],
    [
      'several',
      [
        [40, 50, 60, 48, 58, 70],
        [-48, -50, -60, -40, -40, -50],
      ],
    ],
  ])('refuses corners, and reads them where they are said to be: %s', (_, box) => {
    const text = JSON.stringify({ validation: [{ image: 'a.nii.gz', box }] })
    expect(() => monaiCohort(text, { name: 'a.json' })).toThrow(
      expect.objectContaining({ code: 'datasets/monai-corners', hint: expect.stringContaining('--box-mode xyzxyz') }),
    )
    const { rows } = monaiCohort(text, { name: 'a.json', boxMode: 'xyzxyz' })
    expect(rows.map(({ pointLps }) => pointLps)).toEqual(
      box.map(([a, b, c, d, e, f]) => [(a + d) / 2, (b + e) / 2, (c + f) / 2]),
    )
    expect(rows[0].extra.box_w).toBe('8')
  })

  it.each([
    [[-100, -100, -100, 8, 10, 12]],
    [
      [-73, -42, 100, 8, 9, 10],
      [3, -2, 5, 12, 12, 12],
    ],
    [[3, 2, 50, 12, 12, 12]],
  ])('takes %j as centre and size', (...box) => {
    const { rows } = monaiCohort(JSON.stringify([{ image: 'a.nii.gz', box }]), { name: 'a.json' })
    expect(rows.map(({ pointLps }) => pointLps)).toEqual(box.map((one) => one.slice(0, 3)))
  })

  it.each(['', '[]', '{"points": []}', '{"validation": []}'])('refuses %j', (text) => {
    expect(() => monaiCohort(text, { name: 'a.json' })).toThrow(expect.objectContaining({ code: 'datasets/monai' }))
  })
})

describe('a table by a map', () => {
  const TEXT =
    'MRN;Accession;X;Y;Z;Pathology;Age (y);Name\n007;A1;1;2;3;Adenocarcinoma;61;Doe\n007;A1;4;5;6;stable 2 y;61;Doe\n008;A2;4;5;6;;70;Roe\n009;A3;4;5;6;unclear;70;Poe\n010;A4;4.5.1;5;6;benign;70;Moe\n'
  const MAP = {
    pid: 'MRN',
    image_path: { pattern: 'ct/{Accession}.nii.gz' },
    coordX: 'X',
    coordY: 'Y',
    coordZ: 'Z',
    frame: 'ras',
    malignant: { column: 'Pathology', one: ['adenocarcinoma'], zero: ['benign', 'stable 2 y'] },
    rename: { age: 'Age (y)' },
    drop: ['Name'],
  }

  it('becomes a manifest without the columns that name a patient', () => {
    const { rows, notes, problems } = mappedCohort(table(TEXT), parseColumnMap(JSON.stringify(MAP), 'map.json'))
    expect(cohortCsv(rows)).toBe(
      'pid,nodule_id,image_path,coordX,coordY,coordZ,malignant,age,Accession\n' +
        '007,1,ct/A1.nii.gz,-1,-2,3,1,61,A1\n007,2,ct/A1.nii.gz,-4,-5,6,0,61,A1\n008,1,ct/A2.nii.gz,-4,-5,6,,70,A2\n',
    )
    expect(codes(notes)).toEqual(['datasets/counted'])
    expect(problems.map(({ line, message }) => [line, message])).toEqual([
      [5, 'Pathology says neither one nor zero'],
      [6, 'X: not a finite number'],
    ])
  })

  it('names diameters that cannot be right', () => {
    const map = { pid: 'MRN', coordX: 'X', coordY: 'Y', coordZ: 'Z', rename: { diameter_mm: 'size' } }
    const text = 'MRN,X,Y,Z,size\n1,1,2,3,-1\n2,1,2,3,8\n3,1,2,3,n/a\n'
    const { rows, problems } = mappedCohort(table(text), map)
    expect(rows.map(({ pid }) => pid)).toEqual(['2', '3'])
    expect(problems).toMatchObject([{ line: 2, message: 'diameter_mm is -1, which is not a size in mm' }])
  })

  it('names what the map or the table lacks', () => {
    expect(() => mappedCohort(table(TEXT), { pid: 'PID', nodule_id: 'N' })).toThrow(
      'the map names PID, N, which it lacks',
    )
    expect(() => parseColumnMap('{"pidd": "MRN"}', 'map.json')).toThrow(
      expect.objectContaining({ code: 'datasets/map' }),
    )
    expect(() => parseColumnMap('{', 'map.json')).toThrow('not JSON')
  })
})
