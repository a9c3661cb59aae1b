import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseTable } from '../files/table.ts'
import { evaluate } from './evaluate.ts'
import { type Cohort, joinCohort } from './joined-cohort.ts'
import { parseTruth } from './labels.ts'
import { parsePredictions } from './predictions.ts'
import { composeReport } from './report/report.ts'
import { parseSubgroup, subgroupsOf, usualSubgroups } from './subgroups.ts'
import { zeroShotResults } from './zero-shot.ts'

const truthOf = (rows: readonly string[], columns = '') =>
  parseTruth(parseTable(`pid,nodule_id,malignant${columns}\n${rows.join('\n')}\n`, 't.csv'))
const predictionsOf = (rows: readonly string[]) =>
  parsePredictions(parseTable(`pid,nodule_id,raw_0,ensemble\n${rows.join('\n')}\n`, 'p.csv'))

const composed = async (cohort: Cohort) => {
  const cohorts = await evaluate([cohort], {
    seed: 1,
    replicates: 40,
    subgroups: ({ rows }) => usualSubgroups(Object.keys(rows[0].values)),
    times: { time: 'age' },
  })
  const stamp = { model: 'm', software: 's', use: 'for research use' }
  return composeReport({ title: '<Title>', stamp, cohorts, features: [], seed: 1, replicates: 40, remarks: [] })
}

describe('whatever the cohort', () => {
  const row = fc.record({
    patient: fc.integer({ min: 0, max: 5 }),
    label: fc.constantFrom(0, 1),
    score: fc.constantFrom(0, 1e-12, 0.1, 0.5, 0.5, 0.9, 1),
    sex: fc.constantFrom('F', 'M', ''),
    age: fc.constantFrom('55', '70', '', 'old'),
    diameter: fc.constantFrom('6', '12', '12', ''),
  })

  it('nothing in the report is NaN, infinite or undefined', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 14 }), async (rows) => {
        const truth = truthOf(
          rows.map((one, i) => `SECRET${one.patient},${i},${one.label},${one.sex},${one.age},${one.diameter}`),
          ',sex,age,diameter_mm',
        )
        const predictions = predictionsOf(rows.map((one, i) => `SECRET${one.patient},${i},${one.score},${one.score}`))
        const { html, json, figures } = await composed(joinCohort('all', truth, predictions))
        for (const text of [html, json, ...figures.map(({ svg }) => svg.toString())]) {
          expect(text).not.toMatch(/NaN|Infinity|undefined|SECRET/)
        }
        expect(html).toContain('&lt;Title&gt;')
      }),
      { numRuns: 60 },
    )
  })
})

describe('subgroups', () => {
  const rows = truthOf(
    ['a,1,0,GE,50', 'b,1,0,ge ,60', 'c,1,0,,70', 'd,1,0,Siemens,x', 'e,1,0,GE,'],
    ',manufacturer,age',
  ).rows
  const shown = (text: string) => subgroupsOf(rows, parseSubgroup(text)).map(({ value, members }) => [value, members])

  it('take values that differ in case and spaces for one, and tell of empty ones', () => {
    expect(shown('manufacturer')).toEqual([
      ['GE', [0, 1, 4]],
      ['Siemens', [3]],
      ['not given', [2]],
    ])
  })

  it('cut numbers into bands, closed below', () => {
    expect(shown('age:60,70')).toEqual([
      ['< 60', [0]],
      ['60 to < 70', [1]],
      ['>= 70', [2]],
      ['not given', [4]],
      ['no number', [3]],
    ])
  })

  it('cut numbers of many values at their median, and refuse words of many values', () => {
    const many = truthOf(
      Array.from({ length: 40 }, (_, i) => `p${i},1,0,${i},w${i}`),
      ',size,word',
    ).rows
    expect(subgroupsOf(many, { column: 'size' }).map(({ value }) => value)).toEqual(['< 20', '>= 20'])
    expect(() => subgroupsOf(many, { column: 'word' })).toThrow('40 values: too many to be groups')
  })
})

describe('joining', () => {
  it('takes risk models and the diameter from the truth, and says why a row has none', () => {
    const truth = truthOf(['a,1,0,65,10,yes,0', 'b,1,1,,20,yes,0'], ',age,diameter_mm,ever_smoker,years_since_quitting')
    const { predictors } = joinCohort('x', truth, predictionsOf(['a,1,0.1,0.1', 'b,1,0.9,0.9']))
    expect(predictors.map(({ key }) => key)).toEqual(['ensemble', 'raw_0', 'diameter', 'va'])
    expect(predictors[3].blanks).toEqual(['1 nodule: age is not given'])
    expect(predictors[3].scores[1]).toBeNaN()
  })
})

describe('zero-shot features', () => {
  const rows = truthOf(
    ['a,1,0,Well marginated', 'b,1,1,poorly-marginated', 'c,1,0,Well marginated', 'd,1,1,Poorly marginated'],
    ',margin',
  ).rows
  const long = (probabilities: readonly number[]) =>
    parseTable(
      `pid,nodule_id,feature,value,probability\n${probabilities
        .flatMap((p, i) => [
          `${'abcd'[i]},1,margin,Well marginated,${1 - p}`,
          `${'abcd'[i]},1,margin,Poorly marginated,${p}`,
        ])
        .join('\n')}\n`,
      'z.csv',
    )

  it('are AUROCs weighted over values, compared by their letters', () => {
    const [result] = zeroShotResults(long([0.1, 0.8, 0.6, 0.5]), rows, { seed: 1, replicates: 50 })
    expect(result).toMatchObject({ feature: 'margin', rows: 4, auroc: { value: 0.75 } })
    expect(result.byValue.map(({ rows: n }) => n)).toEqual([2, 2])
  })

  it('know the published synonyms', () => {
    const read = truthOf(['a,1,0,Spiculated', 'b,1,0,smooth margin'], ',nodule_margins').rows
    const text =
      'a,1,nodule_margins,Spiculated/Serrated,0.9\na,1,nodule_margins,Smooth,0.1\nb,1,nodule_margins,Spiculated/Serrated,0.2\nb,1,nodule_margins,Smooth,0.8\n'
    const table = parseTable(`pid,nodule_id,feature,value,probability\n${text}`, 'z.csv')
    expect(zeroShotResults(table, read, { seed: 1, replicates: 50 })[0]).toMatchObject({ rows: 2, auroc: { value: 1 } })
  })

  it('are blank with a reason, and name what is no probability', () => {
    const options = { seed: 1, replicates: 50 }
    expect(zeroShotResults(long([0.1]), rows, options)[0].auroc).toEqual({
      value: null,
      why: 'all readings say the same',
    })
    const other = truthOf(['a,1,0']).rows
    expect(zeroShotResults(long([0.1]), other, options)[0].auroc).toEqual({
      value: null,
      why: 'the cohort has no such column',
    })
    expect(() => zeroShotResults(long([1.2]), rows, options)).toThrow('no probability on lines 2, 3')
  })
})
