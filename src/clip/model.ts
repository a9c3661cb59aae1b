/** The published model as graphs: the image side that predicts, and the text side that it was aligned with. */
import * as g from '../graph/operations.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { ImageTowerConfig, LoraConfig, PoolingConfig, TextTowerConfig } from './architecture.ts'
import type { Dropout } from './dropout.ts'
import { imageTower, type Normalisation } from './image-tower.ts'
import { attentionPooling, type Bags, classify } from './pooling.ts'
import { SHIFTED_IMAGES, shiftedImages } from './shifted-images.ts'
import { semanticProjection, textInputs, textTower } from './text-tower.ts'
import { HEADS } from './weight-names.ts'
import { scope, type Weights } from './weights.ts'

/** Everything that a model's graph depends on. */
export interface Architecture {
  readonly image: ImageTowerConfig
  readonly pooling: PoolingConfig
  /** Left out for a model that only predicts. */
  readonly text?: TextTowerConfig | undefined
  readonly lora?: LoraConfig | undefined
}

/** Outputs of the image side for a batch of nodules; the axis of folds is 1 where nothing differs between them. */
export interface ImageSide {
  /** Image embeddings before L2 normalisation, [folds, nodules, embedDim]. */
  readonly embedding: Tensor
  /** Weight of each view, [folds, nodules, V]. */
  readonly attention: Tensor
  /** Benign, malignant, [folds, nodules, 2]. */
  readonly logits: Tensor
  /** Of malignancy, [folds, nodules]. */
  readonly probability: Tensor
}

export interface ReadingOptions {
  readonly normalisation: Normalisation
  readonly mergeLora: boolean
  /** Whether each view is read in four images, and they are averaged (shifted-images.ts): four times the work. */
  readonly shifted?: boolean | undefined
  /** Of the input of LoRA, in training. */
  readonly loraDropout?: Dropout | undefined
}

export interface ImageSideOptions extends ReadingOptions {
  /** Views of the largest bag. */
  readonly maxViews: number
}

/**
 * The image side: views -> tower -> attention pooling -> head.
 * Inputs of the graph: `views` float32 [views, resolution, resolution] in [0, 1], `members` int64
 * [nodules, maxViews, 1] and `present` float32 [nodules, maxViews] (pooling.ts).
 * @example writeOnnx({ ...imageSide(architecture, graphWeights({ folds: 1 }), options) }, weights)
 */
export function imageSide(architecture: Architecture, weights: Weights, options: ImageSideOptions): ImageSide {
  const { resolution } = architecture.image
  const { maxViews } = options
  const views = g.input('views', ['M', resolution, resolution])
  const bags = {
    members: g.input('members', ['N', maxViews, 1], 'int64'),
    present: g.input('present', ['N', maxViews]),
  }
  return readViews(views, bags, architecture, weights, options)
}

/**
 * What the image side makes of views, wherever they come from.
 * @param views [views, resolution, resolution] in [0, 1]
 */
export function readViews(
  views: Tensor,
  bags: Bags,
  architecture: Architecture,
  weights: Weights,
  options: ReadingOptions,
): ImageSide {
  const { image, pooling, lora: config } = architecture
  const { normalisation, mergeLora: merged, loraDropout: dropout } = options
  const read = (all: Tensor) => imageTower(all, weights, image, normalisation, config && { config, merged, dropout })
  const features = read(options.shifted ? shiftedImages(views, image.patch) : views)
  const seen = { views: views.shape[0], images: options.shifted ? SHIFTED_IMAGES : 1 }
  const { embedding, attention } = attentionPooling(features, seen, bags, weights, pooling)
  const logits = classify(embedding, scope(weights, HEADS.imageClassifier))
  const probability = g.select(g.softmax(logits), 2, 1)
  return { embedding, attention, logits, probability }
}

/**
 * The text side: tokens -> tower -> projection -> head.
 * Inputs of the graph: those of `textInputs` (text-tower.ts).
 */
export function textSide(
  architecture: Architecture & { readonly text: TextTowerConfig },
  weights: Weights,
  options: {
    readonly mergeLora: boolean
    readonly loraDropout?: Dropout | undefined
    readonly dropout?: Dropout | undefined
  },
): { readonly embedding: Tensor; readonly logits: Tensor } {
  const { text, pooling, lora: config } = architecture
  const { mergeLora: merged, loraDropout, dropout } = options
  const features = textTower(textInputs(text), weights, text, config && { config, merged, dropout: loraDropout })
  const embedding = semanticProjection(features, weights, pooling.embedDim, dropout)
  return { embedding, logits: classify(embedding, scope(weights, HEADS.textClassifier)) }
}
