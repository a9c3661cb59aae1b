/** Charts: a drawing on white, a plot with its axes, and the usual chart of one plot with its legend below. */

import { type Content, lines, type Markup, svg } from '../markup.ts'
import { fontFamily, round, svgText } from '../svg.ts'
import { type Axis, type Frame, frameOf, group, xAxis, yAxis } from './axes.ts'
import { type LegendEntry, legend, legendHeight } from './legend.ts'
import { box } from './marks.ts'
import { INK, PAPER, QUIET } from './style.ts'

export interface Chart {
  readonly title: string
  /** What the picture shows, for readers that cannot see it. */
  readonly description: string
  readonly x: Axis
  readonly y: Axis
  /** Height of the plot, px; as high as wide by default. */
  readonly plotHeight?: number
  readonly legend: readonly LegendEntry[]
  /** Definitions such as patterns. */
  readonly definitions?: Content
  readonly marks: (frame: Frame) => readonly Content[]
}

const WIDTH = 500
const LEFT = 62
const RIGHT = 18
const TOP = 38

/**
 * Draws a chart: title, axes with their names, a quiet grid, the marks, and a legend below that says what is plotted.
 * @returns an SVG document
 * @example
 * const marks = (frame: Frame) => [polyline(points.map(([x, y]) => frame.at(x, y)), SERIES[0])]
 * chart({ title: 'ROC', description: '...', x, y, legend: [], marks })
 */
export function chart({ title, description, x, y, plotHeight, legend: entries, definitions, marks }: Chart): Markup {
  const width = WIDTH - LEFT - RIGHT
  const frame = frameOf({ left: LEFT, top: TOP, right: LEFT + width, bottom: TOP + (plotHeight ?? width) }, x, y)
  const legendTop = frame.bottom + 58
  return drawing([WIDTH, legendTop + legendHeight(entries) + 6], { title, description, definitions }, [
    svgText(title, LEFT, 22, { size: 14, fill: INK, bold: true, maxWidth: width }),
    plot(x, y, frame, marks(frame)),
    legend(entries, LEFT, legendTop, width),
  ])
}

/** A plot: both axes, its border, and the marks upon them. */
export const plot = (x: Axis, y: Axis, frame: Frame, marks: readonly Content[]): Markup =>
  lines([
    xAxis(x, frame),
    yAxis(y, frame),
    box([frame.left, frame.top], [frame.right, frame.bottom], { stroke: INK }),
    group('marks', marks),
  ])

/** An SVG document on white with a title and a description for readers that cannot see it. */
export const drawing = (
  [width, height]: readonly [number, number],
  { title, description, definitions }: Pick<Chart, 'title' | 'description' | 'definitions'>,
  body: readonly Content[],
): Markup => svg`<svg xmlns="http://www.w3.org/2000/svg" width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}" font-family="${fontFamily}" role="img">
<title>${title}</title>
<desc>${description}</desc>
${definitions !== undefined && svg`<defs>${definitions}</defs>\n`}<rect width="${round(width)}" height="${round(height)}" fill="${PAPER}"/>
${lines(body)}
</svg>
`

/** Words in the plot that stand on nothing. */
export const note = (text: string, { left, right, top, bottom }: Frame): Markup =>
  svgText(text, (left + right) / 2, (top + bottom) / 2, {
    size: 12,
    fill: QUIET,
    anchor: 'middle',
    maxWidth: right - left - 20,
  })
