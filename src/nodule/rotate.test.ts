/** Planes of a turned cube against the whole cube turned by the formula of docs/method.md M3.2, in plain loops. */
import { describe, expect, it } from 'vitest'
import type { Triple } from '../scan/scan.ts'
import { unitIntensity } from './hounsfield.ts'
import { type Axis, rotatedSections, type Section, sectionStart } from './rotate.ts'
import { mirror, splineCoefficients, splineWeights } from './spline.ts'

/** Cubic B-spline coefficients of the intensities of [n, n, n], along two axes. */
function coefficientsOf(cube: Float32Array, n: number, about: Axis): Float64Array {
  const values = Float64Array.from(cube, unitIntensity)
  const stride = [n * n, n, 1]
  for (const axis of ([0, 1, 2] as const).filter((one) => one !== about)) {
    for (let v = 0; v < values.length; v++) {
      if (Math.floor(v / stride[axis]) % n !== 0) continue
      const line = Float64Array.from({ length: n }, (_, t) => values[v + t * stride[axis]])
      splineCoefficients(line, [n, 1, 1], 0)
      for (const [t, value] of line.entries()) values[v + t * stride[axis]] = value
    }
  }
  return values
}

/** The value of the turned cube at index `o`; 0 outside. */
function turned(coefficients: Float64Array, n: number, about: Axis, o: Triple): number {
  const [a, b] = [0, 1, 2].filter((axis) => axis !== about)
  const [m, c] = [(n - 1) / 2, Math.SQRT1_2]
  const at = { a: m + (o[a] - m) * c + (o[b] - m) * c, b: m - (o[a] - m) * c + (o[b] - m) * c }
  if (at.a < 0 || at.b < 0 || at.a > n - 1 || at.b > n - 1) return 0
  const [ia, ib] = [Math.floor(at.a), Math.floor(at.b)]
  const [wa, wb] = [splineWeights(at.a - ia), splineWeights(at.b - ib)]
  let value = 0
  for (const [s, u] of wa.entries())
    for (const [t, w] of wb.entries()) {
      const index = [0, 0, 0]
      index[about] = o[about]
      index[a] = mirror(ia - 1 + s, n)
      index[b] = mirror(ib - 1 + t, n)
      value += u * w * coefficients[(index[0] * n + index[1]) * n + index[2]]
    }
  return value
}

const noise = (n: number) => Float32Array.from({ length: n ** 3 }, (_, v) => ((v * 7919) % 1800) - 1150)

const N = 12
describe.each<Axis>([0, 1, 2])('planes of a cube turned about axis %i', (about) => {
  const cube = noise(N)
  const coefficients = coefficientsOf(cube, N, about)
  const normals = ([0, 1, 2] as const).filter((axis) => axis !== about)
  it.each<[string, Omit<Section, 'normal'>[]]>([
    ['in the middle', [{ centreZyx: [6, 6, 6], size: 6 }]],
    ['of an odd size', [{ centreZyx: [5, 6, 7], size: 5 }]],
    ['the whole', [{ centreZyx: [6, 6, 6], size: 12 }]],
    [
      'together, at places of their own',
      [
        { centreZyx: [4, 7, 6], size: 5 },
        { centreZyx: [8, 5, 6], size: 4 },
        { centreZyx: [6, 6, 3], size: 2 },
      ],
    ],
  ])('%s', (_, some) => {
    for (const normal of normals) {
      const sections = some.map((section) => ({ ...section, normal }))
      const planes = rotatedSections(cube, N, about, sections)
      for (const [s, section] of sections.entries()) {
        const [row, column] = [0, 1, 2].filter((axis) => axis !== normal) as [Axis, Axis]
        expect(planes[s]).toHaveLength(section.size ** 2)
        for (let r = 0; r < section.size; r++)
          for (let c = 0; c < section.size; c++) {
            const o = [0, 0, 0]
            o[normal] = section.centreZyx[normal]
            o[row] = sectionStart(section, row) + r
            o[column] = sectionStart(section, column) + c
            const expected = turned(coefficients, N, about, o as unknown as Triple)
            expect(Math.abs(planes[s][r * section.size + c] - expected)).toBeLessThan(1e-9)
          }
      }
    }
  })

  it('of both directions at once are what each is alone', () => {
    const sections = normals.map((normal) => ({ normal, centreZyx: [6, 5, 7] as const, size: 6 }))
    const together = rotatedSections(cube, N, about, sections)
    for (const [s, section] of sections.entries()) {
      const [alone] = rotatedSections(cube, N, about, [section])
      for (const [p, value] of alone.entries()) expect(together[s][p]).toBeCloseTo(value, 9)
    }
  })
})

it('a window of a large cube gives what the whole cube gives', () => {
  const n = 70
  const cube = noise(n)
  const coefficients = coefficientsOf(cube, n, 1)
  const centreZyx = [34, 60, 37] as const
  const [plane] = rotatedSections(cube, n, 1, [{ normal: 2, centreZyx, size: 4 }])
  for (let r = 0; r < 4; r++)
    for (let c = 0; c < 4; c++) {
      const expected = turned(coefficients, n, 1, [32 + r, 58 + c, 37])
      // What lies beyond the window counts 1e-8.
      expect(Math.abs(plane[r * 4 + c] - expected)).toBeLessThan(1e-6)
    }
})
