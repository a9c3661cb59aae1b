/** The ensemble that predicts: the mean of the folds' probabilities, calibrated where the model has calibrations. */

import { calibrate } from '../model/calibration.ts'
import type { Checkpoint } from '../model/checkpoint.ts'
import type { BetaCalibration, ModelConfig } from '../model/config.ts'
import { openModelFolder } from '../model/folder.node.ts'
import type { NoduleViews } from '../nodule/views.ts'
import type { NodulePrediction } from './answers.ts'
import { average } from './fold-rows.ts'
import { type ImageSession, openImageSession, type PredictorOptions } from './image-session.node.ts'
import { type ImageReading, readNodules } from './read-nodules.node.ts'

export type { NodulePrediction } from './answers.ts'
export type { PredictorOptions } from './image-session.node.ts'

export interface Predictor extends Pick<ImageSession, 'config' | 'folds' | 'stamp' | 'close'> {
  /** Whether predictions carry calibrated probabilities too. */
  readonly calibrated: boolean
  /**
   * Predicts a batch. The bits of a nodule's numbers may depend on the make-up of the batch in the last place.
   * @throws SpiculaError `inference/not-finite` where the answer for a nodule of the batch is not finite, `clip/views`
   *   where views are not the model's
   */
  predict(nodules: readonly NoduleViews[]): Promise<NodulePrediction[]>
}

/**
 * Opens a model folder for prediction.
 * @throws SpiculaError of the model folder, or `graph/device` where the device cannot be used
 * @example
 * const predictor = await openPredictor('models/spicula-small')
 * const [{ ensemble }] = await predictor.predict([await prepareViews(scan, pointLps, predictor.config.preprocessing)])
 */
export async function openPredictor(path: string, options: PredictorOptions = {}): Promise<Predictor> {
  const session = await openImageSession(await openModelFolder(path), options)
  const { config, folds, stamp, close } = session
  const calibrations = calibrationsOf(config, options.checkpoint)
  return {
    config,
    folds,
    stamp,
    calibrated: calibrations !== undefined,
    predict: async (nodules) =>
      (await readNodules(session, nodules)).map((reading) => predictionOf(reading, calibrations)),
    close,
  }
}

/** The folds' calibrations, where there are any. One belongs to the probabilities that it was fitted on. */
export function calibrationsOf(
  { folds }: ModelConfig,
  checkpoint: Checkpoint = 'both',
): readonly BetaCalibration[] | undefined {
  const calibrations = folds.flatMap(({ calibration }) => calibration ?? [])
  return checkpoint === 'both' && calibrations.length > 0 ? calibrations : undefined
}

/** From what the folds say to the ensemble's answer. */
export function predictionOf(
  { raw, attention }: ImageReading,
  calibrations: readonly BetaCalibration[] | undefined,
): NodulePrediction {
  const prediction = { raw, ensemble: average(raw), attention }
  if (calibrations === undefined) return prediction
  const calibrated = raw.map((p, fold) => calibrate(p, calibrations[fold]))
  return { ...prediction, calibrated, calibratedEnsemble: average(calibrated) }
}
