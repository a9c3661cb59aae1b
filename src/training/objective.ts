/** What training minimises, as a graph: both sides of the model, the three losses, and their gradients. */
import { fedDropout } from '../clip/dropout.ts'
import type { Normalisation } from '../clip/image-tower.ts'
import { clipLoss, crossEntropy } from '../clip/losses.ts'
import { type Architecture, imageSide, textSide } from '../clip/model.ts'
import { isImageNorm, isLora, isPatchEmbedding, isTuned, LOGIT_SCALE, towerOf } from '../clip/weight-names.ts'
import { graphWeights } from '../clip/weights.ts'
import { SpiculaError } from '../error.ts'
import * as g from '../graph/operations.ts'
import type { Tensor } from '../graph/tensor.ts'
import { topological } from '../graph/traversal.ts'

/** Weights of the three losses; all 1 as published. */
export interface LossWeights {
  readonly clip: number
  readonly image: number
  readonly text: number
}

export interface ObjectiveOptions {
  readonly normalisation: Normalisation
  /** Views of the largest bag. */
  readonly maxViews: number
  readonly lossWeights: LossWeights
  /** Whether the input of LoRA has dropout. */
  readonly loraDropout: boolean
  /** Whether the text projection has dropout. */
  readonly dropout: boolean
}

/** Scalars. */
export interface Losses {
  readonly total: Tensor
  readonly clip: Tensor
  readonly image: Tensor
  readonly text: Tensor
}

/**
 * The training loss (docs/method.md M7): w_clip CLIP + (w_image CE_image + w_text CE_text) / 2.
 * Inputs of the graph beside those of `imageSide` and `textSide`: `textsOfImage` and `imagesOfText` [N, N], and
 * `classTargets` [N, 2] (losses.ts), and for dropout its masks, `loraScale` and `dropoutScale` (dropout.ts).
 * @throws SpiculaError `training/text` for an architecture without a text side
 */
export function objective(
  architecture: Architecture,
  options: ObjectiveOptions,
): Losses & { readonly probability: Tensor } {
  const { text } = architecture
  if (!text) throw new SpiculaError('training/text', 'the base model has no text side, which the CLIP loss needs')
  const { normalisation, maxViews, lossWeights } = options
  const weights = graphWeights({ folds: 1 })
  const loraDropout = options.loraDropout ? fedDropout('loraScale') : undefined
  const image = imageSide(architecture, weights, { normalisation, maxViews, mergeLora: false, loraDropout })
  const words = textSide({ ...architecture, text }, weights, {
    mergeLora: false,
    loraDropout,
    dropout: options.dropout ? fedDropout('dropoutScale') : undefined,
  })
  const targets = {
    textsOfImage: g.input('textsOfImage', ['N', 'N']),
    imagesOfText: g.input('imagesOfText', ['N', 'N']),
  }
  const classTargets = g.input('classTargets', ['N', 2])
  const clip = clipLoss(image.embedding, words.embedding, weights.get(LOGIT_SCALE, []), targets)
  const imageLoss = crossEntropy(image.logits, classTargets)
  const textLoss = crossEntropy(words.logits, classTargets)
  const heads = g.add(g.mul(imageLoss, lossWeights.image / 2), g.mul(textLoss, lossWeights.text / 2))
  const total = g.add(g.mul(clip, lossWeights.clip), heads)
  return { total, clip, image: imageLoss, text: textLoss, probability: image.probability }
}

/**
 * What is trained: low-rank updates and heads, heads alone, or everything; and beside them in full, the text tower (one
 * without pretraining has nothing that a low rank could update), or the image tower's norms and biases, or what it
 * embeds patches with.
 */
export interface Tuning {
  readonly tuning: 'lora' | 'probe' | 'full'
  readonly alsoFull: readonly Part[]
}
export const PARTS = ['text', 'norms', 'patches'] as const
export type Part = (typeof PARTS)[number]

const IS_PART: Readonly<Record<Part, (name: string) => boolean>> = {
  text: (name) => towerOf(name) === 'text',
  norms: isImageNorm,
  patches: isPatchEmbedding,
}

/** Whether a weight is trained under a tuning (docs/method.md M8). */
export function isTrained(name: string, { tuning, alsoFull }: Tuning): boolean {
  if (tuning === 'full' || (isTuned(name) && (tuning === 'lora' || !isLora(name)))) return true
  return alsoFull.some((part) => IS_PART[part](name))
}

/** The trained weights of a loss, and the gradient of the loss with respect to each, by name. */
export function trainedGradients(loss: Tensor, tuning: Tuning): Map<string, Tensor> {
  const trained = new Map<string, Tensor>()
  for (const tensor of topological([loss]))
    if (tensor.node.kind === 'parameter' && isTrained(tensor.node.name, tuning)) trained.set(tensor.node.name, tensor)
  const slopes = g.gradients(loss, [...trained.values()])
  return new Map([...trained.keys()].map((name, i) => [name, slopes[i]]))
}

/** Name of the output that holds the gradient of a weight. */
export const gradientName = (weight: string): string => `gradient of ${weight}`

/** Gradients as outputs of a graph. */
export const gradientOutputs = (slopes: ReadonlyMap<string, Tensor>): Record<string, Tensor> =>
  Object.fromEntries([...slopes].map(([name, slope]) => [gradientName(name), slope]))
