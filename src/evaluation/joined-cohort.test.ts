/** Truth and predictions of one cohort: by nodule, by exam, by patient; hints on identifiers; time to event. */
import { describe, expect, it } from 'vitest'
import { parseTable } from '../files/table.ts'
import { followUpOf } from './follow-up.ts'
import { type JoinOptions, joinCohort } from './joined-cohort.ts'
import { parseTruth } from './labels.ts'
import { concordance } from './metrics/c-index.ts'
import { parsePredictions } from './predictions.ts'

const TRUTH = `pid,nodule_id,study_yr,malignant,diameter_mm
A,1,0,0,5
A,2,0,1,9
A,3,1,0,4
B,1,0,0,7
C,1,0,,6
C,2,0,0,8
`
const truth = parseTruth(parseTable(TRUTH, 't.csv'))
const predictions = (text: string, column?: string) =>
  parsePredictions(parseTable(text, 'p.csv'), { truthColumns: truth.columns, column })
const join = (text: string, options: JoinOptions = {}) => joinCohort('x', truth, predictions(text), options)
const nodules = 'pid,nodule_id,ensemble\nA,1,0.9\nA,2,0.4\nA,3,0.1\nB,1,0.3\nC,1,0.2\nC,2,0.6\n'

describe('the unit', () => {
  it('is the nodule where all tables have one a row', () => {
    const { unit, rows, labels, predictors } = join(nodules)
    expect([unit, rows.map(({ pid, noduleId }) => pid + noduleId), [...labels]]).toEqual([
      'nodule',
      ['A1', 'A2', 'A3', 'B1', 'C2'],
      [0, 1, 0, 0, 0],
    ])
    expect([...predictors[0].scores]).toEqual([0.9, 0.4, 0.1, 0.3, 0.6])
  })

  it('is the patient where a table has one score a patient: labels and scores are maxima, an unknown stays unknown', () => {
    const { unit, rows, labels, predictors, leftOut, notes } = join('ensemble,pid\n0.7,A\n0.2,B\n0.1,C\n')
    expect([unit, rows.map(({ pid }) => pid), [...labels], [...predictors[0].scores]]).toEqual([
      'patient',
      ['A', 'B'],
      [1, 0],
      [0.7, 0.2],
    ])
    expect(predictors.find(({ key }) => key === 'diameter')?.scores).toEqual(Float64Array.of(9, 7))
    expect(leftOut.unlabelled).toBe(1)
    expect(notes).toContain("p.csv has one score a patient: labels and scores are the maximum over a patient's nodules")
  })

  it('is the patient for all where a compared table has one score a patient', () => {
    const sybil = predictions('pid,year1\nA,0.5\nB,0.4\nC,0.3\n', 'year1')
    const { unit, predictors } = join(nodules, { others: [{ name: 'sybil', predictions: sybil }] })
    expect(unit).toBe('patient')
    expect(predictors.map(({ key, scores }) => [key, [...scores]])).toEqual([
      ['ensemble', [0.9, 0.3]],
      ['other/sybil', [0.5, 0.4]],
      ['diameter', [9, 7]],
    ])
  })

  it('is the exam where the tables share a column that names it', () => {
    const { unit, labels, predictors } = join('pid,study_yr,score\nA,0,0.8\nA,1,0.1\nB,0,0.2\nC,0,0.3\n')
    expect([unit, [...labels], [...predictors[0].scores]]).toEqual(['exam', [1, 0, 0], [0.8, 0.1, 0.2]])
  })

  it('stays the nodule where every patient has one', () => {
    const single = parseTruth(parseTable('pid,nodule_id,malignant\nA,1,1\nB,1,0\n', 't.csv'))
    expect(joinCohort('x', single, predictions('pid,score\nA,0.8\nB,0.1\n')).unit).toBe('nodule')
  })

  it('two scores of one patient contradict each other', () => {
    expect(() => predictions('pid,score\nA,0.8\nA,0.1\n')).toThrow('line 3: pid of an earlier row')
  })
})

describe('identifiers that differ', () => {
  const small = parseTruth(parseTable('pid,nodule_id,malignant\n007,1,1\n008,1,0\n', 't.csv'))
  const hintOf = (text: string): string => {
    try {
      joinCohort('x', small, predictions(text))
    } catch (error) {
      return error instanceof Error && 'hint' in error ? String(error.hint) : ''
    }
    return 'joined'
  }
  it.each([
    ['pid,nodule_id,score\n007,1.0,0.1\n008,1.0,0.2\n', /1\.0 .* pandas/],
    ['pid,nodule_id,score\n7,1,0.1\n8,1,0.2\n', /leading zeros/],
    ['pid,nodule_id,score\nx,1,0.1\ny,1,0.2\n', /written alike/],
    ['pid,nodule_id,score\n007,1,0.1\n008,1,0.2\n', /^joined$/],
  ])('%j', (text, hint) => expect(hintOf(text)).toMatch(hint))
})

describe('time to event', () => {
  const followed = (events: readonly string[], times = ['100', '200', '300', '400'], labels = ['1', '0', '', '0']) => {
    const rows = events.map((event, i) => `P${i},1,${labels[i]},${times[i]},${event}`)
    const read = parseTruth(parseTable(`pid,nodule_id,malignant,days,event\n${rows.join('\n')}\n`, 't.csv'))
    const scores = events.map((_, i) => `P${i},1,${0.9 - i / 10}`)
    return joinCohort('x', read, predictions(`pid,nodule_id,score\n${scores.join('\n')}\n`))
  }
  it.each([
    [['1', '0', '1', '0']],
    [['2', '1', '2', '1']],
    [['1.0', '0.0', '1.0', '0.0']],
    [['TRUE', 'FALSE', 'TRUE', 'FALSE']],
    [['yes', 'no', 'Yes', 'No']],
  ])('%j: the first and third had the event', (events) => {
    expect(followUpOf(followed(events), 'days', 'event')).toMatchObject({ events: [1, 0, 1, 0], notes: [] })
  })

  it('counts rows without a label, censored before the year', () => {
    const { rows, times } = followUpOf(followed(['1', '0', '0', '0']), 'days', 'event')
    expect([rows, times]).toEqual([
      [0, 1, 2, 3],
      [100, 200, 300, 400],
    ])
    expect(concordance([0.9, 0.8, 0.7, 0.6], times, [1, 0, 0, 0])?.comparable).toBe(3)
  })

  it('leaves out what is not known, and says so', () => {
    const { events, notes } = followUpOf(followed(['1', 'NA', '', '0'], ['100', '200', '300', 'x']), 'days', 'event')
    expect(events).toEqual([1])
    expect(notes).toEqual([
      '2 of 4 rows without a known time and event are left out of the C-index',
      'days is not a number from 0 on: line 5, left out of the C-index',
    ])
  })

  it('refuses what is not an event, and columns that are not there', () => {
    expect(() => followUpOf(followed(['0', '1', '2', '1']), 'days', 'event')).toThrow('event holds "0", "1", "2"')
    expect(() => followUpOf(followed(['dead', 'alive', 'dead', 'alive']), 'days', 'event')).toThrow('no event')
    expect(() => followUpOf(followed(['1', '0', '1', '0']), 'day', 'event')).toThrow(
      expect.objectContaining({ code: 'evaluation/columns', hint: expect.stringContaining('Is "days" meant?') }),
    )
  })
})
