import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { partsOf, rectangleOf } from '../drawing/chart/read-chart.fixture.ts'
import { type Element, ofClass, parseXml } from '../drawing/read-xml.fixture.ts'
import { bar, pointPlot } from './bars.ts'

/** What a bar shows, in parts of its track. */
function readBar(element: Element) {
  const one = (name: string) => ofClass(element, name)[0]
  const track = rectangleOf(one('track'))
  const share = (x: number) => (x - track.left) / (track.right - track.left)
  const mean = rectangleOf(one('mean'))
  const guess = partsOf(one('guess'))
  const folds = ofClass(element, 'folds').flatMap(partsOf)
  for (const [from, to] of [...guess, ...folds]) expect(from[0]).toBe(to[0])
  expect([mean.left, mean.top, mean.bottom]).toEqual([track.left, track.top, track.bottom])
  return {
    mean: share(mean.right),
    guess: guess.map(([[x]]) => share(x)),
    folds: folds.map(([[x]]) => share(x)),
    heights: { track: [track.top, track.bottom], guess: guess.map(([[, from], [, to]]) => [from, to])[0] },
  }
}
const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 3))

describe('bar', () => {
  it('is as long as its share, with a mark for each fold and for a guess', () => {
    const read = readBar(parseXml(bar(0.31, [0.18, 0.2, 0.55], { guess: 0.25 }).toString()))
    expect(read).toEqual({
      mean: expect.closeTo(0.31, 3),
      guess: close([0.25]),
      folds: close([0.18, 0.2, 0.55]),
      // The guess stands out above and below.
      heights: { track: [2, 10], guess: [0, 12] },
    })
  })

  it('ends where its scale does', () => {
    const read = readBar(parseXml(bar(0.1, [0.05, 0.2], { guess: 0.1111, most: 0.25 }).toString()))
    expect(read).toMatchObject({ mean: expect.closeTo(0.4, 3), guess: close([0.4444]), folds: close([0.2, 0.8]) })
  })

  it('has no marks for one fold alone: it is the mean', () => {
    expect(readBar(parseXml(bar(0.4, [0.4], { guess: 0.5 }).toString())).folds).toEqual([])
  })

  it('is right for every share', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(share, fc.array(share, { minLength: 2, maxLength: 6 }), share, (mean, folds, guess) => {
        const read = readBar(parseXml(bar(mean, folds, { guess }).toString()))
        expect(read).toMatchObject({ mean: expect.closeTo(mean, 3), guess: close([guess]), folds: close(folds) })
      }),
    )
  })

  it('stretches to its place, hidden from readers that have the numbers beside it', () => {
    const { attributes } = parseXml(bar(0.1, [0.1], { guess: 0.5 }).toString())
    expect(attributes).toEqual({
      class: 'bar',
      viewBox: '0 0 100 12',
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
    })
  })
})

describe('pointPlot', () => {
  const rows = [
    { label: 'calibrated', mean: 0.42, folds: [0.31, 0.4, 0.55] },
    { label: 'raw <&>', mean: 0.13, folds: [0.17, 0.09] },
  ]
  const drawn = () => pointPlot('Probability', rows).toString()
  const read = () => {
    const root = parseXml(drawn())
    const [axis] = ofClass(root, 'x-axis')
    return { root, axis, ticks: axis.children.filter(({ tag }) => tag === 'text') }
  }

  it('has a scale from 0 to 1, its grid above its numbers', () => {
    const { axis, ticks } = read()
    expect(ticks.map(({ text }) => text)).toEqual(['0', '0.25', '0.5', '0.75', '1'])
    const grid = ofClass(axis, 'grid').map((line) => partsOf(line)[0][0][0])
    expect(grid).toEqual(ticks.map(({ attributes: { x } }) => Number(x)))
    const steps = grid.slice(1).map((x, i) => x - grid[i])
    expect(steps.every((step) => step > 0 && Math.abs(step - steps[0]) < 0.02)).toBe(true)
  })

  it.each(rows)('has a ring for each fold, a line from the least to the most, a bar for the mean: $label', (row) => {
    const { root, ticks } = read()
    const [first, last] = [ticks[0], ticks[4]].map(({ attributes: { x } }) => Number(x))
    const value = (x: number) => (x - first) / (last - first)
    const label = root.children.find(({ text }) => text === row.label)
    const middle = Number(label?.attributes.y) - 4
    const rings = ofClass(root, 'fold').filter(({ attributes: { cy } }) => Number(cy) === middle)
    expect(rings.map(({ attributes: { cx } }) => value(Number(cx)))).toEqual(close(row.folds))
    const across = (name: string) => ofClass(root, name).map((line) => partsOf(line)[0])
    const spans = across('span').filter(([[, y]]) => y === middle)
    expect(spans.map((ends) => ends.map(([x]) => value(x)))).toEqual([
      close([Math.min(...row.folds), Math.max(...row.folds)]),
    ])
    const means = across('middle').filter(([[, from], [, to]]) => from < middle && middle < to)
    expect(means.map(([[x]]) => value(x))).toEqual(close([row.mean]))
    expect(means[0][0][0]).toBe(means[0][1][0])
    // The name ends before the scale begins.
    expect(label?.attributes['text-anchor']).toBe('end')
    expect(Number(label?.attributes.x)).toBeLessThan(first)
  })

  it('says the same to people who cannot see it', () => {
    expect(read().root.attributes['aria-label']).toBe(
      'Probability. calibrated: mean 0.420, folds 0.310 to 0.550; raw <&>: mean 0.130, folds 0.090 to 0.170.',
    )
    const one = parseXml(pointPlot('P', [{ label: 'raw', mean: 0.2, folds: [0.2] }]).toString())
    expect(one.attributes['aria-label']).toBe('P. raw: mean 0.200.')
  })

  it('grows with its rows, all within the drawing', () => {
    const { root, ticks } = read()
    const height = (svg: string) => Number(parseXml(svg).attributes.viewBox.split(' ')[3])
    expect(height(drawn()) - height(pointPlot('P', rows.slice(1)).toString())).toBe(30)
    for (const { attributes } of ofClass(root, 'fold')) expect(Number(attributes.cy)).toBeLessThan(height(drawn()) - 24)
    expect(Math.max(...ticks.map(({ attributes: { y } }) => Number(y)))).toBeLessThanOrEqual(height(drawn()))
  })

  it('looks as it did', () => expect(drawn()).toMatchFileSnapshot('./snapshots/points.svg'))
})
