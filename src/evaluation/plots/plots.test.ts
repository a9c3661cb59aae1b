/** Every mark read back from the drawing by the numbers of its axes, and the drawings as they are. */
import { describe, expect, it } from 'vitest'
import {
  expectPoints,
  partsOf,
  type ReadChart,
  type ReadPlot,
  readChart,
} from '../../drawing/chart/read-chart.fixture.ts'
import { BENIGN, SERIES } from '../../drawing/chart/style.ts'
import type { Markup } from '../../drawing/markup.ts'
import { ofClass, parseXml } from '../../drawing/read-xml.fixture.ts'
import { wilson } from '../intervals/estimate.ts'
import type { CohortResult } from '../result.ts'
import { decisionPlot, inWords, plotted, precisionRecallPlot, rocPlot } from './curves.ts'
import { cohortFigures, cohortsFigure } from './figures.ts'
import { subgroupForest, zeroShotForest } from './forest.ts'
import { histogramPlot } from './histogram.ts'
import { reliabilityPlot } from './reliability.ts'
import { COHORT, estimate, FEATURES, MAIN, OTHER, POINTS, predictor } from './results.fixture.ts'

const LINES = plotted(COHORT)
const read = (svg: Markup) => readChart(svg.toString())
const onlyPlot = (svg: Markup): ReadPlot => read(svg).plots[0]
const snapshot = (svg: Markup, name: string) => expect(svg.toString()).toMatchFileSnapshot(`./snapshots/${name}.svg`)

describe('ROC', () => {
  const drawn = () => rocPlot('NLST: ROC', LINES, POINTS)
  const plot = () => onlyPlot(drawn())

  it('has sensitivity upwards over the false positive rate', () => {
    expect([plot().x.label, plot().y.label]).toEqual(['1 - specificity (false positive rate)', 'sensitivity (recall)'])
    for (const axis of [plot().x, plot().y])
      expect(axis.ticks.map(({ text }) => text)).toEqual(['0', '0.2', '0.4', '0.6', '0.8', '1'])
  })

  it('draws each curve through its points, as its legend has it', () => {
    for (const { label, result } of LINES) {
      const [line, ...more] = plot().lines(label)
      expectPoints(line, result.curves.roc)
      expect(more).toEqual([])
    }
    expectPoints(plot().lines('chance')[0], [
      [0, 0],
      [1, 1],
    ])
  })

  it('draws the main line over the others, and all over the border', () => {
    const strokes = plot().marks.map(({ attributes }) => attributes.stroke)
    expect(strokes.indexOf(SERIES[0].stroke)).toBeGreaterThan(strokes.indexOf(SERIES[1].stroke))
    const { children } = read(drawn()).root
    const places = ['rect', 'g'].map((tag) =>
      children.findLastIndex((child) => child.tag === tag && child.attributes.class !== 'legend'),
    )
    expect(places[1]).toBeGreaterThan(places[0])
  })

  it('has the operating points where they lie', () => {
    for (const [name, fpr, sensitivity] of [
      ['recall 0.80', 0.21, 0.83],
      ['recall 0.90', 0.38, 0.91],
      ['recall 0.95', 0.47, 0.96],
      ['specificity 0.95', 0.04, 0.41],
    ] as const)
      expectPoints(plot().signs(name), [[fpr, sensitivity]])
    expect(plot().marks.filter(({ attributes: { fill = 'none' } }) => fill !== 'none')).toHaveLength(4)
  })

  it('says in its legend and description what is drawn', () => {
    const { title, description, legend } = read(drawn())
    expect(title).toBe('NLST: ROC')
    expect(description).toBe(
      'ROC curves: ensemble, AUROC 0.810 (0.700 to 0.880); Brock 2a, AUROC 0.700 (0.610 to 0.790)',
    )
    expect(legend).toEqual([
      'ensemble: AUROC 0.810 (0.700 to 0.880), n = 40',
      'Brock 2a: AUROC 0.700 (0.610 to 0.790), n = 37',
      'chance',
      'recall 0.80: score >= 0.512',
      'recall 0.90: score >= 0.310, frozen from NLST',
      'recall 0.95: score >= 0.220',
      'specificity 0.95: score >= 0.770',
    ])
  })

  it('says so where there is no curve', () => {
    const empty = rocPlot('x', [{ label: 'a', result: predictor('a'), style: SERIES[0] }])
    expect(empty.toString()).toContain('no curve: one class only')
    expect(drawn().toString()).not.toContain('no curve')
  })

  it('looks as it did', () => snapshot(drawn(), 'roc'))
})

