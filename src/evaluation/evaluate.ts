/** The evaluation of cohorts: all tables and curves of a report, without a patient's identifier. */
import { seededRandom } from '../random.ts'
import { followUpOf } from './follow-up.ts'
import { applyPoints, choosePoints, type OperatingPoint } from './frozen-points.ts'
import {
  aurocPlan,
  type Design,
  designOf,
  drawUnits,
  replicateAurocs,
  replicateMetrics,
} from './intervals/bootstrap.ts'
import { compareAuroc, deLong } from './intervals/delong.ts'
import { type Bootstrap, type Estimate, estimates, tooFew, withInterval } from './intervals/estimate.ts'
import { holm } from './intervals/holm.ts'
import { normalQuantile } from './intervals/normal.ts'
import type { Cohort, CohortPredictor } from './joined-cohort.ts'
import { aurocOf, rocPoints } from './metrics/auroc.ts'
import { precisionRecallPoints } from './metrics/average-precision.ts'
import { concordance } from './metrics/c-index.ts'
import { decisionCurve } from './metrics/decision-curve.ts'
import { areProbabilities, type Sample, sampleOf, whyBlank } from './metrics/metrics.ts'
import { confusionAt, rates } from './metrics/operating-point.ts'
import { curveOf } from './metrics/ranking.ts'
import { eceOfPerfect, reliabilityBins } from './metrics/reliability.ts'
import type { CohortResult, ComparisonResult, Curves, PredictorResult, SubgroupResult } from './result.ts'
import { FEW_EVENTS, type SubgroupColumn, subgroupsOf } from './subgroups.ts'

export interface EvaluateOptions {
  readonly seed: number
  readonly replicates: number
  /** Thresholds frozen elsewhere; chosen on `chooseOn`, or on each cohort itself, when left out. */
  readonly frozen?: readonly OperatingPoint[] | undefined
  /** Name of the cohort on which thresholds are chosen. */
  readonly chooseOn?: string | undefined
  readonly subgroups: (cohort: Cohort) => readonly SubgroupColumn[]
  /** Columns of the time to diagnosis or the end of follow-up, and whether it was a diagnosis (malignant by default). */
  readonly times?: { readonly time: string; readonly event?: string | undefined } | undefined
  readonly bootstrap?: Bootstrap
  /** Called after each predictor. */
  readonly step?: () => void
}

/**
 * Evaluates cohorts one beside the other.
 * @throws SpiculaError of its parts
 * @example await evaluate([cohort], { seed: 0, replicates: 2000, subgroups: () => [] })
 */
export async function evaluate(cohorts: readonly Cohort[], options: EvaluateOptions): Promise<CohortResult[]> {
  const { seed, replicates, frozen, chooseOn, step } = options
  const bootstrap: Bootstrap =
    options.bootstrap ??
    (async (sample, design, keys) => replicateMetrics(sample, design, keys, { seed, to: replicates }))
  const source = cohorts.find(({ name }) => name === chooseOn)
  const chosen = frozen ?? (source && choosePoints(mainOf(source).sample, source.name))
  const results: CohortResult[] = []
  for (const cohort of cohorts) {
    const { sample, design } = mainOf(cohort)
    const predictors: PredictorResult[] = []
    for (const predictor of cohort.predictors) {
      predictors.push(await predictorResult(cohort, predictor, bootstrap))
      step?.()
    }
    const points = chosen ?? choosePoints(sample, cohort.name)
    const own = frozen === undefined ? cohort.name : ''
    results.push({
      name: cohort.name,
      unit: cohort.unit,
      rows: cohort.rows.length,
      patients: design.units,
      cancers: sum(cohort.labels),
      patientsWithCancer: new Set(cohort.patients.filter((_, i) => cohort.labels[i] === 1)).size,
      leftOut: cohort.leftOut,
      notes: [
        ...cohort.notes,
        ...(options.times ? followUpOf(cohort, options.times.time, options.times.event).notes : []),
      ],
      predictors,
      comparisons: cohort.predictors
        .slice(1)
        .filter(isCompared)
        .map((other) => comparison(cohort, other)),
      points: applyPoints(sample, design, points, { name: own, seed, replicates }),
      subgroups: options.subgroups(cohort).flatMap((one) => subgroupResults(cohort, one, points, { seed, replicates })),
      cIndex: options.times === undefined ? null : cIndexOf(cohort, options.times, { seed, replicates }),
    })
  }
  return withHolm(results)
}

