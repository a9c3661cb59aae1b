/** Thresholds: where they are chosen, and what happens at them. */
import type { Curve } from './ranking.ts'

/** What a threshold is chosen for. */
export type Goal =
  | { readonly kind: 'recall'; readonly at: number }
  | { readonly kind: 'specificity'; readonly at: number }

/** @example goalName({ kind: 'recall', at: 0.95 }) // 'recall 0.95' */
export const goalName = ({ kind, at }: Goal): string => `${kind} ${at.toFixed(2)}`

/**
 * The best place on the curve that meets a goal: the highest threshold whose recall is at least `at`, or the lowest
 * whose specificity is at least `at`.
 * @returns group of the curve; -1 the threshold above every score, which catches nothing; null where the class that the
 *   goal is about is missing
 */
export function groupFor({ truePositives, falsePositives, positives, negatives }: Curve, goal: Goal): number | null {
  if (goal.kind === 'recall') {
    if (positives === 0) return null
    // Ratios of counts round as the goal's own decimal does: 19/20 is 0.95, to the bit.
    return firstGroup(truePositives.length, (g) => truePositives[g] / positives >= goal.at)
  }
  if (negatives === 0) return null
  return firstGroup(falsePositives.length, (g) => (negatives - falsePositives[g]) / negatives < goal.at) - 1
}

/** First group for which a condition that stays true holds, by halving; `count` where none does. */
function firstGroup(count: number, holds: (group: number) => boolean): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * The threshold that meets a goal: rows with at least this score are called cancer.
 * @returns infinite where only calling nothing cancer meets it, null where it cannot be told
 * @example thresholdFor(curveOf(rank([0.9, 0.4, 0.1], [1, 1, 0])), { kind: 'recall', at: 1 }) // 0.4
 */
export function thresholdFor(curve: Curve, goal: Goal): number | null {
  const group = groupFor(curve, goal)
  if (group === null) return null
  return group < 0 ? Number.POSITIVE_INFINITY : curve.thresholds[group]
}

/** Counts at a threshold. */
export interface Confusion {
  readonly truePositives: number
  readonly falsePositives: number
  readonly falseNegatives: number
  readonly trueNegatives: number
}

/** Counts of a curve at any threshold, also one chosen elsewhere. */
export function confusionAt(curve: Curve, threshold: number): Confusion {
  const { thresholds, truePositives, falsePositives, positives, negatives } = curve
  const group = firstGroup(thresholds.length, (g) => thresholds[g] < threshold) - 1
  const caught = group < 0 ? 0 : truePositives[group]
  const alarms = group < 0 ? 0 : falsePositives[group]
  return {
    truePositives: caught,
    falsePositives: alarms,
    falseNegatives: positives - caught,
    trueNegatives: negatives - alarms,
  }
}

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)

/** Rates at a threshold; null where nothing stands below the line of the fraction. */
export const rates = ({ truePositives: tp, falsePositives: fp, falseNegatives: fn, trueNegatives: tn }: Confusion) => ({
  sensitivity: ratio(tp, tp + fn),
  specificity: ratio(tn, tn + fp),
  falsePositiveRate: ratio(fp, tn + fp),
  /** Positive predictive value. */
  precision: ratio(tp, tp + fp),
  negativePredictiveValue: ratio(tn, tn + fn),
})

export type Rates = ReturnType<typeof rates>

/** Rates of a curve at the place that meets a goal, chosen on the same rows. */
export function ratesFor(curve: Curve, goal: Goal): Rates | null {
  const threshold = thresholdFor(curve, goal)
  return threshold === null ? null : rates(confusionAt(curve, threshold))
}