describe('precision and recall', () => {
  const drawn = () => precisionRecallPlot('NLST: precision and recall', LINES, POINTS)
  const plot = () => onlyPlot(drawn())

  it('has precision upwards over recall', () => {
    expect([plot().x.label, plot().y.label]).toEqual(['recall (sensitivity)', 'precision (positive predictive value)'])
  })

  it('holds each precision back to the recall before, without slopes', () => {
    expectPoints(plot().lines('ensemble')[0], [
      [0, 1],
      [0.2, 1],
      [0.2, 0.8],
      [0.5, 0.8],
      [0.5, 0.55],
      [0.9, 0.55],
      [0.9, 0.3],
      [1, 0.3],
    ])
    // The area under the steps is average precision.
    const [steps] = plot().lines('Brock 2a')
    const area = steps.slice(1).reduce((sum, [x, y], i) => sum + (x - steps[i][0]) * y, 0)
    expect(area).toBeCloseTo(0.1 * 0.5 + 0.6 * 0.6 + 0.3 * 0.33, 2)
  })

  it('has chance at the share of cancers, and the operating points at their precision', () => {
    expectPoints(plot().lines('chance')[0], [
      [0, 0.3],
      [1, 0.3],
    ])
    expectPoints(plot().signs('recall 0.95'), [[0.96, 0.44]])
    expectPoints(plot().signs('specificity 0.95'), [[0.41, 0.9]])
  })

  it('says in its legend what is drawn', () => {
    expect(read(drawn()).legend.slice(0, 3)).toEqual([
      'ensemble: AUPRC 0.620 (0.500 to 0.750)',
      'Brock 2a: AUPRC 0.410 (0.300 to 0.520)',
      'chance: share of cancers, 0.300',
    ])
    expect(read(drawn()).description).toContain('Brock 2a, AUPRC 0.410')
    const none = precisionRecallPlot('x', [
      { label: 'a', result: predictor('a', { rows: 0, cancers: 0 }), style: SERIES[0] },
    ])
    expect(none.toString()).toContain('no curve: no cancer')
    expect(none.toString()).toContain('share of cancers, 0.000')
  })

  it('leaves out an operating point without a precision', () => {
    const [point] = POINTS
    const rates = point.rates && { ...point.rates, precision: { value: null, interval: null } }
    const svg = precisionRecallPlot('x', LINES, [{ ...point, rates }])
    expect(onlyPlot(svg).signs('recall 0.80')).toEqual([])
  })

  it('looks as it did', () => snapshot(drawn(), 'precision-recall'))
})

