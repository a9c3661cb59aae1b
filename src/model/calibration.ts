import type { BetaCalibration } from './config.ts'

/**
 * Beta calibration (Kull et al. 2017): sigmoid(a ln p - b ln(1 - p) + c), p kept off 0 and 1 by one machine epsilon.
 * @example calibrate(0.5, { a: 1, b: 1, c: 0 }) // 0.5
 */
export function calibrate(probability: number, { a, b, c }: BetaCalibration): number {
  const p = Math.min(Math.max(probability, Number.EPSILON), 1 - Number.EPSILON)
  return 1 / (1 + Math.exp(-(a * Math.log(p) - b * Math.log1p(-p) + c)))
}
