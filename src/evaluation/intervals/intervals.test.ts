/** Intervals against worked numbers of statsmodels and SciPy: fixtures/make_statsmodels.py. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { METRICS, measure, sampleOf } from '../metrics/metrics.ts'
import { column, designOf } from './bootstrap.ts'
import { compareAuroc, deLong } from './delong.ts'
import { estimates, tooFew, wilson, withInterval } from './estimate.ts'
import { holm } from './holm.ts'
import { intervalOf, quantile } from './interval.ts'

interface Replicates {
  readonly patients: number
  readonly estimate: number
  readonly values: number[]
  readonly low: number
  readonly high: number
}
const made = JSON.parse(readFileSync(new URL('../fixtures/statsmodels.json', import.meta.url), 'utf8'))

/** So many patients with cancer, and twice as many without: the fewer count. */
const designOfPatients = (patients: number) => {
  const rows = Array.from({ length: 3 * patients }, (_, i) => i)
  return designOf(
    rows,
    rows.map((i) => Number(i < patients)),
  )
}

describe("Wilson's interval", () => {
  it.each(made.wilson as { events: number; n: number; low: number; high: number }[])(
    'is that of statsmodels: $events of $n',
    ({ events, n, low, high }) => {
      const found = wilson(events / n, n)
      expect(found.low).toBeCloseTo(low, 12)
      expect(found.high).toBeCloseTo(high, 12)
    },
  )

  it('holds its share, within [0, 1], mirrored for the opposite', () => {
    const share = fc
      .integer({ min: 1, max: 500 })
      .chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)))
    fc.assert(
      fc.property(share, ([events, n]) => {
        const { low, high } = wilson(events / n, n)
        expect(low >= 0 && high <= 1 && low <= events / n + 1e-12 && high >= events / n - 1e-12).toBe(true)
        const opposite = wilson(1 - events / n, n)
        expect(opposite.low).toBeCloseTo(1 - high, 10)
        expect(opposite.high).toBeCloseTo(1 - low, 10)
      }),
    )
  })
})

describe("Holm's correction", () => {
  it.each(made.holm as { p: number[]; adjusted: number[] }[])('is that of statsmodels: $p', ({ p, adjusted }) => {
    expect(holm(p)).toEqual(adjusted.map((one) => expect.closeTo(one, 12)))
    // What could not be compared stays blank and does not count.
    expect(holm([null, ...p, null])).toEqual([null, ...adjusted.map((one) => expect.closeTo(one, 12)), null])
  })
})

describe('quantiles', () => {
  it("are NumPy's", () => {
    const { values, at, quantile: expected } = made.quantiles
    expect(at.map((q: number) => quantile(values, q))).toEqual(expected.map((one: number) => expect.closeTo(one, 12)))
    expect(quantile([4], 0.3)).toBe(4)
  })
})

describe('the interval of replicates', () => {
  /** How far the expansion of Student's t is off for so few patients, in units of the replicates. */
  const tolerance = (patients: number): number => (patients >= 30 ? 1e-6 : patients >= 12 ? 2e-5 : 5e-4)

  it.each(made.replicates as Replicates[])(
    "has the quantiles that SciPy's distributions tell: $patients patients, estimate $estimate",
    ({ patients, estimate, values, low, high }) => {
      const found = intervalOf(Float64Array.from(values), estimate, designOfPatients(patients))
      expect(Math.abs((found?.low ?? Number.NaN) - low)).toBeLessThan(tolerance(patients))
      expect(Math.abs((found?.high ?? Number.NaN) - high)).toBeLessThan(tolerance(patients))
    },
  )

  it('leaves out replicates without a value, up to one in twenty', () => {
    const design = designOfPatients(40)
    const values = (missing: number, count = 200) =>
      Float64Array.from({ length: count }, (_, i) => (i < missing ? Number.NaN : (i * 37) % count))
    const whole = intervalOf(values(10).slice(10), 100, design)
    expect(intervalOf(values(10), 100, design)).toEqual(whole)
    expect(intervalOf(values(11), 100, design)).toBeNull()
    expect(intervalOf(values(0, 20), 10, design)).not.toBeNull()
    expect(intervalOf(values(0, 19), 10, design)).toBeNull()
  })

  it('is none where there are too few patients, or draws that all agree', () => {
    const design = designOfPatients(30)
    const values = Float64Array.from({ length: 100 }, (_, i) => i / 100)
    expect(withInterval(0.5, values, design)).toEqual({ value: 0.5, interval: intervalOf(values, 0.5, design) })
    expect(withInterval(0.5, values.fill(Number.NaN, 0, 50), design)).toEqual({
      value: 0.5,
      interval: null,
      why: 'too many draws have no value: no interval',
    })
    expect(withInterval(1, new Float64Array(100).fill(1), design)).toEqual({
      value: 1,
      interval: null,
      why: 'all draws give one value: no interval',
    })
    const few = 'fewer than two patients of a class: no interval'
    expect(tooFew(designOf([0, 1, 2, 3], [1, 1, 0, 0]))).toBeNull()
    expect(tooFew(designOf([0, 1, 2], [1, 0, 0]))).toBe(few)
    expect(tooFew(designOf([0, 0, 1, 1], [1, 0, 0, 0]))).toBe(few)
    expect(tooFew(designOf([], []))).toBe(few)
  })
})

