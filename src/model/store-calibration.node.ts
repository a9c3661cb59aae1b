/** Writing calibrations into a model folder. */
import { join } from 'node:path'
import { SpiculaError } from '../error.ts'
import { writeFileAtomic } from '../files/atomic.node.ts'
import { type BetaCalibration, parseModelConfig } from './config.ts'
import { openModelFolder } from './folder.node.ts'

/**
 * Writes the calibration of every fold into the folder's `config.json`, in one step: predictions use them from then on.
 * @param calibrations one a fold, in the folds' order
 * @throws SpiculaError `calibration/folds` for another number of them, and those of the model folder
 * @example await storeCalibrations('models/mine', [{ a: 1, b: 1, c: 0 }])
 */
export async function storeCalibrations(path: string, calibrations: readonly BetaCalibration[]): Promise<void> {
  const { config } = await openModelFolder(path)
  if (calibrations.length !== config.folds.length) {
    throw new SpiculaError(
      'calibration/folds',
      `the model has ${config.folds.length} folds, but there are ${calibrations.length} calibrations`,
    )
  }
  const folds = config.folds.map((fold, i) => {
    const { a, b, c } = calibrations[i]
    return { ...fold, calibration: { a, b, c } }
  })
  const json = `${JSON.stringify({ ...config, folds }, null, 2)}\n`
  parseModelConfig(json, 'config.json')
  await writeFileAtomic(join(path, 'config.json'), json)
}
