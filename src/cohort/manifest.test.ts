import { describe, expect, it } from 'vitest'
import { describeShared } from '../../test/shared.ts'
import { csvText } from '../files/csv.ts'
import { readManifest } from './manifest.node.ts'
import { parseManifest } from './manifest.ts'

const header = 'pid,nodule_id,image_path,coordX,coordY,coordZ,malignant,nodule_shape'
const good = '007,01,ct/a.nii.gz,-38.0,-73.9,-111,1,Round'
const parse = (...lines: string[]) => parseManifest(lines.join('\n'), { name: 'c.csv' })
const codeOf = (act: () => unknown): unknown => {
  try {
    act()
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
  return undefined
}

describe('parseManifest', () => {
  it('reads a row, identifiers as strings and every column verbatim', () => {
    const { rows, problems, notes, columns } = parse(header, good)
    expect(columns).toEqual(header.split(','))
    expect(rows).toEqual([
      {
        line: 2,
        pid: '007',
        noduleId: '01',
        imagePath: 'ct/a.nii.gz',
        point: [-38, -73.9, -111],
        malignant: 1,
        malignantProbability: null,
        values: {
          pid: '007',
          nodule_id: '01',
          image_path: 'ct/a.nii.gz',
          coordX: '-38.0',
          coordY: '-73.9',
          coordZ: '-111',
          malignant: '1',
          nodule_shape: 'Round',
        },
      },
    ])
    expect([problems, notes]).toEqual([[], []])
  })

  it('does not need malignant, and takes an empty one as not known', () => {
    expect(parse('pid,nodule_id,image_path,coordX,coordY,coordZ', 'a,1,p,1,2,3').rows[0].malignant).toBeNull()
    expect(parse(header, 'a,1,p,1,2,3,,').rows[0].malignant).toBeNull()
    expect(parse(header, 'a,1,p,1,2,3,0.0,').rows[0].malignant).toBe(0)
  })

  it('takes malignant_probability, 0 to 1, and refuses anything else', () => {
    const soft = 'pid,nodule_id,image_path,coordX,coordY,coordZ,malignant_probability'
    expect(parse(soft, 'a,1,p,1,2,3,0.875').rows[0].malignantProbability).toBe(0.875)
    expect(parse(soft, 'a,1,p,1,2,3,').rows[0].malignantProbability).toBeNull()
    expect(parse(soft, 'a,1,p,1,2,3,nan').rows[0].malignantProbability).toBeNull()
    for (const bad of ['1.01', '-0.1', 'inf', '0x1', 'likely'])
      expect(parse(soft, `a,1,p,1,2,3,${bad}`).problems[0].code).toBe('cohort/malignant')
  })

  it.each([
    ['a byte order mark', `\uFEFF${header}\n${good}\n`],
    ['CRLF', `${header}\r\n${good}\r\n`],
    ['old line endings', `${header}\r${good}\r`],
    ['quoted fields', `${header}\n"007","01","ct/a.nii.gz",-38.0,-73.9,"-111",1,"Round"\n`],
    ['spaces round names', `${header.replaceAll(',', ' , ')} \n${good}\n`],
    ['blank lines and rows of delimiters', `\n${header}\n\n,,,,,,,\n${good}\n\n  \n`],
    ['semicolons', `${header}\n${good}\n`.replaceAll(',', ';')],
    ['tabs', `${header}\n${good}\n`.replaceAll(',', '\t')],
    ["Excel's sep line", `sep=;\r\n${`${header}\r\n${good}`.replaceAll(',', ';')}`],
  ])('reads %s', (_, text) => {
    const { rows, problems } = parseManifest(text, { name: 'c.csv' })
    expect(problems).toEqual([])
    expect(rows.map(({ pid, noduleId, point }) => [pid, noduleId, ...point])).toEqual([['007', '01', -38, -73.9, -111]])
  })

  it.each([
    ['b,1,p,,2,3,1,', 'cohort/coordinate', /coordX is empty/],
    ['b,1,p,abc,2,3,1,', 'cohort/coordinate', /coordX is a text of 3 characters, not a finite number/],
    ['b,1,p,1,nan,3,1,', 'cohort/coordinate', /coordY is "nan"/],
    ['b,1,p,1,2,Infinity,1,', 'cohort/coordinate', /coordZ is "Infinity"/],
    ['b,1,p,1,2,1e999,1,', 'cohort/coordinate', /coordZ is "1e999"/],
    ['b,1,p,0x10,2,3,1,', 'cohort/coordinate', /coordX/],
    ['b,1,p,"12,5",2,3,1,', 'cohort/coordinate', /"12,5".* decimal comma/],
    ['b,1,p,\u221212.5,2,3,1,', 'cohort/coordinate', /dash/],
    [',1,p,1,2,3,1,', 'cohort/identifier', /pid is empty/],
    ['b, ,p,1,2,3,1,', 'cohort/identifier', /nodule_id is empty/],
    ['b\tc,1,p,1,2,3,1,', 'cohort/identifier', /control character/],
    ['b,1,,1,2,3,1,', 'cohort/image-path', /image_path is empty/],
    ['b,1,p,1,2,3,2,', 'cohort/malignant', /malignant is "2"/],
    ['b,1,p,1,2,3,yes,', 'cohort/malignant', /malignant is "yes"/],
    ['b,1,p,1,2,3', 'cohort/fields', /6 fields, but the header has 8.*cut short/],
    ['b,1,p,12,5,2,3,1,Round', 'cohort/fields', /9 fields.*decimal point/],
    ['"b"x,1,p,1,2,3,1,', 'cohort/quote', /closing quote/],
  ])('makes %j a problem and keeps the other rows', (bad, code, text) => {
    const { rows, problems } = parse(header, good, bad, good.replace('007', '008'))
    expect(rows.map(({ pid }) => pid)).toEqual(['007', '008'])
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ line: 3, code })
    expect(`${problems[0].message} ${problems[0].hint}`).toMatch(text)
  })

  it('tells all faults of a row, without its patient', () => {
    const [problem] = parse(header, 'SMITH,1,p,JANE SMITH,x,3,5,').problems
    expect(problem.message).toBe(
      'coordX is a text of 10 characters, not a finite number; coordY is a text of 1 characters, not a finite number; malignant is "5"',
    )
    expect(problem.pid).toBe('SMITH')
  })

  it('names all missing columns with the nearest existing one', () => {
    const act = () => parse('Patient ID,nodule id,image,CoordX,y,coordZ_mm', 'a,1,p,1,2,3')
    expect(act).toThrow(
      'c.csv: 6 columns are missing: pid (is "Patient ID" meant?), nodule_id (is "nodule id" meant?), image_path (is "image" meant?), coordX (is "CoordX" meant?), coordY (is "y" meant?), coordZ',
    )
    expect(codeOf(act)).toBe('cohort/columns')
  })

  it('does not take coordX for a slip of coordY', () => {
    expect(() => parse('pid,nodule_id,image_path,coordX,coordZ', 'a,1,p,1,2')).toThrow(/a column is missing: coordY$/)
  })

  it('refuses a required column that stands twice, and notes any other', () => {
    expect(codeOf(() => parse(`${header},pid`, `${good},x`))).toBe('cohort/columns')
    const { rows, notes } = parse(`${header},nodule_shape,,`, `${good},Ovoid,,`)
    expect(rows[0].values.nodule_shape).toBe('Round')
    expect(notes).toEqual([{ code: 'cohort/columns', message: expect.stringContaining('"nodule_shape"') }])
  })

  it('makes problems of all rows that share their identifiers', () => {
    const { rows, problems } = parse(header, good, 'b,1,p,1,2,3,1,', good.replace('-38.0', '38.0'))
    expect(rows.map(({ pid }) => pid)).toEqual(['b'])
    expect(problems.map(({ line, code, message }) => [line, code, message])).toEqual([
      [2, 'cohort/duplicate', 'pid and nodule_id are also those of line 4, which differs'],
      [4, 'cohort/duplicate', 'pid and nodule_id are also those of line 2, which differs'],
    ])
  })

  it('counts a broken row as sharing', () => {
    const { rows, problems } = parse(header, good, '007,01,p,x,2,3,1,')
    expect(rows).toEqual([])
    expect(problems.map(({ code }) => code)).toEqual(['cohort/duplicate', 'cohort/coordinate'])
  })

  it('keeps the first of rows that are alike to the letter, with a note', () => {
    const { rows, problems, notes } = parse(header, good, good, good)
    expect([rows.length, problems.length]).toEqual([1, 0])
    expect(notes[0]).toMatchObject({ code: 'cohort/duplicate', message: expect.stringMatching(/^lines 3, 4/) })
  })

  it('takes identifiers that differ by a leading zero or by case as different', () => {
    expect(parse(header, good, good.replace('007', '7'), good.replace('01', '1')).rows).toHaveLength(3)
  })

  it('removes spaces round identifiers, with a note, before they are compared', () => {
    const { problems } = parse(header, good, good.replace('007', '"007 "'))
    expect(problems.map(({ code }) => code)).toEqual(['cohort/duplicate', 'cohort/duplicate'])
    const { rows, notes } = parse(header, good.replace('007', ' 007'))
    expect([rows[0].pid, rows[0].values.pid]).toEqual(['007', ' 007'])
    expect(notes[0].code).toBe('cohort/spaces')
  })

  it.each([
    ['', 'cohort/empty'],
    ['\uFEFF\r\n\r\n', 'cohort/empty'],
    [`${header}\n`, 'cohort/empty'],
    [`${header}\n,,,,,,,\n`, 'cohort/empty'],
    [`${header}\n007,0\u00001,p,1,2,3,1,\n`, 'cohort/binary'],
    [`${header}\n${good}\nb,"1,p,1,2,3,1,\nc,1,p,1,2,3,1,\n`, 'cohort/quote'],
    [`${header}\n"b\nc",1,p,1,2,3,1,\n`, 'cohort/quote'],
    [`${header}\nb,1,p,1,2,3,1,"Round\nc",1,p,1,2,3,1,\n`, 'cohort/quote'],
    [`${header}\nb,1,"p,1,2,3,1,\nc,1,p",1,2,3,1,\n`, 'cohort/quote'],
  ])('refuses the whole of %j', (text, code) => {
    expect(codeOf(() => parseManifest(text, { name: 'c.csv' }))).toBe(code)
  })

  it('keeps columns with the names of object members', () => {
    const { rows } = parse(`${header},__proto__,constructor`, `${good},a,b`)
    expect(Object.entries(rows[0].values).slice(-2)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ])
  })

  it('notes rows of several lines', () => {
    const { rows, notes } = parse(header, good.replace('Round', '"Round\nor so"'))
    expect(rows[0].values.nodule_shape).toBe('Round\nor so')
    expect(notes[0].code).toBe('cohort/lines')
  })

  it('reads 50,000 rows in well under a second', () => {
    const records = Array.from({ length: 50_000 }, (_, i) => [
      `p${i}`,
      '1',
      'a, b.nii',
      '1.5',
      '-2.5',
      '3',
      '0',
      'Round',
    ])
    const text = `${header}\n${csvText(records)}`
    const start = performance.now()
    expect(parseManifest(text, { name: 'c.csv' }).rows).toHaveLength(50_000)
    expect(performance.now() - start).toBeLessThan(1500)
  })
})

describeShared('data/lidc', (folder) => {
  it.each([
    ['cubes.csv', 101],
    ['vois.csv', 530],
  ])('%s: every row is read', async (file, count) => {
    const { rows, problems } = await readManifest(`${folder()}/${file}`)
    expect([rows.length, problems]).toEqual([count, []])
  })
})
