/** A model folder on disk: its configuration, and exactly the weights that its graphs read. */
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { weightShapes } from '../clip/initialise.ts'
import { type Architecture, imageSide, textSide } from '../clip/model.ts'
import { LOGIT_SCALE } from '../clip/weight-names.ts'
import { graphWeights } from '../clip/weights.ts'
import { SpiculaError } from '../error.ts'
import { showShape } from '../graph/shape.ts'
import type { TensorData } from '../graph/tensor.ts'
import { stackFolds } from '../weights/folds.ts'
import { openSafetensors, type SafetensorsFile } from '../weights/safetensors.node.ts'
import { CHECKPOINTS, type Checkpoint } from './checkpoint.ts'
import { type ModelConfig, parseModelConfig } from './config.ts'

/** Names and shapes of the weights of one side of a model. */
export type WeightList = ReadonlyMap<string, readonly number[]>

export interface ModelFolder {
  /** The folder's name, for messages and results. */
  readonly name: string
  readonly path: string
  readonly config: ModelConfig
}

/** Weights ready for a graph. */
export interface LoadedWeights {
  readonly tensors: ReadonlyMap<string, TensorData>
  /** Names whose tensors are [folds, ...shape]. */
  readonly stacked: ReadonlySet<string>
}

/** Every weight of a model, by the side that reads it. The logit scale serves both and belongs to the text side. */
export function modelWeights(architecture: Architecture): { readonly image: WeightList; readonly text: WeightList } {
  const weights = graphWeights({ folds: 1 })
  const normalisation = { mean: [0, 0, 0], std: [1, 1, 1] }
  const image = weightShapes(
    Object.values(imageSide(architecture, weights, { normalisation, mergeLora: false, maxViews: 1 })),
  )
  const { text } = architecture
  if (!text) return { image, text: new Map() }
  const side = textSide({ ...architecture, text }, weights, { mergeLora: false })
  return { image, text: weightShapes(Object.values(side)).set(LOGIT_SCALE, []) }
}

/**
 * Opens a model folder: reads its `config.json`, no weights yet.
 * @throws SpiculaError `inference/model` when there is none, `inference/config` when it is not sound
 * @example const folder = await openModelFolder('models/spicula-small')
 */
export async function openModelFolder(path: string): Promise<ModelFolder> {
  let json: string
  try {
    json = await readFile(join(path, 'config.json'), 'utf8')
  } catch (cause) {
    throw new SpiculaError('inference/model', `${path} is not a model folder: it has no readable config.json`, {
      hint: 'Give the folder that holds config.json. `spicula model init` makes a random one to try things with.',
      cause,
    })
  }
  return { name: basename(path), path, config: parseModelConfig(json, join(basename(path), 'config.json')) }
}

/** Reads the weights of the image side: {@link loadWeights}. */
export const loadImageWeights = (folder: ModelFolder, checkpoint: Checkpoint): Promise<LoadedWeights> =>
  loadWeights(folder, checkpoint, 'image')

/**
 * Reads the weights of one side, folds stacked over their shared base.
 * @param checkpoint which of each fold's checkpoints
 * @throws SpiculaError `inference/weights` naming every missing, extra or mis-shaped tensor, and its file
 * @example const { tensors, stacked } = await loadWeights(await openModelFolder('DIR'), 'both', 'text')
 */
export async function loadWeights(
  folder: ModelFolder,
  checkpoint: Checkpoint,
  side: 'image' | 'text',
): Promise<LoadedWeights> {
  const files = await openFiles(folder, checkpoint)
  try {
    const sides = modelWeights(folder.config.architecture)
    checkTensors(files, sides.image, sides.text)
    const tensors = new Map<string, TensorData>()
    const stacked = new Set<string>()
    for (const name of sides[side].keys()) {
      const owners = files.folds.map((fold) => (fold.tensors.has(name) ? fold : files.base))
      if (owners.length === 1 || owners.every((owner) => owner === files.base)) {
        tensors.set(name, await owners[0].read(name))
      } else {
        const parts: TensorData[] = []
        for (const owner of owners) parts.push(await owner.read(name))
        tensors.set(name, stackFolds(name, parts))
        stacked.add(name)
      }
    }
    return { tensors, stacked }
  } finally {
    await Promise.all([files.base, ...files.folds].map((file) => file.close()))
  }
}

/**
 * Checks every file of a model folder, all checkpoints of all folds, without loading a weight.
 * @throws SpiculaError as `loadImageWeights`
 */
export async function checkModelFolder(folder: ModelFolder): Promise<void> {
  const { image, text } = modelWeights(folder.config.architecture)
  for (const checkpoint of CHECKPOINTS) {
    if (!folder.config.folds.every((fold) => fold[checkpoint])) continue
    const files = await openFiles(folder, checkpoint)
    try {
      checkTensors(files, image, text)
    } finally {
      await Promise.all([files.base, ...files.folds].map((file) => file.close()))
    }
  }
}

interface ModelFiles {
  readonly base: SafetensorsFile
  readonly folds: readonly SafetensorsFile[]
}

async function openFiles({ path, config }: ModelFolder, checkpoint: Checkpoint): Promise<ModelFiles> {
  const opened: SafetensorsFile[] = []
  try {
    for (const file of [config.base, ...config.folds.map((fold, index) => checkpointFile(fold, index, checkpoint))])
      opened.push(await openSafetensors(join(path, file)))
  } catch (error) {
    await Promise.all(opened.map((file) => file.close()))
    throw error
  }
  const [base, ...folds] = opened
  return { base, folds }
}

function checkpointFile(fold: ModelConfig['folds'][number], index: number, checkpoint: Checkpoint): string {
  const file = fold[checkpoint]
  if (file === undefined)
    throw new SpiculaError('inference/checkpoint', `fold ${index} has no checkpoint that is best for ${checkpoint}`, {
      hint: 'Every fold has the one that is best for both: leave --checkpoint out.',
    })
  return file
}

/** Every misfit between the files and the architecture, in one error. */
function checkTensors({ base, folds }: ModelFiles, image: WeightList, text: WeightList): void {
  const known = new Map([...image, ...text])
  const problems: string[] = []
  for (const [file, label] of [
    [base, base.name] as const,
    ...folds.map((fold, i) => [fold, `fold ${i} (${fold.name})`] as const),
  ]) {
    for (const [name, { shape, dtype }] of file.tensors) {
      const wanted = known.get(name)
      if (!wanted) problems.push(`${label} has an extra tensor ${name}`)
      else if (showShape(shape) !== showShape(wanted))
        problems.push(`${name} in ${label} is ${showShape(shape)}, the architecture wants ${showShape(wanted)}`)
      else if (!['F32', 'F16', 'BF16', 'I8'].includes(dtype)) problems.push(`${name} in ${label} is ${dtype}, no float`)
    }
  }
  for (const name of known.keys()) {
    if (base.tensors.has(name)) continue
    const without = folds.flatMap((fold, i) => (fold.tensors.has(name) ? [] : [i]))
    if (without.length === folds.length) problems.push(`${name} is missing`)
    else if (without.length > 0) problems.push(`${name} is missing in fold ${without.join(', ')} and in ${base.name}`)
  }
  if (problems.length === 0) return
  const shown = problems.slice(0, 8).join('; ')
  const rest = problems.length > 8 ? `; and ${problems.length - 8} more` : ''
  throw new SpiculaError('inference/weights', `the weights do not fit the model: ${shown}${rest}`, {
    hint: 'The folder is incomplete or its config.json belongs to another model.',
  })
}
