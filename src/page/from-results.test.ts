import { describe, expect, it } from 'vitest'
import type { LocatedRow } from '../cohort/manifest.node.ts'
import { RISK_MODELS } from '../risk/table.ts'
import { madeNodule, madePage } from './case.fixture.ts'
import { type CaseResult, caseOf } from './from-results.node.ts'

const { reading, pictures } = madeNodule('MADE')
const { stamp, config } = madePage('MADE')
const labelOf = (line: number): string => `Row ${line}`

const rowOf = (line: number, pid: string, values: Readonly<Record<string, string>>): LocatedRow => ({
  line,
  pid,
  noduleId: '7',
  imagePath: `ct/${pid}.nii.gz`,
  imageFile: `/data/ct/${pid}.nii.gz`,
  point: [1, 2, 3],
  malignant: null,
  malignantProbability: null,
  values,
})
const resultOf = (row: LocatedRow): CaseResult => ({
  row,
  prediction: reading,
  views: [],
  pointLps: [-70, 10, -20],
  notes: [{ code: 'scan/odd', message: `${row.pid}.nii.gz: odd, of ${row.pid}` }],
  drawn: { ...pictures, overview: { why: `${row.pid}.nii.gz is cut short` } },
})
const results = [resultOf(rowOf(2, 'SECRET-1', { age: '68', diameter_mm: '12' })), resultOf(rowOf(4, '', {}))]
const problems = [
  { line: 5, pid: 'SECRET-2', noduleId: '1', code: 'volume/missing', message: 'gone', hint: 'look' },
  { line: 6, code: 'cohort/point', message: 'no place' },
]
const compose = (showIds: boolean) =>
  caseOf({ stamp, config }, { results, problems, notes: [{ code: 'a', message: 'b' }] }, { showIds, labelOf })

describe('caseOf', () => {
  it('numbers nodules by their row, and names no patient and no file', () => {
    const page = compose(false)
    expect(JSON.stringify(page)).not.toMatch(/SECRET|nii/)
    expect(page.nodules.map(({ label, identifiers }) => [label, identifiers])).toEqual([
      ['Row 2', undefined],
      ['Row 4', undefined],
    ])
    expect(page.nodules[0]).toMatchObject({
      pointLps: [-70, 10, -20],
      reading,
      notes: [{ code: 'scan/odd', message: '<image>: odd, of <pid>' }],
      pictures: { views: pictures.views, overview: { why: '<image> is cut short' } },
    })
    expect(page.failures).toEqual([
      { label: 'Row 5', identifiers: undefined, code: 'volume/missing', message: 'gone', hint: 'look' },
      { label: 'Row 6', identifiers: undefined, code: 'cohort/point', message: 'no place', hint: undefined },
    ])
    expect([page.stamp, page.config, page.notes]).toEqual([stamp, config, [{ code: 'a', message: 'b' }]])
  })

  it('names who has a name, where it is asked to, and leaves remarks as they are', () => {
    const { nodules, failures } = compose(true)
    expect(nodules.map(({ identifiers }) => identifiers)).toEqual([{ pid: 'SECRET-1', noduleId: '7' }, undefined])
    expect(failures.map(({ identifiers }) => identifiers)).toEqual([{ pid: 'SECRET-2', noduleId: '1' }, undefined])
    expect(nodules[0].notes[0].message).toBe('SECRET-1.nii.gz: odd, of SECRET-1')
    expect(nodules[0].pictures.overview).toEqual({ why: 'SECRET-1.nii.gz is cut short' })
  })

  it('keeps an overview that could be drawn', () => {
    const drawn = { ...results[0], drawn: pictures }
    const { nodules } = caseOf(
      { stamp, config },
      { results: [drawn], problems: [], notes: [] },
      { showIds: false, labelOf },
    )
    expect(nodules[0].pictures).toBe(pictures)
  })

  it("asks the clinic's models where the table has columns, and not of a place that no table names", () => {
    const [first, second] = compose(false).nodules
    expect(first.risks.map(({ model: { key } }) => key)).toEqual(RISK_MODELS.map(({ key }) => key))
    const mayo = first.risks.find(({ model: { key } }) => key === 'mayo')
    expect(mayo?.answer).toEqual({ kind: 'blank', why: 'ever_smoker is not given' })
    expect(second.risks).toEqual([])
  })
})
