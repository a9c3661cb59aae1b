/** Area under the ROC curve. */
import { type Curve, curveOf, rank } from './ranking.ts'

/**
 * The probability that a cancer scores above another nodule, ties counting half (Hanley and McNeil 1982).
 * @returns null where one class is missing: there is nothing to compare
 * @throws SpiculaError as {@link rank}
 * @example auroc([0.9, 0.4, 0.4], [1, 0, 1]) // 0.75
 */
export const auroc = (scores: ArrayLike<number>, labels: ArrayLike<number>): number | null =>
  aurocOf(curveOf(rank(scores, labels)))

/** The same of a counted curve: trapezoids between neighbouring thresholds. */
export function aurocOf({ truePositives, falsePositives, positives, negatives }: Curve): number | null {
  if (positives === 0 || negatives === 0) return null
  let area = 0
  let lastTrue = 0
  let lastFalse = 0
  for (let g = 0; g < truePositives.length; g++) {
    area += (falsePositives[g] - lastFalse) * (truePositives[g] + lastTrue)
    lastTrue = truePositives[g]
    lastFalse = falsePositives[g]
  }
  return area / (2 * positives * negatives)
}

/** A point of a ROC curve. */
export interface RocPoint {
  /** 1 - specificity. */
  readonly falsePositiveRate: number
  /** Sensitivity. */
  readonly truePositiveRate: number
  /** Rows with at least this score are called cancer; infinite at the first point. */
  readonly threshold: number
}

/**
 * The ROC curve from (0, 0) to (1, 1), a point for every distinct score.
 * @returns no points where one class is missing
 */
export function rocPoints({ thresholds, truePositives, falsePositives, positives, negatives }: Curve): RocPoint[] {
  if (positives === 0 || negatives === 0) return []
  const first = { falsePositiveRate: 0, truePositiveRate: 0, threshold: Number.POSITIVE_INFINITY }
  return [
    first,
    ...Array.from(thresholds, (threshold, g) => ({
      falsePositiveRate: falsePositives[g] / negatives,
      truePositiveRate: truePositives[g] / positives,
      threshold,
    })),
  ]
}
