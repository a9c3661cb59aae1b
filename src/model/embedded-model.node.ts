/** The model that comes with Spicula, where this copy of it carries one. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SpiculaError } from '../error.ts'

/** From `src/model` and `dist/model` alike: the checkout, or the installed package. */
const PACKAGE = fileURLToPath(new URL('../..', import.meta.url))

const folderOf = (root: string): string => join(root, 'models', 'spicula-small')

/** Whether this copy of Spicula carries a model. */
export const hasEmbeddedModel = (root: string = PACKAGE): boolean => existsSync(join(folderOf(root), 'config.json'))

/**
 * The folder of the embedded model.
 * @param root of the package
 * @throws SpiculaError `inference/model` where this copy of Spicula carries none
 * @example const predictor = await openPredictor(embeddedModel())
 */
export function embeddedModel(root: string = PACKAGE): string {
  if (hasEmbeddedModel(root)) return folderOf(root)
  throw new SpiculaError('inference/model', 'no model: this version carries none, so a model folder is needed', {
    hint: 'Give one (--model DIR). `spicula model init --config tiny --seed 1 --out DIR` makes a random one to try.',
  })
}