describe('reliability', () => {
  const drawn = () => reliabilityPlot('NLST: reliability', LINES)
  const plot = () => onlyPlot(drawn())
  const seen = ({ result }: (typeof LINES)[number]) =>
    result.curves.reliability
      .filter(({ count }) => count > 0)
      .map((bin) => [bin.predicted ?? -1, bin.observed ?? -1] as const)

  it('has the observed share upwards over the probability', () => {
    expect([plot().x.label, plot().y.label]).toEqual(['mean predicted probability', 'observed share of cancers'])
  })

  it.each(LINES)('has a point a bin and a line through them: $label', (one) => {
    expectPoints(plot().lines(one.label)[0], seen(one))
    expectPoints(plot().signs(one.label), seen(one))
  })

  it.each(LINES)("has Wilson's interval of each share: $label", ({ result, style }) => {
    const bars = plot()
      .marks.filter(({ attributes }) => attributes.stroke === style.stroke && attributes['stroke-width'] === '1.2')
      .map((mark) => partsOf(mark)[0].map(plot().data))
    const bins = result.curves.reliability.filter(({ count }) => count > 0)
    expect(bars).toHaveLength(bins.length)
    for (const [i, { predicted, observed, count }] of bins.entries()) {
      const { low, high } = wilson(observed ?? -1, count)
      expectPoints(bars[i], [
        [predicted ?? -1, low],
        [predicted ?? -1, high],
      ])
    }
  })

  it('has the ideal from corner to corner of the shares', () => {
    expectPoints(plot().lines('perfect calibration; bars: 95 % of a share (Wilson)')[0], [
      [0, 0],
      [1, 1],
    ])
  })

  it('counts the nodules of the main predictor below, each bar in its bin and as high as its number', () => {
    const boxes = plot().boxes('nodules in each bin of ensemble')
    const bins = MAIN.curves.reliability.filter(({ count }) => count > 0)
    const numbers = plot().marks.filter(({ tag }) => tag === 'text')
    expect(numbers.map(({ text }) => text)).toEqual(bins.map(({ count }) => String(count)))
    for (const [i, [left, right, low, high]] of boxes.entries()) {
      expect(Math.abs(left - bins[i].low) + Math.abs(right - bins[i].high)).toBeLessThan(0.012)
      expect(low).toBeCloseTo(-0.22, 2)
      expect((high - low) / (boxes[0][3] - boxes[0][2])).toBeCloseTo(bins[i].count / bins[0].count, 1)
      expect(high).toBeLessThan(-0.05)
      const { x, y } = numbers[i].attributes
      expectPoints([plot().data([Number(x), Number(y) + 3])], [[(bins[i].low + bins[i].high) / 2, high]])
    }
  })

  it('says in its legend what is drawn, of three predictors at most, the first in front', () => {
    expect(read(drawn()).legend).toEqual([
      'ensemble: ECE 0.110 (0.060 to 0.190); perfect 0.084',
      'Brock 2a: ECE 0.200 (0.100 to 0.300); perfect 0.084',
      'perfect calibration; bars: 95 % of a share (Wilson)',
      'nodules in each bin of ensemble',
    ])
    expect(read(drawn()).description).toContain('ten bins: ensemble, ECE 0.110 (0.060 to 0.190); Brock 2a, ECE 0.200')
    const strokes = plot().marks.map(({ attributes }) => attributes.stroke)
    expect(strokes.lastIndexOf(SERIES[1].stroke)).toBeLessThan(strokes.indexOf(SERIES[0].stroke))
    const four = SERIES.slice(0, 4).map((style, i) => ({ label: `p${i}`, result: MAIN, style }))
    expect(
      read(reliabilityPlot('x', four))
        .legend.slice(2, 4)
        .map((text) => text.slice(0, 7)),
    ).toEqual(['p2: ECE', 'perfect'])
    const none = reliabilityPlot('x', [{ label: 'a', result: predictor('a'), style: SERIES[0] }])
    expect(none.toString()).toContain('no probabilities')
    expect(read(none).legend).toHaveLength(2)
  })

  it('looks as it did', () => snapshot(drawn(), 'reliability'))
})

