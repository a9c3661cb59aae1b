import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../random.ts'
import { auroc } from '../metrics/auroc.ts'
import { measure, sampleOf } from '../metrics/metrics.ts'
import { bootstrapAuroc, bootstrapMetrics } from './bootstrap.node.ts'
import { aurocPlan, column, designOf, drawUnits, replicateAurocs, replicateMetrics } from './bootstrap.ts'
import { intervalOf, quantile } from './interval.ts'
import { normalTail } from './normal.ts'
import { drawStratum } from './resample.ts'

/** Patients with one to three nodules; what a patient shares makes them alike. */
function cohort(random: ReturnType<typeof seededRandom>, patients: number, shift: number) {
  const rows: { patient: number; label: number; score: number }[] = []
  for (let patient = 0; patient < patients; patient++) {
    const shared = 0.6 * random.normal()
    const cancer = patient % 3 === 0
    const nodules = 1 + random.integer(3)
    for (let nodule = 0; nodule < nodules; nodule++) {
      const label = Number(cancer && nodule === 0)
      rows.push({ patient, label, score: shift * label + shared + 0.8 * random.normal() })
    }
  }
  return {
    sample: sampleOf(
      rows.map(({ score }) => score),
      rows.map(({ label }) => label),
    ),
    design: designOf(
      rows.map(({ patient }) => patient),
      rows.map(({ label }) => label),
    ),
  }
}

describe('drawing', () => {
  it('draws every stratum as often as it has patients, and keeps to it', () => {
    const { design } = cohort(seededRandom(1), 300, 1)
    expect(design.strata).toHaveLength(2)
    for (let replicate = 0; replicate < 50; replicate++) {
      const drawn = drawUnits(design, seededRandom(replicate))
      for (const stratum of design.strata) {
        expect(stratum.reduce((sum, unit) => sum + drawn[unit], 0)).toBe(stratum.length)
      }
    }
  })

  it.each([3, 15, 40, 2000])('is multinomial for %i patients: moments of single and of paired counts', (n) => {
    const stratum = Uint32Array.from({ length: n }, (_, i) => i)
    const counts = new Uint8Array(n)
    const trials = Math.ceil(400_000 / n)
    let squares = 0
    let products = 0
    let zeros = 0
    const random = seededRandom(n)
    for (let trial = 0; trial < trials; trial++) {
      drawStratum(stratum, random, counts)
      for (let i = 0; i < n; i++) {
        squares += (counts[i] - 1) ** 2
        zeros += counts[i] === 0 ? 1 : 0
        if (i > 0) products += (counts[i] - 1) * (counts[i - 1] - 1)
      }
    }
    const draws = trials * n
    // Variance 1 - 1/n, covariance -1/n, P(0) = (1 - 1/n)^n; four standard errors of some 400,000 draws.
    expect(Math.abs(squares / draws - (1 - 1 / n))).toBeLessThan(0.012)
    expect(Math.abs(products / (trials * (n - 1)) + 1 / n)).toBeLessThan(0.01)
    expect(Math.abs(zeros / draws - (1 - 1 / n) ** n)).toBeLessThan(0.005)
  })

  it('the seed tells every draw, and threads change nothing', async () => {
    const { sample, design } = cohort(seededRandom(2), 3000, 1)
    const plan = aurocPlan(sample.ranking, design)
    const here = replicateAurocs(plan, { seed: 5, to: 1200 })
    expect(await bootstrapAuroc(plan, { seed: 5, replicates: 1200, threads: 2 })).toEqual(here)
    expect(await bootstrapAuroc(plan, { seed: 5, replicates: 1200, threads: 3 })).toEqual(here)
    expect(replicateAurocs(plan, { seed: 6, to: 10 })).not.toEqual(here.slice(0, 10))
    const keys = ['auroc', 'auprc']
    expect(await bootstrapMetrics(sample, design, keys, { seed: 5, replicates: 300, threads: 2 })).toEqual(
      replicateMetrics(sample, design, keys, { seed: 5, to: 300 }),
    )
  })

  it('the quick AUROC is that of the drawn rows', () => {
    const random = seededRandom(3)
    const labels = Array.from({ length: 60 }, () => random.integer(2))
    const scores = labels.map((label) => random.integer(6) + label)
    const patients = labels.map((_, i) => Math.floor(i / 2))
    const plan = aurocPlan(sampleOf(scores, labels).ranking, designOf(patients, labels))
    const quick = replicateAurocs(plan, { seed: 9, to: 20 })
    for (let replicate = 0; replicate < 20; replicate++) {
      const drawn = drawUnits(plan.design, seededRandom(9, `bootstrap/${replicate}`))
      const rows = labels.flatMap((_, row) => new Array<number>(drawn[plan.design.unitOfRow[row]]).fill(row))
      const expected = auroc(
        rows.map((row) => scores[row]),
        rows.map((row) => labels[row]),
      )
      expect(Math.abs(quick[replicate] - (expected ?? Number.NaN))).toBeLessThan(1e-12)
    }
  })
})

