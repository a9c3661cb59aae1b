/** What `spicula model inspect` tells of a model folder. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKPOINTS } from './checkpoint.ts'
import type { ModelConfig } from './config.ts'
import { checkModelFolder, modelWeights, openModelFolder, type WeightList } from './folder.node.ts'

export interface ModelReport {
  readonly config: ModelConfig
  /** Numbers in the weights of one fold, by the side that reads them. */
  readonly parameters: { readonly image: number; readonly text: number }
  readonly files: readonly { readonly file: string; readonly bytes: number }[]
}

/**
 * Reads the configuration of a model folder and checks every weight in it.
 * @throws SpiculaError of the configuration or the weights
 * @example const { parameters } = await inspectModel('models/spicula-small')
 */
export async function inspectModel(path: string): Promise<ModelReport> {
  const folder = await openModelFolder(path)
  const { config } = folder
  await checkModelFolder(folder)
  const { image, text } = modelWeights(config.architecture)
  const weights = config.folds.flatMap((fold) => CHECKPOINTS.flatMap((which) => fold[which] ?? []))
  const { reports, tokenizer, prompts } = config
  const words = [tokenizer ?? [], prompts ?? [], reports ? [reports.texts, reports.embeddings] : []]
  const names = [config.base, ...weights, ...words.flat()]
  const files = []
  for (const file of names) files.push({ file, bytes: (await stat(join(path, file))).size })
  return { config, parameters: { image: count(image), text: count(text) }, files }
}

const count = (weights: WeightList): number =>
  [...weights.values()].reduce((sum, shape) => sum + shape.reduce((product, n) => product * n, 1), 0)
