import { describe, expect, it } from 'vitest'
import { expectPoints, type ReadPlot, readChart } from '../drawing/chart/read-chart.fixture.ts'
import { rasterise } from '../drawing/rasterise.node.ts'
import { ofClass, parseXml, within } from '../drawing/read-xml.fixture.ts'
import { type CurveRecord, isCurveRecord, trainingCurveSvg } from './curves.ts'

const losses = (value: number | null) => ({ clip: value, image: value, text: value })
const record = (epoch: number, value: number | null, auroc: number | null = 0.8): CurveRecord => ({
  epoch,
  train: losses(value === null ? null : value / 2),
  val: losses(value),
  auroc,
  auprc: auroc,
})
const draw = (records: readonly CurveRecord[], title = 'fold 0') => trainingCurveSvg(records, { title })

/** A run in which no two curves are alike: [clip, image, text] of training and validation, AUROC, average precision. */
const RUN: readonly CurveRecord[] = (
  [
    [3.1, 0.72, 0.9, 3.3, 0.75, 0.95, 0.52, 0.31],
    [2.2, 0.6, 0.7, 2.8, 0.7, 0.78, 0.66, 0.42],
    [1.7, 0.5, 0.52, 2.9, 0.62, 0.7, 0.79, 0.61],
    [1.2, 0.41, 0.45, 3, 0.69, 0.81, 0.75, 0.58],
  ] as const
).map(([clip, image, text, valClip, valImage, valText, auroc, auprc], i) => ({
  epoch: 4 + i,
  train: { clip, image, text },
  val: { clip: valClip, image: valImage, text: valText },
  auroc,
  auprc,
}))
/** The loss that a tracker looks at: the heads' mean, the contrast, or the contrast and the heads' mean. */
const prediction = ({ image, text }: CurveRecord['val']) => ((image ?? Number.NaN) + (text ?? Number.NaN)) / 2
const TRACKED = {
  'both (total)': (one: CurveRecord['val']) => (one.clip ?? Number.NaN) + prediction(one),
  CLIP: ({ clip }: CurveRecord['val']) => clip ?? Number.NaN,
  prediction,
}

/** Lines of a curve's colour, by how they are drawn. */
function linesOf(svg: string, plot: ReadPlot, name: string) {
  const entries = within(parseXml(svg))
    .filter(({ attributes }) => attributes.class === 'legend')
    .flatMap(({ children }) => children)
  const sampleOf = (text: string) => entries[entries.findIndex((one) => one.text === text) - 1].attributes
  const colour = sampleOf(name).stroke
  const ofSet = (set: string) =>
    plot.marks
      .filter(({ attributes: { d = '', stroke } }) => stroke === colour && !d.endsWith('Z') && d !== '')
      .filter(({ attributes }) =>
        ['stroke-width', 'stroke-dasharray'].every((key) => attributes[key] === sampleOf(set)[key]),
      )
      .map(({ attributes: { d } }) =>
        d
          .slice(1)
          .split('L')
          .map((pair) => plot.data(pair.split(' ').map(Number) as unknown as [number, number])),
      )
  return { training: ofSet('training'), validation: ofSet('validation') }
}

