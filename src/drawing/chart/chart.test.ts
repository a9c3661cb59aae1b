import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Content } from '../markup.ts'
import { lines } from '../markup.ts'
import { ofClass, parseXml, within } from '../read-xml.fixture.ts'
import { type Axis, frameOf, rowsRange, xAxis, yAxis } from './axes.ts'
import { type Chart, chart, drawing, note, plot } from './chart.ts'
import { legend, legendHeight } from './legend.ts'
import { box, marker, polyline, segment, segments } from './marks.ts'
import { expectPoints, partsOf, readChart, rectangleOf } from './read-chart.fixture.ts'
import { coveringTicks, linearScale, niceTicks } from './scale.ts'
import { filled, hollow, INK, type Marker, PAPER, SERIES } from './style.ts'

describe('scales', () => {
  it('take one range to another, whichever way', () => {
    const scale = linearScale([2, 6], [100, 300])
    expect([2, 3, 6, 8].map(scale)).toEqual([100, 150, 300, 400])
    expect([0, 0.25, 1].map(linearScale([0, 1], [300, 100]))).toEqual([300, 250, 100])
  })

  it.each([
    [0, 1, undefined, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0.13, 0.88, undefined, [0.2, 0.4, 0.6, 0.8]],
    [-81, 18.4, 6, [-80, -60, -40, -20, 0]],
    [0, 1e-9, undefined, [0, 2e-10, 4e-10, 6e-10, 8e-10, 1e-9]],
    [0, 1000, 10, [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]],
    [3, 3, undefined, []],
  ])('have round numbers from %d to %d', (from, to, about, ticks) => {
    expect(niceTicks(from, to, about)).toEqual(ticks)
  })

  it.each([
    [0.13, 0.88, undefined, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0, 4.6, 6, [0, 1, 2, 3, 4, 5]],
    [0, 5, 5, [0, 1, 2, 3, 4, 5]],
    [0.5, 1, 4, [0.4, 0.6, 0.8, 1]],
    [0, 0, 6, [0, 2e-10]],
    [2, 2, 4, [2, 2.0005]],
  ])('have round numbers from %d to %d or beyond', (from, to, about, ticks) => {
    expect(coveringTicks(from, to, about)).toEqual(ticks)
  })

  it('step by 1, 2 or 5 times a power of ten, about as often as asked', () => {
    const range = fc.tuple(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
    )
    fc.assert(
      fc.property(range, fc.integer({ min: 3, max: 10 }), ([from, longer], about) => {
        const length = Math.max(longer, 0.01 * Math.abs(from))
        const to = from + length
        const inside = niceTicks(from, to, about)
        const around = coveringTicks(from, to, about)
        for (const ticks of [inside, around]) {
          const steps = ticks.slice(1).map((tick, i) => tick - ticks[i])
          for (const step of steps) {
            const leading = Number(step.toPrecision(6).match(/[1-9]/)?.[0])
            expect([1, 2, 5]).toContain(leading)
            expect(Math.abs(step / steps[0] - 1)).toBeLessThan(1e-5)
          }
        }
        expect(inside.length).toBeLessThanOrEqual(about + 1)
        expect(inside.length).toBeGreaterThanOrEqual(Math.floor(about / 2.5))
        const slack = length * 1e-6
        for (const tick of inside) expect(tick >= from - slack && tick <= to + slack).toBe(true)
        expect(around[0] <= from + slack && around[around.length - 1] >= to - slack).toBe(true)
        // No more than it takes to cover the range.
        expect(around[1] > from && around[around.length - 2] < to).toBe(true)
      }),
    )
  })
})

const SHAPES: readonly Marker[] = ['circle', 'square', 'triangle', 'diamond', 'cross']

const parsed = (part: Content) => parseXml(`<svg>${lines([part])}</svg>`).children

