import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { holm } from '../intervals/holm.ts'
import { normalQuantile, normalTail } from '../intervals/normal.ts'
import { auroc } from './auroc.ts'
import { averagePrecision } from './average-precision.ts'
import { concordance } from './c-index.ts'
import { calibrationIntercept, calibrationSlope, logit } from './calibration-line.ts'
import { decisionCurve } from './decision-curve.ts'
import { areProbabilities, METRICS, measure, sampleOf, whyBlank } from './metrics.ts'
import { weightedAuroc } from './multiclass.ts'
import { confusionAt, rates, thresholdFor } from './operating-point.ts'
import { brier, logLoss } from './proper-scores.ts'
import { curveOf, rank } from './ranking.ts'
import { ece, eceOfPerfect, reliabilityBins } from './reliability.ts'

interface Case {
  readonly name: string
  readonly labels: number[]
  readonly scores: number[]
  readonly auroc: number | null
  readonly auprc: number | null
  readonly brier: number
  readonly log_loss: number
  readonly ece: number
  readonly recall?: Record<string, { fpr: number; precision: number; threshold: number }>
  readonly specificity?: Record<string, number>
  readonly weights?: number[]
  readonly weighted?: { auroc: number; auprc: number; brier: number; log_loss: number }
}

interface Recalibration {
  readonly probabilities: number[]
  readonly labels: number[]
  readonly weights: number[] | null
  readonly slope: number
  readonly interceptOfSlope: number
  readonly logLikelihood: number
  readonly intercept: number
}

/** Made by fixtures/make_sklearn.py. */
const made = JSON.parse(readFileSync(new URL('../fixtures/sklearn.json', import.meta.url), 'utf8'))
const cases: Case[] = made.cases
/** Made by fixtures/make_statsmodels.py. */
const statsmodels = JSON.parse(readFileSync(new URL('../fixtures/statsmodels.json', import.meta.url), 'utf8'))

const OF_RANKS = METRICS.filter(({ ofProbabilities }) => !ofProbabilities).map(({ key }) => key)
const LINE = ['calibration_slope', 'calibration_intercept']
/** Metrics that a case has no value of. */
const BLANKS: Readonly<Record<string, readonly string[]>> = {
  // All scores are 0 and 1: what must be added hangs on how near to them they are kept.
  'coarse ties': ['calibration_intercept'],
  'all scores equal': ['calibration_slope'],
  separated: ['calibration_slope'],
  reversed: ['calibration_slope'],
  'two rows': ['calibration_slope'],
  'only cancers': [...OF_RANKS, ...LINE],
  'no cancer': [...OF_RANKS, ...LINE],
}

const DIGITS = 1e-9
const near = (found: number | null | undefined, expected: number | null): void => {
  if (expected === null) expect(found).toBeNull()
  else expect(Math.abs((found ?? Number.NaN) - expected)).toBeLessThan(DIGITS)
}

describe.each(cases)('as scikit-learn has it: $name', (one) => {
  const { labels, scores } = one
  const sample = sampleOf(scores, labels)
  const value = (key: string, weights?: number[]) => measure(sample, [key], weights)[0]

  it('AUROC and average precision', () => {
    near(auroc(scores, labels), one.auroc)
    near(value('auroc'), one.auroc)
    near(value('auprc'), one.auprc)
    if (one.auprc !== null) near(averagePrecision(scores, labels), one.auprc)
  })

  it('Brier score, log loss, ECE', () => {
    near(brier(scores, labels), one.brier)
    near(logLoss(scores, labels), one.log_loss)
    near(ece(scores, labels), one.ece)
    near(value('ece'), one.ece)
  })

  it('false positive rate, precision and threshold at recalls, sensitivity at specificities', () => {
    for (const [at, { fpr, precision, threshold }] of Object.entries(one.recall ?? {})) {
      near(value(`fpr_at_recall_${at}`), fpr)
      near(value(`precision_at_recall_${at}`), precision)
      near(thresholdFor(curveOf(sample.ranking), { kind: 'recall', at: Number(at) }), threshold)
    }
    for (const [at, sensitivity] of Object.entries(one.specificity ?? {})) {
      near(value(`sensitivity_at_specificity_${at}`), sensitivity)
    }
  })

  it('no metric is NaN, and which have no value is known', () => {
    const blank = METRICS.filter(({ key }) => value(key) === null).map(({ key }) => key)
    for (const { key } of METRICS) if (!blank.includes(key)) expect(Number.isFinite(value(key))).toBe(true)
    expect(blank).toEqual(BLANKS[one.name] ?? [])
  })
})

