/** Axes, lines, markers and legends of a plot, as SVG. */

import { GRID, INK, type LineStyle, type Marker, PAPER, QUIET } from './chart-style.ts'
import { escapeXml, fontFamily, round, svgText } from './svg.ts'

export interface Axis {
  readonly label: string
  readonly from: number
  readonly to: number
  readonly ticks: readonly number[]
  /** How a tick is written; as few digits as it needs by default. */
  readonly show?: (tick: number) => string
}

/** Where the plot's own rectangle lies, and how numbers become places in it. */
export interface Frame {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
  x(value: number): number
  y(value: number): number
}

export interface LegendEntry {
  readonly text: string
  /** A line, a marker, or a filled box. */
  readonly sample:
    | { readonly line: LineStyle }
    | { readonly marker: Marker; readonly colour: string }
    | { readonly fill: string }
}

export interface Chart {
  readonly title: string
  /** What the picture shows, for who cannot see it. */
  readonly description: string
  readonly x: Axis
  readonly y: Axis
  readonly width?: number
  /** Of the plot's rectangle. */
  readonly plotHeight?: number
  readonly legend: readonly LegendEntry[]
  /** Definitions such as patterns. */
  readonly definitions?: string
  readonly body: (frame: Frame) => readonly string[]
}

const LEFT = 62
const RIGHT = 18
const TOP = 38
const LEGEND_LINE = 19

/**
 * Draws a chart: title, axes with their names, a quiet grid, the body, and a legend below that says what is plotted.
 * @returns an SVG document
 * @example chart({ title: 'ROC', description: '...', x, y, legend: [], body: (frame) => [polyline(points, frame, SERIES[0])] })
 */
export function chart({
  title,
  description,
  x,
  y,
  width = 500,
  plotHeight,
  legend,
  definitions = '',
  body,
}: Chart): string {
  const plotWidth = width - LEFT - RIGHT
  const high = plotHeight ?? plotWidth
  const frame: Frame = {
    left: LEFT,
    top: TOP,
    right: LEFT + plotWidth,
    bottom: TOP + high,
    x: (value) => LEFT + ((value - x.from) / (x.to - x.from)) * plotWidth,
    y: (value) => TOP + high - ((value - y.from) / (y.to - y.from)) * high,
  }
  const legendTop = frame.bottom + 58
  const height = legendTop + legend.length * LEGEND_LINE + 6
  return svgPage(width, height, { title, description, definitions }, [
    svgText(title, LEFT, 22, { size: 14, fill: INK, bold: true, maxWidth: plotWidth }),
    ...axes(x, y, frame),
    ...body(frame),
    `<rect x="${frame.left}" y="${frame.top}" width="${plotWidth}" height="${high}" fill="none" stroke="${INK}"/>`,
    ...legend.map((entry, i) => legendLine(entry, LEFT, legendTop + i * LEGEND_LINE, plotWidth)),
  ])
}

