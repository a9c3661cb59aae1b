import { expect, it } from 'vitest'
import { mirror, splineCoefficients, splineWeights } from './spline.ts'

/** The spline's value at sample t: coefficients weighted as at a fraction of 0. */
const valueAt = (c: Float64Array, t: number) => {
  const [before, here, after] = splineWeights(0)
  return before * c[mirror(t - 1, c.length)] + here * c[t] + after * c[mirror(t + 1, c.length)]
}

it.each([2, 3, 5, 40, 100])('coefficients of %d samples give the samples back', (n) => {
  const samples = Float64Array.from({ length: n }, (_, t) => Math.sin(t * t) * 10)
  const coefficients = samples.slice()
  splineCoefficients(coefficients, [n, 1, 1], 0)
  for (let t = 0; t < n; t++) expect(valueAt(coefficients, t)).toBeCloseTo(samples[t], 10)
})

it('filters each line of an axis by itself', () => {
  const [a, b, c] = [3, 7, 4]
  const data = Float64Array.from({ length: a * b * c }, (_, v) => Math.cos(v * v))
  for (const [axis, n, step] of [
    [0, a, b * c],
    [1, b, c],
  ] as const) {
    const whole = data.slice()
    splineCoefficients(whole, [a, b, c], axis)
    for (let start = 0; start < data.length; start++) {
      if (Math.floor(start / step) % n !== 0) continue
      const line = Float64Array.from({ length: n }, (_, t) => data[start + t * step])
      splineCoefficients(line, [n, 1, 1], 0)
      for (let t = 0; t < n; t++) expect(whole[start + t * step]).toBeCloseTo(line[t], 12)
    }
  }
})

it('a single sample is its own coefficient', () => {
  const samples = Float64Array.of(3, -1)
  splineCoefficients(samples, [1, 2, 1], 0)
  expect([...samples]).toEqual([3, -1])
})

it('weights sum to 1 and meet at the samples', () => {
  for (const fraction of [0, 0.25, 0.5, 0.9]) {
    expect(splineWeights(fraction).reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 14)
  }
  expect(splineWeights(1 - 1e-12)[2]).toBeCloseTo(splineWeights(0)[1], 10)
})

it('mirrors at the outermost samples', () => {
  expect([-2, -1, 0, 3, 4, 5, 6].map((index) => mirror(index, 4))).toEqual([2, 1, 0, 3, 2, 1, 0])
  expect(mirror(5, 1)).toBe(0)
})
