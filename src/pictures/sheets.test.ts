import { inflateSync } from 'node:zlib'
import { Resvg } from '@resvg/resvg-js'
import { describe, expect, it } from 'vitest'
import { fontOptions, rasterise } from '../drawing/rasterise.node.ts'
import { parseXml, tagged } from '../drawing/read-xml.fixture.ts'
import { svgDocument, svgText, textWidth } from '../drawing/svg.ts'
import { VIEWS } from '../nodule/views.ts'
import { contactSheetSvg } from './contact-sheet.ts'
import { orthogonalSvg } from './orthogonal.ts'

const sheet = (count: number, paint: (view: number, row: number, column: number) => number = () => 0.3) => {
  const pixels = new Float32Array(count * 224 * 224)
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = paint(Math.floor(i / (224 * 224)), Math.floor(i / 224) % 224, i % 224)
  }
  return { pixels, views: VIEWS.slice(0, count), title: '007_1', footer: 'exact geometry' }
}

/** Width and height that a PNG says it has. */
const sizeOf = (png: Uint8Array): number[] => [Buffer.from(png).readUInt32BE(16), Buffer.from(png).readUInt32BE(20)]

/** Pixels of a drawing, and its red channel at a point. */
function pixels(svg: string): { at: (x: number, y: number) => number } {
  const image = new Resvg(svg, { font: { loadSystemFonts: false } }).render()
  const data = image.pixels
  return { at: (x, y) => data[(Math.round(y) * image.width + Math.round(x)) * 4] }
}

describe('contactSheetSvg', () => {
  it.each([
    [1, 496, 596],
    [3, 1088, 484],
    [9, 920, 1068],
  ])('%i views make a page of %i x %i', (count, width, height) => {
    const svg = contactSheetSvg(sheet(count))
    expect(sizeOf(rasterise(svg))).toEqual([width, height])
    expect(sizeOf(rasterise(svg, { zoom: 0.5 }))).toEqual([Math.round(width / 2), Math.round(height / 2)])
    for (const text of [
      ...VIEWS.slice(0, count).map(({ label }) => label),
      '007_1',
      'exact geometry',
      'window -1000..500 HU',
      'for research use',
    ]) {
      expect(svg).toContain(text)
    }
  })

  it.each([
    [1, 1],
    [3, 3],
    [9, 3],
  ])('has each of %i views below its own label, %i in a row', (count, columns) => {
    // View i is of the gray of i tenths.
    const root = parseXml(contactSheetSvg(sheet(count, (view) => view / 10)))
    const places = tagged(root, 'image').map(({ attributes: { x, y, width, href } }) => {
      const png = Buffer.from(href.split(',')[1], 'base64')
      const gray = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)))[1]
      return { x: Number(x), y: Number(y), edge: Number(width), gray }
    })
    const texts = tagged(root, 'text').map(({ text, attributes: { x, y } }) => ({ text, x: Number(x), y: Number(y) }))
    expect(places.map(({ gray }) => gray)).toEqual(
      Array.from({ length: count }, (_, view) => Math.round(255 * Math.fround(view / 10))),
    )
    for (const [i, { x, y, edge }] of places.entries()) {
      const label = texts.find(({ text }) => text === VIEWS[i].label)
      expect(label).toMatchObject({ x, y: y - 8 })
      // Rows and columns with as much between them everywhere.
      expect([x, y]).toEqual([24 + (i % columns) * (edge + 16), 82 + Math.floor(i / columns) * (edge + 40)])
    }
    const bottom = Math.max(...places.map(({ y, edge }) => y + edge))
    const below = texts.filter(({ y }) => y > bottom).map(({ text }) => text)
    expect(below).toEqual(['exact geometry', expect.stringMatching(/^window -1000\.\.500 HU · 50 mm a view/)])
    expect(below[1].includes('head up')).toBe(count > 1)
    expect(texts[0]).toMatchObject({ text: '007_1', x: 24, y: 42 })
  })

  it('has one line below where there is nothing else to say', () => {
    const height = (footer: string) => Number(parseXml(contactSheetSvg({ ...sheet(1), footer })).attributes.height)
    expect(height('a') - height('')).toBe(19)
  })

  it('draws axial views as stored, and turns the others over', () => {
    // The first rows of every view are bright.
    const page = pixels(contactSheetSvg(sheet(3, (_, row) => (row < 60 ? 1 : 0.2))))
    const [upper, lower] = [82 + 45, 82 + 300]
    expect([page.at(100, upper), page.at(100, lower)]).toEqual([255, 51])
    expect([page.at(450, upper), page.at(450, lower)]).toEqual([51, 255])
    expect([page.at(800, upper), page.at(800, lower)]).toEqual([51, 255])
  })

  it('marks the nodule’s pixel: index 25 of 49', () => {
    // One bright pixel where the point is, 25 / 49 of the way; ticks at the edges stand in its row and column.
    const point = Math.round((25 * 223) / 49)
    const lit = (row: number, column: number): boolean => Math.abs(row - point) < 2 && Math.abs(column - point) < 2
    const svg = contactSheetSvg(sheet(3, (_, row, column) => (lit(row, column) ? 1 : 0)))
    const page = pixels(svg)
    const ticks = [...svg.matchAll(/<path d="M[\d.]+ ([\d.]+)H[\d.]+M[\d.]+ [\d.]+H[\d.]+M([\d.]+) [\d.]+V/g)]
    expect(ticks).toHaveLength(6)
    for (const [, y, x] of ticks) expect(page.at(Math.floor(Number(x)), Math.floor(Number(y)))).toBeGreaterThan(200)
  })

  it('draws a bar of 10 mm', () => {
    const [, from, to] = /<path d="M([\d.]+) [\d.]+V[\d.]+H([\d.]+)V/.exec(contactSheetSvg(sheet(1))) ?? []
    // 448 px show 224 pixels of 49/223 mm.
    expect(Number(to) - Number(from)).toBeCloseTo((10 * 448) / 224 / (49 / 223), 1)
  })

  it('shows whatever an identifier holds', () => {
    const title = `</text><script>"'&\u0000\ud800結節𝛼 ${'long '.repeat(60)}`
    const svg = contactSheetSvg({ ...sheet(1), title, views: [{ ...VIEWS[0], label: title }] })
    expect(svg).not.toContain('<script>')
    expect(sizeOf(rasterise(svg))).toEqual([496, 596])
  })

  it('refuses other numbers of views', () => {
    for (const bad of [{ views: [] }, sheet(2), { views: VIEWS.slice(0, 3) }, { pixels: new Float32Array(10) }]) {
      expect(() => contactSheetSvg({ ...sheet(1), ...bad })).toThrow(expect.objectContaining({ code: 'drawing/views' }))
    }
  })
})