describe('estimates', () => {
  const scores = [0.1, 0.2, 0.35, 0.4, 0.5, 0.62, 0.7, 0.9]
  const labels = [0, 0, 1, 0, 1, 0, 1, 1]
  const sample = sampleOf(scores, labels)
  /** A replicate's value is its number, a hundred times the metric's place. */
  const asked: string[][] = []
  const bootstrap = async (_: unknown, __: unknown, keys: readonly string[]) => {
    asked.push([...keys])
    return Float64Array.from(
      { length: 40 * keys.length },
      (_, i) => (i % keys.length) * 100 + Math.floor(i / keys.length),
    )
  }

  it('give every metric its value and the interval of its own replicates', async () => {
    const design = designOf(
      scores.map((_, i) => i),
      labels,
    )
    const found = await estimates(sample, design, true, bootstrap)
    const keys = METRICS.map(({ key }) => key)
    expect(Object.keys(found)).toEqual(keys)
    expect(asked.at(-1)).toEqual(keys)
    for (const [k, key] of keys.entries()) {
      const [value] = measure(sample, [key])
      expect(found[key].value).toBe(value)
      const interval = found[key].value === null ? null : found[key].interval
      const own = intervalOf(
        Float64Array.from({ length: 40 }, (_, r) => 100 * k + r),
        value ?? 0,
        design,
      )
      expect(interval).toEqual(own)
    }
  })

  it('are blank, with the reason, for metrics of probabilities on another scale, and for what has no value', async () => {
    const design = designOf(
      scores.map((_, i) => i),
      labels,
    )
    const ranked = await estimates(
      sampleOf(
        scores.map((s) => 10 * s),
        labels,
      ),
      design,
      false,
      bootstrap,
    )
    expect(ranked.brier).toEqual({ value: null, why: 'not a probability' })
    expect(asked.at(-1)).not.toContain('brier')
    expect(ranked.auroc).toMatchObject({ value: measure(sample, ['auroc'])[0], interval: { low: expect.any(Number) } })
    const before = asked.length
    const one = await estimates(sampleOf([0.2, 0.4], [0, 0]), designOf([0, 1], [0, 0]), true, bootstrap)
    expect(one.auroc).toEqual({ value: null, why: 'no cancer among the rows' })
    expect(one.brier).toMatchObject({ value: expect.closeTo(0.1, 12), interval: { low: expect.any(Number) } })
    expect(asked[before]).not.toContain('auroc')
  })

  it('have no interval, with the reason, of too few patients', async () => {
    const before = asked.length
    const found = await estimates(sampleOf([0.2, 0.4, 0.9], [0, 0, 1]), designOf([0, 1, 2], [0, 0, 1]), true, bootstrap)
    expect(found.auroc).toEqual({ value: 1, interval: null, why: 'fewer than two patients of a class: no interval' })
    expect(asked).toHaveLength(before)
  })
})

describe('designs', () => {
  it('number patients as they come, and part those with a cancer from the others', () => {
    const design = designOf(['b', 'a', 'b', 'c', 'd', 'c'], [0, 0, 1, 0, 1, 0])
    expect([...design.unitOfRow]).toEqual([0, 1, 0, 2, 3, 2])
    expect(design.units).toBe(4)
    expect(design.strata.map((stratum) => [...stratum])).toEqual([
      [0, 3],
      [1, 2],
    ])
    expect(designOf(['a', 'b'], [0, 0]).strata.map((stratum) => [...stratum])).toEqual([[0, 1]])
  })

  it('have a column of replicates for each metric', () => {
    expect([...column(Float64Array.of(1, 2, 3, 4, 5, 6), 3, 1)]).toEqual([2, 5])
  })
})

describe('DeLong with several nodules a patient', () => {
  const { labels, patients, scores, areas, covariance, comparison } = made.clustered

  it("is Obuchowski's definition", () => {
    const found = deLong(scores, labels, patients)
    expect(found?.areas).toEqual(areas.map((area: number) => expect.closeTo(area, 12)))
    expect(found?.covariance).toEqual(covariance.map((row: number[]) => row.map((one) => expect.closeTo(one, 12))))
    // Names of patients in any order and of any size.
    expect(
      deLong(
        scores,
        labels,
        patients.map((one: number) => 1e6 - 7 * one),
      )?.covariance[0][1],
    ).toBeCloseTo(covariance[0][1], 14)
  })

  it('compares two predictors, with an interval of the difference', () => {
    const found = compareAuroc(scores[0], scores[1], labels, patients)
    for (const key of ['difference', 'standardError', 'z', 'p', 'low', 'high'] as const)
      expect(found?.[key]).toBeCloseTo(comparison[key], 10)
    const back = compareAuroc(scores[1], scores[0], labels, patients)
    expect([back?.difference, back?.z]).toEqual([
      expect.closeTo(-comparison.difference, 12),
      expect.closeTo(-comparison.z, 10),
    ])
  })

  it('has no variance of one patient, nor of one patient with a class', () => {
    expect(deLong([[1, 2, 3, 4]], [0, 1, 0, 1], [5, 5, 5, 5])).toBeNull()
    expect(deLong([[1, 2, 3, 4]], [0, 1, 0, 1], [0, 1, 2, 1])).toBeNull()
    expect(deLong([[1, 2, 3, 4]], [1, 0, 1, 0], [0, 1, 2, 1])).toBeNull()
    expect(deLong([[1, 2, 4, 3]], [0, 1, 0, 1], [0, 1, 2, 3])).not.toBeNull()
    expect(() => deLong([], [0, 1])).toThrow(expect.objectContaining({ code: 'evaluation/lengths' }))
  })
})
