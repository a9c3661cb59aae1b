/** From the features of views to a nodule: attention pooling and the classification head. */
import * as g from '../graph/operations.ts'
import type { Dim } from '../graph/shape.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { PoolingConfig } from './architecture.ts'
import { HEADS } from './weight-names.ts'
import { linear, scope, type Weights } from './weights.ts'

/** Which views make which nodule: bags of up to `V` views, short ones padded; or `V` views each, one after another. */
export type Bags = MixedBags | FullBags

export interface MixedBags {
  /** int64 [nodules, V, 1]: rows of the features; padding points at any row. */
  readonly members: Tensor
  /** float32 [nodules, V]: 1 for a view, 0 for padding. */
  readonly present: Tensor
}

export interface FullBags {
  readonly nodules: Dim
  /** Views of every nodule. */
  readonly views: number
}

export interface Pooled {
  /** Image embeddings before L2 normalisation, [folds or 1, nodules, embedDim]. */
  readonly embedding: Tensor
  /** Weight of each view, [folds or 1, nodules, V]; sums to 1, padding has 0. */
  readonly attention: Tensor
}

/** Far below any score that a tanh and a linear layer can reach, yet finite: exp of the difference is exactly 0. */
const MASKED = 1e9

/**
 * Attention pooling over views (Ilse et al. 2018, un-gated): h = relu(W x + b), a = softmax(v' tanh(U h)), z = sum a h.
 * @param features [folds or 1, images * views, imageEmbedDim]: where a view has several images (shifted-images.ts), every view in
 *   the first, then every view in the second; a view's h is the mean over its images, behind the relu
 */
export function attentionPooling(
  features: Tensor,
  seen: { readonly views: Dim; readonly images: number },
  bags: Bags,
  weights: Weights,
  config: PoolingConfig,
): Pooled {
  const w = scope(weights, HEADS.imageProjection)
  const projected = g.relu(linear(features, scope(w, 'projector.0'), config.embedDim))
  const hidden = meanOfImages(projected, seen) // [folds, views, embedDim]
  const score = linear(
    g.tanh(linear(hidden, scope(w, 'attention.0'), config.attentionWidth)),
    scope(w, 'attention.2'),
    1,
  )

  const attention = g.softmax(inBags(g.select(score, 2, 0), bags)) // [folds, nodules, V]
  const [folds, nodules, size] = attention.shape
  const row = g.reshape(attention, [folds, nodules, 1, size])
  const pooled = g.matMul(row, members(hidden, bags)) // [folds, nodules, 1, embedDim]
  return { embedding: g.select(pooled, 2, 0), attention }
}

/** [folds, images * views, width] -> [folds, views, width] */
function meanOfImages(x: Tensor, { views, images }: { readonly views: Dim; readonly images: number }): Tensor {
  if (images === 1) return x
  const [folds, , width] = x.shape
  return g.mul(g.reduceSum(g.reshape(x, [folds, images, views, width]), [1]), 1 / images)
}

/** What belongs to the views of each nodule: [folds, views, ...] -> [folds, nodules, V, ...]. */
function members(x: Tensor, bags: Bags): Tensor {
  if ('members' in bags) return g.gather(x, bags.members, 1)
  const [folds, , ...rest] = x.shape
  return g.reshape(x, [folds, bags.nodules, bags.views, ...rest])
}

/** Scores of the views of each nodule, padding masked: [folds, views] -> [folds, nodules, V]. */
function inBags(scores: Tensor, bags: Bags): Tensor {
  const own = members(scores, bags)
  return 'members' in bags ? g.add(own, g.mul(g.sub(bags.present, 1), MASKED)) : own
}

/**
 * Logits of a head on an L2-normalised embedding.
 * @param embedding [folds or 1, nodules, embedDim]
 * @returns logits of benign and malignant, [folds or 1, nodules, 2]
 */
export const classify = (embedding: Tensor, head: Weights): Tensor => linear(g.l2Normalize(embedding), head, 2)
