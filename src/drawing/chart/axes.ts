/** Axes: the rectangle that data are drawn in, a quiet grid, and the numbers and names beside it. */
import { type Content, lines, type Markup, svg } from '../markup.ts'
import { round, svgText } from '../svg.ts'
import { type Place, segment } from './marks.ts'
import { linearScale, type Scale } from './scale.ts'
import { GRID, INK, type Paint } from './style.ts'

export interface Range {
  /** At the left, or at the bottom. */
  readonly from: number
  /** At the right, or at the top. */
  readonly to: number
}

export interface Axis extends Range {
  /** What it measures; no name where empty. */
  readonly label: string
  readonly ticks: readonly number[]
  /** How a tick is written, as few digits as it needs by default; an empty text leaves the grid alone. */
  readonly show?: (tick: number) => string
}

/**
 * Rows that are listed from the top down: the middle of row i is at i + 0.5.
 * @example frameOf(rectangle, x, rowsRange(3)).y(0.5) // the middle of the uppermost
 */
export const rowsRange = (rows: number): Range => ({ from: rows, to: 0 })

export interface Rectangle {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** Where data are drawn, and how their numbers become places. */
export interface Frame extends Rectangle {
  readonly x: Scale
  readonly y: Scale
  /** Both at once. */
  at(x: number, y: number): Place
}

export function frameOf(rectangle: Rectangle, across: Range, upwards: Range): Frame {
  const x = linearScale([across.from, across.to], [rectangle.left, rectangle.right])
  const y = linearScale([upwards.from, upwards.to], [rectangle.bottom, rectangle.top])
  return { ...rectangle, x, y, at: (px, py) => [x(px), y(py)] }
}

/** What axes are drawn with. */
export interface Look {
  readonly grid: Paint
  /** Colour of numbers and names. */
  readonly ink: string
  /** Height of the numbers, px. */
  readonly size: number
}

const ON_PAPER: Look = { grid: { stroke: GRID, width: 1 }, ink: INK, size: 11 }

/** Grid lines upwards, numbers and name below. */
export function xAxis(axis: Axis, frame: Frame, { grid, ink, size }: Look = ON_PAPER): Markup {
  const { left, right, top, bottom } = frame
  return group('x-axis', [
    ...axis.ticks.flatMap((tick) => [
      segment([frame.x(tick), top], [frame.x(tick), bottom], grid),
      number(axis, tick, [frame.x(tick), bottom + 17], { size, fill: ink, anchor: 'middle' }),
    ]),
    axis.label !== '' &&
      svgText(axis.label, (left + right) / 2, bottom + 36, { size: size + 1, fill: ink, anchor: 'middle' }),
  ])
}

/** Grid lines across, numbers and name at the left. */
export function yAxis(axis: Axis, frame: Frame, { grid, ink, size }: Look = ON_PAPER): Markup {
  const { left, right, top, bottom } = frame
  const name = svgText(axis.label, 0, 0, { size: size + 1, fill: ink, anchor: 'middle', maxWidth: bottom - top })
  return group('y-axis', [
    ...axis.ticks.flatMap((tick) => [
      segment([left, frame.y(tick)], [right, frame.y(tick)], grid),
      number(axis, tick, [left - 7, frame.y(tick) + 4], { size, fill: ink, anchor: 'end' }),
    ]),
    axis.label !== '' &&
      svg`<g transform="translate(${round(left - 45)} ${round((top + bottom) / 2)}) rotate(-90)">${name}</g>`,
  ])
}

function number(axis: Axis, tick: number, [x, y]: Place, style: Parameters<typeof svgText>[3]): Content {
  const text = (axis.show ?? String)(tick)
  return text !== '' && svgText(text, x, y, style)
}

/** A part of a chart by its name, for whoever edits the drawing. */
export const group = (name: string, parts: readonly Content[]): Markup => svg`<g class="${name}">
${lines(parts)}
</g>`
