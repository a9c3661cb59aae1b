/** The image side of a model, ready to run: one base in memory, and fold after fold over it. */

import { int8Weights } from '../clip/int8-weights.ts'
import { imageSide } from '../clip/model.ts'
import { MAX_VIEWS } from '../clip/view-bags.ts'
import { graphWeights } from '../clip/weights.ts'
import { SpiculaError } from '../error.ts'
import { ABILITIES } from '../graph/device.ts'
import { writeOnnx } from '../graph/onnx.ts'
import * as g from '../graph/operations.ts'
import { openSession, type SessionOptions } from '../graph/session.node.ts'
import type { TensorData } from '../graph/tensor.ts'
import type { Checkpoint } from '../model/checkpoint.ts'
import type { ModelConfig } from '../model/config.ts'
import { loadImageWeights, type ModelFolder } from '../model/folder.node.ts'
import { type ModelPreprocessing, preprocessingOf } from '../model/preprocessing.ts'
import { type Stamp, stampOf } from './answers.ts'
import { int8Levels } from './int8-levels.node.ts'
import type { Precision } from './precision.ts'

type Feeds = Readonly<Record<string, TensorData>>
type Output = 'probability' | 'attention' | 'embedding'

export interface ImageSession {
  /** The model folder's, with a preprocessing that is whole: what `prepareViews` asks for. */
  readonly config: ModelConfig & { readonly preprocessing: ModelPreprocessing }
  /** Of the model, whether or not they share every weight. */
  readonly folds: number
  /** Name and version of model and software, and that it is for research use: what every output must say. */
  readonly stamp: Stamp
  /**
   * What every fold says of bags of views (clip/view-bags.ts): outputs of `imageSide`, [folds or 1, nodules, ...].
   * @throws SpiculaError `graph/run` where the runtime fails, `inference/not-finite` where int8 would hide a missing
   *   number
   */
  run(bags: Feeds): Promise<Record<Output, TensorData>>
  close(): Promise<void>
}

export interface PredictorOptions extends SessionOptions {
  readonly checkpoint?: Checkpoint
  readonly precision?: Precision
}

/**
 * Opens the image side. Probability, attention and embedding are outputs of one graph: the embedding is a step on the
 * way to the probability, so a caller that does not read it pays nothing for it. Folds run one after another over the
 * weights that they share, each with its own of what differs: memory holds one base, and the activations of one fold.
 * @throws SpiculaError of the weights, `graph/device`, or `inference/precision` where the device has no such arithmetic
 * @example
 * const session = await openImageSession(await openModelFolder('DIR'), { precision: 'int8' })
 * const { probability } = await session.run(bagFeeds([prepared], 224))
 */
export async function openImageSession(
  folder: ModelFolder,
  { checkpoint = 'both', precision = 'fp32', ...options }: PredictorOptions = {},
): Promise<ImageSession> {
  const { device = 'cpu' } = options
  const { dialect, int8: hasInt8 } = ABILITIES[device]
  if (precision === 'int8' && !hasInt8)
    throw new SpiculaError('inference/precision', `there is no int8 on ${device}`, {
      hint: 'Use --device cpu, or --precision fp32.',
    })
  const { architecture, preprocessing } = folder.config
  const loaded = await loadImageWeights(folder, checkpoint)
  const folds = loaded.stacked.size > 0 ? folder.config.folds.length : 1
  const { tensors, int8 } =
    precision === 'int8' ? int8Weights(loaded.tensors, await int8Levels()) : { tensors: loaded.tensors }
  const plan = { folds, stacked: loaded.stacked, fold: folds > 1 ? g.input('fold', [1], 'int64') : undefined, int8 }
  const { probability, attention, embedding } = imageSide(architecture, graphWeights(plan), {
    normalisation: { mean: preprocessing.mean, std: preprocessing.std },
    shifted: preprocessing.shifted,
    // One fold carries its update inside its weights; several share the base and carry theirs beside it.
    mergeLora: folds === 1 && precision === 'fp32',
    maxViews: MAX_VIEWS,
  })
  const session = await openSession(writeOnnx({ probability, attention, embedding }, tensors, { dialect }), options)
  const feedsOf = (fold: number): Feeds =>
    folds > 1 ? { fold: { dtype: 'int64', shape: [1], data: BigInt64Array.of(BigInt(fold)) } } : {}
  return {
    config: { ...folder.config, preprocessing: preprocessingOf(folder.config) },
    folds: folder.config.folds.length,
    stamp: stampOf(folder.config, precision),
    run: async (bags) => {
      // Rounding would turn NaN into a number, and hide it.
      if (precision === 'int8' && !(bags.views.data as Float32Array).every(Number.isFinite))
        throw new SpiculaError('inference/not-finite', 'the views hold values that are NaN or infinite', {
          hint: 'Does the scan hold voxels that are NaN or infinite?',
        })
      const outputs: Record<string, TensorData>[] = []
      for (let fold = 0; fold < folds; fold++) outputs.push(await session.run({ ...bags, ...feedsOf(fold) }))
      const together = (name: Output) => joined(outputs.map((output) => output[name]))
      return {
        probability: together('probability'),
        attention: together('attention'),
        embedding: together('embedding'),
      }
    },
    close: () => session.close(),
  }
}

/** Outputs of the folds, [1, ...] each, one after another. */
function joined(parts: readonly TensorData[]): TensorData {
  const [{ shape }] = parts
  const size = parts[0].data.length
  const data = new Float32Array(size * parts.length)
  for (const [i, part] of parts.entries()) data.set(part.data as Float32Array, i * size)
  return { dtype: 'float32', shape: [parts.length, ...shape.slice(1)], data }
}
