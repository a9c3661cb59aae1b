/**
 * Intervals by resampling patients: nodules of one patient stay together, patients with and without cancer are drawn
 * apart (so every replicate has as many of either), and the seed tells every draw. Replicate r draws the same patients
 * whatever is measured and whichever thread does it: two predictors are compared on the same draws.
 */
import { type Random, seededRandom } from '../random.ts'
import { drawStratum } from './draw.ts'
import { measure, type Sample } from './metrics.ts'
import type { Ranking } from './ranking.ts'

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

/** Rows in ranked order for the AUROC alone, patients renumbered in the order in which they come: memory is walked in order. */
export interface AurocPlan {
  /** Patient of each place, [N]. */
  readonly units: Uint32Array
  /** Place of the ranking holds a cancer (1), and ends a group of equal scores (2): sums of both. */
  readonly marks: Uint8Array
  readonly design: Design
}

/** Prepares {@link replicateAurocs}. Patients are renumbered, so draws differ from those of {@link replicateMetrics}. */
export function aurocPlan(ranking: Ranking, { unitOfRow, units, strata }: Design): AurocPlan {
  const number = new Int32Array(units).fill(-1)
  let next = 0
  const renumbered = new Uint32Array(ranking.order.length)
  const marks = new Uint8Array(ranking.order.length)
  for (let place = 0; place < renumbered.length; place++) {
    const unit = unitOfRow[ranking.order[place]]
    if (number[unit] < 0) number[unit] = next++
    renumbered[place] = number[unit]
    marks[place] = ranking.labels[place]
  }
  for (const end of ranking.ends) marks[end - 1] |= 2
  const moved = strata.map((stratum) => stratum.map((unit) => number[unit]).sort())
  return { units: renumbered, marks, design: { unitOfRow: renumbered, units, strata: moved } }
}

/**
 * AUROC of replicates, the quick way: one pass of additions over the ranking a replicate, no allocation.
 * @returns [to - from], NaN where a class is missing
 */
export function replicateAurocs(
  { units, marks, design }: AurocPlan,
  { seed, from = 0, to }: { seed: number; from?: number; to: number },
): Float64Array {
  const drawn = new Uint8Array(design.units)
  const values = new Float64Array(to - from)
  for (let replicate = from; replicate < to; replicate++) {
    drawUnits(design, replicateRandom(seed, replicate), drawn)
    values[replicate - from] = weightedAuc(units, marks, drawn)
  }
  return values
}

function weightedAuc(units: Uint32Array, marks: Uint8Array, drawn: Uint8Array): number {
  // Twice the area, in whole numbers: exact up to 2^53, far beyond 1e6 x 1e6 pairs.
  let area = 0
  let positives = 0
  let negatives = 0
  let tiedPositives = 0
  let tiedNegatives = 0
  for (let place = 0; place < units.length; place++) {
    const weight = drawn[units[place]]
    const mark = marks[place]
    // Without a branch: which class comes next is what a processor cannot guess.
    const positive = weight * (mark & 1)
    tiedPositives += positive
    tiedNegatives += weight - positive
    if (mark & 2) {
      area += tiedNegatives * (2 * positives + tiedPositives)
      positives += tiedPositives
      negatives += tiedNegatives
      tiedPositives = 0
      tiedNegatives = 0
    }
  }
  return positives === 0 || negatives === 0 ? Number.NaN : area / (2 * positives * negatives)
}

/** A column of `replicateMetrics`. */
export const column = (values: Float64Array, columns: number, at: number): Float64Array =>
  Float64Array.from({ length: values.length / columns }, (_, r) => values[r * columns + at])
