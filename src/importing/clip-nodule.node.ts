/** A release of CLIP_nodule, a full checkpoint for every fold, as a model folder: the base once, LoRA counted once. */
import { basename, join, resolve } from 'node:path'
import { loraScale } from '../clip/architecture.ts'
import { CLIP_NORMALISATION } from '../clip/image-tower.ts'
import { inferArchitecture } from '../clip/infer.ts'
import type { Architecture } from '../clip/model.ts'
import { isTuned, loraOf, updatedWeights } from '../clip/weight-names.ts'
import { SpiculaError } from '../error.ts'
import { writeFileAtomic } from '../files/atomic.node.ts'
import { CHECKPOINTS, type Checkpoint } from '../model/checkpoint.ts'
import { type ModelConfig, parseModelConfig } from '../model/config.ts'
import { modelWeights, type WeightList } from '../model/folder.node.ts'
import type { Note } from '../scan/scan.ts'
import { VERSION } from '../version.ts'
import { createSafetensors, type SafetensorsWriter } from '../weights/safetensors-writer.node.ts'
import type { WeightFile } from '../weights/weight-file.ts'
import type { Argument } from './args.ts'
import { checkWeights } from './check.ts'
import { makeWholeFolder } from './folder.node.ts'
import {
  type LoraEvidence,
  type LoraState,
  type LoraWeight,
  loraEvidence,
  loraState,
  sharedWeight,
  unmergedWeight,
} from './lora.ts'
import { type ImportNames, importNames } from './names.ts'
import { storedWeight, type WeightData, weightReader } from './read.ts'
import { type Release, readRelease } from './release.node.ts'
import { openWeights } from './source.node.ts'
import { importTokenizer } from './tokenizer.node.ts'

export interface ReleaseOptions {
  readonly name?: string | undefined
  /** Where nothing in the files tells. */
  readonly lora?: LoraState | undefined
  readonly vocab?: string | undefined
  readonly license?: string | undefined
  /** Told of each weight that was looked at or written: how many are done, and of how many. */
  readonly onWeight?: (done: number, total: number) => void
}

export interface ReleaseReport {
  readonly config: ModelConfig
  readonly checkpoints: readonly Checkpoint[]
  /** How the low-rank updates were stored; undefined where there are none. */
  readonly lora: LoraState | undefined
  /** Largest |s B A| of the first fold, by the largest |W| that it is added to, over all weights. */
  readonly largestUpdate: number
  /** Weights that all checkpoints share, and that each has of its own. */
  readonly weights: { readonly shared: number; readonly own: number }
  readonly bytes: { readonly base: number; readonly own: number }
  readonly notes: readonly Note[]
}

/** A checkpoint of a fold, open. */
interface Opened {
  readonly fold: number
  readonly which: Checkpoint
  readonly names: ImportNames
  readonly read: (name: string) => Promise<WeightData>
  readonly file: WeightFile
}

/**
 * Imports a release: `args.txt`, `fold_k/best_both.pt` (and `best_pred.pt`, `best_clip.pt`), `cal_k.pkl`. What every
 * checkpoint has alike is stored once; where they hold their low-rank updates merged, these are taken out first.
 * @throws SpiculaError `inference/import-*`, `pickle/*`, `torch/*`; nothing is left of the folder then
 * @example const { config, lora } = await importRelease('checkpoints', 'models/clip-nodule')
 */