function sum(values: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < values.length; i++) total += values[i]
  return total
}

/** The predictor that the report is about; the join leaves no row without its score. */
function mainOf(cohort: Cohort): { sample: Sample; design: Design } {
  return {
    sample: sampleOf(cohort.predictors[0].scores, cohort.labels),
    design: designOf(cohort.patients, cohort.labels),
  }
}

/** Rows that have a score of every given predictor. */
function commonRows(cohort: Cohort, predictors: readonly CohortPredictor[]): number[] {
  return Array.from(cohort.rows.keys()).filter((row) => predictors.every(({ scores }) => !Number.isNaN(scores[row])))
}

const pick = <T>(values: ArrayLike<T>, rows: readonly number[]): T[] => rows.map((row) => values[row])

async function predictorResult(
  cohort: Cohort,
  predictor: CohortPredictor,
  bootstrap: Bootstrap,
): Promise<PredictorResult> {
  const rows = commonRows(cohort, [predictor])
  const labels = pick(cohort.labels, rows)
  const patients = pick(cohort.patients, rows)
  const sample = sampleOf(pick(predictor.scores, rows), labels)
  const design = designOf(patients, labels)
  const probabilities =
    predictor.kind !== 'diameter' && predictor.key !== 'lung_rads' && areProbabilities(sample.scores)
  const variance = deLong([sample.scores], labels, design.unitOfRow)
  const standardError = Math.sqrt(Math.max(0, variance?.covariance[0][0] ?? 0))
  const area = variance?.areas[0] ?? 0
  const reach = normalQuantile(0.975) * standardError
  return {
    key: predictor.key,
    label: predictor.label,
    kind: predictor.kind,
    unit: cohort.unit,
    rows: rows.length,
    cancers: sum(labels),
    probabilities,
    metrics: await estimates(sample, design, probabilities, bootstrap),
    deLong:
      variance === null || standardError < 1e-9
        ? null
        : { standardError, low: Math.max(0, area - reach), high: Math.min(1, area + reach) },
    eceOfPerfect: probabilities ? eceOfPerfect(sample.scores) : null,
    blanks: predictor.blanks,
    curves: curvesOf(sample, probabilities),
  }
}

/** Thresholds of the decision curve. */
const DECISIONS = Array.from({ length: 99 }, (_, i) => (i + 1) / 100)

function curvesOf(sample: Sample, probabilities: boolean): Curves {
  const curve = curveOf(sample.ranking)
  const { scores, labels } = sample
  const [from, to] = probabilities ? [0, 1] : rangeOf(sample.ranking.scores)
  const histogram = { from, to, benign: new Array<number>(20).fill(0), cancer: new Array<number>(20).fill(0) }
  for (let i = 0; i < scores.length; i++) {
    const bin = Math.min(19, Math.floor(((scores[i] - from) / (to - from)) * 20))
    histogram[labels[i] === 1 ? 'cancer' : 'benign'][bin]++
  }
  return {
    roc: thinned(rocPoints(curve).map((p) => [p.falsePositiveRate, p.truePositiveRate])),
    precisionRecall: thinned(precisionRecallPoints(curve).map((p) => [p.recall, p.precision])),
    reliability: probabilities ? reliabilityBins(scores, labels) : [],
    decision: probabilities ? decisionCurve(curve, DECISIONS) : [],
    histogram,
  }
}

/** From the least of falling scores to the most, with some length where all are one. */
function rangeOf(scores: Float64Array): [from: number, to: number] {
  const [least, most] = [scores.at(-1) ?? 0, scores[0] ?? 1]
  return most > least ? [least, most] : [least, least + Math.max(1, Math.abs(least) / 1000)]
}

/** Points at least a thousandth of the plot apart; both ends stay. */
function thinned(points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  if (points.length <= 1000) return [...points]
  const kept = [points[0]]
  for (const [i, point] of points.entries()) {
    const [x, y] = kept[kept.length - 1]
    if (i === points.length - 1 || Math.abs(point[0] - x) + Math.abs(point[1] - y) >= 0.001) kept.push(point)
  }
  return kept
}

