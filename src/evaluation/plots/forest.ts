/** Estimates one below another, each with its interval: subgroups, zero-shot features. */

import { marker, segment, svgPage } from '../../drawing/chart.ts'
import { GRID, INK, PAPER, QUIET, SERIES } from '../../drawing/chart-style.ts'
import { svgText } from '../../drawing/svg.ts'
import type { Estimate } from '../intervals/estimate.ts'
import type { CohortResult } from '../result.ts'
import type { FeatureResult } from '../zero-shot.ts'
import { inWords } from './curves.ts'

interface ForestRow {
  readonly label: string
  /** Counts, in a column of their own. */
  readonly counts: string
  readonly estimate: Estimate
  /** A heading without an estimate. */
  readonly heading?: boolean
  /** Too few events: drawn hollow. */
  readonly weak?: boolean
}

const ROW = 21
const LABEL = 16
const COUNTS = 258
const PLOT = 350
const PLOT_END = 640
const VALUE = 656
const WIDTH = 830

/** AUROCs of the groups; a line shows that of all. */
export function subgroupForest(title: string, { predictors, subgroups, rows, cancers }: CohortResult): string {
  const overall = predictors[0].metrics.auroc
  const columns = [...new Set(subgroups.map(({ column }) => column))]
  const groups = columns.flatMap((column): ForestRow[] => [
    { label: column, counts: '', estimate: { value: null, why: '' }, heading: true },
    ...subgroups
      .filter((one) => one.column === column)
      .map(({ value, rows: n, cancers: events, auroc, warning }) => ({
        label: value,
        counts: `${n} / ${events}`,
        estimate: auroc,
        weak: warning !== null,
      })),
  ])
  const all: ForestRow = { label: 'all', counts: `${rows} / ${cancers}`, estimate: overall }
  return forest(
    title,
    'nodules / cancers',
    [all, ...groups],
    overall.value,
    'hollow: under 10 cancers, or under 10 without cancer',
  )
}

/** AUROC of each feature, weighted over its values. */
export function zeroShotForest(title: string, features: readonly FeatureResult[]): string {
  const rows = features.map(({ feature, rows: n, auroc }) => ({ label: feature, counts: String(n), estimate: auroc }))
  return forest(title, 'nodules', rows, null, 'AUROC weighted over the values of a feature, each against the rest')
}

function forest(
  title: string,
  countsTitle: string,
  rows: readonly ForestRow[],
  reference: number | null,
  remark: string,
): string {
  const lows = rows.flatMap(({ estimate }) =>
    estimate.value === null ? [] : [estimate.interval?.low ?? estimate.value],
  )
  const from = Math.min(0.5, Math.floor(Math.min(...lows, 0.5) * 10) / 10)
  const x = (value: number): number => PLOT + ((value - from) / (1 - from)) * (PLOT_END - PLOT)
  const top = 66
  const bottom = top + rows.length * ROW
  const ticks = Array.from({ length: Math.round((1 - from) * 10) + 1 }, (_, i) => from + i / 10)
  const small = { size: 11, fill: INK } as const
  return svgPage(
    WIDTH,
    bottom + 58,
    {
      title,
      description: rows
        .filter(({ heading }) => !heading)
        .map(({ label, estimate }) => `${label}: ${inWords(estimate)}`)
        .join('; '),
    },
    [
      svgText(title, LABEL, 22, { size: 14, fill: INK, bold: true, maxWidth: WIDTH - 2 * LABEL }),
      svgText(countsTitle, COUNTS, 50, { size: 11, fill: QUIET, anchor: 'middle', maxWidth: 130 }),
      svgText('AUROC (95 % interval)', VALUE, 50, { size: 11, fill: QUIET }),
      ...ticks.flatMap((tick) => [
        segment(x(tick), top - 8, x(tick), bottom, GRID),
        svgText(tick.toFixed(1), x(tick), bottom + 16, { ...small, anchor: 'middle' }),
      ]),
      reference === null ? '' : segment(x(reference), top - 8, x(reference), bottom, SERIES[0].colour, 1.2, '4 3'),
      ...rows.map((row, i) => forestRow(row, top + i * ROW + 10, x)),
      svgText(reference === null ? remark : `dashed: all nodules; ${remark}`, LABEL, bottom + 42, {
        size: 11,
        fill: QUIET,
        maxWidth: WIDTH - 2 * LABEL,
      }),
    ],
  )
}

function forestRow(
  { label, counts, estimate, heading = false, weak = false }: ForestRow,
  y: number,
  x: (v: number) => number,
): string {
  const name = svgText(label, heading ? LABEL : LABEL + 14, y + 4, {
    size: 11.5,
    fill: INK,
    bold: heading,
    maxWidth: COUNTS - 80,
  })
  if (heading) return name
  const parts = [name, svgText(counts, COUNTS, y + 4, { size: 11, fill: INK, anchor: 'middle' })]
  if (estimate.value === null) {
    return [
      ...parts,
      svgText(estimate.why, VALUE, y + 4, { size: 10.5, fill: QUIET, maxWidth: WIDTH - VALUE - 8 }),
    ].join('\n')
  }
  const { colour } = SERIES[0]
  const { value, interval } = estimate
  if (interval !== null) {
    const [low, high] = [x(interval.low), x(interval.high)]
    parts.push(
      segment(low, y, high, y, colour, 1.8),
      segment(low, y - 4, low, y + 4, colour, 1.4),
      segment(high, y - 4, high, y + 4, colour, 1.4),
    )
  }
  parts.push(
    weak
      ? `<rect x="${(x(value) - 4).toFixed(2)}" y="${y - 4}" width="8" height="8" fill="${PAPER}" stroke="${colour}" stroke-width="1.6"/>`
      : marker('square', x(value), y, colour, 5),
    svgText(inWords(estimate), VALUE, y + 4, { size: 11, fill: INK, maxWidth: WIDTH - VALUE - 8 }),
  )
  return parts.join('\n')
}