describe('decision curve', () => {
  const drawn = () => decisionPlot('NLST: decision curve', LINES)
  const plot = () => onlyPlot(drawn())

  it('has net benefit upwards over the threshold', () => {
    expect([plot().x.label, plot().y.label]).toEqual([
      'threshold probability: one acts from here on',
      'net benefit (true positives a nodule)',
    ])
    expect(plot().y.ticks.map(({ text }) => text)).toEqual(['0.00', '0.10', '0.20', '0.30'])
  })

  it('draws each predictor, acting on none, and acting on all until it leaves the plot', () => {
    for (const { label, result } of LINES)
      expectPoints(
        plot().lines(label)[0],
        result.curves.decision.map(({ threshold, model }) => [threshold, model] as const),
      )
    expectPoints(plot().lines('acting on none')[0], [
      [0, 0],
      [1, 0],
    ])
    // A quarter of 1.15 times the share of cancers below 0, on the way from (0.3, 0) to (0.5, -0.4).
    const bottom = (-0.3 * 1.15) / 4
    expectPoints(plot().lines('acting on every nodule')[0], [
      [0.1, 0.22],
      [0.3, 0],
      [0.3 - bottom / 2, bottom],
    ])
  })

  it('keeps within the plot', () => {
    const low = predictor('low', { curves: { decision: [{ threshold: 0.1, model: -3, all: -2 }] } })
    const svg = decisionPlot('x', [{ label: 'low', result: low, style: SERIES[0] }])
    expect(onlyPlot(svg).lines('low')).toEqual([])
  })

  it('leaves out what is not a probability, and says so where nothing is left', () => {
    const ranks = { label: 'ranks', result: predictor('ranks'), style: SERIES[2] }
    expect(read(decisionPlot('x', [...LINES, ranks])).legend).toEqual([
      'ensemble: acting where it reaches the threshold',
      'Brock 2a: acting where it reaches the threshold',
      'acting on every nodule',
      'acting on none',
    ])
    expect(decisionPlot('x', [ranks]).toString()).toContain('no probabilities')
    // Without cancers the plot has a height all the same.
    const none = predictor('none', { cancers: 0, curves: { decision: [{ threshold: 0.1, model: 0, all: -0.01 }] } })
    expect(
      onlyPlot(decisionPlot('x', [{ label: 'none', result: none, style: SERIES[0] }])).y.ticks.map(({ text }) => text),
    ).toEqual(['0.00', '0.05'])
  })

  it('looks as it did', () => snapshot(drawn(), 'decision'))
})

/** A histogram, in which numbers below the line of zero are counts too. */
function readHistogram(svg: Markup): ReadChart {
  const axis = ofClass(parseXml(svg.toString()), 'y-axis')[0].children
  const zero = axis.find(({ tag, text }) => tag === 'text' && text === '0')?.attributes.y
  const yNumberOf = (text: string, place: number) => (place > Number(zero) ? -Number(text) : Number(text))
  return readChart(svg.toString(), { yNumberOf })
}

