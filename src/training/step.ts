/** One pass over a batch: losses and gradients, on a session that serves training and validation alike. */

import { MASK } from '../clip/dropout.ts'
import type { Normalisation } from '../clip/image-tower.ts'
import { classTargets, clipTargets } from '../clip/losses.ts'
import type { Architecture } from '../clip/model.ts'
import { type Tokenizer, textFeeds } from '../clip/tokenizer/tokenizer.ts'
import { bagFeeds, MAX_VIEWS } from '../clip/view-bags.ts'
import { ABILITIES } from '../graph/device.ts'
import { writeOnnx } from '../graph/onnx.ts'
import { openSession, type SessionOptions } from '../graph/session.node.ts'
import { dimValue } from '../graph/shape.ts'
import type { TensorData, TensorType } from '../graph/tensor.ts'
import type { NoduleViews } from '../nodule/views.ts'
import type { Random } from '../random.ts'
import type { Parameters } from './adamw.ts'
import type { TrainConfig } from './config.ts'
import { dropoutMask } from './masks.ts'
import { gradientName, gradientOutputs, objective, trainedGradients } from './objective.ts'

/** Nodules with their texts. */
export interface Batch {
  readonly bags: readonly NoduleViews[]
  /** Token numbers of each nodule's text, padded to the model's context. */
  readonly tokens: readonly (readonly number[])[]
  /** Of malignancy, 0 to 1; null where nobody knows: such a nodule is aligned with its text alone. */
  readonly labels: readonly (number | null)[]
  /** Whether a text, by its place, is true of a nodule; its own alone where left out. */
  readonly isTrue?: (image: number, text: number) => boolean
}

export type LossName = 'total' | 'clip' | 'image' | 'text'

export interface StepResult {
  readonly losses: Readonly<Record<LossName, number>>
  /** Of malignancy, one a nodule. */
  readonly probabilities: readonly number[]
}

export interface TrainStep {
  /** Names and shapes of the trained weights. */
  readonly trained: ReadonlyMap<string, readonly number[]>
  /** Losses and gradients of a batch, with dropout drawn from `random`. */
  train(
    batch: Batch,
    parameters: Parameters,
    weights: ClassWeights,
    random: Random,
  ): Promise<StepResult & { gradients: Parameters }>
  /** Losses of a batch without dropout. */
  validate(batch: Batch, parameters: Parameters, weights: ClassWeights): Promise<StepResult>
  close(): Promise<void>
}

/** Weights of benign and malignant in the cross-entropies. */
export type ClassWeights = readonly [number, number]

export interface TrainStepOptions extends SessionOptions {
  readonly architecture: Architecture
  readonly normalisation: Normalisation
  readonly config: TrainConfig
  /** Frozen weights by name. The session takes them over; the caller may let go of the map. */
  readonly frozen: ReadonlyMap<string, TensorData>
  /** How texts come as tokens. */
  readonly tokenizer: TextShape
}

type TextShape = Pick<Tokenizer, 'context' | 'endToken'>

/**
 * Opens the session of a training run.
 * @example
 * const step = await openTrainStep({ architecture, normalisation, config, frozen })
 * const { losses, gradients } = await step.train(batch, parameters, [1, 1], random)
 */
