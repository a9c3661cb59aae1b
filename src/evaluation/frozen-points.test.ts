import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { applyPoints, choosePoints, GOALS, parsePoints, pointName, pointsJson } from './frozen-points.ts'
import { designOf, drawUnits } from './intervals/bootstrap.ts'
import { wilson } from './intervals/estimate.ts'
import { intervalOf } from './intervals/interval.ts'
import { sampleOf } from './metrics/metrics.ts'

/** Twenty patients, some with two nodules, of scores with ties. */
const LABELS = [0, 0, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0]
const SCORES = LABELS.map((label, i) => Number(((((i * 7) % 11) + 4 * label) / 16).toFixed(2)))
const PATIENTS = LABELS.map((_, i) => Math.min(i, 19))
const sample = sampleOf(SCORES, LABELS)
const design = designOf(PATIENTS, LABELS)
const options = { name: 'here', seed: 3, replicates: 200 }

/** Counts at a threshold, by looking at each row as often as told. */
function counted(threshold: number, times: (row: number) => number = () => 1) {
  const count = (label: number, isCalled: boolean) =>
    LABELS.reduce((sum, one, row) => sum + (one === label && SCORES[row] >= threshold === isCalled ? times(row) : 0), 0)
  return {
    truePositives: count(1, true),
    falsePositives: count(0, true),
    falseNegatives: count(1, false),
    trueNegatives: count(0, false),
  }
}
const ratesOf = ({
  truePositives: tp,
  falsePositives: fp,
  falseNegatives: fn,
  trueNegatives: tn,
}: ReturnType<typeof counted>) => ({
  sensitivity: tp / (tp + fn),
  specificity: tn / (tn + fp),
  falsePositiveRate: fp / (tn + fp),
  precision: tp / (tp + fp),
  negativePredictiveValue: tn / (tn + fn),
})

describe('choosing thresholds', () => {
  it('has seven goals, each by its name', () => {
    expect(choosePoints(sample, 'here').map(pointName)).toEqual([
      'recall 0.80',
      'recall 0.90',
      'recall 0.95',
      'recall 1.00',
      'specificity 0.80',
      'specificity 0.90',
      'specificity 0.95',
    ])
    expect(choosePoints(sample, 'here').every(({ chosenOn }) => chosenOn === 'here')).toBe(true)
  })

  it('takes the highest threshold that reaches a recall, the lowest that keeps a specificity', () => {
    const distinct = [...new Set(SCORES)].sort((a, b) => b - a)
    expect(distinct.length).toBeGreaterThan(5)
    for (const { goal, threshold } of choosePoints(sample, 'here')) {
      const fits = (at: number) => {
        const { sensitivity, specificity } = ratesOf(counted(at))
        return goal.kind === 'recall' ? sensitivity >= goal.at : specificity >= goal.at
      }
      const fitting = distinct.filter(fits)
      expect(threshold).toBe(goal.kind === 'recall' ? fitting[0] : fitting.at(-1))
    }
  })

  it('has none above every score, nor without the class that a goal is about', () => {
    const reversed = sampleOf([0.2, 0.9], [1, 0])
    const threshold = (kind: 'recall' | 'specificity') => choosePoints(reversed, 'x', [{ kind, at: 0.95 }])[0].threshold
    expect([threshold('recall'), threshold('specificity')]).toEqual([0.2, null])
    expect(
      choosePoints(sampleOf([0.2], [0]), 'x')
        .map((one) => one.threshold)
        .slice(0, 4),
    ).toEqual([null, null, null, null])
  })
})

