/** Curves over thresholds: ROC, precision-recall, decision. */

import type { Axis, Frame } from '../../drawing/chart/axes.ts'
import { chart, note } from '../../drawing/chart/chart.ts'
import type { LegendEntry } from '../../drawing/chart/legend.ts'
import { marker, polyline, segment } from '../../drawing/chart/marks.ts'
import { filled, INK, type LineStyle, type Marker, QUIET, REFERENCE, SERIES } from '../../drawing/chart/style.ts'
import type { Markup } from '../../drawing/markup.ts'
import { type AppliedPoint, pointName } from '../frozen-points.ts'
import type { Estimate } from '../intervals/estimate.ts'
import type { CohortResult, PredictorResult } from '../result.ts'

const SHARE = [0, 0.2, 0.4, 0.6, 0.8, 1]
const share = (label: string): Axis => ({ label, from: 0, to: 1, ticks: SHARE })

/** A value with its interval in a legend. */
export const inWords = (estimate: Estimate | undefined): string => {
  if (estimate === undefined || estimate.value === null) return 'no value'
  const { value, interval } = estimate
  return interval === null
    ? value.toFixed(3)
    : `${value.toFixed(3)} (${interval.low.toFixed(3)} to ${interval.high.toFixed(3)})`
}

/** A line of a plot and what it is of. */
export interface Plotted {
  readonly label: string
  readonly result: PredictorResult
  /** The same in every plot of a cohort. */
  readonly style: LineStyle
}

/** Predictors that a plot of one cohort shows: all but the folds, as many as there are styles. */
export const plotted = ({ predictors }: CohortResult): Plotted[] =>
  predictors
    .filter(({ kind }, i) => i === 0 || kind !== 'own')
    .slice(0, SERIES.length)
    .map((result, i) => ({ label: result.label, result, style: SERIES[i] }))

/** Points shown on the curves, a sign each. */
const SHOWN_POINTS: readonly (readonly [string, Marker])[] = [
  ['recall 0.80', 'triangle'],
  ['recall 0.90', 'square'],
  ['recall 0.95', 'circle'],
  ['specificity 0.95', 'diamond'],
]

const shownPoints = (points: readonly AppliedPoint[]) =>
  SHOWN_POINTS.flatMap(([name, sign]) => {
    const point = points.find((one) => pointName(one) === name)
    return point?.rates && point.threshold !== null
      ? [{ name, sign, point, rates: point.rates, threshold: point.threshold }]
      : []
  })

const pointLegend = (points: readonly AppliedPoint[]): LegendEntry[] =>
  shownPoints(points).map(({ name, sign, point, threshold }) => ({
    sample: { marker: sign, paint: filled(INK) },
    text: `${name}: score >= ${threshold.toPrecision(3)}${point.sameRows ? '' : `, frozen from ${point.chosenOn}`}`,
  }))

/**
 * ROC curves with the operating points of the first.
 * @param title names the cohort, or the predictor where cohorts are compared
 */
export function rocPlot(title: string, lines: readonly Plotted[], points: readonly AppliedPoint[] = []): Markup {
  return chart({
    title,
    description: `ROC curves: ${lines.map(({ label, result }) => `${label}, AUROC ${inWords(result.metrics.auroc)}`).join('; ')}`,
    x: share('1 - specificity (false positive rate)'),
    y: share('sensitivity (recall)'),
    legend: [
      ...lines.map(({ label, result, style }) => ({
        sample: { line: style },
        text: `${label}: AUROC ${inWords(result.metrics.auroc)}, n = ${result.rows}`,
      })),
      { sample: { line: REFERENCE }, text: 'chance' },
      ...pointLegend(points),
    ],
    marks: (frame) => [
      segment(frame.at(0, 0), frame.at(1, 1), REFERENCE),
      // The first line is drawn last, on top.
      ...lines.toReversed().map(({ result, style }) => polyline(placed(result.curves.roc, frame), style)),
      ...shownPoints(points).map(({ sign, rates }) =>
        marker(sign, frame.at(rates.falsePositiveRate.value ?? 0, rates.sensitivity.value ?? 0), filled(INK)),
      ),
      lines.every(({ result }) => result.curves.roc.length === 0) && note('no curve: one class only', frame),
    ],
  })
}

