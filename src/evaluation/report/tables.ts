/** The tables of a report. Nothing in them is NaN: what has no value says why. */
import { type Cell, table } from '../../drawing/html.ts'
import type { Content, Markup } from '../../drawing/markup.ts'
import { pointName } from '../frozen-points.ts'
import type { Estimate } from '../intervals/estimate.ts'
import { METRICS } from '../metrics/metrics.ts'
import type { CohortResult } from '../result.ts'
import type { FeatureResult } from '../zero-shot.ts'

const digits = (value: number): string => {
  const text = value.toFixed(3)
  // -0.000 is 0.
  return /^-0\.0+$/.test(text) ? text.slice(1) : text
}

/** A value over its interval, or why there is none. */
export function estimateCell(estimate: Estimate | undefined): Cell {
  if (estimate === undefined) return ''
  if (estimate.value === null) return { text: estimate.why, blank: true }
  const { value, interval, why } = estimate
  return { text: digits(value), under: interval === null ? why : `${digits(interval.low)} to ${digits(interval.high)}` }
}

const rateCell = (rate: { value: number | null; interval: { low: number; high: number } | null } | undefined): Cell => {
  if (rate === undefined || rate.value === null) return { text: 'none', blank: true }
  const { interval } = rate
  return {
    text: digits(rate.value),
    under: interval === null ? undefined : `${digits(interval.low)} to ${digits(interval.high)}`,
  }
}

/** Who is in each cohort. */
export const countsTable = (cohorts: readonly CohortResult[]): Markup =>
  table(
    'Cohorts',
    ['', ...cohorts.map(({ name }) => name)],
    [
      ['patients', ...cohorts.map(({ patients }) => String(patients))],
      ['patients with cancer', ...cohorts.map((one) => String(one.patientsWithCancer))],
      [
        'nodules',
        ...cohorts.map(({ rows, unit }) => (unit === 'nodule' ? String(rows) : `judged by ${unit}: ${rows}`)),
      ],
      [
        'cancers among them',
        ...cohorts.map((one) => `${one.cancers} (${((100 * one.cancers) / one.rows).toFixed(1)} %)`),
      ],
      ['left out: without a label', ...cohorts.map(({ leftOut }) => String(leftOut.unlabelled))],
      ['left out: without a prediction', ...cohorts.map(({ leftOut }) => String(leftOut.unpredicted))],
      ['left out: predicted, not in the cohort', ...cohorts.map(({ leftOut }) => String(leftOut.unknown))],
    ],
  )

/** Every metric of the main predictor, a column a cohort. */
export function cohortsTable(cohorts: readonly CohortResult[]): Markup {
  const mains = cohorts.map(({ predictors }) => predictors[0])
  const label = mains[0]?.label ?? ''
  return table(
    `${label} on every cohort, with 95 % intervals`,
    ['', ...cohorts.map(({ name }) => name)],
    [
      ...METRICS.map(({ key, label: name }): Cell[] => [
        name,
        ...mains.map(({ metrics }) => estimateCell(metrics[key])),
      ]),
      [
        'ECE of a perfect model of this size',
        ...mains.map(({ eceOfPerfect }) =>
          eceOfPerfect === null ? { text: 'not a probability', blank: true } : digits(eceOfPerfect),
        ),
      ],
      [
        'AUROC interval by DeLong',
        ...mains.map(
          (one): Cell =>
            one.deLong === null
              ? { text: 'none', blank: true }
              : `${digits(one.deLong.low)} to ${digits(one.deLong.high)}`,
        ),
      ],
      ...(cohorts.some(({ cIndex }) => cIndex !== null)
        ? [['C-index (time to diagnosis)', ...cohorts.map(({ cIndex }) => estimateCell(cIndex ?? undefined))] as Cell[]]
        : []),
    ],
  )
}

/** Metrics that tables of predictors show; metrics.json has all. */
const SHOWN = [
  'auroc',
  'auprc',
  'fpr_at_recall_0.95',
  'sensitivity_at_specificity_0.95',
  'brier',
  'calibration_slope',
  'calibration_intercept',
  'ece',
]
const SHORT: Readonly<Record<string, string>> = {
  auprc: 'AUPRC',
  'fpr_at_recall_0.95': 'FPR at recall 0.95',
  'sensitivity_at_specificity_0.95': 'Sens. at spec. 0.95',
  brier: 'Brier',
  calibration_slope: 'Cal. slope',
  calibration_intercept: 'Cal. intercept',
  ece: 'ECE',
}

