import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseTable } from '../files/table.ts'
import { seededRandom } from '../random.ts'
import { evaluate } from './evaluate.ts'
import { choosePoints, type OperatingPoint } from './frozen-points.ts'
import { designOf, drawUnits, replicateMetrics } from './intervals/bootstrap.ts'
import { compareAuroc, deLong } from './intervals/delong.ts'
import { type Bootstrap, withInterval } from './intervals/estimate.ts'
import { type Cohort, joinCohort } from './joined-cohort.ts'
import { parseTruth } from './labels.ts'
import { auroc, rocPoints } from './metrics/auroc.ts'
import { precisionRecallPoints } from './metrics/average-precision.ts'
import { concordance } from './metrics/c-index.ts'
import { decisionCurve } from './metrics/decision-curve.ts'
import { sampleOf } from './metrics/metrics.ts'
import { curveOf, rank } from './metrics/ranking.ts'
import { eceOfPerfect, reliabilityBins } from './metrics/reliability.ts'
import { cohortFigures } from './plots/figures.ts'
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
        for (const text of [html, json, ...figures.map(({ svg }) => svg)]) {
          expect(text).not.toMatch(/NaN|Infinity|undefined|SECRET/)
        }
        expect(html).toContain('&lt;Title&gt;')
      }),
      { numRuns: 60 },
    )
  })
})