const weightedCases = cases.flatMap(({ name, scores, labels, weights, weighted }) =>
  weights && weighted ? [{ name, scores, labels, weights, weighted }] : [],
)
it.each(weightedCases)('rows weigh as in scikit-learn: $name', ({ scores, labels, weights, weighted }) => {
  const keys = ['auroc', 'auprc', 'brier', 'log_loss'] as const
  for (const [i, value] of measure(sampleOf(scores, labels), keys, weights).entries()) near(value, weighted[keys[i]])
  expect(weightedCases.length).toBeGreaterThan(5)
})

describe('what has no value', () => {
  it('says why', () => {
    const why = (scores: number[], labels: number[]) => whyBlank(sampleOf(scores, labels))
    expect(why([], [])).toBe('no rows')
    expect(why([0.1, 0.2], [0, 0])).toBe('no cancer among the rows')
    expect(why([0.1, 0.2], [1, 1])).toBe('only cancers among the rows')
    expect(why([0.1, 0.2], [0, 1])).toBe(
      'not defined: the scores separate the classes, are all equal, or are all 0 and 1',
    )
  })

  it('is measured in no row', () => {
    expect(
      measure(
        sampleOf([], []),
        METRICS.map(({ key }) => key),
      ).every((value) => value === null),
    ).toBe(true)
    expect([
      auroc([], []),
      averagePrecision([], []),
      brier([], []),
      logLoss([], []),
      ece([], []),
      eceOfPerfect([]),
    ]).toEqual(new Array(6).fill(null))
    expect(decisionCurve(curveOf(rank([], [])), [0.5])).toEqual([])
    expect(measure(sampleOf([0.2, 0.4], [0, 1]), ['no such metric'])).toEqual([null])
  })

  it('of probabilities is what other scales have none of', () => {
    const { line, labels } = sampleOf([0.2, 1.2], [0, 1])
    expect([line, [...labels]]).toEqual([undefined, [0, 1]])
    expect([[0, 1], [-1e-9], [1 + 1e-9], [Number.NaN], []].map(areProbabilities)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ])
    const onlyRanks = METRICS.filter(({ ofProbabilities }) => !ofProbabilities).map(({ key }) => key)
    expect(onlyRanks).toEqual([
      'auroc',
      'auprc',
      ...['0.80', '0.90', '0.95', '1.00'].flatMap((at) => [`fpr_at_recall_${at}`, `precision_at_recall_${at}`]),
      ...['0.80', '0.90', '0.95'].map((at) => `sensitivity_at_specificity_${at}`),
    ])
  })
})

describe('the catalogue', () => {
  it('says how each metric is called and which way is better', () => {
    expect(Object.fromEntries(METRICS.map(({ key, label, better }) => [key, `${label}: ${better}`]))).toMatchObject({
      auroc: 'AUROC: higher',
      auprc: 'AUPRC (average precision): higher',
      'fpr_at_recall_0.95': 'False positive rate at recall 0.95: lower',
      'precision_at_recall_1.00': 'Precision at recall 1.00: higher',
      'sensitivity_at_specificity_0.90': 'Sensitivity at specificity 0.90: higher',
      brier: 'Brier score: lower',
      log_loss: 'Log loss: lower',
      calibration_slope: 'Calibration slope: near 1',
      calibration_intercept: 'Calibration intercept: near 0',
      ece: 'ECE (10 bins): lower',
    })
  })
})

