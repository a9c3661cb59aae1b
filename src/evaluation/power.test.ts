/** Sample sizes: covariances by SciPy, variances by simulation, and the power that DeLong's own test then has. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { compareAuroc } from './intervals/delong.ts'
import { cancersFor, effect, type PowerDesign, placementCovariance, powerOf } from './power.ts'

interface Stored {
  readonly covariances: readonly { a: number; b: number; r: number; value: number }[]
  readonly variances: readonly {
    aurocs: [number, number]
    benign: number
    cancer: number
    ratio: number
    value: number
  }[]
}
const stored: Stored = JSON.parse(readFileSync(new URL('fixtures/power.json', import.meta.url), 'utf8'))
const design: PowerDesign = {
  aurocs: [0.9, 0.85],
  correlation: { benign: 0.5, cancer: 0.5 },
  ratio: 4,
  level: 0.05,
}

describe('the variance of a difference', () => {
  it.each(stored.covariances)("placement values of $a and $b, correlated by $r: SciPy's", ({ a, b, r, value }) => {
    expect(placementCovariance(a, b, r)).toBeCloseTo(value, 8)
  })
  it.each(stored.variances)('of $aurocs is what 20,000 simulated cohorts show, within 4 %', (one) => {
    const { benign, cancer } = one
    const { variance } = effect({ ...design, aurocs: one.aurocs, correlation: { benign, cancer }, ratio: one.ratio })
    expect(variance / one.value).toBeGreaterThan(0.96)
    expect(variance / one.value).toBeLessThan(1.04)
  })
})

describe('sample sizes', () => {
  it('give the power that they were asked for, by formula', () => {
    for (const power of [0.5, 0.8, 0.95]) expect(powerOf(design, cancersFor(design, power))).toBeCloseTo(power, 10)
  })

  it("give it to DeLong's test on drawn cohorts", () => {
    const small: PowerDesign = { ...design, aurocs: [0.9, 0.75], ratio: 2 }
    const cancers = Math.ceil(cancersFor(small, 0.8))
    const random = seededRandom(1)
    // Two numbers of the normal distribution, correlated by 0.5.
    const pair = (): [number, number] => {
      const x = random.normal()
      return [x, 0.5 * x + Math.sqrt(0.75) * random.normal()]
    }
    // sqrt 2 Phi^-1 of 0.9 and 0.75.
    const shift = [1.8123876, 0.9538726]
    const labels = Array.from({ length: 3 * cancers }, (_, i) => (i < cancers ? 1 : 0))
    const cohorts = 400
    let shown = 0
    for (let n = 0; n < cohorts; n++) {
      const scores = labels.map((label) => pair().map((x, model) => x + label * shift[model]))
      const [first, second] = [0, 1].map((model) => scores.map((row) => row[model]))
      const test = compareAuroc(first, second, labels, Uint32Array.from(labels.keys()))
      if (test !== null && test.p !== null && test.p < 0.05) shown++
    }
    // 0.8, with 2.5 standard errors of 400 draws to either side.
    expect(shown / cohorts).toBeGreaterThan(0.75)
    expect(shown / cohorts).toBeLessThan(0.85)
  })

  it('grow as the difference shrinks, and shrink as the models agree more', () => {
    const of = (change: Partial<PowerDesign>) => cancersFor({ ...design, ...change }, 0.8)
    expect(of({ aurocs: [0.9, 0.88] })).toBeGreaterThan(of({}) * 5)
    expect(of({ correlation: { benign: 0.8, cancer: 0.8 } })).toBeLessThan(of({}) / 2)
    expect(of({ aurocs: [0.85, 0.9] })).toBeCloseTo(of({}), 9)
    expect(of({ ratio: 1 })).toBeGreaterThan(of({}))
  })

  it.each([
    [{ aurocs: [0.9, 0.9] }, 'the difference of the AUROCs is 0'],
    [{ aurocs: [1, 0.9] }, 'an AUROC is 1'],
    [{ aurocs: [Number.NaN, 0.9] }, 'an AUROC is NaN'],
    [{ ratio: 0 }, 'nodules without cancer a cancer is 0'],
    [{ level: 1 }, 'the level is 1'],
    [{ correlation: { benign: 1, cancer: 0 } }, 'a correlation is 1'],
  ] as [Partial<PowerDesign>, string][])('%j is refused', (change, message) => {
    expect(() => cancersFor({ ...design, ...change }, 0.8)).toThrow(message)
  })
})
