/** One image of a drawing with what must stand beside it: orientation letters, a scale bar, marks at its edges. */

import { lines, type Markup, svg } from '../drawing/markup.ts'
import { type EncodePng, grayPng, smallGrayPng } from '../drawing/png.ts'
import { colours, fontFamily, pngDataUri, round, svgText } from '../drawing/svg.ts'
import { edgeLetters, type Plane } from './planes.ts'

export interface Panel {
  /** Gray values 0 to 1, rows of the plane as stored, [pixels, pixels]. */
  readonly gray: Float32Array
  /** Pixels on an edge. */
  readonly pixels: number
  /** Distance between neighbouring pixels, mm. */
  readonly pixelMm: number
  readonly plane: Plane
  /** Row and column, of the stored plane, of the nodule's point; may lie between pixels. */
  readonly pointRowColumn: readonly [number, number]
  /** `ticks` at the edges, or a cross-hair that leaves the nodule free. */
  readonly mark: 'ticks' | 'cross-hair'
  /** Length of the scale bar, mm; 10 where it is left out. */
  readonly barMm?: number
}

/** Half of the gap in the cross-hair, mm: it spares nodules up to 20 mm, and shows the middle of larger ones. */
const gapMm = 10
/**
 * Draws a panel.
 * @param x left edge, px
 * @param y upper edge, px
 * @param edge its width and height, px
 * @returns SVG elements
 */
export function drawPanel(panel: Panel, x: number, y: number, edge: number, encode: EncodePng = grayPng): Markup {
  const { gray, pixels, plane } = panel
  const shown = plane.turned ? turnedOver(gray, pixels) : gray
  const image = pngDataUri(encode(shown, [pixels, pixels]))
  return lines([
    svg`<image x="${x}" y="${y}" width="${edge}" height="${edge}" preserveAspectRatio="none" href="${image}"/>`,
    svg`<rect x="${x - 0.5}" y="${y - 0.5}" width="${edge + 1}" height="${edge + 1}" fill="none" stroke="${colours.frame}"/>`,
    marks(panel, x, y, edge),
    letters(plane, x, y, edge),
    scaleBar(panel, x, y, edge),
  ])
}

/**
 * A panel by itself, for a page: as wide as its place, of as few bytes as it takes.
 * @param edge width and height that letters and marks are drawn for, px
 * @param name what it shows, for people who cannot see it
 * @returns an SVG element
 * @example panelSvg(panel, 224, 'axial view, 50 mm')
 */
export const panelSvg = (panel: Panel, edge: number, name: string): Markup =>
  svg`<svg viewBox="0 0 ${edge} ${edge}" role="img" aria-label="${name}" font-family="${fontFamily}">
${drawPanel(panel, 0, 0, edge, smallGrayPng)}
</svg>`

/** Rows in reverse order, for display only. */
function turnedOver(gray: Float32Array, pixels: number): Float32Array {
  const out = new Float32Array(gray.length)
  for (let row = 0; row < pixels; row++) {
    out.set(gray.subarray(row * pixels, (row + 1) * pixels), (pixels - 1 - row) * pixels)
  }
  return out
}

/** Lines that point at the nodule: from the edges a few pixels far, or up to the gap round it. */
function marks({ pixels, pixelMm, plane, pointRowColumn, mark }: Panel, x: number, y: number, edge: number): Markup {
  const unit = edge / pixels
  const [row, column] = pointRowColumn
  // A pixel's centre lies half a pixel behind its edge.
  const px = x + (column + 0.5) * unit
  const py = y + ((plane.turned ? pixels - 1 - row : row) + 0.5) * unit
  const gap = (gapMm / pixelMm) * unit
  const tick = 9
  const [west, east] = mark === 'ticks' ? [x + tick, x + edge - tick] : [px - gap, px + gap]
  const [north, south] = mark === 'ticks' ? [y + tick, y + edge - tick] : [py - gap, py + gap]
  const path = [
    horizontal(x, Math.max(x, west), py),
    horizontal(Math.min(x + edge, east), x + edge, py),
    vertical(y, Math.max(y, north), px),
    vertical(Math.min(y + edge, south), y + edge, px),
  ].join('')
  const line = (stroke: string, width: number, opacity: number): Markup =>
    svg`<path d="${path}" fill="none" stroke="${stroke}" stroke-width="${width}" stroke-opacity="${opacity}"/>`
  return svg`${line('#000', 3.5, 0.55)}${line(colours.mark, 1.5, 1)}`
}

const horizontal = (from: number, to: number, y: number): string => `M${round(from)} ${round(y)}H${round(to)}`
const vertical = (from: number, to: number, x: number): string => `M${round(x)} ${round(from)}V${round(to)}`

/** Letters stand beside the marks, not under them. */
function letters(plane: Plane, x: number, y: number, edge: number): Markup {
  const { left, right, top, bottom } = edgeLetters(plane)
  const style = { size: 13, fill: colours.title, bold: true, halo: true } as const
  const middle = edge / 2
  return lines([
    svgText(left, x + 6, y + middle - 8, style),
    svgText(right, x + edge - 6, y + middle - 8, { ...style, anchor: 'end' }),
    svgText(top, x + middle + 8, y + 17, style),
    svgText(bottom, x + middle + 8, y + edge - 7, style),
  ])
}

function scaleBar({ pixels, pixelMm, barMm = 10 }: Panel, x: number, y: number, edge: number): Markup {
  const length = ((barMm / pixelMm) * edge) / pixels
  const right = x + edge - 10
  const base = y + edge - 10
  const path = `M${round(right - length)} ${base - 5}V${base}H${round(right)}V${base - 5}`
  const line = (stroke: string, width: number): Markup =>
    svg`<path d="${path}" fill="none" stroke="${stroke}" stroke-width="${width}"/>`
  const text = svgText(`${barMm} mm`, right - length / 2, base - 7, {
    size: 11,
    fill: colours.title,
    anchor: 'middle',
    halo: true,
  })
  return svg`${line('#000', 4)}${line(colours.title, 1.5)}${text}`
}