export async function importRelease(path: string, out: string, options: ReleaseOptions = {}): Promise<ReleaseReport> {
  const release = await readRelease(path)
  const opened = await openAll(release)
  try {
    const [first] = opened
    const architecture = architectureOf(first.names.shapes, release.args)
    const config = configOf(path, release, architecture, options)
    const { image, text } = modelWeights(architecture)
    const wanted = new Map([...image, ...text])
    for (const { names, file, fold, which } of opened)
      checkWeights(wanted, names.shapes, `fold ${fold} (${which}, ${file.name})`)
    const tokenizer =
      architecture.text && (await importTokenizer(join(path, 'args.txt'), options.vocab, architecture.text))
    const total = updatedWeights(wanted.keys()).length + wanted.size
    let done = 0
    const step = () => options.onWeight?.(++done, total)
    const evidence = await gatherEvidence(opened, architecture, updatedWeights(wanted.keys()), step)
    const lora = evidence.length === 0 ? undefined : (options.lora ?? loraState(evidence))
    return await makeWholeFolder(out, async (folder) => {
      const written = await writeWeights(folder, { opened, config, architecture, wanted, lora }, step)
      if (tokenizer !== undefined) await writeFileAtomic(join(folder, 'tokenizer.json'), tokenizer)
      const whole = { ...config, ...(tokenizer === undefined ? {} : { tokenizer: 'tokenizer.json' }) }
      await writeFileAtomic(join(folder, 'config.json'), `${JSON.stringify(whole, null, 2)}\n`)
      return {
        config: whole,
        checkpoints: CHECKPOINTS.filter((which) => release.folds[0].files[which]),
        lora,
        largestUpdate: evidence.reduce((most, one) => Math.max(most, one.largestUpdate), 0),
        ...written,
        notes: [...release.notes, ...(tokenizer === undefined && architecture.text ? [NO_TOKENIZER] : [])],
      }
    })
  } finally {
    await Promise.all(opened.map(({ file }) => file.close()))
  }
}

const NO_TOKENIZER: Note = {
  code: 'inference/import-vocabulary',
  message:
    'no vocabulary was found: the model predicts, but zero-shot features need tokenizer.json in its folder (--vocab)',
}

async function openAll({ folds }: Release): Promise<Opened[]> {
  const opened: Opened[] = []
  try {
    for (const { number, files } of folds)
      for (const which of CHECKPOINTS) {
        const path = files[which]
        if (path === undefined) continue
        const file = await openWeights(path)
        const names = importNames(file.tensors, `fold_${number}/${file.name}`)
        const read = weightReader(file)
        const origin = (name: string) => {
          const found = names.origins.get(name)
          if (!found) throw new SpiculaError('clip/missing', `${file.name} has no ${name}`)
          return found
        }
        opened.push({ fold: number, which, names, file, read: (name) => read(origin(name)) })
      }
  } catch (error) {
    await Promise.all(opened.map(({ file }) => file.close()))
    throw error
  }
  return opened
}

/** From shapes; LoRA's alpha is in no shape. */
function architectureOf(shapes: WeightList, args: ReadonlyMap<string, Argument>): Architecture {
  const { lora, ...plain } = inferArchitecture(shapes)
  if (!lora) return plain
  const alpha = args.get('alpha') ?? args.get('lora_alpha') ?? 1
  if (typeof alpha !== 'number' || !(alpha > 0))
    throw new SpiculaError(
      'inference/import-args',
      `args.txt: alpha is ${JSON.stringify(alpha)}, a positive number is due`,
    )
  const rank = args.get('r') ?? args.get('rank') ?? args.get('lora_r') ?? lora.rank
  if (rank !== lora.rank)
    throw new SpiculaError('inference/import-args', `args.txt says rank ${rank}, the weights have rank ${lora.rank}`, {
      hint: 'args.txt belongs to other checkpoints: alpha would be wrong too.',
    })
  return { ...plain, lora: { ...lora, alpha } }
}

function configOf(path: string, { folds }: Release, architecture: Architecture, options: ReleaseOptions): ModelConfig {
  const { name = basename(resolve(path)), license = 'as its authors state: not recorded in the files' } = options
  const config = {
    format: 'spicula-model/1',
    name,
    version: '1',
    provenance: `checkpoints of CLIP_nodule (Zhuang et al. 2025), ${folds.length} folds, imported by spicula ${VERSION}`,
    license,
    intendedUse: 'research on lung nodules in chest CT; not for any decision about a patient',
    architecture,
    preprocessing: { geometry: 'published', mean: CLIP_NORMALISATION.mean, std: CLIP_NORMALISATION.std },
    base: 'base.safetensors',
    folds: folds.map(({ files, calibration }, n) => ({
      ...Object.fromEntries(CHECKPOINTS.flatMap((which) => (files[which] ? [[which, fileOf(n, which)]] : []))),
      ...(calibration ? { calibration } : {}),
    })),
  }
  // Shapes may add up to an architecture that cannot be: it is checked before a graph is made of it.
  return parseModelConfig(JSON.stringify(config), 'the imported config.json')
}

