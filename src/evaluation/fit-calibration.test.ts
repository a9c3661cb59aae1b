import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calibrate } from '../model/calibration.ts'
import { applyIsotonic, applyPlatt, fitBeta, fitIsotonic, fitPlatt } from './fit-calibration.ts'

interface Case {
  readonly name: string
  readonly probabilities: number[]
  readonly labels: number[]
  readonly at: number[]
  readonly betacal: number[]
  readonly betacalOwn: number[]
  readonly betacalMap: [number, number, number]
  readonly exact: [number, number, number] | null
  readonly platt: number[] | null
  readonly isotonic: number[]
}

/** Made by fixtures/make_betacal.py. */
const cases: Case[] = JSON.parse(readFileSync(new URL('./fixtures/betacal.json', import.meta.url), 'utf8'))
const regular = cases.filter(({ exact }) => exact !== null)

const within = (tolerance: number) => (found: readonly number[], expected: readonly number[]) => {
  expect(found).toHaveLength(expected.length)
  for (const [i, value] of found.entries()) expect(Math.abs(value - expected[i])).toBeLessThan(tolerance)
}

describe('beta calibration', () => {
  it.each(regular)('is the maximum of its likelihood to 1e-6: $name', ({ probabilities, labels, exact }) => {
    const { a, b, c } = fitBeta(probabilities, labels)
    within(1e-6)([a, b, c], exact ?? [])
  })

  it.each(regular)("has betacal's parameters and predictions to 1e-5: $name", (one) => {
    const fit = fitBeta(one.probabilities, one.labels)
    // Of 120 nodules the likelihood is flat: its solver stops a little further off in parameters, not in predictions.
    within(one.name === 'small' ? 1e-4 : 1e-5)([fit.a, fit.b, fit.c], one.betacalMap)
    within(1e-5)(
      one.at.map((p) => calibrate(p, fit)),
      one.betacal,
    )
  })

  it('makes both refits, by their names', () => {
    expect(regular.map(({ probabilities, labels }) => fitBeta(probabilities, labels).kind)).toEqual([
      'full',
      'full',
      'a = 0',
      'b = 0',
      'full',
    ])
  })

  it('gives the prevalence for constant input, as betacal does', () => {
    const one = cases.find(({ name }) => name === 'constant') as Case
    const fit = fitBeta(one.probabilities, one.labels)
    expect(fit).toMatchObject({ a: 0, b: 0, kind: 'constant', warning: expect.stringContaining('prevalence') })
    within(1e-5)(
      one.probabilities.map((p) => calibrate(p, fit)),
      one.betacalOwn,
    )
    expect(calibrate(0.99, fit)).toBeCloseTo(5 / 12, 12)
  })

  it('stays finite on separated classes, and says so', () => {
    const one = cases.find(({ name }) => name === 'separable') as Case
    const fit = fitBeta(one.probabilities, one.labels)
    expect(fit).toMatchObject({ kind: 'penalised', warning: expect.stringContaining('separated') })
    expect([fit.a, fit.b, fit.c].every(Number.isFinite)).toBe(true)
    const calibrated = one.probabilities.map((p) => calibrate(p, fit))
    // betacal's solver gives up on the way to the same step: both are within 1e-4 of it.
    within(1e-4)(calibrated, one.labels)
    within(1e-4)(one.betacalOwn, one.labels)
  })

  it('passes through the shares of two distinct probabilities, as betacal does', () => {
    const one = cases.find(({ name }) => name === 'two values') as Case
    const fit = fitBeta(one.probabilities, one.labels)
    expect(fit.warning).toContain('two')
    within(1e-5)(
      one.probabilities.map((p) => calibrate(p, fit)),
      one.betacalOwn,
    )
  })

  it('takes 0 and 1, and refuses what is not a probability and one class', () => {
    const { a, b, c } = fitBeta([0, 0.2, 0.6, 1, 0.4, 1], [0, 1, 0, 1, 0, 1])
    expect([a, b, c].every(Number.isFinite)).toBe(true)
    expect(() => fitBeta([0.1, 1.2], [0, 1])).toThrow(expect.objectContaining({ code: 'calibration/probability' }))
    expect(() => fitBeta([0.1, Number.NaN], [0, 1])).toThrow(
      expect.objectContaining({ code: 'calibration/probability' }),
    )
    expect(() => fitBeta([0.1, 0.2], [1, 1])).toThrow(expect.objectContaining({ code: 'calibration/one-class' }))
  })

  it('warns where higher probabilities went with fewer cancers', () => {
    const p = Array.from({ length: 40 }, (_, i) => (i + 0.5) / 40)
    const labels = p.map((x, i) => (x < 0.5 !== (i % 5 === 0) ? 1 : 0))
    expect(fitBeta(p, labels).warning).toContain('falls')
  })

  it('never fails on a cohort of both classes, whatever its probabilities', () => {
    const row = fc.tuple(
      fc.constantFrom(0, 1e-300, 1e-9, 0.2, 0.5, 0.5000001, 0.9, 1 - 1e-12, 1),
      fc.constantFrom(0, 1),
    )
    fc.assert(
      fc.property(fc.array(row, { maxLength: 25 }), (rows) => {
        const all = [...rows, [0.3, 0], [0.6, 1]]
        const fit = fitBeta(
          all.map(([p]) => p),
          all.map(([, label]) => label),
        )
        for (const [p] of all) expect(calibrate(p, fit)).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: 300 },
    )
  })
})

describe('for comparison', () => {
  it.each(regular)("Platt's map is scikit-learn's: $name", ({ probabilities, labels, at, platt }) => {
    const fit = fitPlatt(probabilities, labels)
    within(1e-5)(
      at.map((p) => applyPlatt(p, fit)),
      platt ?? [],
    )
  })

  it.each(cases)("isotonic regression is scikit-learn's: $name", ({ probabilities, labels, at, isotonic }) => {
    const corners = fitIsotonic(probabilities, labels)
    within(1e-9)(
      at.map((p) => applyIsotonic(p, corners)),
      isotonic,
    )
  })
})
