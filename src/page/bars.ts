/** Bars and points of a page, drawn for its light and its dark dress: colours are classes of the style sheet. */

import { type Axis, frameOf, type Look, rowsRange, xAxis } from '../drawing/chart/axes.ts'
import { box, marker, segment, segments } from '../drawing/chart/marks.ts'
import { linearScale } from '../drawing/chart/scale.ts'
import { lines, type Markup, svg } from '../drawing/markup.ts'
import { range, shown } from '../drawing/numbers.ts'
import { svgText } from '../drawing/svg.ts'

/**
 * A bar of a share, with a mark for every fold, and one for what a guess or equal shares would give. The numbers stand
 * beside it, so readers that cannot see it miss nothing.
 * @param most end of the scale
 */
export function bar(
  mean: number,
  folds: readonly number[],
  { guess, most = 1 }: { guess: number; most?: number },
): Markup {
  const x = linearScale([0, most], [0, 100])
  const upright = (value: number, from: number, to: number) =>
    [
      [x(value), from],
      [x(value), to],
    ] as const
  return svg`<svg class="bar" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">${[
    box([0, 2], [100, 10], { class: 'track' }),
    box([0, 2], [x(mean), 10], { class: 'mean' }),
    segments([upright(guess, 0, 12)], { class: 'guess' }),
    folds.length > 1 &&
      segments(
        folds.map((fold) => upright(fold, 2, 10)),
        { class: 'folds' },
      ),
  ]}</svg>`
}

const WIDTH = 360
const ROW = 30
const LOOK: Look = { grid: { class: 'grid' }, ink: 'currentColor', size: 12 }
const SHARE: Axis = { label: '', from: 0, to: 1, ticks: [0, 0.25, 0.5, 0.75, 1] }

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
export function pointPlot(title: string, rows: readonly PointRow[]): Markup {
  const rectangle = { left: 78, right: WIDTH - 12, top: 8, bottom: 8 + rows.length * ROW }
  const frame = frameOf(rectangle, SHARE, rowsRange(rows.length))
  const name = `${title}. ${rows
    .map(
      ({ label, mean, folds }) => `${label}: mean ${shown(mean)}${folds.length > 1 ? `, folds ${range(folds)}` : ''}`,
    )
    .join('; ')}.`
  const marks = rows.map(({ label, mean, folds }, i) => {
    const middle = frame.y(i + 0.5)
    const [least, most] = [frame.x(Math.min(...folds)), frame.x(Math.max(...folds))]
    const text = { size: LOOK.size, fill: LOOK.ink, anchor: 'end', maxWidth: frame.left - 8 } as const
    return lines([
      svgText(label, frame.left - 8, middle + 4, text),
      segment([least, middle], [most, middle], { class: 'span' }),
      ...folds.map((fold) => marker('circle', [frame.x(fold), middle], { class: 'fold' }, 4.5)),
      segment([frame.x(mean), middle - 10], [frame.x(mean), middle + 10], { class: 'middle' }),
    ])
  })
  return svg`<svg class="points" viewBox="0 0 ${WIDTH} ${frame.bottom + 24}" role="img" aria-label="${name}">
${lines([xAxis(SHARE, frame, LOOK), ...marks])}
</svg>`
}
