/** Published CLIP weights as a model folder to train on. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { CLIP_NORMALISATION, type Normalisation } from '../clip/image-tower.ts'
import { initialWeight } from '../clip/initialise.ts'
import type { Architecture } from '../clip/model.ts'
import { isHead, isLora } from '../clip/weight-names.ts'
import { SpiculaError } from '../error.ts'
import { writeFileAtomic } from '../files/atomic.node.ts'
import type { TensorData } from '../graph/tensor.ts'
import { type ModelConfig, parseModelConfig } from '../model/config.ts'
import { modelWeights, type WeightList } from '../model/folder.node.ts'
import { seededRandom } from '../random.ts'
import { VERSION } from '../version.ts'
import { encodeSafetensors } from '../weights/safetensors.ts'
import { createSafetensors } from '../weights/safetensors-writer.node.ts'
import type { WeightFile } from '../weights/weight-file.ts'
import { importArchitecture } from './architecture.ts'
import { checkWeights } from './check.ts'
import { makeWholeFolder } from './folder.node.ts'
import { importHints } from './hints.node.ts'
import type { Activation } from './hints.ts'
import { type ImportNames, importNames } from './names.ts'
import { storedWeight, weightReader } from './read.ts'
import { openWeights, weightPath } from './source.node.ts'
import { importTokenizer } from './tokenizer.node.ts'

export interface ImportOptions {
  /** Where the file is from, for the provenance; its name by default. */
  readonly source?: string | undefined
  /** Of the model; the file's by default. */
  readonly name?: string | undefined
  readonly activation?: Activation | undefined
  /** Round to half precision what it does not hold exactly. */
  readonly half?: boolean
  /** File of the vocabulary, where none lies beside the weights. */
  readonly vocab?: string | undefined
  readonly license?: string | undefined
  /** Told after each weight: how many are done, and of how many. */
  readonly onWeight?: (done: number, total: number) => void
}

export interface ImportReport {
  readonly config: ModelConfig
  readonly container: string
  readonly layout: ImportNames['layout']
  readonly activationFrom: string
  readonly weights: number
  readonly bytes: number
  /** Weights that are kept in float32, because halves would round them. */
  readonly floats: number
  /** Largest rounding of a weight, 0 without `half`. */
  readonly rounding: number
  /** What of the file is not needed, and why. */
  readonly unneeded: readonly { readonly name: string; readonly why: string }[]
}

/** Heads of a base are the same wherever it was imported. */
const HEAD_SEED = 0

/**
 * Imports CLIP weights (OpenAI's .pt, torch.save, Hugging Face's and open_clip's safetensors and .bin) into a new model
 * folder that `spicula train --base` takes. Every tensor of the file is a weight, or named as not needed, or an error.
 * Weights are stored in half precision where that changes no number, else in float32.
 * @param path a file, or a folder with files by Hugging Face's or open_clip's names
 * @throws SpiculaError `inference/import-*`, `pickle/*`, `torch/*`, `clip/*`; nothing is left of the folder then
 * @example const { config } = await importBase('ViT-B-32.pt', 'models/vit-b-32', { vocab:
 *   'bpe_simple_vocab_16e6.txt.gz' })
 */
