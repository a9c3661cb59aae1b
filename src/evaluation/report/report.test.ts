import { describe, expect, it } from 'vitest'
import { svg } from '../../drawing/markup.ts'
import { type Element, ofClass, parseHtml, tagged, textIn } from '../../drawing/read-xml.fixture.ts'
import { METRICS } from '../metrics/metrics.ts'
import { COHORT, estimate, FEATURES, MAIN, OTHER, POINTS, predictor } from '../plots/results.fixture.ts'
import type { CohortResult } from '../result.ts'
import { figure } from './html.ts'
import { composeReport, type ReportInput } from './report.ts'
import { estimateCell } from './tables.ts'

const rate = (value: number, low: number, high: number) => ({ value, interval: { low, high } })
const NLST: CohortResult = {
  ...COHORT,
  leftOut: { unlabelled: 3, unpredicted: 2, unknown: 1 },
  notes: ['one was odd', 'another, <too>'],
  predictors: [
    {
      ...MAIN,
      deLong: { standardError: 0.04, low: 0.73, high: 0.89 },
      metrics: {
        ...MAIN.metrics,
        brier: estimate(0.1234, 0.1, 0.15),
        calibration_intercept: estimate(-0.0001, -0.5, 0.4),
      },
    },
    { ...OTHER, blanks: ['3 nodules: age is not given', '1 nodule: b', '1 nodule: c', '1 nodule: d'] },
    predictor('diameter', { label: 'diameter alone', kind: 'diameter', eceOfPerfect: null, metrics: {} }),
  ],
  comparisons: [
    { key: 'brock_2a', label: 'Brock 2a', rows: 37, difference: 0.11, low: 0.02, high: 0.2, p: 0.0163, pHolm: 0.0326 },
    {
      key: 'diameter',
      label: 'diameter alone',
      rows: 40,
      difference: -0.2,
      low: -0.3,
      high: -0.1,
      p: 0.00001,
      pHolm: 0.00002,
    },
    { key: 'x', label: 'x', rows: 4, difference: null, low: null, high: null, p: null, pHolm: null },
  ],
  points: [
    {
      ...POINTS[0],
      threshold: 0.51234,
      counts: { truePositives: 10, falsePositives: 6, falseNegatives: 2, trueNegatives: 22 },
      rates: {
        sensitivity: rate(0.83, 0.6, 0.95),
        specificity: rate(0.79, 0.7, 0.9),
        falsePositiveRate: rate(0.21, 0.1, 0.3),
        precision: rate(0.63, 0.5, 0.7),
        negativePredictiveValue: { value: null, interval: null },
      },
    },
    { ...POINTS[1], threshold: null, rates: null, counts: null },
  ],
  subgroups: [
    { ...COHORT.subgroups[0], sensitivity: 0.75, specificity: 0.5 },
    { ...COHORT.subgroups[1], sensitivity: null },
  ],
  cIndex: estimate(0.71, 0.6, 0.8),
}
const FAR: CohortResult = {
  ...COHORT,
  name: 'LUNGx & co',
  unit: 'patient',
  rows: 8,
  patients: 8,
  cancers: 3,
  patientsWithCancer: 3,
  predictors: [
    predictor('ensemble', { unit: 'patient', metrics: { auroc: { value: null, why: 'no cancer among the rows' } } }),
  ],
  points: POINTS.map((point) => ({ ...point, sameRows: false })),
  subgroups: [],
}
const INPUT: ReportInput = {
  title: 'Evaluation <1>',
  stamp: { model: 'made', model_version: '7', software: 'spicula 0', use: 'for research use' },
  cohorts: [NLST, FAR],
  features: [
    [
      {
        ...FEATURES[0],
        byValue: [
          { value: 'Smooth', rows: 30, auroc: 0.7 },
          { value: 'Lobulated', rows: 0, auroc: null },
        ],
      },
      FEATURES[1],
    ],
    [],
  ],
  seed: 5,
  replicates: 321,
  remarks: ['Made labels.'],
}
const report = () => composeReport(INPUT)
const bodyOf = ({ html }: { readonly html: string }): Element => tagged(parseHtml(html), 'body')[0]
const body = () => bodyOf(report())

/** The cells of the only table whose caption begins so, the header first. */
function cellsOf(caption: string, root: Element = body()): string[][] {
  const found = tagged(root, 'table').filter((table) => tagged(table, 'caption')[0].text.startsWith(caption))
  expect(found, caption).toHaveLength(1)
  return tagged(found[0], 'tr').map((row) => row.children.map(textIn))
}

