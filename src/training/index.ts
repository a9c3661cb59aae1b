/**
 * The published training.
 * @module spicula/training
 */

export { type AdamWOptions, type AdamWState, adamW, type Optimizer, type Parameters } from './adamw.ts'
export type { SplitCheck } from './check-splits.ts'
export { parseTrainConfig, type TrainConfig } from './config.ts'
export type { EpochRecord } from './loop.ts'
export { type PreparedRun, prepareRun, type RunOptions } from './prepare-run.ts'
export { type TrainProgress, trainRun } from './run.ts'
export { readSplits, writeSplits } from './splits.node.ts'
export { type Fold, kFold, type LabelledRow, patientLabels, publishedShuffles, type Splits } from './splits.ts'
export type { Texts } from './texts.ts'
