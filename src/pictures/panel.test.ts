/** A panel read back from its drawing: which pixel lies where, what its letters, marks and bar say. */
import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { parseXml, tagged } from '../drawing/read-xml.fixture.ts'
import { VIEWS } from '../nodule/views.ts'
import { drawPanel, type Panel, panelSvg } from './panel.ts'
import { axial, coronal, type Plane, viewPlane } from './planes.ts'
import { coarser, viewPanels } from './view-panels.ts'

const SIZE = 4
/** Every pixel has a gray of its own: its index in 255ths. */
const panel = (plane: Plane, change: Partial<Panel> = {}): Panel => ({
  gray: Float32Array.from({ length: SIZE * SIZE }, (_, i) => i / 255),
  pixels: SIZE,
  pixelMm: 5,
  plane,
  pointRowColumn: [0, 2],
  mark: 'ticks',
  ...change,
})

interface Line {
  readonly from: readonly [number, number]
  readonly to: readonly [number, number]
}
/** Horizontal and vertical strokes of a path. */
function strokes(d: string): Line[] {
  const lines: Line[] = []
  let at: [number, number] = [0, 0]
  for (const [, command, numbers] of d.matchAll(/([MHV])([-\d. ]+)/g)) {
    const values = numbers.trim().split(' ').map(Number)
    const to: [number, number] =
      command === 'M' ? [values[0], values[1]] : command === 'H' ? [values[0], at[1]] : [at[0], values[0]]
    if (command !== 'M') lines.push({ from: at, to })
    at = to
  }
  return lines
}

/** What a drawn panel shows, in px from its upper left corner. */
function read(one: Panel, x = 0, y = 0, edge = 200) {
  const root = parseXml(`<svg>${drawPanel(one, x, y, edge)}</svg>`)
  const [image] = tagged(root, 'image')
  const png = Buffer.from(image.attributes.href.replace('data:image/png;base64,', ''), 'base64')
  const width = png.readUInt32BE(16)
  const rows = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)))
  const pixels = Array.from({ length: width }, (_, row) => [
    ...rows.subarray(row * (width + 1) + 1, (row + 1) * (width + 1)),
  ])
  const paths = tagged(root, 'path').map(({ attributes }) => attributes)
  const texts = tagged(root, 'text').map(({ text, attributes }) => ({
    text,
    x: Number(attributes.x) - x,
    y: Number(attributes.y) - y,
    anchor: attributes['text-anchor'],
  }))
  // Each line is drawn twice: a dark edge below a bright core.
  const lines = (at: number) =>
    strokes(paths[at].d).map(({ from, to }) => ({
      from: [from[0] - x, from[1] - y] as const,
      to: [to[0] - x, to[1] - y] as const,
    }))
  expect([paths[0].d, paths[2].d]).toEqual([paths[1].d, paths[3].d])
  return {
    image: image.attributes,
    pixels,
    frame: tagged(root, 'rect')[0].attributes,
    marks: lines(0),
    bar: lines(2),
    texts,
  }
}

