/** Estimates one below another, each with its interval: subgroups, zero-shot features. */

import { type Axis, type Frame, frameOf, group, rowsRange, xAxis } from '../../drawing/chart/axes.ts'
import { drawing } from '../../drawing/chart/chart.ts'
import { marker, segment } from '../../drawing/chart/marks.ts'
import { filled, hollow, INK, QUIET, SERIES } from '../../drawing/chart/style.ts'
import { type Content, lines, type Markup } from '../../drawing/markup.ts'
import { svgText } from '../../drawing/svg.ts'
import type { Estimate } from '../intervals/estimate.ts'
import type { CohortResult } from '../result.ts'
import type { FeatureResult } from '../zero-shot.ts'
import { inWords } from './curves.ts'

/** A heading, or an estimate. */
type ForestRow =
  | { readonly heading: string }
  | {
      readonly label: string
      /** Counts, in a column of their own. */
      readonly counts: string
      readonly estimate: Estimate
      /** Too few events: drawn hollow. */
      readonly isWeak?: boolean
    }
type EstimateRow = Exclude<ForestRow, { heading: string }>

/** AUROCs of the groups; a line shows that of all. */
export function subgroupForest(title: string, { predictors, subgroups, rows, cancers, unit }: CohortResult): Markup {
  const overall = predictors[0].metrics.auroc
  const columns = [...new Set(subgroups.map(({ column }) => column))]
  const groups = columns.flatMap((column): ForestRow[] => [
    { heading: column },
    ...subgroups
      .filter((one) => one.column === column)
      .map(({ value, rows: n, cancers: events, auroc, warning }) => ({
        label: value,
        counts: `${n} / ${events}`,
        estimate: auroc,
        isWeak: warning !== null,
      })),
  ])
  const all = { label: 'all', counts: `${rows} / ${cancers}`, estimate: overall }
  return forest([all, ...groups], {
    title,
    counts: `${unit}s / cancers`,
    reference: overall.value,
    remark: 'hollow: under 10 cancers, or under 10 without cancer',
  })
}

/** AUROC of each feature, weighted over its values. */
export function zeroShotForest(title: string, features: readonly FeatureResult[]): Markup {
  const rows = features.map(({ feature, rows: n, auroc }) => ({ label: feature, counts: String(n), estimate: auroc }))
  const remark = 'AUROC weighted over the values of a feature, each against the rest'
  return forest(rows, { title, counts: 'nodules', reference: null, remark })
}

const ROW = 21
const TOP = 62
/** Columns, px: names, counts (their middle), the plot, the estimate in words. */
const LABEL = 16
const COUNTS = 258
const PLOT = { left: 350, right: 640 }
const VALUE = 656
const WIDTH = 830

interface ForestWords {
  readonly title: string
  /** What the counts are of. */
  readonly counts: string
  /** AUROC to draw a dashed line at. */
  readonly reference: number | null
  readonly remark: string
}

function forest(rows: readonly ForestRow[], { title, counts, reference, remark }: ForestWords): Markup {
  const estimated = rows.filter((row) => 'estimate' in row)
  const axis = axisOf(estimated.map(({ estimate }) => estimate))
  const frame = frameOf({ ...PLOT, top: TOP, bottom: TOP + rows.length * ROW }, axis, rowsRange(rows.length))
  const description = estimated.map(({ label, estimate }) => `${label}: ${inWords(estimate)}`).join('; ')
  const head = { size: 11, fill: QUIET } as const
  const width = WIDTH - 2 * LABEL
  return drawing([WIDTH, frame.bottom + 58], { title, description }, [
    svgText(title, LABEL, 22, { size: 14, fill: INK, bold: true, maxWidth: width }),
    svgText(counts, COUNTS, 50, { ...head, anchor: 'middle', maxWidth: 130 }),
    svgText('AUROC (95 % interval)', VALUE, 50, head),
    xAxis(axis, frame),
    group('marks', [
      reference !== null && segment(frame.at(reference, 0), frame.at(reference, rows.length), REFERENCE_LINE),
      ...rows.map((row, i) => ('heading' in row ? headingOf(row.heading, frame, i) : estimateRow(row, frame, i))),
    ]),
    svgText(reference === null ? remark : `dashed: all; ${remark}`, LABEL, frame.bottom + 42, {
      ...head,
      maxWidth: width,
    }),
  ])
}

const { stroke: COLOUR } = SERIES[0]
const REFERENCE_LINE = { stroke: COLOUR, width: 1.2, dash: '4 3' }

/** From the tenth below what is drawn, at most 0.5, to 1. */
function axisOf(estimates: readonly Estimate[]): Axis {
  const lows = estimates.flatMap((one) => (one.value === null ? [] : [one.interval?.low ?? one.value]))
  const tenths = Math.min(5, Math.floor(Math.min(...lows) * 10))
  const ticks = Array.from({ length: 11 - tenths }, (_, i) => (tenths + i) / 10)
  return { label: '', from: tenths / 10, to: 1, ticks, show: (tick) => tick.toFixed(1) }
}

const headingOf = (text: string, frame: Frame, row: number): Markup =>
  svgText(text, LABEL, frame.y(row + 0.5) + 4, { size: 11.5, fill: INK, bold: true, maxWidth: COUNTS - 80 })

function estimateRow({ label, counts, estimate, isWeak = false }: EstimateRow, frame: Frame, row: number): Markup {
  const middle = frame.y(row + 0.5)
  return lines([
    svgText(label, LABEL + 14, middle + 4, { size: 11.5, fill: INK, maxWidth: COUNTS - 80 }),
    svgText(counts, COUNTS, middle + 4, { size: 11, fill: INK, anchor: 'middle' }),
    estimate.value !== null && whiskers(estimate, frame, row),
    estimate.value !== null &&
      marker('square', frame.at(estimate.value, row + 0.5), isWeak ? hollow(COLOUR) : filled(COLOUR), 5),
    svgText(estimate.value === null ? estimate.why : inWords(estimate), VALUE, middle + 4, {
      size: 11,
      fill: estimate.value === null ? QUIET : INK,
      maxWidth: WIDTH - VALUE - 8,
    }),
  ])
}

/** The interval, with a short stroke across either end. */
function whiskers({ interval }: Extract<Estimate, { value: number }>, frame: Frame, row: number): Content {
  if (interval === null) return undefined
  const middle = frame.y(row + 0.5)
  const [low, high] = [frame.x(interval.low), frame.x(interval.high)]
  const end = { stroke: COLOUR, width: 1.4 }
  return lines([
    segment([low, middle], [high, middle], { stroke: COLOUR, width: 1.8 }),
    segment([low, middle - 4], [low, middle + 4], end),
    segment([high, middle - 4], [high, middle + 4], end),
  ])
}
