/** What acting on a model's answers is worth: the net benefit. */
import { confusionAt } from './operating-point.ts'
import type { Curve } from './ranking.ts'

export interface DecisionPoint {
  /** Probability from which one would act (biopsy, say): it fixes what a needless action may cost. */
  readonly threshold: number
  /** Net benefit of acting where the model's probability reaches the threshold. */
  readonly model: number
  /** Of acting on everyone. Acting on nobody has 0. */
  readonly all: number
}

/**
 * Decision curve (Vickers and Elkin 2006): net benefit TP/n - FP/n * t/(1 - t), in true positives per nodule.
 * @param curve of probabilities
 * @param thresholds within (0, 1)
 * @returns no points without rows
 * @example decisionCurve(curveOf(rank([0.9, 0.1], [1, 0])), [0.5]) // [{ threshold: 0.5, model: 0.5, all: 0 }]
 */
export function decisionCurve(curve: Curve, thresholds: readonly number[]): DecisionPoint[] {
  const n = curve.positives + curve.negatives
  if (n === 0) return []
  return thresholds.map((threshold) => {
    const odds = threshold / (1 - threshold)
    const { truePositives, falsePositives } = confusionAt(curve, threshold)
    return {
      threshold,
      model: truePositives / n - (falsePositives / n) * odds,
      all: curve.positives / n - (curve.negatives / n) * odds,
    }
  })
}
