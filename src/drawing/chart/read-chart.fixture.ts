/**
 * For tests: reads a chart back as a person does. Places become numbers by what is written at the
 * axes, and a mark belongs to whatever the legend shows the same sample for.
 */
import { expect } from 'vitest'
import { type Element, ofClass, parseXml } from '../read-xml.fixture.ts'

type Point = readonly [number, number]

/** Corners of a path of straight lines, a list for each of its parts. */
export function partsOf({ attributes: { d } }: Element): Point[][] {
  expect(d).toMatch(/^(M-?[\d.]+ -?[\d.]+(L-?[\d.]+ -?[\d.]+)*Z?)+$/)
  return d
    .split('M')
    .slice(1)
    .map((part) =>
      part
        .replace('Z', '')
        .split('L')
        .map((pair) => pair.split(' ').map(Number) as unknown as Point),
    )
}

export const rectangleOf = ({ attributes: { x = '0', y = '0', width, height } }: Element) => {
  const [left, top] = [Number(x), Number(y)]
  expect(Number(width) >= 0 && Number(height) >= 0).toBe(true)
  return { left, top, right: left + Number(width), bottom: top + Number(height) }
}

/** Middle and outline of a sign: what tells a square from a diamond. */
function signOf(element: Element): { place: Point; shape: string } | undefined {
  const { tag, attributes } = element
  if (tag === 'circle') return { place: [Number(attributes.cx), Number(attributes.cy)], shape: 'circle' }
  if (tag !== 'path' || !attributes.d.endsWith('Z')) return undefined
  const [corners] = partsOf(element)
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)]
  const [left, right] = [Math.min(...xs), Math.max(...xs)]
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)]
  const place = [(left + right) / 2, (top + bottom) / 2] as const
  const half = (right - left) / 2
  const offsets = corners.map(([x, y]) => [x - place[0], y - place[1]].map((offset) => (offset / half).toFixed(1)))
  return { place, shape: offsets.join(' ').replaceAll('-0.0', '0.0') }
}

/** What a mark looks like, but for its place. */
const paintOf = ({ attributes }: Element): string =>
  ['class', 'fill', 'stroke', 'stroke-width', 'stroke-dasharray'].map((name) => attributes[name] ?? '').join('|')

export interface ReadAxis {
  readonly label: string
  readonly ticks: readonly { readonly text: string; readonly place: number }[]
  /** Value at a place, by the outermost ticks. */
  value(place: number): number
}

/** @param axis 0 for x, whose ticks stand below their grid lines, 1 for y, whose ticks stand beside them */
function readAxis(group: Element, axis: 0 | 1, numberOf: (text: string, place: number) => number): ReadAxis {
  const grid = group.children.filter(({ tag }) => tag === 'path').map((path) => partsOf(path)[0])
  const rotated = group.children.filter(({ tag }) => tag === 'g')
  const texts = group.children.filter(({ tag }) => tag === 'text')
  const label =
    axis === 1
      ? rotated.map((g) => g.children[0].text).join('')
      : texts
          .slice(grid.length)
          .map((t) => t.text)
          .join('')
  const ticks = texts.slice(0, grid.length).map(({ text, attributes: { x, y } }, i) => {
    const [from, to] = grid[i]
    // A grid line stands still along its axis, and its number beside it.
    expect(from[axis]).toBe(to[axis])
    const [near, far] = axis === 0 ? [Number(x) - from[0], 0.01] : [Number(y) - 4 - from[1], 0.01]
    expect(Math.abs(near)).toBeLessThanOrEqual(far)
    return { text, place: from[axis] }
  })
  const first = ticks[0]
  const last = ticks[ticks.length - 1]
  const value = (place: number): number => {
    const [a, b] = [first, last].map((tick) => numberOf(tick.text, tick.place))
    return a + ((place - first.place) / (last.place - first.place)) * (b - a)
  }
  for (const [i, { text, place }] of ticks.entries()) {
    // Equal steps for equal differences; to the right and upwards is more.
    expect(Math.abs(value(place) - numberOf(text, place))).toBeLessThan(Math.abs(value(place + 0.02) - value(place)))
    if (i > 0) expect((place - ticks[i - 1].place) * (axis === 0 ? 1 : -1)).toBeGreaterThan(0)
    if (i > 0) expect(numberOf(text, place)).toBeGreaterThan(numberOf(ticks[i - 1].text, ticks[i - 1].place))
  }
  return { label, ticks, value }
}

