import type { Preprocessing } from '../nodule/prepare.ts'
import type { ModelConfig } from './config.ts'

/** A model's preprocessing, whole. */
export type ModelPreprocessing = ModelConfig['preprocessing'] & Preprocessing

/**
 * How the views of a model are made. `config.json` says one part of it as the architecture's resolution.
 * @example await prepareViews(scan, pointLps, preprocessingOf(folder.config))
 */
export const preprocessingOf = ({ preprocessing, architecture }: ModelConfig): ModelPreprocessing => ({
  ...preprocessing,
  resolution: architecture.image.resolution,
})
