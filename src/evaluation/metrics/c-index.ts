/** Concordance where times to diagnosis are known. */
import { SpiculaError } from '../../error.ts'

export interface Concordance {
  /** Pairs in which the earlier diagnosis has the higher score, ties counting half, over comparable pairs. */
  readonly cIndex: number
  /** Pairs of which it is known who was diagnosed first. */
  readonly comparable: number
}

/**
 * Harrell's C (1982). A pair is comparable where the one with the shorter time had the event, or both times are equal
 * and only one had it. Counted with a Fenwick tree: N log N.
 * @param scores higher means earlier
 * @param times to the event or to the end of follow-up, any unit
 * @param events 1 the event was seen, 0 censored
 * @returns null where no pair is comparable
 * @throws SpiculaError `evaluation/lengths`; `evaluation/score` for a score or time that is not finite
 * @example concordance([0.9, 0.1], [100, 400], [1, 0])?.cIndex // 1
 */
export function concordance(
  scores: ArrayLike<number>,
  times: ArrayLike<number>,
  events: ArrayLike<number>,
): Concordance | null {
  const n = scores.length
  if (times.length !== n || events.length !== n) {
    throw new SpiculaError('evaluation/lengths', `${n} scores, ${times.length} times, ${events.length} events`)
  }
  for (let i = 0; i < n; i++) {
    if (!Number.isFinite(scores[i]) || !Number.isFinite(times[i])) {
      throw new SpiculaError('evaluation/score', `row ${i}: score ${scores[i]}, time ${times[i]}`)
    }
  }
  const distinct = Float64Array.from(new Set(Array.from(scores))).sort()
  const level = (score: number): number => {
    let low = 0
    let high = distinct.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (distinct[middle] < score) low = middle + 1
      else high = middle
    }
    return low
  }
  const tree = new Float64Array(distinct.length + 1)
  const add = (at: number): void => {
    for (let i = at + 1; i < tree.length; i += i & -i) tree[i]++
  }
  const below = (at: number): number => {
    let sum = 0
    for (let i = at; i > 0; i -= i & -i) sum += tree[i]
    return sum
  }
  // From the longest time down: the tree holds the scores of all rows that outlast the one at hand.
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => times[b] - times[a])
  let inTree = 0
  let comparable = 0
  let concordant = 0
  for (let from = 0; from < n; ) {
    let to = from
    while (to < n && times[order[to]] === times[order[from]]) to++
    const tied = order.slice(from, to)
    for (const i of tied)
      if (events[i] !== 1) {
        add(level(scores[i]))
        inTree++
      }
    for (const i of tied) {
      if (events[i] !== 1) continue
      const lower = below(level(scores[i]))
      const equal = below(level(scores[i]) + 1) - lower
      comparable += inTree
      concordant += lower + equal / 2
    }
    for (const i of tied)
      if (events[i] === 1) {
        add(level(scores[i]))
        inTree++
      }
    from = to
  }
  return comparable === 0 ? null : { cIndex: concordant / comparable, comparable }
}
