/** Bars and points of a page, drawn for its light and its dark dress: colours are classes of the style sheet. */

import { range, shown } from '../drawing/numbers.ts'
import { escapeXml, round } from '../drawing/svg.ts'

/**
 * A bar of a share, with a mark for every fold, and one for what a guess or equal shares would give. The numbers stand
 * beside it, so readers that cannot see it miss nothing.
 * @param most end of the scale
 */
export function bar(mean: number, folds: readonly number[], { guess, most = 1 }: { guess: number; most?: number }) {
  const x = (value: number): number => round((100 * Math.min(value, most)) / most)
  const line = (value: number, from: number, to: number): string => `M${x(value)} ${from}V${to}`
  const marks = folds.length > 1 ? folds.map((fold) => line(fold, 2, 10)).join('') : ''
  return (
    `<svg class="bar" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">` +
    `<rect class="track" y="2" width="100" height="8"/><rect class="mean" y="2" width="${x(mean)}" height="8"/>` +
    `<path class="guess" d="${line(guess, 0, 12)}"/><path class="folds" d="${marks}"/></svg>`
  )
}

const LEFT = 78
const RIGHT = 348
const TOP = 8
const ROW = 30

/** One line of a plot of probabilities. */
export interface PointRow {
  readonly label: string
  readonly mean: number
  readonly folds: readonly number[]
}

/**
 * Probabilities on a scale from 0 to 1: a ring for every fold, a line from the least to the most, an upright bar for
 * the mean.
 * @param title what it shows
 */
export function pointPlot(title: string, rows: readonly PointRow[]): string {
  const x = (p: number): number => round(LEFT + p * (RIGHT - LEFT))
  const bottom = TOP + rows.length * ROW
  const text = (content: string, at: number, y: number, anchor: string): string =>
    `<text x="${at}" y="${y}" text-anchor="${anchor}">${escapeXml(content)}</text>`
  const name = `${title}. ${rows
    .map(
      ({ label, mean, folds }) => `${label}: mean ${shown(mean)}${folds.length > 1 ? `, folds ${range(folds)}` : ''}`,
    )
    .join('; ')}.`
  return [
    `<svg class="points" viewBox="0 0 360 ${bottom + 24}" role="img" aria-label="${escapeXml(name)}">`,
    ...[0, 0.25, 0.5, 0.75, 1].map(
      (tick) =>
        `<path class="grid" d="M${x(tick)} ${TOP}V${bottom}"/>${text(String(tick), x(tick), bottom + 16, 'middle')}`,
    ),
    ...rows.map(({ label, mean, folds }, i) => {
      const y = TOP + (i + 0.5) * ROW
      const span = `<path class="span" d="M${x(Math.min(...folds))} ${y}H${x(Math.max(...folds))}"/>`
      const rings = folds.map((fold) => `<circle class="fold" cx="${x(fold)}" cy="${y}" r="4.5"/>`).join('')
      const middle = `<path class="middle" d="M${x(mean)} ${y - 10}V${y + 10}"/>`
      return `${text(label, LEFT - 8, y + 4, 'end')}${span}${rings}${middle}`
    }),
    '</svg>',
  ].join('\n')
}
