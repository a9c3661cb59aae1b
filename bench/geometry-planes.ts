/**
 * Draws docs/geometry-planes.svg, the nine views in the cube that they are cut from:
 * `npm run bench -- bench/geometry-planes.ts`
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Content, lines, type Markup, svg } from '../src/drawing/markup.ts'
import { colours, round, svgDocument, svgText } from '../src/drawing/svg.ts'
import { VIEWS } from '../src/nodule/views.ts'
import { patientLetters, viewPlane } from '../src/pictures/planes.ts'
import type { Triple } from '../src/scan/scan.ts'

const PANEL = 250
const MARGIN = 16

/** The patient faces the reader, seen a little from above and from his left: posterior runs away, to the right and up. */
const project = ([x, y, z]: Triple): [number, number] => [0.74 * x + 0.48 * y, -0.8 * z - 0.21 * y]

const scaled = (v: Triple, length: number): Triple => {
  const factor = length / Math.hypot(...v)
  return [v[0] * factor, v[1] * factor, v[2] * factor]
}
const sum = (...vectors: Triple[]): Triple =>
  vectors.reduce(([x, y, z], v): Triple => [x + v[0], y + v[1], z + v[2]], [0, 0, 0])

function line(from: Triple, to: Triple, stroke: string, more?: Markup): Markup {
  const [[x1, y1], [x2, y2]] = [project(from).map(round), project(to).map(round)]
  return svg`<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${stroke}"${more}/>`
}

/** The twelve edges of the cube of 100 mm; the three that meet in its hidden corner are dashed. */
function cube(): Markup[] {
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((n): Triple => [n & 1 ? 50 : -50, n & 2 ? 50 : -50, n & 4 ? 50 : -50])
  const hidden = 2 // right, posterior, inferior
  return corners.flatMap((from, n) =>
    [1, 2, 4]
      .filter((bit) => (n & bit) === 0)
      .map((bit) => {
        const dashed = n === hidden || (n | bit) === hidden ? svg` stroke-dasharray="3 4"` : undefined
        return line(from, corners[n | bit], '#5d6b7a', dashed)
      }),
  )
}

function letters(): Markup[] {
  const ends: Triple[] = [
    [62, -50, -50],
    [50, 70, -50],
    [-50, -50, 60],
  ]
  return ends.map((end, axis) => {
    const direction: Triple = [axis === 0 ? 1 : 0, axis === 1 ? 1 : 0, axis === 2 ? 1 : 0]
    const [x, y] = project(end)
    return svgText(patientLetters(direction), x, y + 4, { size: 12, fill: colours.footer, anchor: 'middle' })
  })
}

function arrow(direction: Triple, text: string): Markup[] {
  const tip = scaled(direction, 38)
  const [x, y] = project(scaled(direction, 46))
  return [
    line([0, 0, 0], tip, colours.title, svg` stroke-width="1.5" marker-end="url(#tip)"`),
    svgText(text, x, y + 4, { size: 11, fill: colours.title, anchor: 'middle', halo: true }),
  ]
}

const panels = VIEWS.map((view, v): Content => {
  const { columnsLps, rowsLps } = viewPlane(view)
  const [u, w] = [scaled(columnsLps, 25), scaled(rowsLps, 25)]
  const back = (vector: Triple) => scaled(vector, -25)
  const square = [sum(u, w), sum(u, back(w)), sum(back(u), back(w)), sum(back(u), w)]
  const points = square.map((corner) => project(corner).map(round).join(',')).join(' ')
  const [left, top] = [(v % 3) * PANEL, Math.floor(v / 3) * PANEL + 8]
  return lines([
    svg`<g transform="translate(${left + PANEL / 2} ${top + PANEL / 2 + 4})">`,
    svgText(`${v + 1}. ${view.label}`, 0, -PANEL / 2 + 18, {
      size: 13,
      fill: colours.title,
      anchor: 'middle',
      maxWidth: PANEL - MARGIN,
    }),
    svg`<g transform="translate(0 10) scale(1.35)">`,
    ...cube(),
    ...letters(),
    svg`<polygon points="${points}" fill="${colours.mark}" fill-opacity="0.45" stroke="${colours.mark}"/>`,
    ...arrow(columnsLps, patientLetters(columnsLps)),
    ...arrow(rowsLps, patientLetters(rowsLps)),
    svg`</g></g>`,
  ])
})
const tip = svg`<defs><marker id="tip" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L6 3L0 6z" fill="${colours.title}"/></marker></defs>`
const file = fileURLToPath(new URL('../docs/geometry-planes.svg', import.meta.url))
writeFileSync(file, svgDocument([3 * PANEL, 3 * PANEL + MARGIN], [tip, ...panels]).toString())
console.log('wrote docs/geometry-planes.svg')
