/** A random model in the layout of a trained one, to try the way from a scan to a number with. */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { initialWeight } from '../clip/initialise.ts'
import { trainTokenizer } from '../clip/tokenizer/train.ts'
import { SpiculaError } from '../error.ts'
import { writeFileAtomic } from '../files/atomic.node.ts'
import type { TensorData } from '../graph/tensor.ts'
import { type Random, seededRandom } from '../random.ts'
import { reportCorpus } from '../report/random-features.ts'
import { encodeSafetensors, toHalf } from '../weights/safetensors.ts'
import type { InitConfig, ModelConfig } from './config.ts'
import { modelWeights } from './folder.node.ts'
import { DEFAULT_PROMPTS } from './prompts.node.ts'

/** Weights that a fold has of its own: what the published LoRA tuning trains (docs/method.md M8.1). */
const OWN = /w_lora_[AB]$|^image_projection\.|^semantic_projection\.|^classifier_|^logit_scale$/

/**
 * Writes a model folder with random weights: one base in half precision, and for each fold its low-rank updates and
 * heads. The same seed gives the same bytes.
 * @throws SpiculaError `inference/exists` where the folder is there already
 */
export async function initModel(path: string, config: InitConfig, seed: number): Promise<ModelConfig> {
  const { folds, tokenizer, ...rest } = config
  const { image, text } = modelWeights(config.architecture)
  const weights = [...image, ...text]
  try {
    await mkdir(path)
  } catch (cause) {
    throw new SpiculaError('inference/exists', `the model folder ${path} cannot be made`, {
      hint: 'Its parent must exist, and it must not: nothing is overwritten.',
      cause,
    })
  }
  const random = seededRandom(seed)
  const base = new Map<string, TensorData>()
  for (const [name, shape] of weights) if (!OWN.test(name)) base.set(name, toHalf(initialWeight(name, shape, random)))
  await writeFileAtomic(join(path, 'base.safetensors'), encodeSafetensors(base, { format: 'pt' }))

  const names: ModelConfig['folds'] = []
  for (let fold = 0; fold < folds; fold++) {
    const own = new Map<string, TensorData>()
    const draw = random.fork(`fold ${fold}`)
    for (const [name, shape] of weights) if (OWN.test(name)) own.set(name, foldWeight(name, shape, draw))
    const both = `fold_${fold}.safetensors`
    await writeFileAtomic(join(path, both), encodeSafetensors(own, { format: 'pt' }))
    names.push({ both })
  }
  const words = tokenizer === 'reports' ? await writeWords(path, config) : {}
  const written: ModelConfig = { format: 'spicula-model/1', ...rest, base: 'base.safetensors', folds: names, ...words }
  // Last, so that a folder with a configuration is a whole one.
  await writeFileAtomic(join(path, 'config.json'), `${JSON.stringify(written, null, 2)}\n`)
  return written
}

/** Reports of made-up rows that a tokenizer of our own is trained on: enough for every word that reports use. */
const CORPUS = 2000

/**
 * Lays into a model folder what its text side needs beside weights: a tokenizer trained on made-up reports (no patient's
 * data is in them), and the prompt sets.
 * @returns the entries of `config.json`
 * @example const words = await writeWords('DIR', { architecture }) // { tokenizer: 'tokenizer.json', prompts: 'prompts.json' }
 */
export async function writeWords(
  path: string,
  { architecture }: Pick<InitConfig, 'architecture'>,
): Promise<Pick<ModelConfig, 'tokenizer' | 'prompts'>> {
  const { text } = architecture
  if (!text) throw new SpiculaError('inference/config', 'a tokenizer is of no use without architecture.text')
  const json = trainTokenizer(reportCorpus(CORPUS, seededRandom(0, 'tokenizer')), { vocabulary: text.vocabulary })
  await writeFileAtomic(join(path, 'tokenizer.json'), `${JSON.stringify(json)}\n`)
  await writeFileAtomic(join(path, 'prompts.json'), await readFile(DEFAULT_PROMPTS))
  return { tokenizer: 'tokenizer.json', prompts: 'prompts.json' }
}

/** As before training, but LoRA's B is not zero: the folds of a random ensemble shall differ in their towers too. */
function foldWeight(name: string, shape: readonly number[], random: Random): TensorData {
  if (!name.endsWith('w_lora_B')) return initialWeight(name, shape, random)
  const draw = random.fork(name)
  const data = Float32Array.from({ length: shape[0] * shape[1] }, () => 0.02 * draw.normal())
  return { dtype: 'float32', shape, data }
}