describe('coverage by simulation: 95 % intervals hold the truth in 93 to 97 of 100 cohorts', () => {
  const TRIALS = 1000

  it('AUROC, with several nodules a patient', () => {
    const shift = 1.5
    // Score difference of a cancer and another patient's nodule: normal, variance 2 (0.36 + 0.64).
    const truth = 1 - normalTail(shift / Math.sqrt(2))
    let covered = 0
    for (let trial = 0; trial < TRIALS; trial++) {
      const { sample, design } = cohort(seededRandom(11, String(trial)), 150, shift)
      const values = replicateAurocs(aurocPlan(sample.ranking, design), { seed: trial, to: 400 })
      const interval = intervalOf(values, measure(sample, ['auroc'])[0] ?? Number.NaN, design)
      if (interval && interval.low <= truth && truth <= interval.high) covered++
    }
    console.log(`AUROC ${truth.toFixed(4)}: covered ${((100 * covered) / TRIALS).toFixed(1)} %`)
    expect(covered / TRIALS).toBeGreaterThanOrEqual(0.93)
    expect(covered / TRIALS).toBeLessThanOrEqual(0.97)
  })

  it.each([
    [100, 150],
    [30, 120],
  ])('AUROC, AUPRC and Brier score, %i cancers and %i others', (cancers, others) => {
    const of = (scale: number) =>
      Array.from({ length: (cancers + others) * scale }, (_, i) => Number(i < cancers * scale))
    const draw = (random: ReturnType<typeof seededRandom>, labels: readonly number[]) =>
      sampleOf(
        labels.map((label) => 1 / (1 + Math.exp(-(random.normal() + 1.5 * label - 0.75)))),
        labels,
      )
    const keys = ['auroc', 'auprc', 'brier']
    // On so many rows that chance is gone.
    const truth = measure(draw(seededRandom(1), of(2000)), keys)
    const covered = keys.map(() => 0)
    for (let trial = 0; trial < TRIALS; trial++) {
      const sample = draw(seededRandom(12, String(trial)), of(1))
      const design = designOf(Array.from(sample.labels.keys()), sample.labels)
      const values = replicateMetrics(sample, design, keys, { seed: trial, to: 300 })
      const found = measure(sample, keys)
      for (const k of keys.keys()) {
        const interval = intervalOf(column(values, keys.length, k), found[k] ?? Number.NaN, design)
        const true_ = truth[k] ?? Number.NaN
        if (interval && interval.low <= true_ && true_ <= interval.high) covered[k]++
      }
    }
    console.log(
      `${cancers} cancers: ${keys.map((key, k) => `${key} covered ${((100 * covered[k]) / TRIALS).toFixed(1)} %`)}`,
    )
    for (const count of covered) {
      expect(count / TRIALS).toBeGreaterThanOrEqual(0.93)
      expect(count / TRIALS).toBeLessThanOrEqual(0.97)
    }
  })
})

describe('intervals', () => {
  it("quantiles are NumPy's", () => {
    expect(quantile([1, 2, 4, 8], 0.5)).toBe(3)
    expect(quantile([1, 2, 4, 8], 0.9)).toBeCloseTo(6.8, 12)
  })

  it('there is none where replicates have no value', () => {
    const design = designOf([0, 1, 2, 3], [0, 0, 1, 1])
    expect(intervalOf(new Float64Array(100).fill(Number.NaN), 0.5, design)).toBeNull()
    expect(
      intervalOf(
        Float64Array.from({ length: 100 }, (_, i) => (i < 10 ? Number.NaN : i)),
        50,
        design,
      ),
    ).toBeNull()
  })
})