describe('a panel', () => {
  it('shows an axial plane as stored, and others with the head up', () => {
    const rows = [0, 1, 2, 3].map((row) => [0, 1, 2, 3].map((column) => 4 * row + column))
    expect(read(panel(axial)).pixels).toEqual(rows)
    expect(read(panel(coronal)).pixels).toEqual(rows.toReversed())
  })

  it('fills its place, with a frame round it', () => {
    const { image, frame } = read(panel(axial), 30, 70, 120)
    expect(image).toMatchObject({ x: '30', y: '70', width: '120', height: '120', preserveAspectRatio: 'none' })
    expect(frame).toMatchObject({ x: '29.5', y: '69.5', width: '121', height: '121', fill: 'none' })
  })

  it.each([
    ['as stored', axial, 25],
    ['turned over', coronal, 175],
  ] as const)('has ticks at its edges that point at the middle of the pixel, %s', (_, plane, y) => {
    // A pixel is 50 px wide: that in row 0, column 2 has its middle 125 px from the left.
    expect(read(panel(plane), 30, 70).marks).toEqual([
      { from: [0, y], to: [9, y] },
      { from: [191, y], to: [200, y] },
      { from: [125, 0], to: [125, 9] },
      { from: [125, 191], to: [125, 200] },
    ])
  })

  it('has a cross-hair that leaves 10 mm on each side free, and ends at the edges', () => {
    // Ten mm are two pixels, 100 px: upwards none of it is left.
    const cross = { mark: 'cross-hair', pointRowColumn: [1, 2] } as const
    expect(read(panel(axial, cross)).marks).toEqual([
      { from: [0, 75], to: [25, 75] },
      { from: [200, 75], to: [200, 75] },
      { from: [125, 0], to: [125, 0] },
      { from: [125, 175], to: [125, 200] },
    ])
  })

  it('has the letters of its edges at its edges, beside the marks', () => {
    const { texts } = read(panel(axial), 30, 70)
    expect(texts).toEqual([
      { text: 'R', x: 6, y: 92, anchor: 'start' },
      { text: 'L', x: 194, y: 92, anchor: 'end' },
      { text: 'A', x: 108, y: 17, anchor: 'start' },
      { text: 'P', x: 108, y: 193, anchor: 'start' },
      expect.objectContaining({ text: '10 mm', anchor: 'middle' }),
    ])
    expect(
      read(panel(coronal))
        .texts.slice(0, 4)
        .map(({ text }) => text),
    ).toEqual(['R', 'L', 'H', 'F'])
  })

  it.each([
    [undefined, '10 mm', 100],
    [5, '5 mm', 50],
    [15, '15 mm', 150],
  ])('has a bar as long as it says: %s', (barMm, words, length) => {
    const { bar, texts } = read(panel(axial, barMm === undefined ? {} : { barMm }), 30, 70)
    const [left, base, right] = bar
    expect(base.to[0] - base.from[0]).toBe(length)
    expect([base.to[0], base.to[1]]).toEqual([190, 190])
    // Its ends stand up.
    for (const end of [left, right]) expect(Math.abs(end.to[1] - end.from[1])).toBe(5)
    expect(texts.at(-1)).toEqual({ text: words, x: 190 - length / 2, y: 183, anchor: 'middle' })
  })

  it('by itself is as wide as its place, and says what it shows', () => {
    const root = parseXml(panelSvg(panel(axial), 170, 'a <view>').toString())
    expect(root.attributes).toMatchObject({ viewBox: '0 0 170 170', role: 'img', 'aria-label': 'a <view>' })
    expect(tagged(root, 'image')[0].attributes).toMatchObject({ x: '0', y: '0', width: '170' })
  })
})

describe('views as panels', () => {
  it('have their own pixels, planes and names, and the point where the crop has it', () => {
    const pixels_ = Float32Array.from({ length: 3 * 16 }, (_, i) => i)
    const views = [VIEWS[0], VIEWS[4], VIEWS[1]]
    const panels = viewPanels({ pixels: pixels_, views })
    expect(panels.map(({ label, gray, plane, mark }) => [label, gray[0], gray.length, plane, mark])).toEqual([
      [VIEWS[0].label, 0, 16, viewPlane(VIEWS[0]), 'ticks'],
      [VIEWS[4].label, 16, 16, viewPlane(VIEWS[4]), 'ticks'],
      [VIEWS[1].label, 32, 16, viewPlane(VIEWS[1]), 'ticks'],
    ])
    // Four pixels show 49 mm end to end, and the point is at 25.
    const [{ pixels, pixelMm, pointRowColumn }] = panels
    expect([pixels, pixelMm]).toEqual([4, 49 / 3])
    expect(pointRowColumn).toEqual([expect.closeTo(75 / 49, 12), expect.closeTo(75 / 49, 12)])
  })

  it('may be drawn with fewer pixels, each the mean of a square, nothing moved', () => {
    const coarse = coarser(panel(axial, { pointRowColumn: [0.5, 2.5] }), 2)
    expect([...coarse.gray].map((value) => Math.round(255 * value * 100) / 100)).toEqual([2.5, 4.5, 10.5, 12.5])
    expect(coarse).toMatchObject({ pixels: 2, pixelMm: 10, pointRowColumn: [0, 1] })
    const [fine, few] = [
      panel(axial, { pointRowColumn: [1.2, 0.7] }),
      coarser(panel(axial, { pointRowColumn: [1.2, 0.7] }), 2),
    ]
    const near = (one: Panel) =>
      read(one)
        .marks.flatMap(({ from, to }) => [...from, ...to])
        .map((value) => expect.closeTo(value, 1))
    expect(read(few).marks.flatMap(({ from, to }) => [...from, ...to])).toEqual(near(fine))
    expect(read(few).bar).toEqual(read(fine).bar)
  })

  it('stay as they are where no whole number of pixels goes into one', () => {
    const fine = panel(axial)
    for (const least of [3, 4, 5]) expect(coarser(fine, least)).toBe(fine)
    expect(coarser(fine, 1).pixels).toBe(1)
    const nine = panel(axial, { gray: new Float32Array(81), pixels: 9 })
    expect(coarser(nine, 4)).toBe(nine)
    expect(coarser(nine, 3).pixels).toBe(3)
  })
})