describe('histogram', () => {
  const drawn = () => histogramPlot('NLST: scores', LINES[0])
  const whole = () => readHistogram(drawn())
  const plot = () => whole().plots[0]

  it.each([
    ['cancer, upwards', MAIN.curves.histogram.cancer, 1],
    ['no cancer, downwards', MAIN.curves.histogram.benign, -1],
  ] as const)('has a bar of each bin, as long as its count: %s', (text, counts, sign) => {
    const boxes = plot().boxes(text)
    const expected = counts.flatMap((count, bin) => (count === 0 ? [] : [{ count, bin }]))
    expect(boxes).toHaveLength(expected.length)
    for (const [i, [left, right, low, high]] of boxes.entries()) {
      const { count, bin } = expected[i]
      expect((left + right) / 2).toBeCloseTo((bin + 0.5) / 20, 3)
      expect(right - left).toBeCloseTo(0.05, 2)
      expect(Math.abs(sign > 0 ? low : high)).toBeLessThan(0.01)
      expect(sign > 0 ? high : low).toBeCloseTo(sign * count, 1)
    }
  })

  it('has colours that the legend explains, hatched for cancer', () => {
    expect(whole().legend).toEqual(['cancer, upwards: 12 nodules', 'no cancer, downwards: 28 nodules'])
    const [hatched, plain] = ofClass(parseXml(drawn().toString()), 'legend')[0].children.filter(
      ({ tag }) => tag === 'rect',
    )
    expect(hatched.attributes.fill).toBe('url(#hatch-NLST-scores)')
    expect(plain.attributes.fill).toBe(BENIGN)
    expect(drawn().toString()).toContain('<pattern id="hatch-NLST-scores"')
    expect([plot().x.label, plot().y.label]).toEqual(['score of ensemble', 'nodules in a bin'])
    expect(whole().description).toBe('Histogram of ensemble: 12 cancers upwards, 28 others downwards, 20 bins')
  })

  it('has bins over the range of scores that are not probabilities', () => {
    const histogram = { from: -30, to: 10, benign: [0, 2], cancer: [3, 0] }
    const svg = histogramPlot('x', { label: 'a', result: predictor('a', { curves: { histogram } }), style: SERIES[0] })
    const [{ x, boxes }] = readHistogram(svg).plots
    expect(x.ticks.map(({ text }) => text)).toEqual(['-30', '-20', '-10', '0', '10'])
    // Bars stand 0.8 px apart from the borders of their bin, of 210 px a bin.
    const rounded = (text: string) => boxes(text).map((one) => one.map((value) => Number(value.toFixed(0)) + 0))
    expect(rounded('cancer, upwards')).toEqual([[-30, -10, 0, 3]])
    expect(rounded('no cancer, downwards')).toEqual([[-10, 10, -2, 0]])
  })

  it('looks as it did', () => snapshot(drawn(), 'histogram'))
})