describe('orthogonalSvg', () => {
  const size = 51
  const cube = new Float32Array(size ** 3).fill(-1000)
  // Bone at the head's end, in front, and on the left; index [z, y, x].
  for (let a = 0; a < size; a++) {
    for (let b = 0; b < size; b++) {
      for (let depth = 0; depth < 6; depth++) {
        cube[((size - 1 - depth) * size + a) * size + b] = 500
        cube[(a * size + depth) * size + b] = 500
        cube[(a * size + b) * size + size - 1 - depth] = 500
      }
    }
  }
  const picture = { hu: cube, shapeZyx: [size, size, size] as const, title: 'a', footer: 'b' }

  it('shows the head up, the front of an axial plane up and of a sagittal one at the left, the left at the right', () => {
    const page = pixels(orthogonalSvg(picture))
    const edges = (left: number) => [
      page.at(left + 60, 82 + 20) === 255,
      page.at(left + 60, 82 + 316) === 255,
      page.at(left + 10, 82 + 250) === 255,
      page.at(left + 326, 82 + 250) === 255,
    ]
    // top, bottom, left, right
    expect(edges(24)).toEqual([true, false, false, true])
    expect(edges(24 + 352)).toEqual([true, false, false, true])
    expect(edges(24 + 704)).toEqual([true, false, true, false])
  })

  it('leaves the nodule free and says what it shows', () => {
    expect(orthogonalSvg(picture)).toContain('window -1000..500 HU · 51 mm a plane · head up')
    const page = pixels(orthogonalSvg(picture))
    expect(page.at(24 + 168, 82 + 168)).toBe(0)
    expect(page.at(24 + 168, 82 + 80)).toBeGreaterThan(100)
  })

  it('draws the one plane of a single slice', () => {
    const svg = orthogonalSvg({ ...picture, hu: cube.subarray(0, size * size), shapeZyx: [1, size, size] })
    expect(svg).toContain('axial')
    expect(svg).not.toContain('coronal')
  })

  it('refuses what is not a cube or a plane', () => {
    for (const shapeZyx of [
      [50, 50, 50],
      [2, size, size],
      [size, size, 1],
    ] as const) {
      expect(() => orthogonalSvg({ ...picture, shapeZyx })).toThrow(expect.objectContaining({ code: 'drawing/cube' }))
    }
  })
})

describe('rasterise', () => {
  it('draws the same bytes every time', () => {
    const svg = contactSheetSvg(sheet(1))
    expect(Buffer.compare(rasterise(svg), rasterise(svg))).toBe(0)
  })

  it('has its fonts: text leaves marks, bold ones more', () => {
    const ink = (bold: boolean): number => {
      const svg = svgDocument([200, 40], [svgText('LIDC-IDRI', 5, 30, { size: 24, fill: '#fff', bold })])
      return rasterise(svg).length
    }
    expect(ink(false)).toBeGreaterThan(1000)
    expect(ink(true)).not.toBe(ink(false))
  })

  it('refuses what is not a drawing', () => {
    expect(() => rasterise('<svg')).toThrow(expect.objectContaining({ code: 'drawing/svg' }))
  })
})

describe('textWidth', () => {
  it.each([
    'LIDC-IDRI-0001_0_nod1_ann0',
    '1.3.6.1.4.1.14519.5.2.1.6279.6001.179049373636438705059720603192',
    'window -1000..500 HU · 50 mm a view · head up · for research use',
    'WWWWMMMM@@@@%%%%',
    'iiiilllljjjj||||',
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    'abcdefghijklmnopqrstuvwxyz0123456789',
    '!"#$&()*+,-./:;<=>?[]^_{}~',
    'Zoë Müller-Ångström',
  ])('is not below what %j takes', (text) => {
    for (const bold of [false, true]) {
      const svg = svgDocument([2400, 60], [svgText(text, 10, 40, { size: 20, fill: '#fff', bold })])
      const estimate = textWidth(text, 20, bold)
      const { pixels: data, width } = new Resvg(svg.toString(), { font: fontOptions }).render()
      let last = 0 // rightmost column with ink
      for (let i = 0; i < data.length; i += 4) if (data[i] > 128) last = Math.max(last, (i / 4) % width)
      expect(last - 10).toBeLessThanOrEqual(estimate)
      expect(last - 10).toBeGreaterThan(estimate * 0.6)
    }
  })
})
