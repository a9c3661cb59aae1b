/** Tables of labels and of predictions: what is read, what is refused, and in which words. */
import { describe, expect, it } from 'vitest'
import { parseTable } from '../files/table.ts'
import { parseTruth } from './labels.ts'
import { parsePredictions } from './predictions.ts'

const truthOf = (rows: readonly string[], header = 'pid,nodule_id,malignant') =>
  parseTruth(parseTable(`${header}\n${rows.map((row) => `${row}\n`).join('')}`, 't.csv'))
const predictionsOf = (header: string, rows: readonly string[], options: Parameters<typeof parsePredictions>[1] = {}) =>
  parsePredictions(parseTable(`${header}\n${rows.map((row) => `${row}\n`).join('')}`, 'p.csv'), options)
const error = (code: string, message: string, hint?: string) =>
  expect.objectContaining({ code, message, ...(hint === undefined ? {} : { hint }) })

describe('labels', () => {
  it('are 0, 1 or not known, as tables write them', () => {
    const { rows, name, columns, notes } = truthOf([
      'a,1,0',
      ' b , 2 ,1',
      'c,1,',
      'd,1,NA',
      'e,1,1.0',
      'f,1,0.',
      'g,1, 0 ',
    ])
    expect(rows.map(({ pid, noduleId, malignant }) => [pid, noduleId, malignant])).toEqual([
      ['a', '1', 0],
      ['b', '2', 1],
      ['c', '1', null],
      ['d', '1', null],
      ['e', '1', 1],
      ['f', '1', 0],
      ['g', '1', 0],
    ])
    expect([name, columns, notes]).toEqual(['t.csv', ['pid', 'nodule_id', 'malignant'], []])
    expect(rows.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6, 7, 8])
  })

  it.each([
    [['a,1,2', 'b,1,yes', 'c,1,1'], 'malignant is neither 0 nor 1 on lines 2, 3 ("2", "yes")'],
    [['a,1,10'], 'malignant is neither 0 nor 1 on line 2 ("10")'],
    [['a,1,0.5'], 'malignant is neither 0 nor 1 on line 2 ("0.5")'],
    // A long text may name somebody.
    [['a,1,a text of a patient'], 'malignant is neither 0 nor 1 on line 2'],
    [
      ['2', '3', '4', '5', '6', '7', '2'].map((value, i) => `p${i},1,${value}`),
      'malignant is neither 0 nor 1 on lines 2, 3, 4, 5, 6 and 2 more ("2", "3", "4", "5", "6")',
    ],
  ])('refuses %j', (rows, message) => {
    expect(() => truthOf(rows)).toThrow(
      error(
        'evaluation/label',
        `t.csv: ${message}`,
        'Write 1 for cancer, 0 for none, and nothing where it is not known.',
      ),
    )
  })

  it('of one nodule count once where rows are alike, and contradict each other where not', () => {
    const { rows, notes } = truthOf(['a,1,0', 'a,2,1', 'a,1,0', 'a,1,0'])
    expect(rows.map(({ noduleId }) => noduleId)).toEqual(['1', '2'])
    expect(notes).toEqual(['t.csv: lines 4, 5: the same as an earlier row, left out'])
    expect(() => truthOf(['a,1,0', 'a,1,1'])).toThrow(
      error(
        'evaluation/duplicate',
        't.csv: line 3: pid and nodule_id of an earlier row that says something else',
        'Give every nodule of a patient a nodule_id of its own, and every nodule one row.',
      ),
    )
    // Not what stands behind commas elsewhere.
    expect(truthOf(['"a,1",2,0', 'a,"1,2",1']).rows).toHaveLength(2)
  })

  it('need their columns and some row, and rows that fit', () => {
    expect(() => truthOf(['a,1'], 'pid,label')).toThrow(
      error(
        'evaluation/columns',
        't.csv: nodule_id, malignant missing; a cohort with its labels needs it',
        'Its columns are pid, label.',
      ),
    )
    const many = Array.from({ length: 13 }, (_, i) => `c${i}`)
    expect(() => truthOf([], many.join(','))).toThrow(
      expect.objectContaining({ hint: `Its columns are ${many.slice(0, 12).join(', ')}, ....` }),
    )
    expect(() => truthOf([], many.slice(0, 12).join(','))).toThrow(
      expect.objectContaining({ hint: `Its columns are ${many.slice(0, 12).join(', ')}.` }),
    )
    expect(() => truthOf([])).toThrow(error('evaluation/empty', 't.csv: a header, but no row'))
    expect(() => truthOf(['a,1,0', 'b,1,0,5'])).toThrow(
      error(
        'evaluation/rows',
        't.csv: fields do not fit the header on line 3',
        'Quote fields that hold the delimiter; write decimals with a point.',
      ),
    )
  })
})