/** Precision-recall curves, with the share of cancers as what chance gives. */
export function precisionRecallPlot(
  title: string,
  lines: readonly Plotted[],
  points: readonly AppliedPoint[] = [],
): Markup {
  const [first] = lines
  const prevalence = first && first.result.rows > 0 ? first.result.cancers / first.result.rows : 0
  return chart({
    title,
    description: `Precision-recall curves: ${lines.map(({ label, result }) => `${label}, AUPRC ${inWords(result.metrics.auprc)}`).join('; ')}`,
    x: share('recall (sensitivity)'),
    y: share('precision (positive predictive value)'),
    legend: [
      ...lines.map(({ label, result, style }) => ({
        sample: { line: style },
        text: `${label}: AUPRC ${inWords(result.metrics.auprc)}`,
      })),
      { sample: { line: REFERENCE }, text: `chance: share of cancers, ${prevalence.toFixed(3)}` },
      ...pointLegend(points),
    ],
    marks: (frame) => [
      segment(frame.at(0, prevalence), frame.at(1, prevalence), REFERENCE),
      ...lines
        .toReversed()
        .map(({ result, style }) => polyline(placed(steps(result.curves.precisionRecall), frame), style)),
      ...shownPoints(points).map(
        ({ sign, rates: { precision, sensitivity } }) =>
          precision.value !== null && marker(sign, frame.at(sensitivity.value ?? 0, precision.value), filled(INK)),
      ),
      lines.every(({ result }) => result.curves.precisionRecall.length === 0) && note('no curve: no cancer', frame),
    ],
  })
}

/** Points of a curve in its frame. */
const placed = (points: readonly (readonly [number, number])[], frame: Frame) => points.map(([x, y]) => frame.at(x, y))

/** Average precision's own steps: precision holds back to the recall before; nothing is interpolated. */
function steps(points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  return points.flatMap(([recall, precision], i) => [
    [i === 0 ? 0 : points[i - 1][0], precision] as const,
    [recall, precision] as const,
  ])
}

/** Decision curves of the predictors that are probabilities. */
export function decisionPlot(title: string, all: readonly Plotted[]): Markup {
  const lines = all.filter(({ result }) => result.curves.decision.length > 0)
  const [first] = lines
  const prevalence = first ? first.result.cancers / Math.max(1, first.result.rows) : 0
  const top = Math.max(0.05, prevalence * 1.15)
  const bottom = -top / 4
  const unit = first?.result.unit ?? 'nodule'
  const treatAll = { stroke: INK, dash: '3 3', width: 1.4 }
  const none = { stroke: QUIET, width: 1.2 }
  const ticks = [-0.1, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1].filter((t) => t >= bottom && t <= top)
  return chart({
    title,
    description: `Net benefit over threshold probabilities: ${lines.map(({ label }) => label).join(', ')}, acting on all, acting on none`,
    x: share('threshold probability: one acts from here on'),
    y: {
      label: `net benefit (true positives a ${unit})`,
      from: bottom,
      to: top,
      ticks: ticks.length > 2 ? ticks : [0, top],
      show: (t) => t.toFixed(2),
    },
    plotHeight: 300,
    legend: [
      ...lines.map(({ label, style }) => ({
        sample: { line: style },
        text: `${label}: acting where it reaches the threshold`,
      })),
      { sample: { line: treatAll }, text: `acting on every ${unit}` },
      { sample: { line: none }, text: 'acting on none' },
    ],
    marks: (frame) => {
      const inside = (points: readonly (readonly [number, number])[]) => placed(cutBelow(points, bottom), frame)
      return [
        segment(frame.at(0, 0), frame.at(1, 0), none),
        polyline(inside((first?.result.curves.decision ?? []).map((p) => [p.threshold, p.all])), treatAll),
        ...lines
          .toReversed()
          .map(({ result, style }) =>
            polyline(inside(result.curves.decision.map((p) => [p.threshold, p.model])), style),
          ),
        lines.length === 0 && note('no probabilities', frame),
      ]
    },
  })
}

/** The part of a line until it first falls below the plot. */
function cutBelow(points: readonly (readonly [number, number])[], bottom: number): (readonly [number, number])[] {
  const end = points.findIndex(([, y]) => y < bottom)
  if (end < 0) return [...points]
  if (end === 0) return []
  const [x0, y0] = points[end - 1]
  const [x1, y1] = points[end]
  return [...points.slice(0, end), [x0 + ((y0 - bottom) / (y0 - y1)) * (x1 - x0), bottom]]
}
