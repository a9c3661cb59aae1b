/** Area under the precision-recall curve. */
import { type Curve, curveOf, rank } from './ranking.ts'

/**
 * Average precision: sum over thresholds of (recall gained) x precision, without interpolation, which would be too
 * optimistic (Davis and Goadrich 2006). What the field calls AUPRC.
 * @returns null where no row is a cancer
 * @throws SpiculaError as {@link rank}
 * @example averagePrecision([0.9, 0.4, 0.1], [1, 0, 1]) // 0.8333
 */
export const averagePrecision = (scores: ArrayLike<number>, labels: ArrayLike<number>): number | null =>
  averagePrecisionOf(curveOf(rank(scores, labels)))

/** The same of a counted curve. */
export function averagePrecisionOf({ truePositives, falsePositives, positives }: Curve): number | null {
  if (positives === 0) return null
  let sum = 0
  let last = 0
  for (let g = 0; g < truePositives.length; g++) {
    const gained = truePositives[g] - last
    if (gained > 0) sum += (gained * truePositives[g]) / (truePositives[g] + falsePositives[g])
    last = truePositives[g]
  }
  return sum / positives
}

export interface PrecisionRecallPoint {
  readonly recall: number
  readonly precision: number
  readonly threshold: number
}

/** The precision-recall curve by rising recall; thresholds that catch nothing are left out. */
export function precisionRecallPoints(curve: Curve): PrecisionRecallPoint[] {
  const { thresholds, truePositives, falsePositives, positives } = curve
  if (positives === 0) return []
  return Array.from(thresholds, (threshold, g) => ({
    recall: truePositives[g] / positives,
    precision: truePositives[g] / (truePositives[g] + falsePositives[g]),
    threshold,
  })).filter(({ precision }) => Number.isFinite(precision))
}