describe('the report', () => {
  it('says what it is of, who made it, and that it is for research use', () => {
    expect(tagged(body(), 'h1').map(({ text }) => text)).toEqual(['Evaluation <1>'])
    expect(ofClass(body(), 'stamp').map(({ text }) => text)).toEqual([
      'model: made · model version: 7 · software: spicula 0',
    ])
    expect(ofClass(body(), 'use').map(({ text }) => text)).toEqual(['for research use'])
    expect(tagged(body(), 'h2').map(({ text }) => text)).toEqual(['Summary', 'NLST', 'LUNGx & co', 'Methods'])
    expect(tagged(parseHtml(report().html), 'title')[0].text).toBe('Evaluation <1>')
    expect(ofClass(body(), 'warn').map(({ text }) => text)).toEqual([
      'Made labels.',
      'These thresholds were chosen on the nodules they are applied to, which flatters the rate they were chosen for. Freeze them (--operating-points, --choose-on) for another cohort.',
    ])
    const lists = tagged(body(), 'ul').map((list) => tagged(list, 'li').map(({ text }) => text))
    expect(lists.slice(0, 2)).toEqual([
      [
        'Brock 2a has no value for 3 nodules: age is not given',
        'Brock 2a has no value for 1 nodule: b',
        'Brock 2a has no value for 1 nodule: c',
      ],
      ['one was odd', 'another, <too>'],
    ])
    const [methods] = lists.slice(2)
    expect(methods).toHaveLength(7)
    expect(methods[0]).toContain('percentiles of 321 bootstrap replicates over patients')
    expect(methods[0]).toContain('seed 5.')
  })

  it('counts who is in each cohort', () => {
    expect(cellsOf('Cohorts')).toEqual([
      ['', 'NLST', 'LUNGx & co'],
      ['patients', '33', '8'],
      ['patients with cancer', '11', '3'],
      ['nodules', '40', 'judged by patient: 8'],
      ['cancers among them', '12 (30.0 %)', '3 (37.5 %)'],
      ['left out: without a label', '3', '0'],
      ['left out: without a prediction', '2', '0'],
      ['left out: predicted, not in the cohort', '1', '0'],
    ])
  })

  it('has every metric of the main predictor for each cohort', () => {
    const [head, ...rows] = cellsOf('ensemble on every cohort, with 95 % intervals')
    expect(head).toEqual(['', 'NLST', 'LUNGx & co'])
    expect(rows.map(([name]) => name)).toEqual([
      ...METRICS.map(({ label }) => label),
      'ECE of a perfect model of this size',
      'AUROC interval by DeLong',
      'C-index (time to diagnosis)',
    ])
    const row = (name: string) => rows.find(([one]) => one === name)?.slice(1)
    expect(row('AUROC')).toEqual(['0.810 0.700 to 0.880', 'no cancer among the rows'])
    expect(row('Brier score')).toEqual(['0.123 0.100 to 0.150', ''])
    // Nothing is -0.000.
    expect(row('Calibration intercept')).toEqual(['0.000 -0.500 to 0.400', ''])
    expect(row('ECE of a perfect model of this size')).toEqual(['0.084', '0.084'])
    expect(row('AUROC interval by DeLong')).toEqual(['0.730 to 0.890', 'none'])
    expect(row('C-index (time to diagnosis)')).toEqual(['0.710 0.600 to 0.800', ''])
    const cohorts = [{ ...FAR, predictors: [predictor('x', { eceOfPerfect: null })] }]
    const without = bodyOf(composeReport({ ...INPUT, cohorts }))
    const last = cellsOf('x on every cohort', without)
    expect(last.map(([name]) => name)).not.toContain('C-index (time to diagnosis)')
    expect(last.find(([name]) => name.startsWith('ECE of a perfect'))).toEqual([
      'ECE of a perfect model of this size',
      'not a probability',
    ])
  })

  it('has predictors side by side', () => {
    expect(cellsOf('Predictors on NLST, with 95 % intervals')).toEqual([
      [
        '',
        'nodules, cancers',
        'AUROC',
        'AUPRC',
        'FPR at recall 0.95',
        'Sens. at spec. 0.95',
        'Brier',
        'Cal. slope',
        'Cal. intercept',
        'ECE',
      ],
      [
        'ensemble',
        '40 12',
        '0.810 0.700 to 0.880',
        '0.620 0.500 to 0.750',
        '',
        '',
        '0.123 0.100 to 0.150',
        '',
        '0.000 -0.500 to 0.400',
        '0.110 0.060 to 0.190',
      ],
      ['Brock 2a', '37 12', '0.700 0.610 to 0.790', '0.410 0.300 to 0.520', '', '', '', '', '', '0.200 0.100 to 0.300'],
      ['diameter alone', '40 12', '', '', '', '', '', '', '', ''],
    ])
    expect(cellsOf('Predictors on LUNGx & co')[0][1]).toBe('patients, cancers')
  })

  it('has the comparisons with the main predictor', () => {
    expect(cellsOf('AUROC of ensemble less that of others on NLST (paired DeLong test)')).toEqual([
      ['', 'nodules in both', 'difference', 'p', 'p, Holm'],
      ['Brock 2a', '37', '0.110 0.020 to 0.200', '0.0163', '0.0326'],
      ['diameter alone', '40', '-0.200 -0.300 to -0.100', '< 0.0001', '< 0.0001'],
      ['x', '4', 'cannot be tested: too few of a class, or no spread', 'none', 'none'],
    ])
    expect(report().html).not.toContain('others on LUNGx')
  })

  it('has what happens at each threshold, and where it was chosen', () => {
    expect(cellsOf('Operating points of ensemble on NLST')).toEqual([
      [
        'chosen for',
        'chosen on',
        'threshold',
        'sensitivity',
        'specificity',
        'precision',
        'NPV',
        'TP',
        'FP',
        'FN',
        'TN',
      ],
      [
        'recall 0.80',
        'NLST the same nodules',
        '0.5123',
        '0.830 0.600 to 0.950',
        '0.790 0.700 to 0.900',
        '0.630 0.500 to 0.700',
        'none',
        '10',
        '6',
        '2',
        '22',
      ],
      ['recall 0.90', 'NLST frozen', 'none meets it', '', '', '', '', '', '', '', ''],
    ])
    expect(cellsOf('Operating points of ensemble on LUNGx')[1].slice(0, 2)).toEqual(['recall 0.80', 'NLST frozen'])
  })

  it('has the subgroups with their counts and warnings', () => {
    expect(
      cellsOf('Subgroups of NLST: ensemble; sensitivity and specificity at the threshold for recall 0.95'),
    ).toEqual([
      ['', 'nodules', 'patients', 'cancers', 'AUROC', 'sensitivity', 'specificity', 'warning'],
      ['F sex', '11', '9', '4', '0.770 0.410 to 0.920', '0.750', '0.500', ''],
      ['male sex', '14', '9', '7', '0.860 0.660 to 0.970', 'none', 'none', 'only 7 cancers'],
    ])
    expect(report().html).not.toContain('Subgroups of LUNGx')
  })

  it('has zero-shot features by value', () => {
    expect(cellsOf('Zero-shot features on NLST')).toEqual([
      ['', 'nodules', 'AUROC', 'by value'],
      ['nodule_margins', '40', '0.710 0.580 to 0.820', 'Smooth (30): 0.700; Lobulated (0): none'],
      ['necrosis', '17', '0.640 0.370 to 0.900', ''],
    ])
  })

  it('has its figures with their captions, broad ones apart', () => {
    const figures = tagged(body(), 'figure')
    expect(figures.map((one) => textIn(one.children[1]))).toEqual(report().figures.map(({ caption }) => caption))
    expect(report().figures.map(({ file }) => file)).toEqual([
      '0-cohorts-roc',
      ...['roc', 'precision-recall', 'reliability', 'decision', 'histogram', 'subgroups', 'zero-shot'].map(
        (kind) => `1-NLST-${kind}`,
      ),
      ...['roc', 'precision-recall', 'reliability', 'decision', 'histogram'].map((kind) => `2-LUNGx-co-${kind}`),
    ])
    const broad = figures.filter(({ attributes }) => attributes.class === 'broad').map((one) => textIn(one.children[1]))
    expect(broad).toEqual([
      'AUROC by subgroup of NLST; the dashed line is that of all nodules.',
      'Zero-shot AUROC of each semantic feature on NLST.',
    ])
    // Ids are shared by all drawings of a page.
    const ids = tagged(body(), 'pattern').map(({ attributes }) => attributes.id)
    expect(new Set(ids).size).toBe(2)
    expect(figure(svg`<svg width="100"/>`, 'a & b').toString()).toContain('<figcaption>a &amp; b</figcaption>')
  })

  it('needs nothing else, and runs nothing', () => {
    expect(report().html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:;`)
    expect(tagged(body(), 'script')).toEqual([])
  })

  it('gives the same numbers as JSON', () => {
    const json = JSON.parse(report().json)
    expect(Object.keys(json)).toEqual([
      'format',
      'model',
      'model_version',
      'software',
      'use',
      'title',
      'seed',
      'replicates',
      'remarks',
      'cohorts',
    ])
    expect(json).toMatchObject({
      format: 'spicula-metrics/1',
      title: 'Evaluation <1>',
      seed: 5,
      replicates: 321,
      remarks: ['Made labels.'],
    })
    expect(json.cohorts[0]).toEqual(JSON.parse(JSON.stringify({ ...NLST, zeroShot: INPUT.features[0] })))
    expect(json.cohorts[1].zeroShot).toEqual([])
    expect(report().json.endsWith('}\n')).toBe(true)
  })

  it('looks as it did', () =>
    expect(report().html.replace(/<svg.*?<\/svg>\n/gs, '')).toMatchFileSnapshot('./snapshots/report.html'))
})

describe('a cell', () => {
  it('has its value over its interval, or says why it has not', () => {
    expect(estimateCell(undefined)).toBe('')
    expect(estimateCell({ value: null, why: 'because' })).toEqual({ text: 'because', blank: true })
    expect(estimateCell(estimate(0.5, 0.25, 0.75))).toEqual({ text: '0.500', under: '0.250 to 0.750' })
    expect(estimateCell({ value: 1, interval: null, why: 'because' })).toEqual({ text: '1.000', under: 'because' })
  })
})