describe('training curves', () => {
  const drawn = () => {
    const svg = draw(RUN)
    const chart = readChart(svg)
    const [lossPlot, metricPlot] = chart.plots
    return { svg, chart, lossPlot, metricPlot }
  }

  it('have losses upwards over epochs, and metrics below over the same', () => {
    const { svg, lossPlot, metricPlot } = drawn()
    expect([lossPlot.y.label, metricPlot.y.label, metricPlot.x.label]).toEqual([
      'loss (nats)',
      'on the validation set',
      'epoch',
    ])
    expect(metricPlot.x.ticks.map(({ text }) => text)).toEqual(['4', '5', '6', '7'])
    expect(lossPlot.y.ticks.map(({ text }) => text)).toEqual(['0', '1', '2', '3', '4', '5'])
    expect(metricPlot.y.ticks.map(({ text }) => text)).toEqual(['0.2', '0.4', '0.6', '0.8', '1'])
    // Numbers stand below the lowest plot alone; the grid of both is the same.
    const [above, below] = ofClass(parseXml(svg), 'x-axis')
    const grid = (axis: typeof above) =>
      axis.children.flatMap(({ tag, attributes: { d } }) => (tag === 'path' ? [d.split(' ')[0]] : []))
    expect(above.children.every(({ tag }) => tag === 'path')).toBe(true)
    expect(grid(above)).toEqual(grid(below))
  })

  it.each(Object.entries(TRACKED))('draw each loss of training and validation: %s', (name, loss) => {
    const { svg, lossPlot } = drawn()
    const { training, validation } = linesOf(svg, lossPlot, name)
    expect([training.length, validation.length]).toEqual([1, 1])
    expectPoints(
      training[0],
      RUN.map(({ epoch, train }) => [epoch, loss(train)] as const),
      0.01,
    )
    expectPoints(
      validation[0],
      RUN.map(({ epoch, val }) => [epoch, loss(val)] as const),
      0.01,
    )
  })

  it.each([
    ['AUROC', 'auroc'],
    ['average precision', 'auprc'],
  ] as const)('draw each metric: %s', (name, key) => {
    const { svg, metricPlot } = drawn()
    const { training, validation } = linesOf(svg, metricPlot, name)
    expect(training).toEqual([])
    expectPoints(
      validation[0],
      RUN.map((one) => [one.epoch, one[key] ?? Number.NaN] as const),
      0.01,
    )
  })

  it('mark and tell the best epoch of each', () => {
    const { chart, lossPlot, metricPlot } = drawn()
    expect(chart.legend).toEqual([
      'both (total)',
      'best 3.540 at epoch 5',
      'CLIP',
      'best 2.800 at epoch 5',
      'prediction',
      'best 0.6600 at epoch 6',
      'validation',
      'training',
      'AUROC',
      'best 0.7900 at epoch 6',
      'average precision',
      'best 0.6100 at epoch 6',
    ])
    expectPoints(lossPlot.signs('best 3.540 at epoch 5'), [[5, 3.54]], 0.02)
    expectPoints(lossPlot.signs('best 2.800 at epoch 5'), [[5, 2.8]], 0.02)
    expectPoints(lossPlot.signs('best 0.6600 at epoch 6'), [[6, 0.66]], 0.02)
    expectPoints(metricPlot.signs('best 0.7900 at epoch 6'), [[6, 0.79]], 0.02)
    expectPoints(metricPlot.signs('best 0.6100 at epoch 6'), [[6, 0.61]], 0.02)
    expect(chart.title).toBe('fold 0')
    expect(chart.description).toContain('of 4 epochs. both (total), best 3.540 at epoch 5, CLIP')
  })

  it('weigh the losses as the run did', () => {
    const weighted = trainingCurveSvg(RUN, { lossWeights: { clip: 0.5, image: 1, text: 0 } })
    expect(readChart(weighted).legend.slice(1, 6)).toEqual([
      'best 1.750 at epoch 5',
      'CLIP',
      'best 2.800 at epoch 5',
      'prediction',
      'best 0.3100 at epoch 6',
    ])
    expect(readChart(weighted).title).toBe('training')
  })

  it('take an equal loss for better, as the checkpoints do, but not an equal metric', () => {
    const flat = draw([record(0, 3, 0.6), record(1, 1.5, 0.9), record(2, 2, 0.7), record(3, 1.5, 0.9)])
    expect(readChart(flat).legend).toEqual(expect.arrayContaining(['best 3.000 at epoch 3', 'best 0.9000 at epoch 1']))
    expect(rasterise(flat).length).toBeGreaterThan(1000)
  })

  it.each([
    ['no epoch', []],
    ['one epoch', [record(0, 1)]],
    ['gaps', [record(0, 1), record(1, null, null), record(2, 1), record(3, 2)]],
    ['nothing finite', [record(0, null, null), record(1, null, null)]],
    ['a constant loss', [record(0, 1), record(1, 1)]],
    ['losses of 0', [record(0, 0), record(1, 0)]],
    ['losses far apart', [record(0, 1e9), record(1, 1e-9)]],
    ['epochs from 40 on', [record(40, 1), record(41, 2)]],
  ])('keep within their plots: %s', (_, records) => {
    const drawn = draw(records, '<run & "fold">')
    expect(drawn).not.toMatch(/NaN|Infinity|undefined|null/)
    const root = parseXml(drawn)
    const groups = ofClass(root, 'marks')
    const borders = root.children.filter(({ tag, attributes }) => tag === 'rect' && attributes.fill === 'none')
    expect([groups.length, borders.length]).toEqual([2, 2])
    const places = groups.flatMap(({ children }, i) =>
      children.flatMap(({ attributes: { d, cx, cy } }) => {
        const pairs = cx === undefined ? ((d ?? '').match(/-?[\d.]+ -?[\d.]+/g) ?? []) : [`${cx} ${cy}`]
        return pairs.map((pair) => [i, ...pair.split(' ').map(Number)])
      }),
    )
    const isEmpty = records.every(({ auroc }) => auroc === null)
    expect(places.length > 0).toBe(!isEmpty)
    for (const [i, x, y] of places) {
      const { attributes } = borders[i]
      // A sign may reach half its size beyond.
      expect(x).toBeGreaterThan(Number(attributes.x))
      expect(x).toBeLessThan(Number(attributes.x) + Number(attributes.width))
      expect(y).toBeGreaterThan(Number(attributes.y) - 8)
      expect(y).toBeLessThan(Number(attributes.y) + Number(attributes.height) + 8)
    }
  })

  it('say so where there is nothing yet', () => {
    const { svg } = drawn()
    const nothing = within(parseXml(draw([]))).map(({ text }) => text)
    expect(nothing).toContain('no epoch yet')
    expect(nothing.filter((text) => text === 'no finite value yet')).toHaveLength(5)
    expect(svg).not.toContain('no epoch yet')
  })

  it('break at a gap, and show a value alone as a dot', () => {
    const gap = draw([
      record(0, 1),
      record(1, 2),
      record(2, null, null),
      record(3, 1.5),
      record(4, null, null),
      record(5, 1),
      record(6, 1),
    ])
    const {
      plots: [plot],
    } = readChart(gap)
    const { validation } = linesOf(gap, plot, 'CLIP')
    expect(validation.map((line) => line.map(([epoch]) => Math.round(epoch)))).toEqual([
      [0, 1],
      [5, 6],
    ])
    // Three losses, of training and of validation.
    const dots = plot.marks.filter(({ tag, attributes }) => tag === 'circle' && attributes.fill !== '#ffffff')
    expect(dots).toHaveLength(6)
    expect(dots.map(({ attributes: { cx, cy } }) => plot.data([Number(cx), Number(cy)])[0])).toEqual(
      new Array(6).fill(expect.closeTo(3, 1)),
    )
  })

  it('place one epoch alone in the middle', () => {
    const [plot] = ofClass(parseXml(draw([record(7, 1)])), 'marks')
    const dots = plot.children.filter(({ tag }) => tag === 'circle')
    expect(new Set(dots.map(({ attributes }) => attributes.cx))).toEqual(new Set(['388']))
    const texts = ofClass(parseXml(draw([record(7, 1)])), 'x-axis')[1].children.filter(({ tag }) => tag === 'text')
    expect(texts.map(({ text }) => text)).toEqual(['7', 'epoch'])
  })

  it('have whole epochs at their axis', () => {
    const two = ofClass(parseXml(draw([record(0, 1), record(1, 2)])), 'x-axis')[1].children
    expect(two.filter(({ tag }) => tag === 'text').map(({ text }) => text)).toEqual(['0', '1', 'epoch'])
  })

  it('look as they did', () => expect(drawn().svg).toMatchFileSnapshot('./snapshots/curves.svg'))

  it('are found among the lines of a log', () => {
    const whole = { kind: 'epoch', step: 1, ...record(0, 1) }
    expect(isCurveRecord(whole)).toBe(true)
    const without = (key: keyof CurveRecord) => ({ ...whole, [key]: undefined })
    const part = { clip: 1, image: 1 }
    for (const other of [
      null,
      undefined,
      'epoch',
      { kind: 'step', step: 1, total: 2 },
      { epoch: 1 },
      { ...whole, epoch: '1' },
      { ...whole, train: part },
      { ...whole, val: part },
      { ...whole, train: null },
      { ...whole, val: 1 },
      ...(['epoch', 'train', 'val', 'auroc', 'auprc'] as const).map(without),
    ])
      expect(isCurveRecord(other), JSON.stringify(other)).toBe(false)
  })
})
