/** What a model answers of a nodule, and what every output of it says. */

import type { ModelConfig } from '../model/config.ts'
import { VERSION } from '../version.ts'
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