/** Predictors side by side on one cohort. */
export function predictorsTable({ name, predictors, unit }: CohortResult): Markup {
  const columns = METRICS.filter(({ key }) => SHOWN.includes(key))
  return table(
    `Predictors on ${name}, with 95 % intervals`,
    ['', `${unit}s, cancers`, ...columns.map(({ key, label }) => SHORT[key] ?? label)],
    predictors.map((one) => [
      one.label,
      { text: String(one.rows), under: String(one.cancers) },
      ...columns.map(({ key }) => estimateCell(one.metrics[key])),
    ]),
  )
}

const pText = (p: number | null): Cell =>
  p === null ? { text: 'none', blank: true } : p < 0.0001 ? '< 0.0001' : p.toFixed(4)

/** Paired comparisons with the main predictor. */
export function comparisonsTable({ name, predictors, comparisons, unit }: CohortResult): Content {
  if (comparisons.length === 0) return undefined
  return table(
    `AUROC of ${predictors[0].label} less that of others on ${name} (paired DeLong test)`,
    ['', `${unit}s in both`, 'difference', 'p', 'p, Holm'],
    comparisons.map(({ label, rows, difference, low, high, p, pHolm }): Cell[] => [
      label,
      String(rows),
      difference === null || low === null || high === null
        ? { text: 'cannot be tested: too few of a class, or no spread', blank: true }
        : { text: digits(difference), under: `${digits(low)} to ${digits(high)}` },
      pText(p),
      pText(pHolm),
    ]),
  )
}

/** What happens at the thresholds. */
export function pointsTable({ name, predictors, points, unit }: CohortResult): Markup {
  return table(
    `Operating points of ${predictors[0].label} on ${name}`,
    ['chosen for', 'chosen on', 'threshold', 'sensitivity', 'specificity', 'precision', 'NPV', 'TP', 'FP', 'FN', 'TN'],
    points.map((point): Cell[] => {
      const { threshold, rates, counts, sameRows, chosenOn } = point
      const origin: Cell = sameRows
        ? { text: chosenOn, under: `the same ${unit}s` }
        : { text: chosenOn, under: 'frozen' }
      if (threshold === null || rates === null || counts === null) {
        return [pointName(point), origin, { text: 'none meets it', blank: true }, '', '', '', '', '', '', '', '']
      }
      const { sensitivity, specificity, precision, negativePredictiveValue } = rates
      const { truePositives, falsePositives, falseNegatives, trueNegatives } = counts
      return [
        pointName(point),
        origin,
        threshold.toPrecision(4),
        rateCell(sensitivity),
        rateCell(specificity),
        rateCell(precision),
        rateCell(negativePredictiveValue),
        ...[truePositives, falsePositives, falseNegatives, trueNegatives].map(String),
      ]
    }),
  )
}

/** Groups with counts, intervals and warnings. */
export function subgroupsTable({ name, predictors, subgroups, unit }: CohortResult): Content {
  if (subgroups.length === 0) return undefined
  const share = (value: number | null): Cell => (value === null ? { text: 'none', blank: true } : digits(value))
  return table(
    `Subgroups of ${name}: ${predictors[0].label}; sensitivity and specificity at the threshold for recall 0.95`,
    ['', `${unit}s`, 'patients', 'cancers', 'AUROC', 'sensitivity', 'specificity', 'warning'],
    subgroups.map((one): Cell[] => [
      { text: one.value, under: one.column },
      String(one.rows),
      String(one.patients),
      String(one.cancers),
      estimateCell(one.auroc),
      share(one.sensitivity),
      share(one.specificity),
      one.warning ?? '',
    ]),
  )
}

/** Zero-shot features, and each value of theirs. */
export function featuresTable(name: string, features: readonly FeatureResult[]): Content {
  if (features.length === 0) return undefined
  return table(
    `Zero-shot features on ${name}: AUROC weighted over values, each against the rest`,
    ['', 'nodules', 'AUROC', 'by value'],
    features.map(({ feature, rows, auroc, byValue }): Cell[] => [
      feature,
      String(rows),
      estimateCell(auroc),
      byValue.map((one) => `${one.value} (${one.rows}): ${one.auroc === null ? 'none' : digits(one.auroc)}`).join('; '),
    ]),
  )
}