describe('evaluate', () => {
  const OPTIONS = { seed: 1, replicates: 60, subgroups: () => [] }
  // Patients of two nodules each, whose scores overlap; `tool` has no score of the first ten.
  const N = 60
  const rows = Array.from({ length: N }, (_, i) => {
    const label = Number(i % 3 === 0)
    const score = ((i * 17) % 41) / 60 + 0.3 * label
    return {
      pid: `P${i >> 1}`,
      id: String(i),
      label,
      score,
      raw: 1 - score,
      tool: i < 10 ? '' : String(10 * (((i * 7) % 13) + 3 * label)),
    }
  })
  const truth = truthOf(
    rows.map(({ pid, id, label }, i) => `${pid},${id},${label},${i % 2 === 0 ? 'F' : 'M'},${i},${label}`),
    ',sex,days,event',
  )
  const predictions = predictionsOf(rows.map(({ pid, id, raw, score }) => `${pid},${id},${raw},${score}`))
  const tool = parsePredictions(
    parseTable(
      `pid,nodule_id,risk_score\n${rows.map(({ pid, id, tool }) => `${pid},${id},${tool}`).join('\n')}\n`,
      'o.csv',
    ),
    { column: 'risk_score' },
  )
  const cohort = joinCohort('all', truth, predictions, { others: [{ name: 'tool', predictions: tool }] })
  const scores = rows.map(({ score }) => score)
  const labels = rows.map(({ label }) => label)
  const patients = rows.map(({ pid }) => pid)

  it('counts, measures and draws each predictor on the rows that it has', async () => {
    let steps = 0
    const [result] = await evaluate([cohort], { ...OPTIONS, step: () => steps++ })
    expect(result).toMatchObject({
      name: 'all',
      unit: 'nodule',
      rows: N,
      patients: 30,
      cancers: 20,
      patientsWithCancer: 20,
      cIndex: null,
    })
    expect(steps).toBe(3)
    const [main, own, other] = result.predictors
    expect(
      [main, own, other].map(({ key, kind, unit, rows: n, cancers, probabilities }) => [
        key,
        kind,
        unit,
        n,
        cancers,
        probabilities,
      ]),
    ).toEqual([
      ['ensemble', 'main', 'nodule', N, 20, true],
      ['raw_0', 'own', 'nodule', N, 20, true],
      ['other/tool', 'other', 'nodule', N - 10, 16, false],
    ])
    expect(main.metrics.auroc.value).toBe(auroc(scores, labels))
    expect(own.metrics.auroc.value).toBe(
      auroc(
        rows.map(({ raw }) => raw),
        labels,
      ),
    )
    expect(main.metrics.brier.value).toBeCloseTo(
      rows.reduce((sum, { score, label }) => sum + (score - label) ** 2, 0) / N,
      12,
    )
    expect(other.metrics.brier).toEqual({ value: null, why: 'not a probability' })
    expect(main.eceOfPerfect).toBe(eceOfPerfect(scores))
    expect(other.eceOfPerfect).toBeNull()
    expect(other.blanks).toEqual(['10 nodules: no prediction'])
    const variance = deLong(
      [scores],
      labels,
      patients.map((pid) => Number(pid.slice(1))),
    )
    const error = Math.sqrt(variance?.covariance[0][0] ?? 0)
    const area = variance?.areas[0] ?? 0
    expect(main.deLong?.standardError).toBeCloseTo(error, 12)
    expect(main.deLong?.low).toBeCloseTo(area - 1.959963984540054 * error, 9)
    expect(main.deLong?.high).toBeCloseTo(Math.min(1, area + 1.959963984540054 * error), 9)
  })

  it("has DeLong's interval within [0, 1], and none without spread", async () => {
    const of = async (all: readonly (readonly [number, number])[]) => {
      const one = joinCohort(
        'x',
        truthOf(all.map(([, label], i) => `p${i},1,${label}`)),
        predictionsOf(all.map(([p], i) => `p${i},1,${p},${p}`)),
      )
      return (await evaluate([one], OPTIONS))[0].predictors[0].deLong
    }
    const good = [
      [0.1, 0],
      [0.2, 0],
      [0.3, 0],
      [0.8, 0],
      [0.7, 1],
      [0.75, 1],
      [0.9, 1],
      [0.95, 1],
    ] as const
    expect((await of(good))?.high).toBe(1)
    expect((await of(good.map(([p, label]) => [1 - p, label] as const)))?.low).toBe(0)
    expect(
      await of([
        [0.1, 0],
        [0.2, 0],
        [0.8, 1],
        [0.9, 1],
      ]),
    ).toBeNull()
    expect(
      await of([
        [0.1, 0],
        [0.2, 0],
      ]),
    ).toBeNull()
  })

  it('has the points of its curves', async () => {
    const [
      {
        predictors: [{ curves }, , { curves: ranked }],
      },
    ] = await evaluate([cohort], OPTIONS)
    const curve = curveOf(rank(scores, labels))
    expect(curves.roc).toEqual(rocPoints(curve).map((p) => [p.falsePositiveRate, p.truePositiveRate]))
    expect(curves.precisionRecall).toEqual(precisionRecallPoints(curve).map((p) => [p.recall, p.precision]))
    expect(curves.reliability).toEqual(reliabilityBins(scores, labels))
    expect(curves.decision.map(({ threshold }) => threshold)).toEqual(
      Array.from({ length: 99 }, (_, i) => (i + 1) / 100),
    )
    expect(curves.decision[29]).toEqual(decisionCurve(curve, [0.3])[0])
    expect([ranked.reliability, ranked.decision]).toEqual([[], []])
    for (const [of, [from, to], values] of [
      [curves.histogram, [0, 1], rows.map(({ score, label }) => [score, label] as const)],
      [
        ranked.histogram,
        [0, 150],
        rows.flatMap(({ tool: text, label }) => (text === '' ? [] : [[Number(text), label] as const])),
      ],
    ] as const) {
      expect([of.from, of.to]).toEqual([from, to])
      for (const [name, wanted] of [
        ['benign', 0],
        ['cancer', 1],
      ] as const) {
        const expected = Array.from(
          { length: 20 },
          (_, bin) =>
            values.filter(([x, label]) => {
              const at = ((x - from) / (to - from)) * 20
              return label === wanted && (bin === 19 ? at >= 19 : at >= bin && at < bin + 1)
            }).length,
        )
        expect(of[name]).toEqual(expected)
      }
    }
  })

  it.each([3, 1e8, -1e12, 0])('draws scores that are all %d', async (score) => {
    const same = ['a', 'b', 'c', 'd']
    const table = parseTable(
      `pid,nodule_id,risk_score\n${same.map((pid) => `${pid},1,${score}`).join('\n')}\n`,
      'p.csv',
    )
    const one = joinCohort(
      'x',
      truthOf(same.map((pid, i) => `${pid},1,${i % 2}`)),
      parsePredictions(table, { column: 'risk_score' }),
    )
    const [result] = await evaluate([one], OPTIONS)
    const { from, to, benign, cancer } = result.predictors[0].curves.histogram
    expect(to).toBeGreaterThan(from)
    expect([...benign, ...cancer].reduce((sum, count) => sum + count, 0)).toBe(4)
    for (const { svg } of cohortFigures(result, 0)) expect(svg.toString()).not.toMatch(/NaN|Infinity/)
  })

  it('thins long curves to what can be seen, and keeps their ends', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => ({ label: Number((i * 7919) % 5 === 0), score: i / 5000 }))
    const long = joinCohort(
      'x',
      truthOf(many.map(({ label }, i) => `p${i},1,${label}`)),
      predictionsOf(many.map(({ score }, i) => `p${i},1,${score},${score}`)),
    )
    const [
      {
        predictors: [
          {
            curves: { roc },
          },
        ],
      },
    ] = await evaluate([long], { ...OPTIONS, replicates: 20 })
    expect(roc.length).toBeLessThan(2100)
    expect(roc.length).toBeGreaterThan(900)
    expect([roc[0], roc.at(-1)]).toEqual([
      [0, 0],
      [1, 1],
    ])
    const steps = roc.slice(1, -1).map(([x, y], i) => x - roc[i][0] + y - roc[i][1])
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(0.001 - 1e-12)
    expect(Math.max(...steps)).toBeLessThan(0.003)
  })

  it('compares the main predictor with all but its folds, on what both have, corrected over the whole report', async () => {
    const results = await evaluate([cohort, { ...cohort, name: 'again' }], OPTIONS)
    const found = results.map(({ comparisons }) => comparisons.map(({ key, label, rows: n }) => [key, label, n]))
    expect(found).toEqual(new Array(2).fill([['other/tool', 'tool', N - 10]]))
    const units = patients.map((pid) => Number(pid.slice(1))).slice(10)
    const test = compareAuroc(
      scores.slice(10),
      rows.slice(10).map(({ tool: text }) => Number(text)),
      labels.slice(10),
      units,
    )
    const { difference, low, high, p } = test ?? {}
    const [
      {
        comparisons: [one],
      },
      {
        comparisons: [two],
      },
    ] = results
    expect(one).toEqual({
      key: 'other/tool',
      label: 'tool',
      rows: N - 10,
      difference,
      low,
      high,
      p,
      pHolm: Math.min(1, 2 * (p ?? 0)),
    })
    expect(two.pHolm).toBe(one.pHolm)
  })

  it('does not test where there is one class only', async () => {
    const none = { ...cohort, labels: new Uint8Array(N) }
    const [{ comparisons }] = await evaluate([none], OPTIONS)
    expect(comparisons).toEqual([
      { key: 'other/tool', label: 'tool', rows: N - 10, difference: null, low: null, high: null, p: null, pHolm: null },
    ])
    const all = await evaluate([{ ...cohort, labels: new Uint8Array(N).fill(1) }], OPTIONS)
    expect(all[0].comparisons[0].p).toBeNull()
  })

  it('chooses thresholds on the cohort itself, on a named one, or takes those frozen elsewhere', async () => {
    const near = { ...cohort, name: 'near' }
    const shifted = cohort.predictors.map((one) => ({ ...one, scores: one.scores.map((x) => x / 2) }))
    const far = { ...cohort, name: 'far', predictors: shifted }
    const points = async (options: object) =>
      (await evaluate([near, far], { ...OPTIONS, ...options })).map(({ points: all }) =>
        all.slice(0, 1).map(({ threshold, chosenOn, sameRows }) => [threshold, chosenOn, sameRows]),
      )
    const [own] = choosePoints(sampleOf(scores, labels), 'near')
    const threshold = own.threshold ?? Number.NaN
    expect(await points({})).toEqual([[[threshold, 'near', true]], [[threshold / 2, 'far', true]]])
    expect(await points({ chooseOn: 'far' })).toEqual([[[threshold / 2, 'far', false]], [[threshold / 2, 'far', true]]])
    const frozen = [{ ...own, threshold: 0.42, chosenOn: 'near' }]
    expect(await points({ frozen })).toEqual([[[0.42, 'near', false]], [[0.42, 'near', false]]])
  })

  it('has each subgroup by itself, with rates at the threshold for recall 0.95', async () => {
    const [{ subgroups, points }] = await evaluate([cohort], {
      ...OPTIONS,
      subgroups: () => [{ column: 'sex' }, { column: 'days', edges: [6] }],
    })
    const { threshold } = points.find(({ goal }) => goal.kind === 'recall' && goal.at === 0.95) ?? {}
    expect(subgroups.map(({ column, value }) => [column, value])).toEqual([
      ['sex', 'F'],
      ['sex', 'M'],
      ['days', '< 6'],
      ['days', '>= 6'],
    ])
    for (const { column, value, auroc: found, sensitivity, specificity, ...counts } of subgroups) {
      const members = rows.filter((_, i) =>
        column === 'sex' ? (i % 2 === 0) === (value === 'F') : i < 6 === (value === '< 6'),
      )
      const cancers = members.filter(({ label }) => label === 1)
      const others = members.filter(({ label }) => label === 0)
      const share = (part: typeof members, called: boolean) =>
        part.filter(({ score }) => score >= (threshold ?? 2) === called).length / part.length
      expect(counts).toEqual({
        rows: members.length,
        patients: new Set(members.map(({ pid }) => pid)).size,
        cancers: cancers.length,
        warning: value === '< 6' ? 'only 2 cancers, 4 without cancer' : null,
      })
      expect(found.value).toBe(
        auroc(
          members.map(({ score }) => score),
          members.map(({ label }) => label),
        ),
      )
      expect([sensitivity, specificity]).toEqual([share(cancers, true), share(others, false)])
      const interval = found.value === null ? null : found.interval
      if (interval !== null) expect(interval.low < (found.value ?? 0) && interval.high > (found.value ?? 1)).toBe(true)
    }
    expect(subgroups[0].auroc).toMatchObject({ interval: { low: expect.any(Number) } })
  })

  it('says why a subgroup has no AUROC, or no interval', async () => {
    const [{ subgroups }] = await evaluate([cohort], {
      ...OPTIONS,
      subgroups: () => [{ column: 'days', edges: [1, 3] }],
    })
    expect(
      subgroups
        .map(({ value, auroc: found, sensitivity, specificity, warning }) => [
          value,
          found,
          sensitivity,
          specificity,
          warning,
        ])
        .slice(0, 2),
    ).toEqual([
      [
        '< 1',
        { value: null, why: 'only cancers among the rows' },
        expect.any(Number),
        null,
        'only 1 cancers, 0 without cancer',
      ],
      [
        '1 to < 3',
        { value: null, why: 'no cancer among the rows' },
        null,
        expect.any(Number),
        'only 0 cancers, 2 without cancer',
      ],
    ])
    const [two] = (await evaluate([cohort], { ...OPTIONS, subgroups: () => [{ column: 'days', edges: [3] }] }))[0]
      .subgroups
    expect(two.auroc).toMatchObject({ interval: null, why: 'fewer than two patients of a class: no interval' })
    const frozen: OperatingPoint[] = []
    const [none] = (await evaluate([cohort], { ...OPTIONS, frozen, subgroups: () => [{ column: 'sex' }] }))[0].subgroups
    expect([none.sensitivity, none.specificity]).toEqual([null, null])
  })

  it('has the C-index where times are known, with its interval over patients', async () => {
    const [{ cIndex, notes }] = await evaluate([cohort], { ...OPTIONS, times: { time: 'days', event: 'event' } })
    const times = rows.map((_, i) => i)
    const expected = concordance(scores, times, labels)
    expect(cIndex?.value).toBe(expected?.cIndex)
    const design = designOf(patients, labels)
    const drawn = Float64Array.from({ length: 60 }, (_, replicate) => {
      const counts = drawUnits(design, seededRandom(1, `bootstrap/${replicate}`))
      const taken = rows.flatMap((_, i) => new Array<number>(counts[design.unitOfRow[i]]).fill(i))
      const of = (values: readonly number[]) => taken.map((i) => values[i])
      return concordance(of(scores), of(times), of(labels))?.cIndex ?? Number.NaN
    })
    expect(cIndex).toEqual(withInterval(expected?.cIndex ?? 0, drawn, design))
    expect(notes).toEqual([])
    // Without a column of events a label is one.
    expect((await evaluate([cohort], { ...OPTIONS, times: { time: 'days' } }))[0].cIndex).toEqual(cIndex)
  })

  it('says why there is no C-index, or no interval', async () => {
    const small = (lines: readonly string[]) =>
      joinCohort('x', truthOf(lines, ',days'), predictionsOf(['a,1,0.1,0.1', 'b,1,0.9,0.9', 'c,1,0.4,0.4']))
    const of = async (lines: readonly string[]) =>
      (await evaluate([small(lines)], { ...OPTIONS, times: { time: 'days' } }))[0].cIndex
    expect(await of(['a,1,0,5', 'b,1,0,6', 'c,1,0,7'])).toEqual({
      value: null,
      why: 'no pair of nodules whose order is known (column days)',
    })
    expect(await of(['a,1,0,5', 'b,1,1,3', 'c,1,0,7'])).toEqual({
      value: 1,
      interval: null,
      why: 'fewer than two patients of a class: no interval',
    })
  })

  it('draws the same intervals whoever computes the replicates', async () => {
    const asked: (readonly string[])[] = []
    const bootstrap: Bootstrap = async (sample, design, keys) => {
      asked.push(keys)
      return replicateMetrics(sample, design, keys, { seed: 1, to: 60 })
    }
    expect(await evaluate([cohort], { ...OPTIONS, bootstrap })).toEqual(await evaluate([cohort], OPTIONS))
    expect(asked).toHaveLength(3)
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

  it('are blank with a reason, and name what is not a probability', () => {
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
