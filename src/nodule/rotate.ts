import type { Triple } from '../scan/scan.ts'
import { unitIntensity } from './hounsfield.ts'
import { mirror, SPLINE_REACH, splineCoefficients, splineWeights } from './spline.ts'

/** Planes that are filtered side by side: enough to hide the recursion's latency, few enough for the cache. */
const LANES = 10

/** An axis of an array [z, y, x]. */
export type Axis = 0 | 1 | 2

/** The axes of the plane that turns, by the axis that it is turned about. */
const PLANE_OF = [
  [1, 2],
  [0, 2],
  [0, 1],
] as const

/** A plane of a cube: at right angles to `normal`, a square of `size` samples round `centreZyx`. */
export interface Section {
  readonly normal: Axis
  readonly centreZyx: Triple
  readonly size: number
}

/** First index of a section along an axis: index floor(size / 2) of the section is its centre. */
export const sectionStart = ({ centreZyx, size }: Section, axis: Axis): number => centreZyx[axis] - Math.floor(size / 2)

/**
 * Planes of a cube turned by 45 degrees, as scipy.ndimage.rotate(cube, 45, axes, reshape=False, order=3) turns it:
 * cubic B-splines with prefilter and mirror boundaries, about the middle (n - 1) / 2, 0 outside. Only what the planes show is
 * computed, from a window of the cube beyond which samples do not count.
 *
 * Sample o reads a = m + (o_a - m) c + (o_b - m) s, b = m - (o_a - m) s + (o_b - m) c, m the middle, c = s = sqrt(1/2).
 *
 * @param cube HU, [n, n, n]
 * @param about the axis that the cube is turned about; (a, b) are the other two, in order
 * @param sections planes of the turned cube, inside it, `normal` one of a and b
 * @returns for each section its intensities (see `unitIntensity`), [size, size], rows along its first axis
 * @see docs/method.md M3
 * @example
 * const centreZyx = [50, 50, 50] as const
 * const [tilted] = rotatedSections(crop.hu, 100, 1, [{ normal: 0, centreZyx, size: 50 }])
 * tilted.length // 2500
 */
export function rotatedSections(
  cube: Float32Array,
  n: number,
  about: Axis,
  sections: readonly Section[],
): Float64Array[] {
  const plane = PLANE_OF[about]
  const [a, b] = plane
  const lines = sections.map((section) => turnedLine(section, plane, n))
  const starts = sections.map((section) => sectionStart(section, about))
  const windowA = windowOf(
    lines.flatMap((line) => line.map((at) => at.a)),
    n,
  )
  const windowB = windowOf(
    lines.flatMap((line) => line.map((at) => at.b)),
    n,
  )
  const first = Math.min(...starts)
  const end = Math.max(...sections.map(({ size }, s) => starts[s] + size))
  const out = sections.map(({ size }) => new Float64Array(size * size))
  const shape = [windowA.size, windowB.size, LANES] as const
  const coefficients = new Float64Array(windowA.size * windowB.size * LANES)
  const lineTaps = lines.map((line) => line.map((at) => splineTaps(at, n, windowA, windowB)))
  for (let lane0 = first; lane0 < end; lane0 += LANES) {
    const lanes = Math.min(LANES, n - lane0)
    copyWindow(cube, n, plane, { a: windowA, b: windowB, about: { start: lane0, size: lanes } }, coefficients)
    splineCoefficients(coefficients, shape, 0)
    splineCoefficients(coefficients, shape, 1)
    for (const [s, { normal, size }] of sections.entries()) {
      const from = Math.max(lane0, starts[s])
      const to = Math.min(lane0 + lanes, starts[s] + size)
      // One of the section's axes lies in the turning plane, the other is the one turned about; rows come first.
      const [lineStep, laneStep] = (normal === a ? b : a) < about ? [size, 1] : [1, size]
      for (const [t, taps] of lineTaps[s].entries()) {
        if (!taps) continue
        const target = t * lineStep + (from - starts[s]) * laneStep
        sampleLanes(coefficients, from - lane0, to - lane0, taps, out[s], target, laneStep)
      }
    }
  }
  return out
}

