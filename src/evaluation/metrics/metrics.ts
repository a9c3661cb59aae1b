/** The catalogue of metrics: what each is called, what it needs, which way is better, and its value. */

import type { LogisticFit } from '../logistic.ts'
import { aurocOf } from './auroc.ts'
import { averagePrecisionOf } from './average-precision.ts'
import { calibrationIntercept, calibrationSlope, logit } from './calibration-line.ts'
import { type Goal, ratesFor } from './operating-point.ts'
import { brier, logLoss } from './proper-scores.ts'
import { type Curve, curveOf, type Ranking, rank } from './ranking.ts'
import { binsOf, ece } from './reliability.ts'

/** Rows to be measured, ranked once. */
export interface Sample {
  /** Higher means more suspicious. */
  readonly scores: Float64Array
  /** 1 cancer, 0 none. */
  readonly labels: Uint8Array
  readonly ranking: Ranking
  /** Of probabilities: coefficients of the calibration lines of all rows, where replicates begin theirs. */
  readonly line?: Line | undefined
}

interface Line {
  readonly logits: Float64Array
  /** Bin of each row. */
  readonly bins: Uint8Array
  readonly slope: readonly number[] | undefined
  readonly intercept: readonly number[] | undefined
}

/**
 * Ranks rows for measuring.
 * @throws SpiculaError as {@link rank}
 * @example measure(sampleOf([0.9, 0.1], [1, 0]), ['auroc']) // [1]
 */
export function sampleOf(scores: ArrayLike<number>, labels: ArrayLike<number>): Sample {
  const sample = { scores: Float64Array.from(scores), labels: Uint8Array.from(labels), ranking: rank(scores, labels) }
  return areProbabilities(scores) ? { ...sample, line: lineOf(sample) } : sample
}

function lineOf({ scores, labels }: Sample): Line {
  const logits = scores.map(logit)
  const start = (fit: LogisticFit) => (fit.kind === 'fitted' ? fit.coefficients : undefined)
  return {
    logits,
    bins: binsOf(scores),
    slope: start(calibrationSlope(logits, labels)),
    intercept: start(calibrationIntercept(logits, labels)),
  }
}

export interface Metric {
  readonly key: string
  readonly label: string
  /** Whether scores must be probabilities; the others only ask how they rank. */
  readonly ofProbabilities: boolean
  readonly better: 'higher' | 'lower' | 'near 0' | 'near 1'
  readonly value: (measured: Measured) => number | null
}

/** What metrics are computed from; the curve is counted once for all. */
interface Measured {
  readonly sample: Sample
  readonly curve: Curve
  readonly weights: ArrayLike<number> | undefined
}

const rankMetric = (
  key: string,
  label: string,
  better: Metric['better'],
  value: (c: Curve) => number | null,
): Metric => ({
  key,
  label,
  better,
  ofProbabilities: false,
  value: ({ curve }) => value(curve),
})

/** Both rates of a class are needed, or a rate tells nothing of the model. */
const atGoal = (goal: Goal, rate: 'falsePositiveRate' | 'precision' | 'sensitivity') => (curve: Curve) =>
  curve.positives === 0 || curve.negatives === 0 ? null : (ratesFor(curve, goal)?.[rate] ?? null)

const recallMetrics = [0.8, 0.9, 0.95, 1].flatMap((at) => {
  const goal: Goal = { kind: 'recall', at }
  const name = at.toFixed(2)
  return [
    rankMetric(
      `fpr_at_recall_${name}`,
      `False positive rate at recall ${name}`,
      'lower',
      atGoal(goal, 'falsePositiveRate'),
    ),
    rankMetric(`precision_at_recall_${name}`, `Precision at recall ${name}`, 'higher', atGoal(goal, 'precision')),
  ]
})

const specificityMetrics = [0.8, 0.9, 0.95].map((at) =>
  rankMetric(
    `sensitivity_at_specificity_${at.toFixed(2)}`,
    `Sensitivity at specificity ${at.toFixed(2)}`,
    'higher',
    atGoal({ kind: 'specificity', at }, 'sensitivity'),
  ),
)

const probabilityMetric = (
  key: string,
  label: string,
  better: Metric['better'],
  value: (measured: Measured) => number | null | undefined,
): Metric => ({ key, label, better, ofProbabilities: true, value: (measured) => value(measured) ?? null })

const coefficient = (fit: LogisticFit, at: number): number | null =>
  fit.kind === 'fitted' ? fit.coefficients[at] : null

/** Every metric of the tables, in their order. */
export const METRICS: readonly Metric[] = [
  rankMetric('auroc', 'AUROC', 'higher', aurocOf),
  rankMetric('auprc', 'AUPRC (average precision)', 'higher', (curve) =>
    curve.negatives === 0 ? null : averagePrecisionOf(curve),
  ),
  ...recallMetrics,
  ...specificityMetrics,
  probabilityMetric('brier', 'Brier score', 'lower', ({ sample, weights }) =>
    brier(sample.scores, sample.labels, weights),
  ),
  probabilityMetric('log_loss', 'Log loss', 'lower', ({ sample, weights }) =>
    logLoss(sample.scores, sample.labels, weights),
  ),
  probabilityMetric(
    'calibration_slope',
    'Calibration slope',
    'near 1',
    ({ sample: { line, labels }, weights }) =>
      // Where all rows have none, no draw of them has one.
      line?.slope && coefficient(calibrationSlope(line.logits, labels, { weights, start: line.slope }), 1),
  ),
  probabilityMetric(
    'calibration_intercept',
    'Calibration intercept',
    'near 0',
    ({ sample: { line, labels }, weights }) =>
      line?.intercept && coefficient(calibrationIntercept(line.logits, labels, { weights, start: line.intercept }), 0),
  ),
  probabilityMetric('ece', 'ECE (10 bins)', 'lower', ({ sample, weights }) =>
    ece(sample.scores, sample.labels, { weights, members: sample.line?.bins }),
  ),
]

const byKey = new Map(METRICS.map((metric) => [metric.key, metric]))

/**
 * Metrics of a sample.
 * @param keys of {@link METRICS}
 * @param weights how often each row counts; once when left out
 * @returns a value a key; null where it is not defined, see {@link whyBlank}
 */
export function measure(sample: Sample, keys: readonly string[], weights?: ArrayLike<number>): (number | null)[] {
  const measured = { sample, weights, curve: curveOf(sample.ranking, weights) }
  return keys.map((key) => byKey.get(key)?.value(measured) ?? null)
}

/** Whether scores can be read as probabilities. */
export const areProbabilities = (scores: ArrayLike<number>): boolean => {
  for (let i = 0; i < scores.length; i++) if (!(scores[i] >= 0 && scores[i] <= 1)) return false
  return scores.length > 0
}

/** Why a metric of these rows has no value: what a table shows instead of a number. */
export function whyBlank(sample: Sample): string {
  const { labels } = sample
  if (labels.length === 0) return 'no rows'
  const cancers = labels.reduce((sum, label) => sum + label, 0)
  if (cancers === 0) return 'no cancer among the rows'
  if (cancers === labels.length) return 'only cancers among the rows'
  return 'not defined: the scores separate the classes, are all equal, or are all 0 and 1'
}