export async function importBase(path: string, out: string, options: ImportOptions = {}): Promise<ImportReport> {
  const weights = await weightPath(path)
  const file = await openWeights(weights)
  try {
    const names = importNames(file.tensors, file.name)
    refuseTrained(names, file.name)
    const hints = await importHints(weights)
    const openAi = file.tensors.has('input_resolution') && file.container === 'TorchScript'
    const { architecture, activationFrom } = importArchitecture(names, {
      activation: options.activation,
      hints,
      values: file.values,
      openAi,
    })
    const tokenizer = await requiredTokenizer(weights, options.vocab, architecture)
    const config = configOf(options.name ?? nameOf(weights), architecture, {
      provenance: `imported by spicula ${VERSION} from ${options.source ?? file.name} (${file.container}, ${names.layout} names, SHA-256 ${await sha256(weights)})`,
      license: options.license ?? 'as its publisher states: not recorded in the file',
      normalisation: hints.normalisation ?? CLIP_NORMALISATION,
      tokenizer: tokenizer !== undefined,
    })
    const wanted = wantedWeights(architecture, names, file.name)
    return await makeWholeFolder(out, async (folder) => {
      const written = await writeBase(join(folder, config.base), { file, names, wanted: wanted.towers }, options)
      await writeFileAtomic(join(folder, config.folds[0].both), freshHeads(wanted.heads))
      if (tokenizer !== undefined) await writeFileAtomic(join(folder, 'tokenizer.json'), tokenizer)
      await writeFileAtomic(join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`)
      const beside = file.beside.map((name) => ({ name, why: 'stands beside the weights' }))
      const code = file.container === 'TorchScript' ? [{ name: 'code', why: 'compiled code, which is not run' }] : []
      return {
        config,
        container: file.container,
        layout: names.layout,
        activationFrom,
        unneeded: [...names.unneeded, ...beside, ...code],
        ...written,
      }
    })
  } finally {
    await file.close()
  }
}

/** A fine-tuned checkpoint is more than a base. */
function refuseTrained({ origins }: ImportNames, file: string): void {
  const own = [...origins.keys()].find((name) => isHead(name) || isLora(name))
  if (own !== undefined)
    throw new SpiculaError('inference/import-trained', `${file} is a trained checkpoint: it has ${own}`, {
      hint: 'Import the folder of its folds with `spicula weights import-clip-nodule`.',
    })
}

async function requiredTokenizer(
  weights: string,
  vocab: string | undefined,
  { text }: Architecture,
): Promise<string | undefined> {
  if (!text) return undefined
  const json = await importTokenizer(weights, vocab, text)
  if (json !== undefined) return json
  throw new SpiculaError(
    'inference/import-vocabulary',
    `the text tower reads ${text.vocabulary} tokens, and no vocabulary lies beside ${basename(weights)}`,
    {
      hint: "Give it with --vocab, or lay it there: tokenizer.json or merges.txt of CLIP's repository, or OpenAI's bpe_simple_vocab_16e6.txt.gz.",
    },
  )
}

function configOf(
  name: string,
  architecture: Architecture,
  about: { provenance: string; license: string; normalisation: Normalisation; tokenizer: boolean },
): ModelConfig {
  const { normalisation, provenance, license } = about
  const config = {
    format: 'spicula-model/1',
    name,
    version: '1',
    provenance,
    license,
    intendedUse:
      'a base to train on: what follows its towers is random, so its malignancy probabilities mean nothing; for research use',
    architecture,
    preprocessing: { geometry: 'exact', mean: normalisation.mean, std: normalisation.std },
    base: 'base.safetensors',
    folds: [{ both: 'fold_0.safetensors' }],
    ...(about.tokenizer ? { tokenizer: 'tokenizer.json' } : {}),
  }
  // Shapes may add up to an architecture that cannot be: it is checked before a graph is made of it.
  return parseModelConfig(JSON.stringify(config), 'the imported config.json')
}

/** The weights that the model reads, compared with those that the file has. */
function wantedWeights(architecture: Architecture, { shapes }: ImportNames, file: string) {
  const { image, text } = modelWeights(architecture)
  const all = [...image, ...text]
  const towers = new Map(all.filter(([name]) => !isHead(name)))
  checkWeights(towers, shapes, file)
  return { towers, heads: new Map(all.filter(([name]) => isHead(name))) }
}

async function writeBase(
  path: string,
  { file, names, wanted }: { file: WeightFile; names: ImportNames; wanted: WeightList },
  { half = false, onWeight = () => undefined }: ImportOptions,
): Promise<Pick<ImportReport, 'weights' | 'bytes' | 'floats' | 'rounding'>> {
  const read = weightReader(file)
  const base = await createSafetensors(path, wanted, { format: 'pt' })
  let floats = 0
  let most = 0
  let done = 0
  try {
    // In the file's order, so that a fused projection is read once.
    for (const [name, origin] of names.origins) {
      const { tensor, rounding } = storedWeight(name, await read(origin), { round: half })
      if (tensor.dtype === 'float32') floats++
      most = Math.max(most, rounding)
      await base.write(name, tensor)
      onWeight(++done, names.origins.size)
    }
    const { tensors, bytes } = await base.finish()
    return { weights: tensors, bytes, floats, rounding: most }
  } finally {
    await base.close()
  }
}

/** Heads as before training, so that the folder is a whole model. */
function freshHeads(heads: WeightList): Uint8Array {
  const random = seededRandom(HEAD_SEED, 'imported heads')
  const fresh = new Map<string, TensorData>()
  for (const [name, shape] of heads) fresh.set(name, initialWeight(name, shape, random))
  return encodeSafetensors(fresh, { format: 'pt' })
}

/** `ViT-B-32.pt` is ViT-B-32; a repository's folder names what its `model.safetensors` does not. */
function nameOf(path: string): string {
  const own = basename(path).replace(/(\.index\.json|\.safetensors|\.\w{1,5})+$/i, '')
  return /^(open_clip_)?(pytorch_)?model$/.test(own) ? basename(dirname(resolve(path))) || own : own
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const bytes of createReadStream(path)) hash.update(bytes)
  return hash.digest('hex')
}