const fileOf = (fold: number, which: Checkpoint): string => `fold_${fold}_${which}.safetensors`

const loraWeight = async ({ read }: Opened, name: string): Promise<LoraWeight> => ({
  stored: await read(name),
  a: await read(loraOf(name).a),
  b: await read(loraOf(name).b),
})

async function loraWeights(opened: readonly Opened[], name: string): Promise<LoraWeight[]> {
  const weights: LoraWeight[] = []
  for (const one of opened) weights.push(await loraWeight(one, name))
  return weights
}

async function gatherEvidence(
  opened: readonly Opened[],
  { lora }: Architecture,
  names: readonly string[],
  step: () => void,
): Promise<LoraEvidence[]> {
  const evidence: LoraEvidence[] = []
  if (!lora) return evidence
  for (const name of names) {
    evidence.push(loraEvidence(await loraWeights(opened, name), loraScale(lora)))
    step()
  }
  return evidence
}

interface Plan {
  readonly opened: readonly Opened[]
  readonly config: ModelConfig
  readonly architecture: Architecture
  readonly wanted: WeightList
  readonly lora: LoraState | undefined
}

async function writeWeights(
  folder: string,
  { opened, config, architecture, wanted, lora }: Plan,
  step: () => void,
): Promise<Pick<ReleaseReport, 'weights' | 'bytes'>> {
  const numbers = [...new Set(opened.map(({ fold }) => fold))]
  const files: SafetensorsWriter[] = []
  const create = async (name: string): Promise<SafetensorsWriter> => {
    const file = await createSafetensors(join(folder, name), wanted, { format: 'pt' })
    files.push(file)
    return file
  }
  const merged = new Set(lora === 'merged' ? updatedWeights(wanted.keys()) : [])
  const scale = architecture.lora ? loraScale(architecture.lora) : 0
  let shared = 0
  try {
    const base = await create(config.base)
    const own: SafetensorsWriter[] = []
    for (const { fold, which } of opened) own.push(await create(fileOf(numbers.indexOf(fold), which)))
    for (const name of wanted.keys()) {
      // What tuning trains is never shared, though one fold alone could share everything.
      const common = isTuned(name)
        ? undefined
        : merged.has(name)
          ? sharedWeight(await loraWeights(opened, name), scale)
          : await commonWeight(opened, name)
      if (common) {
        await base.write(name, storedWeight(name, common, { round: false }).tensor)
        shared++
      } else
        for (const [n, one] of opened.entries()) {
          const weight = merged.has(name) ? unmergedWeight(await loraWeight(one, name), scale) : await one.read(name)
          await own[n].write(name, storedWeight(name, weight, { round: false }).tensor)
        }
      step()
    }
    const baseBytes = (await base.finish()).bytes
    const ownBytes = []
    for (const file of own) ownBytes.push((await file.finish()).bytes)
    return {
      weights: { shared, own: wanted.size - shared },
      bytes: { base: baseBytes, own: Math.max(...ownBytes) },
    }
  } finally {
    await Promise.all(files.map((file) => file.close()))
  }
}

/** A weight that is the same number by number in every checkpoint. */
async function commonWeight([first, ...others]: readonly Opened[], name: string): Promise<WeightData | undefined> {
  const weight = await first.read(name)
  for (const other of others) {
    const { dtype, data } = await other.read(name)
    if (dtype !== weight.dtype || !data.every((value, n) => value === weight.data[n])) return undefined
  }
  return weight
}