describe('calibration', () => {
  const { labels, scores, slope, intercept, observed, predicted } = made.calibration
  it('slope and intercept are the maximum of their likelihood, as SciPy finds it', () => {
    const line = calibrationSlope(scores.map(logit), labels)
    const large = calibrationIntercept(scores.map(logit), labels)
    if (line.kind !== 'fitted' || large.kind !== 'fitted') throw new Error('not fitted')
    near(line.coefficients[0], slope[0])
    near(line.coefficients[1], slope[1])
    near(large.coefficients[0], intercept[0])
    near(measure(sampleOf(scores, labels), ['calibration_slope'])[0], slope[1])
  })

  it.each(statsmodels.recalibration as Recalibration[])(
    'slope and intercept are those of statsmodels, rows weighted or not: case %#',
    ({ probabilities, labels: truth, weights, ...expected }) => {
      const sample = sampleOf(probabilities, truth)
      const [slope_, intercept_] = measure(sample, LINE, weights ?? undefined)
      near(slope_, expected.slope)
      near(intercept_, expected.intercept)
      const logits = probabilities.map(logit)
      const line = calibrationSlope(logits, truth, { weights: weights ?? undefined })
      if (line.kind !== 'fitted') throw new Error('not fitted')
      near(line.coefficients[0], expected.interceptOfSlope)
      near(line.logLikelihood, expected.logLikelihood)
      // From elsewhere the maximum is the same.
      const start = { weights: weights ?? undefined, start: [2, -1] }
      expect(calibrationSlope(logits, truth, start)).toMatchObject({ kind: 'fitted' })
      const large = calibrationIntercept(logits, truth, { ...start, start: [-3] })
      near(large.kind === 'fitted' ? large.coefficients[0] : null, expected.intercept)
    },
  )

  it('logits stay finite at 0 and 1', () => {
    expect(logit(0.5)).toBe(0)
    expect(logit(0.2)).toBeCloseTo(-Math.log(4), 14)
    expect(logit(0)).toBeCloseTo(Math.log(Number.EPSILON), 9)
    expect(logit(1)).toBeCloseTo(-Math.log(Number.EPSILON), 9)
  })

  it("the reliability curve is scikit-learn's", () => {
    const bins = reliabilityBins(scores, labels).filter(({ count }) => count > 0)
    for (const [i, bin] of bins.entries()) {
      near(bin.observed, observed[i])
      near(bin.predicted, predicted[i])
    }
    expect(bins).toHaveLength(observed.length)
    const all = reliabilityBins(scores, labels)
    expect(all.map(({ low, high }) => [low, high])).toEqual(all.map((_, b) => [b / 10, (b + 1) / 10]))
    expect(all.reduce((sum, { count }) => sum + count, 0)).toBe(scores.length)
    for (const { count, events, observed: share } of all) near(share, count === 0 ? null : events / count)
  })

  it('bins are closed above, and the first holds 0', () => {
    const counts = (p: number[], bins: number) =>
      reliabilityBins(
        p,
        p.map(() => 0),
        { bins },
      ).map(({ count }) => count)
    expect(counts([0, 0.1, 0.1000001, 0.3, 1], 10)).toEqual([2, 1, 1, 0, 0, 0, 0, 0, 0, 1])
    expect(counts([0.25, 0.26, 0.5, 0.75, 0.76], 4)).toEqual([1, 2, 1, 1])
    // Two nodules count as often as they are told to: 0.5 * |1 - 0.4| + 0.5 * |0 - 0.4| in one bin.
    near(ece([0.4, 0.4], [1, 0], { bins: 1, weights: [3, 1] }), 0.35)
    expect(reliabilityBins([0.4, 0.4], [1, 0], { bins: 1, weights: [3, 1] })).toEqual([
      { low: 0, high: 1, count: 4, events: 3, predicted: 0.4, observed: 0.75 },
    ])
  })

  it('has no slope where the classes are separated, nor where all is one', () => {
    expect(calibrationSlope([-2, -1, 1, 2], [0, 0, 1, 1]).kind).toBe('separated')
    expect(calibrationSlope([-2, -1, -1, 2], [0, 0, 1, 1]).kind).toBe('separated')
    expect(calibrationSlope([1, 1, 1], [0, 1, 1]).kind).toBe('undetermined')
    expect(calibrationSlope([1, 2, 1], [1, 1, 1]).kind).toBe('undetermined')
  })

  it('the ECE of a perfect model is the mean over what could have happened', () => {
    // All outcomes of six nodules, each with its probability.
    const p = [0.05, 0.07, 0.32, 0.38, 0.9, 0.97]
    let expected = 0
    for (let outcome = 0; outcome < 64; outcome++) {
      const labels = p.map((_, i) => (outcome >> i) & 1)
      const chance = p.reduce((product, one, i) => product * (labels[i] === 1 ? one : 1 - one), 1)
      expected += chance * (ece(p, labels) ?? 0)
    }
    near(eceOfPerfect(p), expected)
  })

  it('the ECE of a perfect model goes over smoothly into its limit for many rows', () => {
    const ofRows = (n: number) => (eceOfPerfect(new Float64Array(n).fill(0.33)) ?? 0) * Math.sqrt(n)
    expect(Math.abs(ofRows(2001) / ofRows(2000) - 1)).toBeLessThan(1e-3)
  })
})

describe('several classes and times', () => {
  it('weighted one-vs-rest AUROC', () => {
    const { classes, truth, probabilities, weighted } = made.multiclass
    const table = Object.fromEntries(classes.map((name: string, i: number) => [name, probabilities[i]]))
    near(weightedAuroc(table, truth)?.weighted, weighted)
    near(weightedAuroc({ ...table, Absent: probabilities[0] }, truth)?.weighted, weighted)
    expect(weightedAuroc({ Smooth: [0.1, 0.2], Lobulated: [0.9, 0.8] }, ['Smooth', 'Smooth'])).toBeNull()
  })

  it('C-index', () => {
    const { scores, times, events, cIndex, comparable } = made.survival
    const found = concordance(scores, times, events)
    near(found?.cIndex, cIndex)
    expect(found?.comparable).toBe(comparable)
    expect(concordance([1, 2], [5, 6], [0, 0])).toBeNull()
    expect(() => concordance([1], [Number.NaN], [1])).toThrow(expect.objectContaining({ code: 'evaluation/score' }))
  })

  it('the normal distribution', () => {
    const { x, tail, q, quantile } = made.normal
    for (const [i, at] of x.entries()) expect(Math.abs(normalTail(at) / tail[i] - 1)).toBeLessThan(1e-12)
    for (const [i, at] of q.entries()) expect(Math.abs(normalQuantile(at) - quantile[i])).toBeLessThan(1e-9)
  })
})

