import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitLogistic, sigmoid } from './logistic.ts'

describe('sigmoid', () => {
  it('is the logistic function, without overflow', () => {
    expect(sigmoid(0)).toBe(0.5)
    expect(sigmoid(Math.log(3))).toBeCloseTo(0.75, 14)
    expect(sigmoid(-Math.log(3))).toBeCloseTo(0.25, 14)
    expect([sigmoid(800), sigmoid(-800)]).toEqual([1, 0])
    expect(sigmoid(-40) / Math.exp(-40)).toBeCloseTo(1, 12)
  })
})

describe('fitLogistic', () => {
  const x = [-2, -1.2, -0.4, 0.1, 0.7, 1.1, 1.9, 2.6]
  const y = [0, 0, 1, 0, 1, 0, 1, 1]
  const ones = x.map(() => 1)
  /** Gradient and log-likelihood by their definition. */
  function at(beta: readonly number[], { weights = ones, offset = x.map(() => 0), labels = y } = {}) {
    const p = x.map((value, i) => sigmoid(beta[0] + beta[1] * value + offset[i]))
    const residual = p.map((one, i) => weights[i] * (labels[i] - one))
    return {
      gradient: [residual.reduce((a, b) => a + b, 0), residual.reduce((sum, r, i) => sum + r * x[i], 0)],
      logLikelihood: p.reduce(
        (sum, one, i) => sum + weights[i] * (labels[i] * Math.log(one) + (1 - labels[i]) * Math.log(1 - one)),
        0,
      ),
    }
  }
  const fitted = (fit: ReturnType<typeof fitLogistic>) => {
    if (fit.kind !== 'fitted') throw new Error(fit.kind)
    return fit
  }

  it('stands where the gradient is 0, with the likelihood that it says', () => {
    const { coefficients, logLikelihood } = fitted(fitLogistic([ones, x], y))
    for (const slope of at(coefficients).gradient) expect(slope).toBeCloseTo(0, 9)
    expect(logLikelihood).toBeCloseTo(at(coefficients).logLikelihood, 12)
    expect(fitted(fitLogistic([ones, x], y, { start: [4, -3] })).coefficients[1]).toBeCloseTo(coefficients[1], 9)
  })

  it('takes weights, offsets and labels between 0 and 1', () => {
    const weights = [1, 2, 0, 3, 1, 1, 0.5, 2]
    const offset = [0.5, -1, 0, 0.3, 0, -0.2, 1, 0]
    const labels = [0.1, 0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.9]
    for (const options of [{ weights }, { offset }, { labels }, { weights, offset, labels }]) {
      const { labels: l = y, ...rest } = { labels: y, ...options }
      const { coefficients, logLikelihood } = fitted(fitLogistic([ones, x], l, rest))
      for (const slope of at(coefficients, options).gradient) expect(slope).toBeCloseTo(0, 9)
      expect(logLikelihood).toBeCloseTo(at(coefficients, options).logLikelihood, 10)
    }
  })

  it('is held back by a ridge, but for the intercept', () => {
    const ridge = 0.8
    const { coefficients, logLikelihood } = fitted(fitLogistic([ones, x], y, { ridge }))
    const { gradient, logLikelihood: free } = at(coefficients)
    expect(gradient[0]).toBeCloseTo(0, 9)
    expect(gradient[1]).toBeCloseTo(ridge * coefficients[1], 9)
    expect(logLikelihood).toBeCloseTo(free - (ridge / 2) * coefficients[1] ** 2, 10)
    // Separated classes have a maximum then.
    expect(
      fitLogistic(
        [ones, x],
        x.map((value) => Number(value > 0)),
        { ridge },
      ).kind,
    ).toBe('fitted')
  })

  it('finds no maximum where there is none, and says why', () => {
    const apart = x.map((value) => Number(value > 0))
    expect(fitLogistic([ones, x], apart)).toEqual({ kind: 'separated' })
    expect(fitLogistic([ones, x], ones)).toEqual({ kind: 'undetermined', why: 'one class only' })
    expect(
      fitLogistic(
        [ones, x],
        x.map(() => 0),
      ),
    ).toEqual({ kind: 'undetermined', why: 'one class only' })
    expect(fitLogistic([ones, x], y, { weights: y })).toEqual({ kind: 'undetermined', why: 'one class only' })
    const repeated = { kind: 'undetermined', why: 'the columns tell nothing of their own' }
    expect(fitLogistic([ones, ones], y)).toEqual(repeated)
    expect(fitLogistic([ones, x, x.map((value) => 2 * value - 1)], y)).toEqual(repeated)
    // But for one tie in the middle.
    expect(
      fitLogistic(
        [
          [1, 1, 1, 1],
          [-1, 0, 0, 1],
        ],
        [0, 0, 1, 1],
      ).kind,
    ).toBe('separated')
  })

  it('solves three columns of any size', () => {
    const square = x.map((value) => value * value * 1e6)
    const { coefficients } = fitted(fitLogistic([ones, x, square], y))
    const p = x.map((value, i) => sigmoid(coefficients[0] + coefficients[1] * value + coefficients[2] * square[i]))
    for (const column of [ones, x, square.map((value) => value / 1e6)])
      expect(column.reduce((sum, value, i) => sum + value * (y[i] - p[i]), 0)).toBeCloseTo(0, 7)
  })

  it('is fitted or says that it is not, whatever the rows', () => {
    const row = fc.tuple(fc.constantFrom(-40, -1, 0, 0, 0.5, 3, 40), fc.constantFrom(0, 1))
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 12 }), (rows) => {
        const fit = fitLogistic(
          [rows.map(() => 1), rows.map(([value]) => value)],
          rows.map(([, label]) => label),
        )
        if (fit.kind === 'fitted') {
          const residual = rows.map(
            ([value, label]) => label - sigmoid(fit.coefficients[0] + fit.coefficients[1] * value),
          )
          expect(Math.abs(residual.reduce((a, b) => a + b, 0))).toBeLessThan(1e-6)
        } else expect(['separated', 'undetermined']).toContain(fit.kind)
      }),
      { numRuns: 500 },
    )
  })
})
