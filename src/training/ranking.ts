/** How well scores rank, for the validation of each epoch. */

/** Indices by falling score. */
const byScore = (scores: readonly number[]): number[] => scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a])

/** Labels in groups of equal scores, by falling score: [negatives, positives] of each. */
function tiedGroups(scores: readonly number[], labels: readonly (0 | 1)[]): [number, number][] {
  const groups: [number, number][] = []
  let last = Number.NaN
  for (const i of byScore(scores)) {
    if (scores[i] !== last) groups.push([0, 0])
    last = scores[i]
    const group = groups.at(-1) as [number, number]
    group[labels[i]]++
  }
  return groups
}

/**
 * Area under the ROC curve, a tie counting half.
 * @param labels both classes among them
 * @example auroc([0.9, 0.8, 0.3], [1, 0, 0]) // 1
 */
export function auroc(scores: readonly number[], labels: readonly (0 | 1)[]): number {
  let [above, area, negatives] = [0, 0, 0]
  for (const [n, p] of tiedGroups(scores, labels)) {
    area += n * (above + p / 2)
    above += p
    negatives += n
  }
  return area / (above * negatives)
}

/** Average precision: the sum of precision times the step in recall, as scikit-learn's. */
export function averagePrecision(scores: readonly number[], labels: readonly (0 | 1)[]): number {
  const positives = labels.filter((label) => label === 1).length
  let [found, seen, total] = [0, 0, 0]
  for (const [n, p] of tiedGroups(scores, labels)) {
    found += p
    seen += n + p
    total += (p / positives) * (found / seen)
  }
  return total
}
