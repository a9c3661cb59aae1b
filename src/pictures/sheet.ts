/** A page of panels: title, grid, footer. */

import { lines, type Markup } from '../drawing/markup.ts'
import { colours, svgDocument, svgText } from '../drawing/svg.ts'
import { drawPanel, type Panel } from './panel.ts'

export interface Page {
  readonly panels: readonly (Panel & { readonly label: string })[]
  readonly columns: number
  /** Width and height of a panel, px. */
  readonly edge: number
  readonly title: string
  /** Lines below the panels. */
  readonly footer: readonly string[]
}

const margin = 24
const gap = 16
const labelHeight = 24
const titleHeight = 34
const footerLine = 19

/**
 * Lays a page out: as wide as its panels, text fitted into that width.
 * @returns an SVG document
 */
export function pageSvg({ panels, columns, edge, title, footer }: Page): Markup {
  const rows = Math.ceil(panels.length / columns)
  const inner = columns * edge + (columns - 1) * gap
  const width = inner + 2 * margin
  const top = margin + titleHeight
  const bottom = top + rows * (labelHeight + edge) + (rows - 1) * gap
  const told = footer.filter((line) => line !== '')
  const height = bottom + 12 + told.length * footerLine + margin - 8
  const cell = (i: number): readonly [number, number] => [
    margin + (i % columns) * (edge + gap),
    top + Math.floor(i / columns) * (labelHeight + edge + gap),
  ]
  return svgDocument(
    [width, height],
    [
      svgText(title, margin, margin + 18, { size: 20, fill: colours.title, bold: true, maxWidth: inner }),
      ...panels.map((panel, i) => {
        const [x, y] = cell(i)
        const label = svgText(panel.label, x, y + 16, { size: 13, fill: colours.label, maxWidth: edge })
        return lines([label, drawPanel(panel, x, y + labelHeight, edge)])
      }),
      ...told.map((line, i) =>
        svgText(line, margin, bottom + 12 + (i + 1) * footerLine - 5, {
          size: 12,
          fill: colours.footer,
          maxWidth: inner,
        }),
      ),
    ],
  )
}
