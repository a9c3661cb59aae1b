/** What a model answers of a nodule, and what every output of it says. */

import type { ModelConfig } from '../model/config.ts'
import { VIEWS } from '../nodule/views.ts'
import type { Note } from '../scan/scan.ts'
import { VERSION } from '../version.ts'
import { average } from './fold-rows.ts'
import type { Precision } from './precision.ts'

/** What the ensemble says of a nodule. */
export interface NodulePrediction {
  /** Probability of malignancy by each fold. */
  readonly raw: readonly number[]
  /** Mean of `raw`. */
  readonly ensemble: number
  /** Each fold's probability after its calibration, where the model has one. */
  readonly calibrated?: readonly number[]
  /** Mean of `calibrated`. */
  readonly calibratedEnsemble?: number
  /** Weight of each view in each fold's decision, [folds][count]; sums to 1. */
  readonly attention: readonly (readonly number[])[]
}

/** What counts as the model's probability: the calibrated one where there is one. */
export const probabilityOf = ({ calibratedEnsemble, ensemble }: NodulePrediction): number =>
  calibratedEnsemble ?? ensemble

/** A probability of malignancy, the mean over the folds. */
export interface FoldedProbability {
  readonly probability: number
  /** The least and the greatest that a fold gives. */
  readonly range: readonly [number, number]
}

/** The whole answer about one nodule, as `spicula predict` prints it. */
export interface NoduleAnswer extends FoldedProbability, Stamp {
  /** Whether `probability` and `range` are of calibrated folds. */
  readonly calibrated: boolean
  /** Before calibration; the same where the model has none. */
  readonly raw: FoldedProbability
  /** The views by weight in the decision, mean over folds; the heaviest first. They sum to 1. */
  readonly views: readonly { readonly name: string; readonly label: string; readonly weight: number }[]
  /** What was odd about the scan and the place. */
  readonly notes: readonly Note[]
  /** Fold by fold; `attention` has the views in the order of `VIEWS`. */
  readonly prediction: NodulePrediction
}

/**
 * What there is to say of a prediction.
 * @param views names of those that were made, in the order of the attention weights
 * @example answerOf({ prediction, views: ['axial'], notes: [] }, predictor.stamp).views[0].weight // 1
 */
export function answerOf(
  {
    prediction,
    views,
    notes,
  }: { readonly prediction: NodulePrediction; readonly views: readonly string[]; readonly notes: readonly Note[] },
  stamp: Stamp,
): NoduleAnswer {
  const { raw, ensemble, calibrated, attention } = prediction
  const rangeOf = (folds: readonly number[]) => [Math.min(...folds), Math.max(...folds)] as const
  const weighed = views.map((name, v) => ({
    name,
    label: VIEWS.find((view) => view.name === name)?.label ?? name,
    weight: average(attention.map((fold) => fold[v])),
  }))
  return {
    probability: probabilityOf(prediction),
    range: rangeOf(calibrated ?? raw),
    calibrated: calibrated !== undefined,
    raw: { probability: ensemble, range: rangeOf(raw) },
    views: weighed.sort((a, b) => b.weight - a.weight),
    notes,
    prediction,
    ...stamp,
  }
}

/** The answers to one question about one nodule. */
export interface FeatureAnswer {
  readonly feature: string
  readonly values: readonly {
    readonly value: string
    /** Mean over folds; over the values of a feature they sum to 1. */
    readonly probability: number
    /** Of each fold. */
    readonly folds: readonly number[]
  }[]
}

/** A text that training nodules had. */
export interface SimilarReport {
  readonly text: string
  /** Training nodules with this very text. */
  readonly nodules: number
  /** Cosine of the nodule's image embedding with the text's, mean over folds. */
  readonly similarity: number
  /** Of each fold. */
  readonly folds: readonly number[]
}

export interface Stamp {
  readonly model: string
  readonly modelVersion: string
  readonly software: string
  readonly use: 'for research use'
}

/** What every output of a model says; of a reduced precision too. */
export const stampOf = ({ name, version }: ModelConfig, precision: Precision = 'fp32'): Stamp => ({
  model: name,
  modelVersion: version,
  software: `spicula ${VERSION}${precision === 'fp32' ? '' : ` (${precision})`}`,
  use: 'for research use',
})
