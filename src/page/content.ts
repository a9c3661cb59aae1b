/** What a page shows: plain data, so that anything may fill it. */

import type { ModelConfig } from '../model/config.ts'
import type { CasePictures } from '../pictures/pictures.ts'
import type { FeatureAnswer, NodulePrediction, SimilarReport, Stamp } from '../predict/answers.ts'
import type { RiskAnswer, RiskModel } from '../risk/table.ts'
import type { Note, Triple } from '../scan/scan.ts'

/** Something that a page shows, or why it cannot. */
export type Part<Content> = { readonly content: Content } | { readonly why: string }

/** Everything a model says of a nodule. */
export interface CaseReading extends NodulePrediction {
  readonly features: Part<readonly FeatureAnswer[]>
  /** The most similar first. */
  readonly similar: Part<readonly SimilarReport[]>
}

export interface CaseNodule {
  /** What the page calls it, e.g. `Row 2`: no identifier. */
  readonly label: string
  /** Its identifiers, where they were asked for. */
  readonly identifiers?: { readonly pid: string; readonly noduleId: string } | undefined
  readonly pointLps: Triple
  readonly reading: CaseReading
  readonly pictures: CasePictures
  /** The clinic's models on the columns of its row. */
  readonly risks: readonly { readonly model: RiskModel; readonly answer: RiskAnswer }[]
  readonly notes: readonly Note[]
}

/** A row without an answer. */
export interface CaseFailure {
  readonly label: string
  readonly identifiers?: { readonly pid: string; readonly noduleId: string } | undefined
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
}

export interface CasePage {
  readonly stamp: Stamp
  readonly config: ModelConfig
  readonly nodules: readonly CaseNodule[]
  readonly failures: readonly CaseFailure[]
  /** What was odd about the table as a whole. */
  readonly notes: readonly Note[]
}