export async function openTrainStep(options: TrainStepOptions): Promise<TrainStep> {
  const { architecture, normalisation, config, frozen, tokenizer, ...sessionOptions } = options
  const rates: Readonly<Record<string, number>> = {
    lora: config.tuning === 'lora' ? config.lora.dropout : 0,
    semantic_projection: config.dropout,
  }
  const losses = objective(architecture, {
    normalisation,
    maxViews: MAX_VIEWS,
    lossWeights: config.lossWeights,
    loraDropout: rates.lora > 0,
    dropout: rates.semantic_projection > 0,
  })
  const slopes = trainedGradients(losses.total, config)
  const trained = new Map([...slopes].map(([name, { shape }]) => [name, shape.map(Number)]))
  const stored = new Map([...frozen].filter(([name]) => !trained.has(name)))
  const { dialect } = ABILITIES[sessionOptions.device ?? 'cpu']
  const model = writeOnnx({ ...losses, ...gradientOutputs(slopes) }, stored, { dialect })
  const wanted = model.inputs
  const session = await openSession(model, sessionOptions)

  const run = async (batch: Batch, parameters: Parameters, weights: ClassWeights, random: Random | undefined) => {
    const own = batchFeeds(batch, architecture.image.resolution, config.labelSmoothing, weights, tokenizer)
    const feeds: Record<string, TensorData> = { ...own, ...dropoutFeeds(wanted, own, rates, random) }
    for (const [name, shape] of trained) {
      const data = parameters.get(name)
      if (!data) throw new Error(`there are no numbers for the trained weight ${name}`)
      feeds[name] = { dtype: 'float32', shape, data }
    }
    const results = await session.run(feeds)
    const loss = (name: LossName) => Number(results[name].data[0])
    return {
      results,
      losses: { total: loss('total'), clip: loss('clip'), image: loss('image'), text: loss('text') },
      probabilities: Array.from(results.probability.data, Number),
    }
  }
  return {
    trained,
    train: async (batch, parameters, weights, random) => {
      const { results, ...result } = await run(batch, parameters, weights, random)
      const gradients = [...trained.keys()].map(
        (name) => [name, results[gradientName(name)].data as Float32Array] as const,
      )
      return { ...result, gradients: new Map(gradients) }
    },
    validate: async (batch, parameters, weights) => {
      const { losses: values, probabilities } = await run(batch, parameters, weights, undefined)
      return { losses: values, probabilities }
    },
    close: () => session.close(),
  }
}

function batchFeeds(
  { bags, tokens, labels, isTrue }: Batch,
  resolution: number,
  smoothing: number,
  weights: ClassWeights,
  tokenizer: TextShape,
) {
  const nodules = bags.length
  const { textsOfImage, imagesOfText } = clipTargets(nodules, smoothing, isTrue)
  const pairs = (data: Float32Array): TensorData => ({ dtype: 'float32', shape: [nodules, nodules], data })
  return {
    ...bagFeeds(bags, resolution),
    ...textFeeds(tokens, tokenizer),
    textsOfImage: pairs(textsOfImage),
    imagesOfText: pairs(imagesOfText),
    classTargets: { dtype: 'float32', shape: [nodules, 2], data: classTargets(labels, weights) },
  } as const satisfies Record<string, TensorData>
}

type BatchFeeds = ReturnType<typeof batchFeeds>

/** Masks and scales; without a generator they keep everything as it is. */
function dropoutFeeds(
  inputs: Readonly<Record<string, TensorType>>,
  { members, views, tokens }: BatchFeeds,
  rates: Readonly<Record<string, number>>,
  random: Random | undefined,
): Record<string, TensorData> {
  const symbols = new Map([
    ['N', members.shape[0]],
    ['M', views.shape[0]],
    ['S', tokens.shape[0]],
  ])
  const feeds: Record<string, TensorData> = {}
  const scale = (rate: number): TensorData => ({
    dtype: 'float32',
    shape: [1],
    data: Float32Array.of(random ? 1 / (1 - rate) : 1),
  })
  for (const [name, { shape }] of Object.entries(inputs)) {
    if (name === 'loraScale') feeds[name] = scale(rates.lora)
    else if (name === 'dropoutScale') feeds[name] = scale(rates.semantic_projection)
    else if (name.endsWith(MASK)) {
      const size = shape.map((dim) => dimValue(dim, symbols))
      const length = size.reduce((product, n) => product * n, 1)
      const rate = rates[name.slice(0, -MASK.length).split('.').at(-1) ?? '']
      const data = random ? dropoutMask(length, rate, random.fork(name)) : new Uint8Array(length).fill(1)
      feeds[name] = { dtype: 'bool', shape: size, data }
    }
  }
  return feeds
}
