/**
 * Intervals by resampling patients: nodules of one patient stay together, patients with and without cancer are drawn
 * apart (so every replicate has as many of either), and the seed tells every draw. Replicate r draws the same patients
 * whatever is measured and whichever thread does it: two predictors are compared on the same draws.
 */
import { type Random, seededRandom } from '../../random.ts'
import { measure, type Sample } from '../metrics/metrics.ts'
import type { Ranking } from '../metrics/ranking.ts'
import { drawStratum } from './resample.ts'

/** Who is drawn. */
export interface Design {
  /** Patient of each row, from 0, [N]. */
  readonly unitOfRow: Uint32Array
  readonly units: number
  /** Patients of each stratum. */
  readonly strata: readonly Uint32Array[]
}

/**
 * The design of a cohort: strata are patients with at least one cancer, and the others.
 * @param patients of each row, by any key
 * @param labels 1 cancer, 0 none
 * @example designOf(['a', 'a', 'b'], [1, 0, 0]).units // 2
 */
export function designOf(patients: ArrayLike<string | number>, labels: ArrayLike<number>): Design {
  const index = new Map<string | number, number>()
  const unitOfRow = new Uint32Array(labels.length)
  const cancer: boolean[] = []
  for (let row = 0; row < labels.length; row++) {
    let unit = index.get(patients[row])
    if (unit === undefined) {
      unit = index.size
      index.set(patients[row], unit)
      cancer.push(false)
    }
    unitOfRow[row] = unit
    if (labels[row] === 1) cancer[unit] = true
  }
  const having = (wanted: boolean): Uint32Array =>
    Uint32Array.from(cancer.flatMap((has, unit) => (has === wanted ? [unit] : [])))
  return { unitOfRow, units: index.size, strata: [having(true), having(false)].filter(({ length }) => length > 0) }
}

/** How often each patient is drawn in one replicate: as many draws from a stratum as it has patients. */
export function drawUnits({ strata, units }: Design, random: Random, into = new Uint8Array(units)): Uint8Array {
  for (const stratum of strata) drawStratum(stratum, random, into)
  return into
}

const replicateRandom = (seed: number, replicate: number): Random => seededRandom(seed, `bootstrap/${replicate}`)

/**
 * Metrics of replicates `from` to `to` (without it).
 * @returns [to - from][K], NaN where a metric of a replicate is not defined (never shown: {@link intervalOf} counts it)
 */
export function replicateMetrics(
  sample: Sample,
  design: Design,
  keys: readonly string[],
  { seed, from = 0, to }: { seed: number; from?: number; to: number },
): Float64Array {
  const drawn = new Uint8Array(design.units)
  const weights = new Uint16Array(sample.labels.length)
  const values = new Float64Array((to - from) * keys.length)
  for (let replicate = from; replicate < to; replicate++) {
    drawUnits(design, replicateRandom(seed, replicate), drawn)
    for (let row = 0; row < weights.length; row++) weights[row] = drawn[design.unitOfRow[row]]
    const measured = measure(sample, keys, weights)
    for (const [k, value] of measured.entries()) values[(replicate - from) * keys.length + k] = value ?? Number.NaN
  }
  return values
}

/**
 * The ranking as the AUROC alone needs it. Patients are renumbered in the order in which they come, so that memory is
 * walked in order; draws differ from those of {@link replicateMetrics} by that numbering.
 */
export interface AurocPlan {
  readonly design: Design
  /** Patient of each row without cancer, by falling score. */
  readonly negatives: Uint32Array
  /** Patient of each cancer, by falling score. */
  readonly positives: Uint32Array
  /** Groups of equal scores that hold a cancer: one past their last cancer; others above them; others above and in them. */
  readonly groups: Uint32Array
}

/** Prepares {@link replicateAurocs}. */
export function aurocPlan(ranking: Ranking, { unitOfRow, units, strata }: Design): AurocPlan {
  const { order, labels, ends } = ranking
  const number = new Int32Array(units).fill(-1)
  let next = 0
  const renumbered = new Uint32Array(order.length)
  const negatives: number[] = []
  const positives: number[] = []
  const groups: number[] = []
  for (let group = 0, place = 0; group < ends.length; group++) {
    const [cancers, above] = [positives.length, negatives.length]
    for (; place < ends[group]; place++) {
      const row = order[place]
      const unit = unitOfRow[row]
      if (number[unit] < 0) number[unit] = next++
      renumbered[row] = number[unit]
      const list = labels[place] === 1 ? positives : negatives
      list.push(number[unit])
    }
    if (positives.length > cancers) groups.push(positives.length, above, negatives.length)
  }
  return {
    design: { unitOfRow: renumbered, units, strata: strata.map((one) => one.map((unit) => number[unit]).sort()) },
    negatives: Uint32Array.from(negatives),
    positives: Uint32Array.from(positives),
    groups: Uint32Array.from(groups),
  }
}

/**
 * AUROC of replicates, the quick way: between one cancer and the next the others are only summed; no allocation.
 * @returns [to - from], NaN where a class is missing
 */
export function replicateAurocs(
  plan: AurocPlan,
  { seed, from = 0, to }: { seed: number; from?: number; to: number },
): Float64Array {
  const drawn = new Uint8Array(plan.design.units)
  const values = new Float64Array(to - from)
  for (let replicate = from; replicate < to; replicate++) {
    drawUnits(plan.design, replicateRandom(seed, replicate), drawn)
    values[replicate - from] = drawnAuroc(plan, drawn)
  }
  return values
}

function drawnAuroc({ negatives, positives, groups }: AurocPlan, drawn: Uint8Array): number {
  // Twice the pairs in the wrong order, in whole numbers: exact up to 2^53, far beyond 1e6 x 1e6 pairs.
  let wrong = 0
  let above = 0
  let cancers = 0
  let at = 0
  for (let group = 0, cancer = 0; group < groups.length; group += 3) {
    above += sumOf(drawn, negatives, at, groups[group + 1])
    const tied = sumOf(drawn, negatives, groups[group + 1], groups[group + 2])
    at = groups[group + 2]
    const here = sumOf(drawn, positives, cancer, groups[group])
    cancer = groups[group]
    wrong += here * (2 * above + tied)
    above += tied
    cancers += here
  }
  const others = above + sumOf(drawn, negatives, at, negatives.length)
  return cancers === 0 || others === 0 ? Number.NaN : 1 - wrong / (2 * cancers * others)
}

function sumOf(drawn: Uint8Array, units: Uint32Array, from: number, to: number): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += drawn[units[i]]
  return sum
}

/** A column of `replicateMetrics`. */
export const column = (values: Float64Array, columns: number, at: number): Float64Array =>
  Float64Array.from({ length: values.length / columns }, (_, r) => values[r * columns + at])
