/** The model that comes with Spicula, where this copy of it carries one. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SpiculaError } from '../error.ts'

/** From `src/model` and `dist/model` alike: the checkout, or the installed package. */
const PACKAGE = fileURLToPath(new URL('../..', import.meta.url))

/**
 * The folder of the embedded model.
 * @param root of the package
 * @returns undefined where this copy of Spicula carries no model
 * @example const path = embeddedModel() // '/.../node_modules/spicula/models/spicula-small'
 */
export function embeddedModel(root: string = PACKAGE): string | undefined {
  const folder = join(root, 'models', 'spicula-small')
  return existsSync(join(folder, 'config.json')) ? folder : undefined
}

/**
 * The model folder to work with: the one asked for, else the embedded one.
 * @throws SpiculaError `inference/model` where there is neither
 * @example const predictor = await openPredictor(modelFolder(undefined))
 */
export function modelFolder(asked: string | undefined, root: string = PACKAGE): string {
  const folder = asked ?? embeddedModel(root)
  if (folder !== undefined) return folder
  throw new SpiculaError('inference/model', 'no model: this version carries none, so --model is needed', {
    hint: 'Give a model folder. `spicula model init --config tiny --seed 1 --out DIR` makes a random one to try.',
  })
}