describe('marks', () => {
  it('stand where they are put, painted as they are told', () => {
    const [line] = parsed(segment([1, 2], [3.456, 4], { stroke: 'red', width: 2, dash: '1 2' }))
    expect(line.attributes).toEqual({
      d: 'M1 2L3.46 4',
      fill: 'none',
      stroke: 'red',
      'stroke-width': '2',
      'stroke-dasharray': '1 2',
    })
    const [classed] = parsed(
      segments(
        [
          [
            [0, 0],
            [1, 0],
          ],
          [
            [2, 2],
            [2, 3],
          ],
        ],
        { class: 'folds' },
      ),
    )
    expect(classed.attributes).toEqual({ d: 'M0 0L1 0M2 2L2 3', class: 'folds' })
    const [through] = parsed(
      polyline(
        [
          [0, 0],
          [5, 1],
          [9, 3],
        ],
        SERIES[0],
      ),
    )
    expect(partsOf(through)).toEqual([
      [
        [0, 0],
        [5, 1],
        [9, 3],
      ],
    ])
    expect(through.attributes).toMatchObject({
      stroke: SERIES[0].stroke,
      'stroke-width': '2.6',
      'stroke-linejoin': 'round',
    })
    expect(through.attributes['stroke-dasharray']).toBeUndefined()
    expect(polyline([], SERIES[0])).toBe(false)
  })

  it('are boxes between any two corners', () => {
    for (const [a, b] of [
      [
        [1, 2],
        [4, 8],
      ],
      [
        [4, 2],
        [1, 8],
      ],
      [
        [4, 8],
        [1, 2],
      ],
    ] as const) {
      const [rect] = parsed(box([a[0], a[1]], [b[0], b[1]], { fill: 'blue' }))
      expect(rectangleOf(rect)).toEqual({ left: 1, top: 2, right: 4, bottom: 8 })
      expect(rect.attributes).toMatchObject({ fill: 'blue' })
      expect(rect.attributes.stroke).toBeUndefined()
    }
  })

  it('are signs of shapes of their own, round their place, as large as told', () => {
    const outlines = SHAPES.map((shape) => {
      const [sign] = parsed(marker(shape, [50, 30], filled('red'), 10))
      expect(sign.attributes).toMatchObject({ fill: 'red', stroke: PAPER })
      if (sign.tag === 'circle') {
        expect(sign.attributes).toMatchObject({ cx: '50', cy: '30', r: '10' })
        return 'circle'
      }
      const [corners] = partsOf(sign)
      const [xs, ys] = [corners.map(([x]) => x - 50), corners.map(([, y]) => y - 30)]
      expect(Math.min(...xs)).toBe(-Math.max(...xs))
      expect(Math.abs(Math.min(...ys) + Math.max(...ys))).toBeLessThanOrEqual(2)
      for (const reach of [Math.max(...xs), Math.max(...ys)]) {
        expect(reach).toBeGreaterThanOrEqual(9)
        expect(reach).toBeLessThanOrEqual(12)
      }
      return sign.attributes.d
    })
    expect(new Set(outlines).size).toBe(SHAPES.length)
    // The triangle points upwards: a person reads it as such.
    const [triangle] = parsed(marker('triangle', [0, 0], hollow('red')))
    expect(partsOf(triangle)[0].filter(([, y]) => y < 0)).toHaveLength(1)
    expect(triangle.attributes).toMatchObject({ fill: PAPER, stroke: 'red' })
  })
})

const X: Axis = { label: 'across', from: 10, to: 30, ticks: [10, 15, 30] }
const Y: Axis = { label: 'upwards', from: -1, to: 3, ticks: [-1, 0, 2], show: (tick) => tick.toFixed(1) }

