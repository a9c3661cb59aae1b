/** All figures of a report, by the name of their file. */

import { SERIES } from '../../drawing/chart/style.ts'
import type { Markup } from '../../drawing/markup.ts'
import type { CohortResult } from '../result.ts'
import type { FeatureResult } from '../zero-shot.ts'
import { decisionPlot, type Plotted, plotted, precisionRecallPlot, rocPlot } from './curves.ts'
import { subgroupForest, zeroShotForest } from './forest.ts'
import { histogramPlot } from './histogram.ts'
import { reliabilityPlot } from './reliability.ts'

export interface DrawnFigure {
  /** File name without its ending. */
  readonly file: string
  readonly svg: Markup
  /** What the reader sees, in a sentence or two. */
  readonly caption: string
}

/** Figures of one cohort. */
export function cohortFigures(
  cohort: CohortResult,
  place: number,
  features: readonly FeatureResult[] = [],
): DrawnFigure[] {
  const { name, points, unit } = cohort
  const lines = plotted(cohort)
  const [main] = lines
  const same = points.some(({ sameRows }) => sameRows)
  const probabilities = [
    main,
    ...beforeCalibration(cohort),
    ...lines.slice(1).filter(({ result }) => result.kind === 'risk'),
  ]
  const file = (kind: string): string => `${place + 1}-${fileName(name)}-${kind}`
  return [
    {
      file: file('roc'),
      svg: rocPlot(`${name}: ROC`, lines, points),
      caption: `ROC curves of ${name}. Signs: operating points of ${main.label}${same ? `, chosen on these very ${unit}s` : ''}.`,
    },
    {
      file: file('precision-recall'),
      svg: precisionRecallPlot(`${name}: precision and recall`, lines, points),
      caption: `Precision against recall of ${name}, in the steps that average precision sums.`,
    },
    {
      file: file('reliability'),
      svg: reliabilityPlot(`${name}: reliability`, probabilities),
      caption: `Calibration of ${name} in ten bins of equal width, with the ${unit}s in each.`,
    },
    {
      file: file('decision'),
      svg: decisionPlot(`${name}: decision curve`, lines),
      caption: `Net benefit on ${name} of acting on what the predictors say, against acting on all or none.`,
    },
    {
      file: file('histogram'),
      svg: histogramPlot(`${name}: scores`, main),
      caption: `Scores of ${main.label} on ${name}.`,
    },
    ...(cohort.subgroups.length > 0
      ? [
          {
            file: file('subgroups'),
            svg: subgroupForest(`${name}: AUROC of ${main.label} by subgroup`, cohort),
            caption: `AUROC by subgroup of ${name}; the dashed line is that of all ${unit}s.`,
          },
        ]
      : []),
    ...(features.length > 0
      ? [
          {
            file: file('zero-shot'),
            svg: zeroShotForest(`${name}: zero-shot features`, features),
            caption: `Zero-shot AUROC of each semantic feature on ${name}.`,
          },
        ]
      : []),
  ]
}

/** The ensemble before calibration beside the calibrated one. */
const beforeCalibration = ({ predictors }: CohortResult): Plotted[] =>
  predictors[0].key === 'calibrated_ensemble'
    ? predictors
        .filter(({ key }) => key === 'ensemble')
        .map((result) => ({ label: result.label, result, style: SERIES[SERIES.length - 1] }))
    : predictors
        .filter(({ key }) => key === 'calibrated_ensemble')
        .map((result) => ({ label: result.label, result, style: SERIES[SERIES.length - 1] }))

/** The main predictor's ROC in every cohort, where there are several. */
export function cohortsFigure(cohorts: readonly CohortResult[]): DrawnFigure[] {
  if (cohorts.length < 2) return []
  const lines = cohorts
    .slice(0, SERIES.length)
    .map(({ name, predictors }, i) => ({ label: name, result: predictors[0], style: SERIES[i] }))
  return [
    {
      file: '0-cohorts-roc',
      svg: rocPlot(`${cohorts[0].predictors[0].label}: ROC by cohort`, lines),
      caption: `ROC curves of ${cohorts[0].predictors[0].label} in every cohort.`,
    },
  ]
}

const fileName = (text: string): string =>
  text
    .replace(/[^A-Za-z0-9.-]+/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '')
    .slice(0, 40) || 'cohort'
