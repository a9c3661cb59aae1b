/** The variance of an AUROC without resampling, and the comparison of two on the same nodules. */
import { SpiculaError } from '../../error.ts'
import { rank } from '../metrics/ranking.ts'
import { normalQuantile, normalTail } from './normal.ts'

export interface DeLong {
  /** AUROC of each predictor. */
  readonly areas: readonly number[]
  /** Their covariances, [P][P]. */
  readonly covariance: readonly (readonly number[])[]
}

/**
 * AUROCs of predictors on the same rows and their covariance (DeLong, DeLong and Clarke-Pearson 1988), by midranks (Sun
 * and Xu 2014). With `units` nodules of one patient need not be independent (Obuchowski 1997); with a patient a nodule
 * both are the same.
 * @param predictors scores of each, [P][N]
 * @param labels 0 or 1, [N]
 * @param units patient of each row, any numbers
 * @returns null where a class has fewer than two rows (or all rows are of one patient): no variance can be told
 * @example deLong([[0.9, 0.8, 0.3, 0.1]], [1, 0, 1, 0])?.areas // [0.75]
 */
export function deLong(
  predictors: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
  units?: ArrayLike<number>,
): DeLong | null {
  const components = predictors.map((scores) => structuralComponents(scores, labels))
  const first = components[0]
  if (first === undefined) throw new SpiculaError('evaluation/lengths', 'no predictor to compare')
  const { positives: m, negatives: n } = first
  if (m < 2 || n < 2) return null
  const areas = components.map(({ area }) => area)
  const sums = components.map(({ values, area }) => clusterSums(values, area, labels, units))
  const { count, positiveUnits, negativeUnits } = sums[0]
  if (count < 2 || positiveUnits < 2 || negativeUnits < 2) return null
  const between = (a: number, b: number): number => {
    let ten = 0
    let one = 0
    let mixed = 0
    for (let u = 0; u < count; u++) {
      ten += sums[a].ten[u] * sums[b].ten[u]
      one += sums[a].one[u] * sums[b].one[u]
      mixed += sums[a].ten[u] * sums[b].one[u] + sums[b].ten[u] * sums[a].one[u]
    }
    return (
      ((positiveUnits / (positiveUnits - 1)) * ten) / (m * m) +
      ((negativeUnits / (negativeUnits - 1)) * one) / (n * n) +
      ((count / (count - 1)) * mixed) / (m * n)
    )
  }
  return { areas, covariance: predictors.map((_, a) => predictors.map((_, b) => between(a, b))) }
}

interface Components {
  /** For a cancer the share of others below it, for another the share of cancers above it; ties half. [N] */
  readonly values: Float64Array
  readonly area: number
  readonly positives: number
  readonly negatives: number
}

function structuralComponents(scores: ArrayLike<number>, labels: ArrayLike<number>): Components {
  const ranking = rank(scores, labels)
  const values = new Float64Array(labels.length)
  let positives = 0
  for (const label of ranking.labels) positives += label
  const negatives = labels.length - positives
  let seenPositive = 0
  let seenNegative = 0
  let sum = 0
  for (let group = 0, place = 0; group < ranking.ends.length; group++) {
    const from = place
    let tiedPositive = 0
    for (; place < ranking.ends[group]; place++) tiedPositive += ranking.labels[place]
    const tiedNegative = place - from - tiedPositive
    for (let i = from; i < place; i++) {
      const positive = ranking.labels[i] === 1
      const value = positive
        ? (negatives - seenNegative - tiedNegative / 2) / negatives
        : (seenPositive + tiedPositive / 2) / positives
      values[ranking.order[i]] = value
      if (positive) sum += value
    }
    seenPositive += tiedPositive
    seenNegative += tiedNegative
  }
  return { values, area: sum / positives, positives, negatives }
}

/** Sums of the components' deviations in each patient, cancers (ten) and others (one) apart. */
function clusterSums(values: Float64Array, area: number, labels: ArrayLike<number>, units?: ArrayLike<number>) {
  const index = new Map<number, number>()
  const unitOf = Uint32Array.from({ length: values.length }, (_, i) => {
    const key = units === undefined ? i : units[i]
    const known = index.get(key)
    if (known !== undefined) return known
    index.set(key, index.size)
    return index.size - 1
  })
  const ten = new Float64Array(index.size)
  const one = new Float64Array(index.size)
  const hasPositive = new Uint8Array(index.size)
  const hasNegative = new Uint8Array(index.size)
  for (let i = 0; i < values.length; i++) {
    const positive = labels[i] === 1
    const sums = positive ? ten : one
    sums[unitOf[i]] += values[i] - area
    const has = positive ? hasPositive : hasNegative
    has[unitOf[i]] = 1
  }
  const total = (flags: Uint8Array): number => flags.reduce((sum, flag) => sum + flag, 0)
  return { ten, one, count: index.size, positiveUnits: total(hasPositive), negativeUnits: total(hasNegative) }
}

export interface Comparison {
  /** AUROC of the first less that of the second. */
  readonly difference: number
  readonly standardError: number
  /** 95 % interval, by the normal distribution. */
  readonly low: number
  readonly high: number
  readonly z: number
  /** Two-sided. */
  readonly p: number
}

/**
 * Whether two predictors differ on the same rows: the paired DeLong test.
 * @returns null where no variance can be told; two predictors that rank alike differ by 0 with p = 1
 * @example compareAuroc(model, diameter, labels, patients)?.p
 */
export function compareAuroc(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  labels: ArrayLike<number>,
  units?: ArrayLike<number>,
): Comparison | null {
  const result = deLong([a, b], labels, units)
  if (result === null) return null
  const { areas, covariance } = result
  const difference = areas[0] - areas[1]
  const variance = covariance[0][0] + covariance[1][1] - 2 * covariance[0][1]
  // Rounding leaves a variance of 0 at some 1e-17, of either sign.
  const standardError = variance > 1e-15 ? Math.sqrt(variance) : 0
  if (standardError === 0 && Math.abs(difference) > 1e-12) return null
  const z = standardError === 0 ? 0 : difference / standardError
  const reach = normalQuantile(0.975) * standardError
  const p = Math.min(1, 2 * normalTail(Math.abs(z)))
  return { difference, standardError, low: difference - reach, high: difference + reach, z, p }
}