describe('axes', () => {
  const frame = frameOf({ left: 60, top: 40, right: 260, bottom: 140 }, X, Y)

  it('begin at the left and at the bottom', () => {
    expect([frame.at(10, -1), frame.at(30, 3), frame.at(15, 0)]).toEqual([
      [60, 140],
      [260, 40],
      [110, 115],
    ])
    expect([frame.x(20), frame.y(1)]).toEqual([160, 90])
  })

  it('of rows run from the top down', () => {
    const rows = frameOf({ left: 0, top: 10, right: 1, bottom: 70 }, X, rowsRange(3))
    expect([0.5, 1.5, 2.5].map(rows.y)).toEqual([20, 40, 60])
  })

  it('have their grid across the plot, numbers beside it, names beyond', () => {
    const [x] = parsed(xAxis(X, frame))
    const [y] = parsed(yAxis(Y, frame))
    const grid = (axis: typeof x) => axis.children.filter(({ tag }) => tag === 'path').map((path) => partsOf(path)[0])
    expect(grid(x)).toEqual(
      [60, 110, 260].map((at) => [
        [at, 40],
        [at, 140],
      ]),
    )
    expect(grid(y)).toEqual(
      [140, 115, 65].map((at) => [
        [60, at],
        [260, at],
      ]),
    )
    const texts = (axis: typeof x) =>
      within(axis)
        .filter(({ tag }) => tag === 'text')
        .map(({ text, attributes: { x: tx, y: ty, 'text-anchor': anchor } }) => [text, tx, ty, anchor])
    expect(texts(x)).toEqual([
      ['10', '60', '157', 'middle'],
      ['15', '110', '157', 'middle'],
      ['30', '260', '157', 'middle'],
      ['across', '160', '176', 'middle'],
    ])
    expect(texts(y)).toEqual([
      ['-1.0', '53', '144', 'end'],
      ['0.0', '53', '119', 'end'],
      ['2.0', '53', '69', 'end'],
      ['upwards', '0', '0', 'middle'],
    ])
    expect(y.children.at(-1)?.attributes.transform).toBe('translate(15 90) rotate(-90)')
  })

  it('without a name or numbers have a grid alone', () => {
    const bare = { label: '', show: () => '' }
    expect(parsed(xAxis({ ...X, ...bare }, frame))[0].children.map(({ tag }) => tag)).toEqual(['path', 'path', 'path'])
    expect(parsed(yAxis({ ...Y, ...bare }, frame))[0].children.map(({ tag }) => tag)).toEqual(['path', 'path', 'path'])
  })

  it("wear a page's classes where they are given", () => {
    const [axis] = parsed(xAxis(X, frame, { grid: { class: 'grid' }, ink: 'currentColor', size: 20 }))
    const [path, text] = axis.children
    expect([path.attributes.class, path.attributes.stroke]).toEqual(['grid', undefined])
    expect(text.attributes).toMatchObject({ fill: 'currentColor', 'font-size': '20' })
  })
})

describe('legends', () => {
  const entries = [
    { sample: { line: SERIES[1] }, text: 'a line' },
    { sample: { marker: 'diamond', paint: hollow('red') }, text: 'a sign' },
    { sample: { fill: 'blue' }, text: 'a box <&>' },
  ] as const

  it('have a sample and a text a line, at the same height', () => {
    const [group] = parsed(legend(entries, 100, 50, 300))
    const [line, a, sign, b, rect, c] = group.children
    expect([a, b, c].map(({ text, attributes: { x, y, 'text-anchor': anchor } }) => [text, x, y, anchor])).toEqual([
      ['a line', '142', '50', 'start'],
      ['a sign', '142', '69', 'start'],
      ['a box <&>', '142', '88', 'start'],
    ])
    expect(partsOf(line)).toEqual([
      [
        [100, 46],
        [134, 46],
      ],
    ])
    expect(line.attributes).toMatchObject({ stroke: SERIES[1].stroke, 'stroke-dasharray': '8 4' })
    const [corners] = partsOf(sign)
    expect([corners[0][0], corners[1][1]]).toEqual([117, 65])
    expect(sign.attributes.stroke).toBe('red')
    expect(rectangleOf(rect)).toEqual({ left: 108, top: 77, right: 126, bottom: 89 })
    expect(rect.attributes).toMatchObject({ fill: 'blue', stroke: INK })
    expect(legendHeight(entries)).toBe(57)
  })

  it('keep a long text within their width', () => {
    const [group] = parsed(legend([{ ...entries[0], text: 'word '.repeat(60) }], 0, 50, 200))
    expect(group.children[1].text).toContain('…')
  })
})

