/** What an evaluation finds: everything of a report's tables and plots, and no patient's identifier. */

import type { AppliedPoint } from './frozen-points.ts'
import type { Estimate } from './intervals/estimate.ts'
import type { Cohort, CohortPredictor } from './joined-cohort.ts'
import type { DecisionPoint } from './metrics/decision-curve.ts'
import type { ReliabilityBin } from './metrics/reliability.ts'

export interface PredictorResult {
  readonly key: string
  readonly label: string
  readonly kind: CohortPredictor['kind']
  /** What a row is. */
  readonly unit: Cohort['unit']
  readonly rows: number
  readonly cancers: number
  readonly probabilities: boolean
  readonly metrics: Readonly<Record<string, Estimate>>
  /** Interval of the AUROC by DeLong's variance, nodules of one patient together (Obuchowski 1997). */
  readonly deLong: { readonly standardError: number; readonly low: number; readonly high: number } | null
  /** What a perfectly calibrated model of these probabilities would show as ECE. */
  readonly eceOfPerfect: number | null
  /** Why rows have no score. */
  readonly blanks: readonly string[]
  readonly curves: Curves
}

/** Points of the plots, thinned to what can be seen. */
export interface Curves {
  readonly roc: readonly (readonly [falsePositiveRate: number, truePositiveRate: number])[]
  readonly precisionRecall: readonly (readonly [recall: number, precision: number])[]
  readonly reliability: readonly ReliabilityBin[]
  readonly decision: readonly DecisionPoint[]
  /** Counts in 20 equal bins of the scores' range, of benign and of cancer. */
  readonly histogram: {
    readonly from: number
    readonly to: number
    readonly benign: readonly number[]
    readonly cancer: readonly number[]
  }
}

export interface ComparisonResult {
  readonly key: string
  readonly label: string
  /** Nodules that both have. */
  readonly rows: number
  /** AUROC of the main predictor less this one's; null where it cannot be tested. */
  readonly difference: number | null
  readonly low: number | null
  readonly high: number | null
  readonly p: number | null
  /** Holm-corrected over all comparisons of the report. */
  readonly pHolm: number | null
}

export interface SubgroupResult {
  readonly column: string
  readonly value: string
  readonly rows: number
  readonly patients: number
  readonly cancers: number
  readonly auroc: Estimate
  /** At the threshold for recall 0.95. */
  readonly sensitivity: number | null
  readonly specificity: number | null
  readonly warning: string | null
}

export interface CohortResult {
  readonly name: string
  /** What a row is. */
  readonly unit: Cohort['unit']
  readonly rows: number
  readonly patients: number
  readonly cancers: number
  readonly patientsWithCancer: number
  readonly leftOut: Cohort['leftOut']
  readonly notes: readonly string[]
  readonly predictors: readonly PredictorResult[]
  readonly comparisons: readonly ComparisonResult[]
  readonly points: readonly AppliedPoint[]
  readonly subgroups: readonly SubgroupResult[]
  readonly cIndex: Estimate | null
}