/** An SVG document on white with a title and a description for readers that cannot see it. */
export const svgPage = (
  width: number,
  height: number,
  { title, description, definitions = '' }: { title: string; description: string; definitions?: string },
  body: readonly string[],
): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}" font-family="${fontFamily}" role="img">
<title>${escapeXml(title)}</title>
<desc>${escapeXml(description)}</desc>
${definitions === '' ? '' : `<defs>${definitions}</defs>\n`}<rect width="${round(width)}" height="${round(height)}" fill="${PAPER}"/>
${body.join('\n')}
</svg>
`

function axes(x: Axis, y: Axis, frame: Frame): string[] {
  const shown = (axis: Axis, tick: number): string => (axis.show ?? String)(tick)
  return [
    ...x.ticks.flatMap((tick) => [
      segment(frame.x(tick), frame.top, frame.x(tick), frame.bottom, GRID),
      svgText(shown(x, tick), frame.x(tick), frame.bottom + 17, { size: 11, fill: INK, anchor: 'middle' }),
    ]),
    ...y.ticks.flatMap((tick) => [
      segment(frame.left, frame.y(tick), frame.right, frame.y(tick), GRID),
      svgText(shown(y, tick), frame.left - 7, frame.y(tick) + 4, { size: 11, fill: INK, anchor: 'end' }),
    ]),
    svgText(x.label, (frame.left + frame.right) / 2, frame.bottom + 36, { size: 12, fill: INK, anchor: 'middle' }),
    `<g transform="translate(17 ${round((frame.top + frame.bottom) / 2)}) rotate(-90)">${svgText(y.label, 0, 0, { size: 12, fill: INK, anchor: 'middle', maxWidth: frame.bottom - frame.top })}</g>`,
  ]
}

function legendLine({ text, sample }: LegendEntry, x: number, y: number, width: number): string {
  const mark =
    'line' in sample
      ? path(`M${x} ${round(y - 4)}H${x + 34}`, sample.line)
      : 'marker' in sample
        ? marker(sample.marker, x + 17, y - 4, sample.colour)
        : `<rect x="${x + 8}" y="${round(y - 11)}" width="18" height="12" fill="${sample.fill}" stroke="${INK}" stroke-width="0.7"/>`
  return `${mark}\n${svgText(text, x + 42, y, { size: 11.5, fill: INK, maxWidth: width - 42 })}`
}

export const segment = (x1: number, y1: number, x2: number, y2: number, colour: string, width = 1, dash = ''): string =>
  `<path d="M${round(x1)} ${round(y1)}L${round(x2)} ${round(y2)}" fill="none" stroke="${colour}" stroke-width="${width}"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}/>`

const path = (d: string, { colour, dash, width }: LineStyle): string =>
  `<path d="${d}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linejoin="round"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}/>`

/** A line through points, kept within the frame by the caller's numbers. */
export const polyline = (points: readonly (readonly [number, number])[], frame: Frame, style: LineStyle): string =>
  points.length === 0
    ? ''
    : path(`M${points.map(([px, py]) => `${round(frame.x(px))} ${round(frame.y(py))}`).join('L')}`, style)

/** A sign of a shape of its own, with a white edge. */
export function marker(shape: Marker, x: number, y: number, colour: string, size = 5): string {
  const at = (dx: number, dy: number): string => `${round(x + dx * size)} ${round(y + dy * size)}`
  const edge = `fill="${colour}" stroke="${PAPER}" stroke-width="1.2"`
  if (shape === 'circle') return `<circle cx="${round(x)}" cy="${round(y)}" r="${size}" ${edge}/>`
  if (shape === 'cross')
    return `<path d="M${at(-0.8, -0.8)}L${at(0.8, 0.8)}M${at(-0.8, 0.8)}L${at(0.8, -0.8)}" stroke="${colour}" stroke-width="2.6"/>`
  const outlines: Record<Exclude<Marker, 'circle' | 'cross'>, readonly string[]> = {
    square: [at(-0.9, -0.9), at(0.9, -0.9), at(0.9, 0.9), at(-0.9, 0.9)],
    triangle: [at(0, -1.1), at(1.1, 0.9), at(-1.1, 0.9)],
    diamond: [at(0, -1.2), at(1.2, 0), at(0, 1.2), at(-1.2, 0)],
  }
  return `<path d="M${outlines[shape].join('L')}Z" ${edge}/>`
}

/** Words in the plot that stand on nothing. */
export const note = (text: string, frame: Frame): string =>
  svgText(text, (frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2, {
    size: 12,
    fill: QUIET,
    anchor: 'middle',
    maxWidth: frame.right - frame.left - 20,
  })

/** Round steps that cut a range into some five parts: 1, 2 or 5 times a power of ten. */
export function niceTicks(from: number, to: number, about = 5): number[] {
  const raw = (to - from) / about
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.999) ?? raw
  const ticks: number[] = []
  for (let k = Math.ceil(from / step - 1e-9); k * step <= to + step * 1e-9; k++)
    ticks.push(Number((k * step).toPrecision(12)))
  return ticks
}
