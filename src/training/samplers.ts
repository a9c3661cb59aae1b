/** Weighted sampling with replacement (docs/method.md M9.2): rare diagnoses, or rare looks, are drawn more often. */
import { SpiculaError } from '../error.ts'
import { CATEGORICAL, type ChoiceName } from '../features/features.ts'
import type { Random } from '../random.ts'

/**
 * Weights by diagnosis: 1 / count of the row's class, so that both classes are drawn alike often. A row without a
 * diagnosis is drawn as often as one with it is on average.
 * @example diagnosisWeights([0, 0, 1, null]) // [0.5, 0.5, 1, 2 / 3]
 */
export function diagnosisWeights(labels: readonly (0 | 1 | null)[]): number[] {
  const counts = [0, 0]
  for (const label of labels) if (label !== null) counts[label]++
  return labels.map((label) => (label === null ? 2 / (counts[0] + counts[1]) : 1 / counts[label]))
}

/**
 * Weights by semantic features: the sum over the 17 categorical features of log(rows / rows with that value), a missing
 * value taken as the feature's most frequent one (of several the lowest), then (sum - min + 1e-6) / (max - min). A
 * feature that nobody recorded tells no rows apart; rows that are all equally rare weigh 1.
 * @param rows features as `parseFeatures` reads them
 * @throws SpiculaError `training/features` where no row has any of the features
 * @example semanticWeights(features) // the plainest nodule 1e-6 / (max - min), the rarest just above 1
 */
export function semanticWeights(rows: readonly Readonly<Partial<Record<ChoiceName, string>>>[]): number[] {
  const recorded = CATEGORICAL.filter((feature) => rows.some((row) => row[feature] !== undefined))
  if (recorded.length === 0)
    throw new SpiculaError('training/features', `${rows.length} rows without semantic features: none to sample by`, {
      hint: 'Add the published columns (nodule_margins, nodule_consistency, ...), or sample by diagnosis.',
    })
  const sums = rows.map(() => 0)
  for (const feature of recorded) {
    const values = fillMissing(rows.map((row) => row[feature]))
    const counts = countValues(values)
    for (const [i, value] of values.entries()) sums[i] += Math.log(rows.length / (counts.get(value) ?? 1))
  }
  const [least, most] = sums.reduce(([a, b], x) => [Math.min(a, x), Math.max(b, x)], [Number.POSITIVE_INFINITY, 0])
  // The published quotient would be infinite here, and draw nothing; sums of equal rows differ by rounding at most.
  if (!(most - least > 1e-9)) return rows.map(() => 1)
  return sums.map((sum) => (sum - least + 1e-6) / (most - least))
}

function fillMissing(values: readonly (string | undefined)[]): string[] {
  let [mode, most] = ['', 0]
  for (const [value, count] of countValues(values.filter((value) => value !== undefined)))
    if (count > most || (count === most && value < mode)) [mode, most] = [value, count]
  return values.map((value) => value ?? mode)
}

function countValues(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}

/**
 * Draws rows with replacement, each with its weight's share of the whole: the inverse of the cumulative weights at a
 * uniform number of 53 bits.
 * @param weights not negative, not all 0
 * @returns indices of rows, [count]
 * @throws SpiculaError `training/weights` for weights that make no distribution
 * @example drawWithReplacement(diagnosisWeights(labels), labels.length, random.fork('epoch 3'))
 */
export function drawWithReplacement(weights: readonly number[], count: number, random: Random): number[] {
  const cumulative: number[] = []
  let total = 0
  let last = -1
  for (const [i, weight] of weights.entries()) {
    if (!(weight >= 0)) throw new SpiculaError('training/weights', `the weight of row ${i} is ${weight}`)
    if (weight > 0) last = i
    total += weight
    cumulative.push(total)
  }
  if (!(total > 0 && total < Number.POSITIVE_INFINITY))
    throw new SpiculaError('training/weights', `${weights.length} weights add up to ${total}: nothing can be drawn`)
  return Array.from({ length: count }, () => {
    // 32 bits alone would be coarser than the smallest weights of a large cohort.
    const high = random.integer(2 ** 26)
    const uniform = (high * 2 ** 27 + random.integer(2 ** 27)) / 2 ** 53
    // Rounding may carry the product up to the total, which is beyond every row.
    return Math.min(firstAbove(cumulative, uniform * total), last)
  })
}

/** Index of the first number above `value` in an ascending list; its length where there is none. */
function firstAbove(ascending: readonly number[], value: number): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (ascending[middle] > value) high = middle
    else low = middle + 1
  }
  return low
}