describe('predictions', () => {
  const row = { line: 2, pid: 'a', noduleId: '1', malignant: 0, values: { pid: ' a ', nodule_id: '1' } } as const

  it('have the calibrated ensemble in front, the ensemble and the folds beside it', () => {
    const { name, unit, main, others, rows, notes } = predictionsOf(
      'pid,nodule_id,raw_0,calibrated_0,ensemble,calibrated_ensemble,raw_x,age',
      ['a,1,0.1,0.2,0.3,0.4,9,60'],
    )
    expect([name, unit, main.key, main.label, notes]).toEqual([
      'p.csv',
      'nodule',
      'calibrated_ensemble',
      'ensemble, calibrated',
      [],
    ])
    expect(others.map(({ key, label }) => [key, label])).toEqual([
      ['raw_0', 'fold 0'],
      ['calibrated_0', 'fold 0, calibrated'],
      ['ensemble', 'ensemble'],
    ])
    expect([main, ...others].map((column) => column.scores.get(column.keyOf(row)))).toEqual([0.4, 0.1, 0.2, 0.3])
    expect(rows).toEqual([{ key: main.keyOf(row), shown: 'a/1' }])
  })

  it.each(['ensemble', 'probability', 'prob', 'malignancy_probability', 'prediction', 'score', 'p', 'malignancy'])(
    'are found under the usual name %s',
    (name) => {
      expect(predictionsOf(`pid,nodule_id,other,${name}`, ['a,1,7,0.5']).main).toMatchObject({ key: name, label: name })
    },
  )

  it('take the first of the usual names, or the column that is named, with a label of its own', () => {
    const header = 'pid,nodule_id,p,score,ensemble,raw_0'
    const rows = ['a,1,0.1,0.2,0.3,0.4']
    expect(predictionsOf(header, rows).main.key).toBe('ensemble')
    expect(predictionsOf('pid,nodule_id,p,score', ['a,1,0.1,0.2']).main.key).toBe('score')
    const named = predictionsOf(header, rows, { column: 'raw_0', label: 'mine' })
    expect([named.main.key, named.main.label, named.others.map(({ label }) => label)]).toEqual([
      'raw_0',
      'mine',
      ['ensemble'],
    ])
    expect(() => predictionsOf(header, rows, { column: 'gone' })).toThrow(
      error('evaluation/columns', 'p.csv: gone missing; a table of predictions needs it'),
    )
    expect(() => predictionsOf('pid,nodule_id,sybil', ['a,1,0.1'])).toThrow(
      error(
        'evaluation/columns',
        'p.csv: none of its columns is known to hold predictions',
        'Name it (--score COLUMN, or NAME=FILE:COLUMN); its columns are pid, nodule_id, sybil.',
      ),
    )
  })

  it('are numbers as computers write them, or missing', () => {
    const { main } = predictionsOf('pid,nodule_id,score', [
      'a,1,1e-3',
      'b,1,-.5',
      'c,1,+2.',
      'd,1,',
      'e,1,NA',
      'f,1, 7 ',
    ])
    expect([...main.scores.values()]).toEqual([0.001, -0.5, 2, 7])
    expect([...main.scores.keys()].map((key) => JSON.parse(key)[0])).toEqual(['a', 'b', 'c', 'f'])
  })

  it.each([
    [['a,1,x', 'b,1,0.5'], 'Leave a field empty where there is no prediction.'],
    [['a,1,Infinity'], 'Leave a field empty where there is no prediction.'],
    [['a,1,1e999'], 'Leave a field empty where there is no prediction.'],
    [['a,1,"0,5"'], 'It looks like a decimal comma: write a decimal point.'],
  ])('refuses %j', (rows, hint) => {
    expect(() => predictionsOf('pid,nodule_id,score', rows)).toThrow(
      error('evaluation/score', 'p.csv: score is not a number on line 2', hint),
    )
  })

  it.each(['ensemble', 'calibrated_ensemble', 'raw_3', 'calibrated_12', 'malignancy_Probability', 'prob', 'p'])(
    'of a column that promises probabilities lie in [0, 1]: %s',
    (column) => {
      const of = (value: string) => predictionsOf(`pid,nodule_id,${column}`, [`a,1,${value}`], { column })
      expect([of('0').main.key, of('1').main.key]).toEqual([column, column])
      for (const value of ['-0.001', '1.001'])
        expect(() => of(value)).toThrow(
          error(
            'evaluation/probability',
            `p.csv: ${column} lies outside [0, 1] on line 2, so it is not a probability`,
            'Divide percentages by 100. A score on another scale may go by another name, e.g. "risk_score".',
          ),
        )
    },
  )

  it('of other columns may be on any scale', () => {
    for (const column of ['score', 'malignancy', 'prediction', 'pp'])
      expect(predictionsOf(`pid,nodule_id,${column}`, ['a,1,17'], { column }).main.scores.size).toBe(1)
  })

  it('of one nodule contradict each other, and some row is needed', () => {
    expect(() => predictionsOf('pid,nodule_id,score', ['a,1,1', 'a,1,2'])).toThrow(
      expect.objectContaining({ code: 'evaluation/duplicate' }),
    )
    expect(predictionsOf('pid,nodule_id,score', ['a,1,1', 'a,1,1']).notes).toEqual([
      'p.csv: line 3: the same as an earlier row, left out',
    ])
    expect(() => predictionsOf('pid,nodule_id,score', [])).toThrow(
      error('evaluation/empty', 'p.csv: a header, but no row'),
    )
    expect(() => predictionsOf('pid,nodule_id,score', ['a,1,1,1'])).toThrow(
      expect.objectContaining({ code: 'evaluation/rows' }),
    )
  })

  it.each([
    'study_yr',
    'exam',
    'exam_id',
    'timepoint',
    'series_uid',
    'SeriesUID',
    'series_instance_uid',
    'SeriesInstanceUID',
    'study_uid',
    'study_instance_uid',
    'StudyInstanceUID',
    'accession',
    'accession_number',
    'study_date',
    'StudyDate',
  ])('without nodule_id are of exams where both tables name them: %s', (exam) => {
    const of = (truthColumns: readonly string[]) => predictionsOf(`pid,${exam},score`, ['a,7,1'], { truthColumns })
    const { unit, main, rows } = of(['pid', exam])
    expect([unit, rows[0].shown]).toEqual(['exam', 'a/7'])
    expect(main.keyOf({ ...row, values: { pid: 'a', [exam]: ' 7 ' } })).toBe(rows[0].key)
    expect([of(['pid']).unit, of(['pid']).rows[0].shown]).toEqual(['patient', 'a'])
    expect(predictionsOf(`pid,nodule_id,${exam},score`, ['a,1,7,1'], { truthColumns: [exam] }).unit).toBe('nodule')
  })

  it('need to say whose they are', () => {
    expect(() => predictionsOf('score', ['1'])).toThrow(
      error('evaluation/columns', 'p.csv: pid, nodule_id missing; a table of predictions needs it'),
    )
  })
})