describe('applying thresholds', () => {
  const applied = () => applyPoints(sample, design, choosePoints(sample, 'here'), options)

  it('counts rows at or above each, and has the rates of the counts', () => {
    expect(applied()).toHaveLength(GOALS.length)
    for (const { threshold, counts, rates } of applied()) {
      const expected = counted(threshold ?? Number.NaN)
      expect(counts).toEqual(expected)
      for (const [key, value] of Object.entries(ratesOf(expected)))
        expect(rates?.[key as keyof typeof rates].value).toBeCloseTo(value, 12)
    }
  })

  it('has intervals over the same draws of patients as all else', () => {
    const draws = Array.from({ length: 200 }, (_, replicate) =>
      drawUnits(design, seededRandom(3, `bootstrap/${replicate}`)),
    )
    for (const { threshold, rates } of applied()) {
      const drawn = draws.map((one) => ratesOf(counted(threshold ?? Number.NaN, (row) => one[PATIENTS[row]])))
      for (const key of [
        'sensitivity',
        'specificity',
        'falsePositiveRate',
        'precision',
        'negativePredictiveValue',
      ] as const) {
        const { value, interval } = rates?.[key] ?? { value: null, interval: null }
        if (value === null || value === 0 || value === 1) continue
        expect(interval).toEqual(
          intervalOf(
            Float64Array.from(drawn, (one) => one[key]),
            value,
            design,
          ),
        )
      }
    }
    expect(applied()[0].rates?.sensitivity.interval).toMatchObject({ low: expect.any(Number) })
  })

  it("has Wilson's interval over the patients behind a rate of 0 or 1", () => {
    const [all] = applyPoints(sample, design, [{ goal: GOALS[3], threshold: 0, chosenOn: 'x' }], options)
    // Every row is called: sensitivity 1 of the patients with a cancer, specificity 0 of those with something else.
    const patients = (label: number) => new Set(PATIENTS.filter((_, row) => LABELS[row] === label)).size
    expect(all.rates?.sensitivity).toEqual({ value: 1, interval: wilson(1, patients(1)) })
    expect(all.rates?.specificity).toEqual({ value: 0, interval: wilson(0, patients(0)) })
    expect(all.rates?.falsePositiveRate).toEqual({ value: 1, interval: wilson(1, patients(0)) })
    expect(all.rates?.negativePredictiveValue).toEqual({ value: null, interval: null })
    const [top] = applyPoints(sample, design, [{ goal: GOALS[0], threshold: 0.7, chosenOn: 'x' }], options)
    const called = PATIENTS.filter((_, row) => SCORES[row] >= 0.7)
    expect(called.length).toBeGreaterThan(0)
    expect(top.rates?.precision).toEqual({ value: 1, interval: wilson(1, new Set(called).size) })
    const [low] = applyPoints(sample, design, [{ goal: GOALS[0], threshold: 0.2, chosenOn: 'x' }], options)
    const below = PATIENTS.filter((_, row) => SCORES[row] < 0.2)
    expect(low.rates?.negativePredictiveValue).toEqual({ value: 1, interval: wilson(1, new Set(below).size) })
  })

  it('says whether it was chosen on the same rows, and has nothing where there is no threshold', () => {
    const points = [
      { goal: GOALS[0], threshold: 0.5, chosenOn: 'elsewhere' },
      { goal: GOALS[1], threshold: null, chosenOn: 'here' },
    ]
    const [frozen, none] = applyPoints(sample, design, points, options)
    expect(frozen).toMatchObject({ sameRows: false, threshold: 0.5, chosenOn: 'elsewhere' })
    expect(none).toEqual({ ...points[1], sameRows: true, counts: null, rates: null })
  })

  it('has values without intervals of too few patients', () => {
    const few = sampleOf([0.2, 0.6, 0.9], [0, 1, 0])
    const [{ rates }] = applyPoints(
      few,
      designOf([0, 1, 2], [0, 1, 0]),
      [{ goal: GOALS[0], threshold: 0.6, chosenOn: 'x' }],
      options,
    )
    expect(rates?.specificity).toEqual({ value: 0.5, interval: null })
    expect(rates?.sensitivity).toEqual({ value: 1, interval: wilson(1, 1) })
  })
})

describe('as a file', () => {
  it('comes back as it was written, stamped', () => {
    const goal = fc.record({
      kind: fc.constantFrom('recall', 'specificity'),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    const threshold = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0))
    const point = fc.record({ goal: goal.map((one) => ({ ...one, at: one.at + 0 })), threshold, chosenOn: fc.string() })
    fc.assert(
      fc.property(fc.array(point), (points) => {
        const text = pointsJson(points as never, { software: 's', use: 'for research use' })
        expect(JSON.parse(text)).toMatchObject({ format: 'spicula-operating-points/1', use: 'for research use' })
        expect(text.endsWith('}\n')).toBe(true)
        expect(parsePoints(text, 'points.json')).toEqual(points)
      }),
    )
  })

  it.each([
    'no JSON',
    '{}',
    '{"format": "spicula-operating-points/2", "points": []}',
    '{"format": "spicula-operating-points/1", "points": [{"goal": {"kind": "recall", "at": 1.5}, "threshold": 1, "chosenOn": ""}]}',
    '{"format": "spicula-operating-points/1", "points": [{"goal": {"kind": "precision", "at": 1}, "threshold": 1, "chosenOn": ""}]}',
    '{"format": "spicula-operating-points/1", "points": [{"goal": {"kind": "recall", "at": 1}, "threshold": "1", "chosenOn": ""}]}',
  ])('refuses %s', (text) => {
    expect(() => parsePoints(text, 'points.json')).toThrow(
      expect.objectContaining({ code: 'evaluation/points', message: expect.stringMatching(/^points\.json: /) }),
    )
  })
})
