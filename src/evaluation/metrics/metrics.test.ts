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
import { METRICS, measure, sampleOf, whyBlank } from './metrics.ts'
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

/** Made by fixtures/make_sklearn.py. */
const made = JSON.parse(readFileSync(new URL('../fixtures/sklearn.json', import.meta.url), 'utf8'))
const cases: Case[] = made.cases
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

  it('with weights', () => {
    if (!one.weighted || !one.weights) return
    for (const key of ['auroc', 'auprc', 'brier', 'log_loss'] as const) near(value(key, one.weights), one.weighted[key])
  })

  it('no metric is NaN, and one without a value says why', () => {
    for (const { key } of METRICS) {
      const found = value(key)
      if (found === null) expect(whyBlank(sample)).not.toBe('')
      else expect(Number.isFinite(found)).toBe(true)
    }
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

  it("the reliability curve is scikit-learn's", () => {
    const bins = reliabilityBins(scores, labels).filter(({ count }) => count > 0)
    for (const [i, bin] of bins.entries()) {
      near(bin.observed, observed[i])
      near(bin.predicted, predicted[i])
    }
    expect(bins).toHaveLength(observed.length)
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