describe('a chart', () => {
  const point = fc.tuple(fc.double({ min: 10, max: 30, noNaN: true }), fc.double({ min: -1, max: 3, noNaN: true }))
  const about: Chart = {
    title: 'A title',
    description: 'What it shows',
    x: X,
    y: Y,
    legend: [
      { sample: { line: SERIES[0] }, text: 'first' },
      { sample: { marker: 'cross', paint: filled('red') }, text: 'signs' },
      { sample: { fill: 'blue' }, text: 'boxes' },
    ],
    marks: () => [],
  }

  it('can be read back', () => {
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 8 }), (points) => {
        const svg = chart({
          ...about,
          marks: (frame) => [
            polyline(
              points.map(([x, y]) => frame.at(x, y)),
              SERIES[0],
            ),
            ...points.map(([x, y]) => marker('cross', frame.at(x, y), filled('red'))),
            ...points.map(([x, y]) => box(frame.at(x, 0), frame.at(30, y), { fill: 'blue' })),
          ],
        })
        const {
          plots: [{ lines: read, signs, boxes }],
          title,
          description,
          legend: texts,
        } = readChart(svg.toString())
        expect([title, description, texts]).toEqual(['A title', 'What it shows', ['first', 'signs', 'boxes']])
        expectPoints(read('first')[0], points)
        expectPoints(signs('signs'), points)
        for (const [i, [left, right, low, high]] of boxes('boxes').entries()) {
          const [x, y] = points[i]
          expectPoints(
            [
              [left, low],
              [right, high],
            ],
            [
              [x, Math.min(0, y)],
              [30, Math.max(0, y)],
            ],
          )
        }
      }),
    )
  })

  it('is as wide as told, with room for its legend, and square unless it is told otherwise', () => {
    const size = (svg: { toString(): string }) => {
      const { attributes, children } = parseXml(svg.toString())
      const border = children.filter(({ tag }) => tag === 'rect').map(rectangleOf)
      return {
        width: attributes.width,
        height: attributes.height,
        viewBox: attributes.viewBox,
        plot: border[1],
        ground: border[0],
      }
    }
    const ground = { left: 0, top: 0, right: 500, bottom: 579 }
    const plot_ = { left: 62, top: 38, right: 482, bottom: 458 }
    expect(size(chart(about))).toEqual({ width: '500', height: '579', viewBox: '0 0 500 579', plot: plot_, ground })
    expect(size(chart({ ...about, plotHeight: 200 }))).toMatchObject({ height: '359', plot: { ...plot_, bottom: 238 } })
  })

  it('looks as it did', () => {
    const svg = chart({
      ...about,
      definitions: box([0, 0], [1, 1], { class: 'x' }),
      marks: (frame) => [
        polyline([frame.at(10, 0), frame.at(20, 2), frame.at(30, -1)], SERIES[0]),
        segment(frame.at(10, 3), frame.at(30, -1), SERIES[1]),
        box(frame.at(12, 0), frame.at(14, -0.5), { fill: 'blue' }),
        ...SHAPES.map((shape, i) => marker(shape, frame.at(12 + 4 * i, 1.5), filled('red'))),
        note('a note in the middle', frame),
      ],
    })
    return expect(svg.toString()).toMatchFileSnapshot('./snapshots/chart.svg')
  })

  it('shows whatever a name holds', () => {
    const text = '</title><script>"\'&\u0000'
    const svg = chart({
      ...about,
      title: text,
      description: text,
      x: { ...X, label: text },
      legend: [{ ...about.legend[0], text }],
    })
    const root = parseXml(svg.toString())
    const shown = '</title><script>"\'&\ufffd'
    expect(
      within(root)
        .filter((one) => one.text === shown)
        .map(({ tag }) => tag),
    ).toEqual(['title', 'desc', 'text', 'text', 'text'])
  })

  it('may have definitions, and a note in its middle', () => {
    const size = [100, 50] as const
    const words = { title: 'a', description: 'b' }
    expect(ofClass(parseXml(drawing(size, words, []).toString()), 'x')).toEqual([])
    expect(drawing(size, words, []).toString()).not.toContain('<defs>')
    const svg = drawing(size, { ...words, definitions: box([0, 0], [1, 1], { class: 'x' }) }, []).toString()
    expect(parseXml(svg).children.map(({ tag }) => tag)).toEqual(['title', 'desc', 'defs', 'rect'])
    const frame = frameOf({ left: 60, top: 40, right: 260, bottom: 140 }, X, Y)
    const drawn = drawing(size, words, [plot(X, Y, frame, [note('nothing', frame)])])
    const {
      marks: [only],
    } = readChart(drawn.toString()).plots[0]
    expect([only.text, only.attributes.x, only.attributes.y]).toEqual(['nothing', '160', '90'])
  })
})
