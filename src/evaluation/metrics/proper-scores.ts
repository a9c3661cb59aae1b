/** Scores of single probabilities. */

/**
 * Brier score: mean squared difference between probability and truth.
 * @param weights how often each row counts
 * @returns null without rows
 * @example brier([0.8, 0.3], [1, 0]) // 0.065
 */
export const brier = (
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number | null => mean(probabilities.length, weights, (i) => (probabilities[i] - labels[i]) ** 2)

/**
 * Log loss (cross-entropy), natural logarithm; probabilities are kept one machine epsilon off 0 and 1, as scikit-learn
 * does, so that one wrong certainty is dear but not infinite.
 * @example logLoss([0.8, 0.3], [1, 0]) // 0.2899
 */
export const logLoss = (
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number | null =>
  mean(probabilities.length, weights, (i) => {
    const p = Math.min(Math.max(probabilities[i], Number.EPSILON), 1 - Number.EPSILON)
    return labels[i] === 1 ? -Math.log(p) : -Math.log1p(-p)
  })

function mean(n: number, weights: ArrayLike<number> | undefined, value: (i: number) => number): number | null {
  let sum = 0
  let total = 0
  for (let i = 0; i < n; i++) {
    const weight = weights === undefined ? 1 : weights[i]
    if (weight === 0) continue
    sum += weight * value(i)
    total += weight
  }
  return total === 0 ? null : sum / total
}
