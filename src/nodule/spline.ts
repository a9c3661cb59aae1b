import type { Triple } from '../scan/scan.ts'

/** Pole of the recursive filter that turns samples into cubic B-spline coefficients. */
const POLE = Math.sqrt(3) - 2

/** Terms after which powers of the pole no longer count in double precision: 0.268^28 is 1e-16. */
const HORIZON = 28

/**
 * How far a sample's influence on the coefficients reaches, in samples: 0.268^14 is 1e-8. A window that is larger by
 * this on each side gives inside it the coefficients of the whole array, to less than float32 shows.
 */
export const SPLINE_REACH = 14

/**
 * Turns samples into cubic B-spline coefficients along one axis, in place: the prefilter of M. Unser, "Splines: a
 * perfect fit for signal and image processing", IEEE Signal Process. Mag. 16(6), 1999, with mirror boundaries
 * (d c b | a b c d | c b a), as scipy.ndimage.spline_filter1d does by default.
 * @param samples [shape[0], shape[1], shape[2]], last axis fastest
 * @param axis not the last one, so that many lines are filtered side by side
 * @example
 * const line = Float64Array.of(1, 1, 1, 1)
 * splineCoefficients(line, [4, 1, 1], 0) // a constant is its own coefficients
 */
export function splineCoefficients(samples: Float64Array, shape: Triple, axis: 0 | 1): void {
  const n = shape[axis]
  if (n === 1) return
  const inner = axis === 1 ? shape[2] : shape[1] * shape[2] // distance of neighbours along the axis
  const block = n * inner
  const start = new Float64Array(inner)
  for (let base = 0; base < samples.length; base += block) {
    // Causal start: the sum of pole^t times the samples mirrored at 0, for as long as it counts.
    start.fill(0)
    for (let t = 0, power = 1; t < HORIZON; t++, power *= POLE) {
      const row = base + inner * mirror(t, n)
      for (let p = 0; p < inner; p++) start[p] += power * samples[row + p]
    }
    samples.set(start, base)
    for (let p = base + inner; p < base + block; p++) samples[p] += POLE * samples[p - inner]
    const last = base + block - inner
    const gain = POLE / (POLE * POLE - 1)
    for (let p = last; p < base + block; p++) samples[p] = gain * (POLE * samples[p - inner] + samples[p])
    for (let p = last - 1; p >= base; p--) samples[p] = POLE * (samples[p + inner] - samples[p])
  }
  for (let p = 0; p < samples.length; p++) samples[p] *= 6
}

/** Index of a sample beyond the ends, mirrored at the outermost samples: -1 is 1, n is n - 2. */
export function mirror(index: number, n: number): number {
  if (n === 1) return 0
  const period = 2 * (n - 1)
  const t = Math.abs(index) % period
  return t < n ? t : period - t
}

/**
 * Weights of the four coefficients around a position, from the one at floor(position) - 1 on.
 * @param fraction position - floor(position)
 * @example splineWeights(0) // [1/6, 2/3, 1/6, 0]
 */
export function splineWeights(fraction: number): [number, number, number, number] {
  const t = fraction
  const s = 1 - t
  return [(s * s * s) / 6, (t * t * (t - 2) * 3 + 4) / 6, (s * s * (s - 2) * 3 + 4) / 6, (t * t * t) / 6]
}