describe('by definition', () => {
  const row = fc.tuple(
    fc.integer({ min: 0, max: 9 }).map((k) => k / 9),
    fc.constantFrom(0, 1),
  )
  const rows = fc.array(row, { minLength: 1, maxLength: 40 })

  it('AUROC is the share of pairs in order', () => {
    fc.assert(
      fc.property(rows, (all) => {
        const cancers = all.filter(([, label]) => label === 1)
        const others = all.filter(([, label]) => label === 0)
        const pairs = cancers.flatMap(([a]) => others.map(([b]) => (a > b ? 1 : a === b ? 0.5 : 0)))
        const expected = pairs.length === 0 ? null : pairs.reduce((sum: number, x) => sum + x, 0) / pairs.length
        near(
          auroc(
            all.map(([s]) => s),
            all.map(([, label]) => label),
          ),
          expected,
        )
      }),
    )
  })

  it('weights count rows as often as they say', () => {
    const weighted = fc.array(fc.tuple(row, fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 25 })
    fc.assert(
      fc.property(weighted, (all) => {
        const repeated = all.flatMap(([one, weight]) => new Array<typeof one>(weight).fill(one))
        fc.pre(repeated.length > 0)
        const keys = METRICS.filter(({ key }) => !key.startsWith('calibration')).map(({ key }) => key)
        const sample = sampleOf(
          all.map(([[s]]) => s),
          all.map(([[, label]]) => label),
        )
        const counted = measure(
          sample,
          keys,
          all.map(([, weight]) => weight),
        )
        const expected = measure(
          sampleOf(
            repeated.map(([s]) => s),
            repeated.map(([, label]) => label),
          ),
          keys,
        )
        for (const [i, value] of counted.entries()) near(value, expected[i])
      }),
    )
  })

  it('rates at a threshold count rows at or above it', () => {
    const threshold = fc.integer({ min: -1, max: 20 }).map((k) => k / 18)
    fc.assert(
      fc.property(rows, threshold, (all, at) => {
        const curve = curveOf(
          rank(
            all.map(([s]) => s),
            all.map(([, label]) => label),
          ),
        )
        const called = all.filter(([s]) => s >= at)
        const tp = called.filter(([, label]) => label === 1).length
        const found = confusionAt(curve, at)
        expect([found.truePositives, found.falsePositives]).toEqual([tp, called.length - tp])
        expect(found.falseNegatives + found.trueNegatives).toBe(all.length - called.length)
        for (const value of Object.values(rates(found))) expect(value === null || (value >= 0 && value <= 1)).toBe(true)
      }),
    )
  })

  it('net benefit', () => {
    const curve = curveOf(rank([0.9, 0.6, 0.4, 0.1], [1, 0, 1, 0]))
    // At 0.5: 1 true, 1 false of 4, odds 1. At 0.2: 2 true, 1 false, odds 1/4.
    expect(decisionCurve(curve, [0.5, 0.2])).toEqual([
      { threshold: 0.5, model: 0, all: 0 },
      { threshold: 0.2, model: expect.closeTo(0.4375, 12), all: expect.closeTo(0.375, 12) },
    ])
  })

  it("Holm's correction", () => {
    // Of R: p.adjust(c(0.01, 0.02, 0.03, 0.04), 'holm') and with ties and ones.
    expect(holm([0.01, 0.02, 0.03, 0.04])).toEqual([0.04, 0.06, 0.06, 0.06])
    expect(holm([0.5, null, 0.01, 0.9])).toEqual([1, null, 0.03, 1])
  })

  it('a specificity that only calling nothing cancer meets', () => {
    const curve = curveOf(rank([0.2, 0.9], [1, 0]))
    expect(thresholdFor(curve, { kind: 'specificity', at: 0.95 })).toBe(Number.POSITIVE_INFINITY)
    expect(thresholdFor(curveOf(rank([0.2], [1])), { kind: 'specificity', at: 0.95 })).toBeNull()
  })

  it('refuses what cannot be ranked', () => {
    expect(() => rank([0.1, Number.NaN], [0, 1])).toThrow(expect.objectContaining({ code: 'evaluation/score' }))
    expect(() => rank([0.1, 0.2], [0, 2])).toThrow(expect.objectContaining({ code: 'evaluation/label' }))
    expect(() => rank([0.1], [0, 1])).toThrow(expect.objectContaining({ code: 'evaluation/lengths' }))
  })
})