/** Values at one turned point in lanes `from` to `to`, written every `step` elements from `target` on. */
function sampleLanes(
  coefficients: Float64Array,
  from: number,
  to: number,
  { offsets, weights }: SplineTaps,
  out: Float64Array,
  target: number,
  step: number,
): void {
  for (let e = from, o = target; e < to; e++, o += step) {
    let value = 0
    for (let tap = 0; tap < 16; tap++) value += weights[tap] * coefficients[offsets[tap] + e]
    out[o] = value
  }
}

interface SplineTaps {
  readonly offsets: Int32Array
  readonly weights: Float64Array
}

/** Indices of an axis. */
interface Window {
  readonly start: number
  readonly size: number
}

/** The sixteen coefficients around a turned point: where they are among the windows' lanes, and their weights. */
function splineTaps(at: TurnedPoint, n: number, windowA: Window, windowB: Window): SplineTaps | undefined {
  if (!at.inside) return undefined
  const [ia, ib] = [Math.floor(at.a), Math.floor(at.b)]
  const weightsA = splineWeights(at.a - ia)
  const weightsB = splineWeights(at.b - ib)
  const offsets = new Int32Array(16)
  const weights = new Float64Array(16)
  for (let tap = 0; tap < 16; tap++) {
    const ta = mirror(ia - 1 + (tap >> 2), n) - windowA.start
    const tb = mirror(ib - 1 + (tap & 3), n) - windowB.start
    offsets[tap] = (ta * windowB.size + tb) * LANES
    weights[tap] = weightsA[tap >> 2] * weightsB[tap & 3]
  }
  return { offsets, weights }
}

/** Where the samples of a section's line in the turning plane read. */
interface TurnedPoint {
  readonly a: number
  readonly b: number
  readonly inside: boolean
}

function turnedLine(section: Section, [a, b]: readonly [Axis, Axis], n: number): TurnedPoint[] {
  const middle = (n - 1) / 2
  const along = section.normal === a ? b : a
  return Array.from({ length: section.size }, (_, t) => {
    const turned = { [section.normal]: section.centreZyx[section.normal], [along]: sectionStart(section, along) + t }
    const [oa, ob] = [turned[a] - middle, turned[b] - middle]
    const at = { a: middle + (oa + ob) * Math.SQRT1_2, b: middle + (ob - oa) * Math.SQRT1_2 }
    return { ...at, inside: Math.min(at.a, at.b) >= 0 && Math.max(at.a, at.b) <= n - 1 }
  })
}

/** Indices, of n, whose samples count in the values at the positions. */
function windowOf(positions: readonly number[], n: number): Window {
  const inside = positions.map((position) => Math.min(Math.max(position, 0), n - 1))
  const start = Math.max(Math.floor(Math.min(...inside)) - 1 - SPLINE_REACH, 0)
  const end = Math.min(Math.floor(Math.max(...inside)) + 3 + SPLINE_REACH, n)
  return { start, size: end - start }
}

/**
 * Intensities of part of a cube, [a, b, about]: the axis turned about is last, so that the filters run over
 * contiguous lines.
 * In double precision: the prefilter's gain would cost digits.
 */
function copyWindow(
  cube: Float32Array,
  n: number,
  [a, b]: readonly [Axis, Axis],
  window: { readonly a: Window; readonly b: Window; readonly about: Window },
  out: Float64Array,
): void {
  const stride = [n * n, n, 1]
  const [strideA, strideB, strideAbout] = [stride[a], stride[b], stride[3 - a - b]]
  const origin = window.a.start * strideA + window.b.start * strideB + window.about.start * strideAbout
  const sizeB = window.b.size
  for (let ia = 0; ia < window.a.size; ia++) {
    for (let e = 0; e < window.about.size; e++) {
      let v = origin + ia * strideA + e * strideAbout
      let o = ia * sizeB * LANES + e
      for (let ib = 0; ib < sizeB; ib++, v += strideB, o += LANES) out[o] = unitIntensity(cube[v])
    }
  }
}
