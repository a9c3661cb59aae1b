import { SaxesParser } from 'saxes'
import { describe, expect, it } from 'vitest'
import { rasterise } from '../drawing/rasterise.node.ts'
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
const count = (svg: string, part: RegExp) => svg.match(part)?.length ?? 0
const texts = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map((match) => match[1])

describe('training curves', () => {
  it('have six losses and two metrics, each best epoch marked and told', () => {
    const svg = draw([record(0, 3, 0.6), record(1, 1.5, 0.9), record(2, 2, 0.7), record(3, 1.5, 0.8)])
    expect(count(svg, /<polyline/g)).toBe(8)
    expect(count(svg, /<polyline[^>]*dasharray/g)).toBe(3)
    // An equal loss is a better one, as for the checkpoints; an equal metric is not.
    expect(texts(svg)).toEqual(expect.arrayContaining(['best 3.000 at epoch 3', 'best 0.9000 at epoch 1']))
    expect(texts(svg)).toEqual(expect.arrayContaining(['loss (nats)', 'epoch', 'AUROC', 'validation', 'training']))
    expect(rasterise(svg).length).toBeGreaterThan(1000)
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
  ])('are drawn of %s', (_, records) => {
    const svg = draw(records, '<run & "fold">')
    new SaxesParser({ xmlns: true }).write(svg).close()
    expect(svg).not.toMatch(/NaN|Infinity|undefined|null/)
    // Every line stays within its panel.
    for (const [, points] of svg.matchAll(/<polyline points="([^"]*)"/g))
      for (const point of points.split(' ')) {
        const [x, y] = point.split(',').map(Number)
        expect(x >= 76 && x <= 720 && y >= 71.9 && y <= 556.1).toBe(true)
      }
  })

  it('break at a gap', () => {
    const svg = draw([record(0, 1), record(1, 2), record(2, null, null), record(3, 1), record(4, 1)])
    expect(count(svg, /<polyline/g)).toBe(16)
  })

  it('are found among the lines of a log', () => {
    const lines = [{ kind: 'step', step: 1, total: 2 }, { kind: 'epoch', step: 1, ...record(0, 1) }, null, { epoch: 1 }]
    expect(lines.filter(isCurveRecord).map(({ epoch }) => epoch)).toEqual([0])
  })
})
