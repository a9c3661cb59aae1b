import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calibrate } from './calibration.ts'

const coefficient = fc.double({ min: -10, max: 10, noNaN: true })
const positive = fc.double({ min: 0, max: 10, noNaN: true })
const probability = fc.double({ min: 0, max: 1, noNaN: true })

describe('beta calibration', () => {
  it('has the values of its formula', () => {
    expect(calibrate(0.2, { a: 2, b: 1, c: 1 })).toBeCloseTo(0.119651734624309, 12)
    expect(calibrate(0.9, { a: 0.5, b: 2, c: -1 })).toBeCloseTo(0.972144930713778, 12)
    fc.assert(
      fc.property(positive, positive, coefficient, probability, (a, b, c, p) => {
        fc.pre(p > 1e-9 && p < 1 - 1e-9)
        const odds = p ** a * (1 - p) ** -b * Math.exp(c)
        expect(calibrate(p, { a, b, c })).toBeCloseTo(1 - 1 / (1 + odds), 10)
      }),
    )
  })

  it('leaves probabilities as they are for a = b = 1, c = 0', () => {
    for (const p of [1e-9, 0.1, 0.5, 0.99, 1 - 1e-9]) expect(calibrate(p, { a: 1, b: 1, c: 0 })).toBeCloseTo(p, 12)
  })

  it('stays a probability, also at 0 and 1, and keeps their order', () => {
    fc.assert(
      fc.property(positive, positive, coefficient, probability, probability, (a, b, c, p, q) => {
        const values = [0, Math.min(p, q), Math.max(p, q), 1].map((x) => calibrate(x, { a, b, c }))
        expect(values.every((x) => x >= 0 && x <= 1)).toBe(true)
        for (const [i, x] of values.slice(1).entries()) expect(x).toBeGreaterThan(values[i] - 1e-12)
      }),
    )
  })

  it('keeps 0 and 1 one machine epsilon away', () => {
    const odds = 2 ** -52 / (1 - 2 ** -52)
    expect(calibrate(0, { a: 1, b: 1, c: 0 })).toBeCloseTo(odds / (1 + odds), 25)
    expect(calibrate(0, { a: 0.5, b: 0, c: 0 })).toBeCloseTo(2 ** -26, 15)
    expect(1 - calibrate(1, { a: 0, b: 0.5, c: 0 })).toBeCloseTo(2 ** -26, 15)
  })

  it('keeps NaN as NaN', () => {
    expect(calibrate(Number.NaN, { a: 1, b: 1, c: 0 })).toBeNaN()
  })
})
