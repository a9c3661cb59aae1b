/** Probabilities in falling order with their ties: sorted once, everything about thresholds is then one linear pass. */
import { SpiculaError } from '../../error.ts'

export interface Ranking {
  /** Index in the input of each place, by falling score. */
  readonly order: Uint32Array
  /** Score of each place. */
  readonly scores: Float64Array
  /** Label of each place, 0 or 1. */
  readonly labels: Uint8Array
  /** One past the last place of each group of equal scores. */
  readonly ends: Uint32Array
}

/**
 * Sorts scores with their labels.
 * @param scores higher means more suspicious; any finite numbers
 * @param labels 1 cancer, 0 none
 * @throws SpiculaError `evaluation/lengths`, `evaluation/score` for a score that is not finite, `evaluation/label`
 * @example rank([0.2, 0.9, 0.2], [0, 1, 1]).ends // [1, 3]
 */
export function rank(scores: ArrayLike<number>, labels: ArrayLike<number>): Ranking {
  const n = scores.length
  if (labels.length !== n) {
    throw new SpiculaError('evaluation/lengths', `${n} scores do not belong to ${labels.length} labels`)
  }
  for (let i = 0; i < n; i++) {
    if (!Number.isFinite(scores[i]))
      throw new SpiculaError('evaluation/score', `score ${i} is ${scores[i]}, which is not finite`)
    if (labels[i] !== 0 && labels[i] !== 1) {
      throw new SpiculaError('evaluation/label', `label ${i} is ${labels[i]}, neither 0 nor 1`)
    }
  }
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => scores[b] - scores[a] || a - b)
  const sorted = Float64Array.from(order, (i) => scores[i])
  const ends: number[] = []
  for (let place = 1; place <= n; place++) if (place === n || sorted[place] !== sorted[place - 1]) ends.push(place)
  return { order, scores: sorted, labels: Uint8Array.from(order, (i) => labels[i]), ends: Uint32Array.from(ends) }
}

/** What a threshold at each distinct score catches: rows with at least that score are called cancer. */
export interface Curve {
  /** Distinct scores, falling, [G]. */
  readonly thresholds: Float64Array
  /** Cancers at or above each threshold, [G]. */
  readonly truePositives: Float64Array
  /** Others at or above each threshold, [G]. */
  readonly falsePositives: Float64Array
  readonly positives: number
  readonly negatives: number
}

/**
 * Counts along the ranking, once for all metrics of thresholds.
 * @param weights how often each row counts, by its index in the input; once when left out
 * @example curveOf(rank([0.2, 0.9], [0, 1])).truePositives // [1, 1]
 */
export function curveOf(ranking: Ranking, weights?: ArrayLike<number>): Curve {
  const { order, scores, labels, ends } = ranking
  const thresholds = new Float64Array(ends.length)
  const truePositives = new Float64Array(ends.length)
  const falsePositives = new Float64Array(ends.length)
  let positives = 0
  let negatives = 0
  for (let group = 0, place = 0; group < ends.length; group++) {
    thresholds[group] = scores[place]
    for (; place < ends[group]; place++) {
      const weight = weights === undefined ? 1 : weights[order[place]]
      if (labels[place] === 1) positives += weight
      else negatives += weight
    }
    truePositives[group] = positives
    falsePositives[group] = negatives
  }
  return { thresholds, truePositives, falsePositives, positives, negatives }
}