describe('forest', () => {
  /** Its rows by the words at the left, with what stands and is drawn beside them. */
  function rowsOf(svg: Markup) {
    const root = parseXml(svg.toString())
    const [axis] = ofClass(root, 'x-axis')
    const ticks = axis.children
      .filter(({ tag }) => tag === 'text')
      .map(({ text, attributes: { x } }) => [Number(text), Number(x)])
    const [first, last] = [ticks[0], ticks[ticks.length - 1]]
    const value = (x: number) => first[0] + ((x - first[1]) / (last[1] - first[1])) * (last[0] - first[0])
    const [{ children }] = ofClass(root, 'marks')
    const names = children.filter(({ tag, attributes }) => tag === 'text' && Number(attributes.x) < 100)
    const rows = names.map(({ text, attributes }) => {
      const middle = Number(attributes.y) - 4
      const paths = children.filter(({ tag }) => tag === 'path').map((path) => ({ ...path, corners: partsOf(path)[0] }))
      const here = paths.filter(({ corners }) => corners.every(([, y]) => Math.abs(y - middle) < 6))
      const sign = here.find(({ attributes: { d } }) => d.endsWith('Z'))
      const [whisker] = here.filter(({ corners }) => corners.length === 2 && corners[0][1] === corners[1][1])
      const ends = here.filter(({ corners }) => corners.length === 2 && corners[0][0] === corners[1][0])
      return {
        text,
        others: children
          .filter((one) => one.tag === 'text' && one.attributes.y === attributes.y)
          .slice(1)
          .map((one) => one.text),
        value: sign && value((sign.corners[0][0] + sign.corners[1][0]) / 2),
        isHollow: sign && sign.attributes.fill === '#ffffff',
        interval: whisker?.corners.map(([x]) => value(x)),
        ends: ends.map(({ corners }) => value(corners[0][0])),
      }
    })
    const dashed = children
      .filter(({ attributes }) => attributes['stroke-dasharray'] === '4 3')
      .map((one) => value(partsOf(one)[0][0][0]))
    return { rows, dashed, ticks: ticks.map(([tick]) => tick), root }
  }
  const close = (values: readonly number[]) => values.map((one) => expect.closeTo(one, 3))
  const shown = (low: number, value: number, high: number, isHollow = false) => ({
    value: expect.closeTo(value, 3),
    isHollow,
    interval: close([low, high]),
    ends: close([low, high]),
  })

  it('has each subgroup with its counts, its AUROC and its interval on one line', () => {
    const { rows, dashed, ticks, root } = rowsOf(subgroupForest('NLST: subgroups', COHORT))
    expect(ticks).toEqual([0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1])
    expect(dashed).toEqual([expect.closeTo(0.81, 3)])
    const blank = { value: undefined, isHollow: undefined, interval: undefined, ends: [] }
    expect(rows).toEqual([
      { text: 'all', others: ['40 / 12', '0.810 (0.700 to 0.880)'], ...shown(0.7, 0.81, 0.88) },
      { text: 'sex', others: [], ...blank },
      { text: 'F', others: ['11 / 4', '0.770 (0.410 to 0.920)'], ...shown(0.41, 0.77, 0.92) },
      { text: 'male', others: ['14 / 7', '0.860 (0.660 to 0.970)'], ...shown(0.66, 0.86, 0.97, true) },
      { text: 'age', others: [], ...blank },
      { text: '< 55', others: ['14 / 7', 'no cancer among the rows'], ...blank },
      {
        text: '>= 55 years',
        others: ['21 / 14', '0.930'],
        value: expect.closeTo(0.93, 3),
        isHollow: false,
        interval: undefined,
        ends: [],
      },
    ])
    const text = (tag: string) => root.children.find((one) => one.tag === tag)?.text
    expect(text('title')).toBe('NLST: subgroups')
    expect(text('desc')).toBe(
      'all: 0.810 (0.700 to 0.880); F: 0.770 (0.410 to 0.920); male: 0.860 (0.660 to 0.970); < 55: no value; >= 55 years: 0.930',
    )
    const around = root.children.filter(({ tag }) => tag === 'text').map((one) => one.text)
    expect(around).toEqual([
      'NLST: subgroups',
      'nodules / cancers',
      'AUROC (95 % interval)',
      'dashed: all; hollow: under 10 cancers, or under 10 without cancer',
    ])
  })

  it('has no line for all where all have no AUROC', () => {
    const blank = predictor('a', { metrics: { auroc: { value: null, why: 'only cancers among the rows' } } })
    const { rows, dashed } = rowsOf(subgroupForest('x', { ...COHORT, predictors: [blank], subgroups: [] }))
    expect(dashed).toEqual([])
    expect(rows).toMatchObject([{ text: 'all', others: ['40 / 12', 'only cancers among the rows'] }])
  })

  it('has each zero-shot feature', () => {
    const { rows, dashed, ticks, root } = rowsOf(zeroShotForest('NLST: zero-shot', FEATURES))
    expect(dashed).toEqual([])
    expect(ticks[0]).toBe(0.3)
    expect(rows).toEqual([
      { text: 'nodule_margins', others: ['40', '0.710 (0.580 to 0.820)'], ...shown(0.58, 0.71, 0.82) },
      { text: 'necrosis', others: ['17', '0.640 (0.370 to 0.900)'], ...shown(0.37, 0.64, 0.9) },
    ])
    expect(root.children.at(-1)?.text).toBe('AUROC weighted over the values of a feature, each against the rest')
  })

  it('begins at 0.5 where all is above it', () => {
    const feature = { feature: 'a', rows: 3, auroc: estimate(0.9, 0.8, 0.95), byValue: [] }
    expect(rowsOf(zeroShotForest('x', [feature])).ticks).toEqual([0.5, 0.6, 0.7, 0.8, 0.9, 1])
  })

  it('looks as it did', async () => {
    await snapshot(subgroupForest('NLST: AUROC of ensemble by subgroup', COHORT), 'subgroups')
    await snapshot(zeroShotForest('NLST: zero-shot features', FEATURES), 'zero-shot')
  })
})

