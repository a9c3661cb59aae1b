/** Operating points: chosen on one cohort, frozen, and applied to another. */
import * as z from 'zod'
import { parseJson } from '../files/json.ts'
import { seededRandom } from '../random.ts'
import { type Design, drawUnits } from './intervals/bootstrap.ts'
import { tooFew, wilson } from './intervals/estimate.ts'
import { type Interval, intervalOf } from './intervals/interval.ts'
import type { Sample } from './metrics/metrics.ts'
import {
  type Confusion,
  confusionAt,
  type Goal,
  goalName,
  type Rates,
  rates,
  thresholdFor,
} from './metrics/operating-point.ts'
import { curveOf } from './metrics/ranking.ts'

/** A threshold, what it was chosen for, and on what. */
export interface OperatingPoint {
  readonly goal: Goal
  /** Rows with at least this score are called cancer; null: none can be. */
  readonly threshold: number | null
  readonly chosenOn: string
}

export const GOALS: readonly Goal[] = [
  ...[0.8, 0.9, 0.95, 1].map((at) => ({ kind: 'recall', at }) as const),
  ...[0.8, 0.9, 0.95].map((at) => ({ kind: 'specificity', at }) as const),
]

/** Chooses thresholds on a sample. */
export function choosePoints(sample: Sample, name: string, goals: readonly Goal[] = GOALS): OperatingPoint[] {
  const curve = curveOf(sample.ranking)
  return goals.map((goal) => {
    const threshold = thresholdFor(curve, goal)
    // "Above every score" cannot be written down, nor used elsewhere.
    return { goal, threshold: threshold === null || !Number.isFinite(threshold) ? null : threshold, chosenOn: name }
  })
}

/** What happens at a threshold, with 95 % intervals. */
export interface AppliedPoint extends OperatingPoint {
  /** Chosen on the very rows it is applied to: such rates flatter. */
  readonly sameRows: boolean
  readonly counts: Confusion | null
  readonly rates: Readonly<
    Record<keyof Rates, { readonly value: number | null; readonly interval: Interval | null }>
  > | null
}

/** Applies thresholds; rates of 0 and 1 get Wilson's interval over patients. */
export function applyPoints(
  sample: Sample,
  design: Design,
  points: readonly OperatingPoint[],
  { name, seed, replicates }: { name: string; seed: number; replicates: number },
): AppliedPoint[] {
  const curve = curveOf(sample.ranking)
  const drawn = replicateCounts(sample, design, points, { seed, replicates: tooFew(design) === null ? replicates : 0 })
  return points.map((point, p) => {
    const sameRows = point.chosenOn === name
    if (point.threshold === null) return { ...point, sameRows, counts: null, rates: null }
    const counts = confusionAt(curve, point.threshold)
    const values = rates(counts)
    const of = (key: keyof Rates) => {
      const value = values[key]
      if (value === null) return { value, interval: null }
      const told = Float64Array.from(drawn[p], (one) => rates(one)[key] ?? Number.NaN)
      const units = patientsBehind(key, sample, design, point.threshold ?? 0)
      return { value, interval: value === 0 || value === 1 ? wilson(value, units) : intervalOf(told, value, design) }
    }
    return {
      ...point,
      sameRows,
      counts,
      rates: {
        sensitivity: of('sensitivity'),
        specificity: of('specificity'),
        falsePositiveRate: of('falsePositiveRate'),
        precision: of('precision'),
        negativePredictiveValue: of('negativePredictiveValue'),
      },
    }
  })
}

/** Patients among the rows that a rate divides by. */
function patientsBehind(
  key: keyof Rates,
  { scores, labels }: Sample,
  { unitOfRow }: Design,
  threshold: number,
): number {
  const counts: Record<keyof Rates, (row: number) => boolean> = {
    sensitivity: (row) => labels[row] === 1,
    specificity: (row) => labels[row] === 0,
    falsePositiveRate: (row) => labels[row] === 0,
    precision: (row) => scores[row] >= threshold,
    negativePredictiveValue: (row) => scores[row] < threshold,
  }
  return new Set(unitOfRow.filter((_, row) => counts[key](row))).size
}

/** Counts at each threshold in each replicate. */
function replicateCounts(
  { scores, labels }: Sample,
  design: Design,
  points: readonly OperatingPoint[],
  { seed, replicates }: { seed: number; replicates: number },
): Confusion[][] {
  const result: Confusion[][] = points.map(() => [])
  const drawn = new Uint8Array(design.units)
  for (let replicate = 0; replicate < replicates; replicate++) {
    drawUnits(design, seededRandom(seed, `bootstrap/${replicate}`), drawn)
    for (const [p, { threshold }] of points.entries()) {
      if (threshold === null) continue
      const counts = { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 }
      for (let row = 0; row < labels.length; row++) {
        const weight = drawn[design.unitOfRow[row]]
        if (scores[row] >= threshold) counts[labels[row] === 1 ? 'truePositives' : 'falsePositives'] += weight
        else counts[labels[row] === 1 ? 'falseNegatives' : 'trueNegatives'] += weight
      }
      result[p].push(counts)
    }
  }
  return result
}

const file = z.object({
  format: z.literal('spicula-operating-points/1'),
  points: z.array(
    z.object({
      goal: z.object({ kind: z.enum(['recall', 'specificity']), at: z.number().min(0).max(1) }),
      threshold: z.number().nullable(),
      chosenOn: z.string(),
    }),
  ),
})

/** Operating points as a file, to be frozen for other cohorts. */
export const pointsJson = (points: readonly OperatingPoint[], stamp: Readonly<Record<string, string>>): string =>
  `${JSON.stringify({ format: 'spicula-operating-points/1', ...stamp, points }, null, 2)}\n`

/**
 * Reads what {@link pointsJson} wrote.
 * @throws SpiculaError `evaluation/points`
 */
export function parsePoints(text: string, name: string): OperatingPoint[] {
  const hint = 'Give the operating-points.json that an earlier evaluation wrote.'
  return parseJson(text, file, { name, code: 'evaluation/points', hint }).points
}

/** @example pointName(point) // 'recall 0.95' */
export const pointName = ({ goal }: OperatingPoint): string => goalName(goal)