export interface ReadPlot {
  readonly x: ReadAxis
  readonly y: ReadAxis
  readonly marks: readonly Element[]
  /** Lines painted like the legend's sample of a text: their corners as data. */
  lines(text: string): Point[][]
  /** Signs like the legend's sample of a text, or of the colour of its line: their middles as data. */
  signs(text: string): Point[]
  /** Boxes filled like the legend's sample of a text, as data: [left, right, low, high]. */
  boxes(text: string): (readonly [left: number, right: number, low: number, high: number])[]
  /** A place as data. */
  data(place: Point): Point
}

export interface ReadChart {
  readonly root: Element
  readonly title: string
  readonly description: string
  /** Texts of the legends, in order. */
  readonly legend: readonly string[]
  readonly plots: readonly ReadPlot[]
}

/**
 * Reads a chart of one or more plots with axes of numbers.
 * @param numberOf what a tick of an axis says; the number that is written by default
 */
export function readChart(
  svg: string,
  { yNumberOf = (text) => Number(text) }: { yNumberOf?: (text: string, place: number) => number } = {},
): ReadChart {
  const root = parseXml(svg)
  const inTag = (tag: string): string => root.children.find((child) => child.tag === tag)?.text ?? ''
  const legend = ofClass(root, 'legend').flatMap(({ children }) =>
    Array.from({ length: children.length / 2 }, (_, i) => ({
      sample: children[2 * i],
      text: children[2 * i + 1].text,
    })),
  )
  const sampleOf = (text: string): Element => {
    const found = legend.filter((entry) => entry.text === text || entry.text.startsWith(`${text}:`))
    expect(found, `one entry of the legend for ${text} among ${legend.map((entry) => entry.text)}`).toHaveLength(1)
    return found[0].sample
  }
  const xGroups = ofClass(root, 'x-axis')
  const plots = ofClass(root, 'marks').map((group, i): ReadPlot => {
    // Plots one below another share the numbers of the lowest.
    const numbered = xGroups.slice(i).find(({ children }) => children.some(({ tag }) => tag === 'text'))
    const x = readAxis(numbered ?? xGroups[i], 0, (text) => Number(text))
    const y = readAxis(ofClass(root, 'y-axis')[i], 1, yNumberOf)
    const data = ([px, py]: Point): Point => [x.value(px), y.value(py)]
    const like = (text: string): Element[] => {
      const paint = paintOf(sampleOf(text))
      return group.children.filter((mark) => paintOf(mark) === paint)
    }
    return {
      x,
      y,
      marks: group.children,
      data,
      lines: (text) =>
        like(text)
          .filter(({ tag, attributes }) => tag === 'path' && !attributes.d.endsWith('Z'))
          .flatMap((mark) => partsOf(mark).map((corners) => corners.map(data))),
      signs: (text) => {
        const sample = sampleOf(text)
        const shape = signOf(sample)?.shape
        const { stroke } = sample.attributes
        const those =
          shape === undefined ? group.children.filter(({ attributes: { fill } }) => fill === stroke) : like(text)
        return those.flatMap((mark) => {
          const sign = signOf(mark)
          return sign !== undefined && (shape === undefined || sign.shape === shape) ? [data(sign.place)] : []
        })
      },
      boxes: (text) => {
        const { fill } = sampleOf(text).attributes
        return group.children
          .filter((mark) => mark.tag === 'rect' && mark.attributes.fill === fill)
          .map((mark) => {
            const { left, top, right, bottom } = rectangleOf(mark)
            return [x.value(left), x.value(right), y.value(bottom), y.value(top)] as const
          })
      },
    }
  })
  return { root, title: inTag('title'), description: inTag('desc'), legend: legend.map(({ text }) => text), plots }
}

/** Compares points with those that were to be drawn, as far as two decimals of a px and the middle of a sign tell. */
export function expectPoints(found: readonly Point[], expected: readonly Point[], tolerance = 0.002): void {
  const shown = (points: readonly Point[]) => points.map(([x, y]) => `${x.toFixed(4)}, ${y.toFixed(4)}`)
  expect(shown(found)).toHaveLength(expected.length)
  for (const [i, [x, y]] of found.entries()) {
    const off = Math.max(Math.abs(x - expected[i][0]), Math.abs(y - expected[i][1]))
    expect(off, `${shown(found)} against ${shown(expected)}`).toBeLessThan(tolerance)
  }
}