describe('figures', () => {
  const named = (cohort: CohortResult, features = FEATURES) => cohortFigures(cohort, 1, features)

  it('of a cohort have its name and kind, and a caption', () => {
    expect(named({ ...COHORT, name: '../NLST & co' }).map(({ file }) => file)).toEqual([
      '2-NLST-co-roc',
      '2-NLST-co-precision-recall',
      '2-NLST-co-reliability',
      '2-NLST-co-decision',
      '2-NLST-co-histogram',
      '2-NLST-co-subgroups',
      '2-NLST-co-zero-shot',
    ])
    expect(named({ ...COHORT, subgroups: [] }, [])).toHaveLength(5)
    expect(named({ ...COHORT, name: '結節' })[0].file).toBe('2-cohort-roc')
    const captions = named(COHORT).map(({ caption }) => caption)
    expect(captions[0]).toBe('ROC curves of NLST. Signs: operating points of ensemble, chosen on these very nodules.')
    expect(captions.every((caption) => /^[A-Z].*\.$/.test(caption))).toBe(true)
    const frozen = COHORT.points.map((point) => ({ ...point, sameRows: false }))
    expect(named({ ...COHORT, points: frozen })[0].caption).toBe(
      'ROC curves of NLST. Signs: operating points of ensemble.',
    )
  })

  it('leave the folds out, and show as many predictors as there are styles', () => {
    const folds = ['raw_0', 'raw_1'].map((key) => predictor(key, { kind: 'own' }))
    const many = Array.from({ length: 9 }, (_, i) => predictor(`tool ${i}`, { kind: 'other' }))
    const lines = plotted({ ...COHORT, predictors: [MAIN, ...folds, ...many] })
    expect(lines.map(({ label }) => label)).toEqual(['ensemble', ...Array.from({ length: 7 }, (_, i) => `tool ${i}`)])
    expect(lines.map(({ style }) => style)).toEqual(SERIES)
    // The predictor that the report is about, whatever it is.
    expect(plotted({ ...COHORT, predictors: folds }).map(({ label }) => label)).toEqual(['raw_0'])
  })

  it.each([
    ['calibrated_ensemble', 'ensemble'],
    ['ensemble', 'calibrated_ensemble'],
  ])('show the reliability of %s beside %s and the risk models', (main, other) => {
    const predictors = [
      predictor(main, { curves: MAIN.curves }),
      predictor(other, { kind: 'own', curves: OTHER.curves }),
      predictor('tool', { kind: 'other', curves: MAIN.curves }),
      OTHER,
    ]
    const [, , { svg }] = named({ ...COHORT, predictors })
    expect(
      read(svg)
        .legend.slice(0, 3)
        .map((text) => text.split(':')[0]),
    ).toEqual([main, other, 'Brock 2a'])
    expectPoints(onlyPlot(svg).signs(other), [
      [0.06, 0.3],
      [0.34, 3 / 7],
    ])
  })

  it('of several cohorts compare the main predictor by its ROC', () => {
    expect(cohortsFigure([COHORT])).toEqual([])
    const far = { ...COHORT, name: 'LUNGx', predictors: [{ ...OTHER, label: 'ensemble' }] }
    const [{ file, svg, caption }] = cohortsFigure([COHORT, far])
    expect([file, caption]).toEqual(['0-cohorts-roc', 'ROC curves of ensemble in every cohort.'])
    expectPoints(onlyPlot(svg).lines('NLST')[0], MAIN.curves.roc)
    expectPoints(onlyPlot(svg).lines('LUNGx')[0], OTHER.curves.roc)
    expect(read(svg).title).toBe('ensemble: ROC by cohort')
  })

  it('write an estimate with its interval, or that there is none', () => {
    expect([inWords(estimate(0.5, 0.25, 0.75)), inWords({ value: 0.5, interval: null }), inWords(undefined)]).toEqual([
      '0.500 (0.250 to 0.750)',
      '0.500',
      'no value',
    ])
    expect(inWords({ value: null, why: 'x' })).toBe('no value')
  })
})
