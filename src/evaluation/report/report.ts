/** The report: one HTML file with every table and figure, for a screen and for paper. */
import { list, paragraph } from '../../drawing/html.ts'
import { type Content, html, lines, type Markup } from '../../drawing/markup.ts'
import { cohortFigures, cohortsFigure, type DrawnFigure } from '../plots/figures.ts'
import type { CohortResult } from '../result.ts'
import type { FeatureResult } from '../zero-shot.ts'
import { figure, page } from './html.ts'
import {
  cohortsTable,
  comparisonsTable,
  countsTable,
  featuresTable,
  pointsTable,
  predictorsTable,
  subgroupsTable,
} from './tables.ts'

export interface ReportInput {
  readonly title: string
  /** Model, version, software, and that it is for research use. */
  readonly stamp: Readonly<Record<string, string>>
  readonly cohorts: readonly CohortResult[]
  /** Zero-shot features of each cohort, where there are any. */
  readonly features: readonly (readonly FeatureResult[])[]
  readonly seed: number
  readonly replicates: number
  /** What the labels are, and other remarks of the report's author. */
  readonly remarks: readonly string[]
}

/** A figure of a report as a file of its own. */
export interface Figure extends Omit<DrawnFigure, 'svg'> {
  /** An SVG document. */
  readonly svg: string
}

export interface Report {
  readonly html: string
  readonly figures: readonly Figure[]
  readonly json: string
}

/**
 * Composes the report. It names no patient: tables hold counts and figures only.
 * @example const { html, figures, json } = composeReport({ title: 'Evaluation', stamp, cohorts, features: [], seed: 0,
 *   ... })
 */
export function composeReport(input: ReportInput): Report {
  const { title, stamp, cohorts, features, remarks } = input
  const across = cohortsFigure(cohorts)
  const own = cohorts.map((cohort, i) => cohortFigures(cohort, i, features[i] ?? []))
  const draw = (figures: readonly DrawnFigure[]): Markup =>
    html`<div class="figures">\n${lines(figures.map(({ svg, caption }) => figure(svg, caption)))}\n</div>`
  const stampLine = Object.entries(stamp)
    .filter(([key]) => key !== 'use')
    .map(([key, value]) => `${key.replaceAll('_', ' ')}: ${value}`)
    .join(' · ')
  const body = [
    html`<h1>${title}</h1>`,
    paragraph(stampLine, 'stamp'),
    html`<p><span class="use">for research use</span></p>`,
    ...remarks.map((text) => paragraph(text, 'warn')),
    html`<h2>Summary</h2>`,
    countsTable(cohorts),
    cohortsTable(cohorts),
    across.length > 0 && draw(across),
    ...cohorts.flatMap((cohort, i) => [
      html`<h2>${cohort.name}</h2>`,
      predictorsTable(cohort),
      blanks(cohort),
      comparisonsTable(cohort),
      pointsTable(cohort),
      cohort.points.some(({ sameRows }) => sameRows) && paragraph(flattered(cohort), 'warn'),
      featuresTable(cohort.name, features[i] ?? []),
      subgroupsTable(cohort),
      draw(own[i]),
      list(cohort.notes),
    ]),
    html`<h2>Methods</h2>`,
    list(methods(input)),
  ]
  return {
    html: page(title, body),
    figures: [...across, ...own.flat()].map((one) => ({ ...one, svg: one.svg.toString() })),
    json: `${JSON.stringify({ format: 'spicula-metrics/1', ...stamp, title, seed: input.seed, replicates: input.replicates, remarks, cohorts: cohorts.map((cohort, i) => ({ ...cohort, zeroShot: features[i] ?? [] })) }, null, 2)}\n`,
  }
}

const flattered = ({ unit }: CohortResult): string =>
  `These thresholds were chosen on the ${unit}s they are applied to, which flatters the rate they were chosen for. ` +
  'Freeze them (--operating-points, --choose-on) for another cohort.'

/** Why predictors have no score for some nodules. */
function blanks({ predictors }: CohortResult): Content {
  const items = predictors.flatMap(({ label, blanks: why }) =>
    why.slice(0, 3).map((one) => `${label} has no value for ${one}`),
  )
  return list(items)
}

const methods = ({ replicates, seed }: ReportInput): string[] => [
  `Intervals: 95 %, percentiles of ${replicates} bootstrap replicates over patients (nodules of one patient stay together), drawn apart for patients with and without a cancer, corrected for bias and expanded for few patients, seed ${seed}. The ECE of a replicate is higher than that of the cohort by nature: read its interval beside the ECE of a perfect model. Rates of 0 and 1 at operating points: Wilson's interval over patients.`,
  'AUROC: ties count half. AUPRC: average precision, without interpolation. False positive rate and precision at a recall: at the highest threshold that reaches it, chosen anew in every replicate.',
  'Comparisons: paired DeLong test with nodules of one patient together (Obuchowski 1997), on what both predictors have; p-values corrected by Holm over all comparisons of this report.',
  'Calibration: slope and intercept of logistic recalibration on the logit (intercept with the slope held at 1); ECE over ten bins of equal width, beside the mean ECE that a perfectly calibrated model with the same probabilities would show by chance.',
  'Decision curve: net benefit = TP/n - FP/n * t/(1 - t).',
  'Subgroups: groups with fewer than 10 cancers, or fewer than 10 without, are marked: their figures are mostly chance.',
  'Risk models: Brock 2a and 2b (McWilliams 2013), Mayo (Swensen 1997), VA (Gould 2007); Lung-RADS v2022 compiled from secondary sources.',
]
