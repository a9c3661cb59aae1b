/** Marks of charts: lines, boxes and signs at places in px. */
import { type Content, type Markup, svg } from '../markup.ts'
import { round } from '../svg.ts'
import type { Marker, Paint } from './style.ts'

/** A place in the picture, px from its upper left corner. */
export type Place = readonly [x: number, y: number]

function paintOf(paint: Paint): Markup {
  if ('class' in paint) return svg` class="${paint.class}"`
  const { fill = 'none', stroke, width, dash } = paint
  return svg` fill="${fill}"${stroke !== undefined && svg` stroke="${stroke}"`}${width !== undefined && svg` stroke-width="${width}"`}${dash !== undefined && svg` stroke-dasharray="${dash}"`}`
}

const written = ([x, y]: Place): string => `${round(x)} ${round(y)}`

/** Straight lines apart from each other, as one mark. */
export const segments = (ends: readonly (readonly [from: Place, to: Place])[], paint: Paint): Markup =>
  svg`<path d="${ends.map((both) => `M${both.map(written).join('L')}`)}"${paintOf(paint)}/>`

/** A straight line. */
export const segment = (from: Place, to: Place, paint: Paint): Markup => segments([[from, to]], paint)

/** A line through places; nothing without any. */
export const polyline = (places: readonly Place[], paint: Paint): Content =>
  places.length > 0 && svg`<path d="M${places.map(written).join('L')}"${paintOf(paint)} stroke-linejoin="round"/>`

/** A rectangle between two opposite corners, whichever. */
export const box = ([x1, y1]: Place, [x2, y2]: Place, paint: Paint): Markup =>
  svg`<rect x="${round(Math.min(x1, x2))}" y="${round(Math.min(y1, y2))}" width="${round(Math.abs(x2 - x1))}" height="${round(Math.abs(y2 - y1))}"${paintOf(paint)}/>`

/** Corners round the middle, in units of the sign's size. */
const OUTLINES: Readonly<Record<Exclude<Marker, 'circle'>, readonly Place[]>> = {
  square: [
    [-0.9, -0.9],
    [0.9, -0.9],
    [0.9, 0.9],
    [-0.9, 0.9],
  ],
  triangle: [
    [0, -1.1],
    [1.1, 0.9],
    [-1.1, 0.9],
  ],
  diamond: [
    [0, -1.2],
    [1.2, 0],
    [0, 1.2],
    [-1.2, 0],
  ],
  // Two bars across each other.
  cross: [
    [-1.2, -0.6],
    [-0.6, -1.2],
    [0, -0.6],
    [0.6, -1.2],
    [1.2, -0.6],
    [0.6, 0],
    [1.2, 0.6],
    [0.6, 1.2],
    [0, 0.6],
    [-0.6, 1.2],
    [-1.2, 0.6],
    [-0.6, 0],
  ],
}

/** A sign of a shape of its own. */
export function marker(shape: Marker, [x, y]: Place, paint: Paint, size = 5): Markup {
  if (shape === 'circle') return svg`<circle cx="${round(x)}" cy="${round(y)}" r="${size}"${paintOf(paint)}/>`
  const corners = OUTLINES[shape].map(([dx, dy]): Place => [x + dx * size, y + dy * size])
  return svg`<path d="M${corners.map(written).join('L')}Z"${paintOf(paint)}/>`
}
