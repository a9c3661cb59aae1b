/** For tests: results with numbers that no mirror, exchange or shift leaves as they are. */
import type { AppliedPoint } from '../frozen-points.ts'
import type { Estimate } from '../intervals/estimate.ts'
import type { CohortResult, Curves, PredictorResult, SubgroupResult } from '../result.ts'
import type { FeatureResult } from '../zero-shot.ts'

export const estimate = (value: number, low: number, high: number): Estimate => ({ value, interval: { low, high } })

const NO_CURVES: Curves = {
  roc: [],
  precisionRecall: [],
  reliability: [],
  decision: [],
  histogram: { from: 0, to: 1, benign: new Array(20).fill(0), cancer: new Array(20).fill(0) },
}

type About = Partial<Omit<PredictorResult, 'curves'>> & { readonly curves?: Partial<Curves> }

export const predictor = (key: string, about: About = {}): PredictorResult => {
  const { curves, ...rest } = about
  return {
    key,
    label: key,
    kind: 'main',
    unit: 'nodule',
    rows: 40,
    cancers: 12,
    probabilities: true,
    metrics: { auroc: estimate(0.81, 0.7, 0.88), auprc: estimate(0.62, 0.5, 0.75), ece: estimate(0.11, 0.06, 0.19) },
    deLong: null,
    eceOfPerfect: 0.084,
    blanks: [],
    ...rest,
    curves: { ...NO_CURVES, ...curves },
  }
}

const bin = (b: number, count: number, predicted: number, events: number) => ({
  low: b / 10,
  high: (b + 1) / 10,
  count,
  events,
  predicted: count === 0 ? null : predicted,
  observed: count === 0 ? null : events / count,
})

export const MAIN = predictor('ensemble', {
  curves: {
    roc: [
      [0, 0],
      [0.1, 0.35],
      [0.1, 0.6],
      [0.45, 0.6],
      [0.45, 0.9],
      [1, 1],
    ],
    precisionRecall: [
      [0.2, 1],
      [0.5, 0.8],
      [0.9, 0.55],
      [1, 0.3],
    ],
    reliability: [bin(0, 20, 0.04, 1), bin(1, 8, 0.17, 2), bin(2, 0, 0, 0), bin(4, 5, 0.43, 4), bin(9, 7, 0.97, 5)],
    decision: [
      { threshold: 0.1, model: 0.27, all: 0.22 },
      { threshold: 0.3, model: 0.2, all: 0 },
      { threshold: 0.5, model: 0.12, all: -0.4 },
      { threshold: 0.9, model: -0.01, all: -6 },
    ],
    histogram: {
      from: 0,
      to: 1,
      benign: [9, 6, 4, 0, 2, 1, 1, 0, 0, 0, 3, 0, 0, 0, 0, 1, 0, 0, 0, 1],
      cancer: [0, 1, 0, 0, 0, 0, 1, 0, 2, 0, 0, 1, 0, 0, 0, 0, 2, 0, 1, 4],
    },
  },
})

export const OTHER = predictor('Brock 2a', {
  kind: 'risk',
  rows: 37,
  metrics: { auroc: estimate(0.7, 0.61, 0.79), auprc: estimate(0.41, 0.3, 0.52), ece: estimate(0.2, 0.1, 0.3) },
  curves: {
    roc: [
      [0, 0],
      [0.3, 0.5],
      [0.75, 0.85],
      [1, 1],
    ],
    precisionRecall: [
      [0.1, 0.5],
      [0.7, 0.6],
      [1, 0.33],
    ],
    reliability: [bin(0, 30, 0.06, 9), bin(3, 7, 0.34, 3)],
    decision: [
      { threshold: 0.1, model: 0.24, all: 0.22 },
      { threshold: 0.5, model: 0.02, all: -0.4 },
      { threshold: 0.9, model: -0.05, all: -6 },
    ],
  },
})

const rate = (value: number) => ({ value, interval: null })
const point = (kind: 'recall' | 'specificity', at: number, threshold: number, rates: readonly number[]) =>
  ({
    goal: { kind, at },
    threshold,
    chosenOn: 'NLST',
    sameRows: at !== 0.9,
    counts: null,
    rates: {
      falsePositiveRate: rate(rates[0]),
      sensitivity: rate(rates[1]),
      precision: rate(rates[2]),
      specificity: rate(1 - rates[0]),
      negativePredictiveValue: rate(0.5),
    },
  }) satisfies AppliedPoint

export const POINTS: readonly AppliedPoint[] = [
  point('recall', 0.8, 0.512, [0.21, 0.83, 0.74]),
  point('recall', 0.9, 0.31, [0.38, 0.91, 0.58]),
  point('recall', 0.95, 0.22, [0.47, 0.96, 0.44]),
  // Nowhere shown.
  point('recall', 1, 0.01, [0.99, 1, 0.31]),
  point('specificity', 0.95, 0.77, [0.04, 0.41, 0.9]),
]

const group = (column: string, value: string, auroc: Estimate, warning: string | null = null): SubgroupResult => ({
  column,
  value,
  rows: 10 + value.length,
  patients: 9,
  cancers: 3 + value.length,
  auroc,
  sensitivity: null,
  specificity: null,
  warning,
})

export const COHORT: CohortResult = {
  name: 'NLST',
  unit: 'nodule',
  rows: 40,
  patients: 33,
  cancers: 12,
  patientsWithCancer: 11,
  leftOut: { unlabelled: 0, unpredicted: 0, unknown: 0 },
  notes: [],
  predictors: [MAIN, OTHER],
  comparisons: [],
  points: POINTS,
  subgroups: [
    group('sex', 'F', estimate(0.77, 0.41, 0.92)),
    group('sex', 'male', estimate(0.86, 0.66, 0.97), 'only 7 cancers'),
    group('age', '< 55', { value: null, why: 'no cancer among the rows' }),
    group('age', '>= 55 years', { value: 0.93, interval: null, why: 'all draws give one value: no interval' }),
  ],
  cIndex: null,
}

export const FEATURES: readonly FeatureResult[] = [
  { feature: 'nodule_margins', rows: 40, auroc: estimate(0.71, 0.58, 0.82), byValue: [] },
  { feature: 'necrosis', rows: 17, auroc: estimate(0.64, 0.37, 0.9), byValue: [] },
]