/** Folds are parts of the ensemble: they stand beside it, but are not tested against it. */
const isCompared = ({ key }: CohortPredictor): boolean => !/^(raw|calibrated)_\d+$/.test(key)

function comparison(cohort: Cohort, other: CohortPredictor): ComparisonResult {
  const [main] = cohort.predictors
  const rows = commonRows(cohort, [main, other])
  const labels = pick(cohort.labels, rows)
  const { unitOfRow } = designOf(pick(cohort.patients, rows), labels)
  const both = sum(labels) > 0 && sum(labels) < labels.length
  const test = both ? compareAuroc(pick(main.scores, rows), pick(other.scores, rows), labels, unitOfRow) : null
  return {
    key: other.key,
    label: other.label,
    rows: rows.length,
    difference: test?.difference ?? null,
    low: test?.low ?? null,
    high: test?.high ?? null,
    p: test?.p ?? null,
    pHolm: null,
  }
}

/** Holm's correction over every comparison of the report. */
function withHolm(results: readonly CohortResult[]): CohortResult[] {
  const adjusted = holm(results.flatMap(({ comparisons }) => comparisons.map(({ p }) => p)))
  let at = 0
  return results.map((result) => ({
    ...result,
    comparisons: result.comparisons.map((one) => ({ ...one, pHolm: adjusted[at++] })),
  }))
}

function subgroupResults(
  cohort: Cohort,
  column: SubgroupColumn,
  points: readonly OperatingPoint[],
  options: { seed: number; replicates: number },
): SubgroupResult[] {
  const point = points.find(({ goal }) => goal.kind === 'recall' && goal.at === 0.95)
  return subgroupsOf(cohort.rows, column).map(({ value, members }) => {
    const labels = pick(cohort.labels, members)
    const patients = pick(cohort.patients, members)
    const sample = sampleOf(pick(cohort.predictors[0].scores, members), labels)
    const design = designOf(patients, labels)
    const cancers = sum(labels)
    const curve = curveOf(sample.ranking)
    const at = point?.threshold == null ? null : rates(confusionAt(curve, point.threshold))
    const auroc = subgroupAuroc(sample, design, options)
    const warnings = [
      ...(cancers < FEW_EVENTS ? [`${cancers} cancers`] : []),
      ...(labels.length - cancers < FEW_EVENTS ? [`${labels.length - cancers} without cancer`] : []),
    ]
    return {
      column: column.column,
      value,
      rows: members.length,
      patients: design.units,
      cancers,
      auroc,
      sensitivity: at?.sensitivity ?? null,
      specificity: at?.specificity ?? null,
      warning: warnings.length > 0 ? `only ${warnings.join(', ')}` : null,
    }
  })
}

function subgroupAuroc(sample: Sample, design: Design, options: { seed: number; replicates: number }): Estimate {
  const curve = curveOf(sample.ranking)
  const value = aurocOf(curve)
  if (value === null) return { value, why: whyBlank(sample) }
  const few = tooFew(design)
  if (few !== null) return { value, interval: null, why: few }
  const { seed, replicates } = options
  return withInterval(value, replicateAurocs(aurocPlan(sample.ranking, design), { seed, to: replicates }), design)
}

function cIndexOf(
  cohort: Cohort,
  { time, event }: { time: string; event?: string | undefined },
  { seed, replicates }: { seed: number; replicates: number },
): Estimate {
  const { rows, times, events } = followUpOf(cohort, time, event)
  const scores = pick(cohort.followed.scores, rows)
  const result = concordance(scores, times, events)
  if (result === null) return { value: null, why: `no pair of nodules whose order is known (column ${time})` }
  const design = designOf(
    pick(cohort.followed.rows, rows).map(({ pid }) => pid),
    events,
  )
  const few = tooFew(design)
  if (few !== null) return { value: result.cIndex, interval: null, why: few }
  const drawn = new Uint8Array(design.units)
  const values = Float64Array.from({ length: replicates }, (_, replicate) => {
    drawUnits(design, seededRandom(seed, `bootstrap/${replicate}`), drawn)
    const taken = rows.flatMap((_, i) => new Array<number>(drawn[design.unitOfRow[i]]).fill(i))
    return concordance(pick(scores, taken), pick(times, taken), pick(events, taken))?.cIndex ?? Number.NaN
  })
  return withInterval(result.cIndex, values, design)
}
