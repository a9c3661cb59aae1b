/** The losses of the published training (docs/method.md M7). What depends on labels alone is fed as targets. */
import * as g from '../graph/operations.ts'
import type { Tensor } from '../graph/tensor.ts'

/**
 * The symmetric contrastive loss of CLIP with label smoothing: the mean over both directions of the cross-entropy
 * between targets and the softmax of the scaled cosine similarities.
 * @param image embeddings before L2 normalisation, [1, N, D]
 * @param text likewise, of the same nodules in the same order
 * @param logitScale a scalar; similarities are multiplied by its exponential
 * @param targets which texts each image has and which images each text has, both [N, N] with an image a row and a text
 *   a column (`clipTargets`)
 * @returns a scalar
 */
export function clipLoss(
  image: Tensor,
  text: Tensor,
  logitScale: Tensor,
  targets: { readonly textsOfImage: Tensor; readonly imagesOfText: Tensor },
): Tensor {
  const similarity = g.matMul(g.l2Normalize(image), g.l2Normalize(text), { transposeB: true }) // [1, N, N]
  const logits = g.mul(similarity, g.exp(logitScale))
  const count = g.reduceSum(targets.textsOfImage, [0, 1])
  const direction = (axis: number, wanted: Tensor) => g.reduceSum(g.mul(g.logSoftmax(logits, axis), wanted), [0, 1, 2])
  const both = g.add(direction(2, targets.textsOfImage), direction(1, targets.imagesOfText))
  return g.div(g.mul(both, -0.5), count)
}

/**
 * Cross-entropy of a head, weighted as PyTorch's: sum of weight times loss over the sum of weights.
 * @param logits [1, N, classes]
 * @param targets [N, classes]: what each class counts (`classTargets`)
 * @returns a scalar
 */
export const crossEntropy = (logits: Tensor, targets: Tensor): Tensor =>
  g.mul(g.reduceSum(g.mul(g.logSoftmax(logits), targets), [0, 1, 2]), -1)

/** Targets of the contrastive loss, float32 [N, N] each: the rows of one sum to 1, the columns of the other. */
export interface ClipTargets {
  readonly textsOfImage: Float32Array
  readonly imagesOfText: Float32Array
}

/**
 * Targets of the contrastive loss: of 1 - smoothing, every text that is true of a nodule has an equal share, and every
 * nodule that a text is true of; smoothing is spread over all.
 * @param isTrue whether text `text` is true of nodule `image`; as published, its own alone
 * @example clipTargets(2, 0.1).textsOfImage // [0.95, 0.05, 0.05, 0.95]
 */
export function clipTargets(
  count: number,
  smoothing: number,
  isTrue: (image: number, text: number) => boolean = (image, text) => image === text,
): ClipTargets {
  const pairs = Array.from({ length: count * count }, (_, i) => Number(isTrue(Math.floor(i / count), i % count)))
  const ofImage = new Float32Array(count)
  const ofText = new Float32Array(count)
  for (const [i, pair] of pairs.entries()) {
    ofImage[Math.floor(i / count)] += pair
    ofText[i % count] += pair
  }
  const shares = (totalOf: (i: number) => number) =>
    Float32Array.from(pairs, (pair, i) => ((1 - smoothing) * pair) / totalOf(i) + smoothing / count)
  return {
    textsOfImage: shares((i) => ofImage[Math.floor(i / count)]),
    imagesOfText: shares((i) => ofText[i % count]),
  }
}

/**
 * Targets of a head of two classes: each label counts its class's weight, over the sum of all. A probability between
 * counts as so much of a nodule of each class.
 * @param labels of the second class, 0 to 1; null where nobody knows: it adds nothing to the loss
 * @param weights of the classes; both 1 for the plain mean
 * @returns float32 [labels, 2]
 * @example classTargets([0, 1, null], [1, 3]) // [0.25, 0, 0, 0.75, 0, 0]
 */
export function classTargets(labels: readonly (number | null)[], [benign, malignant]: readonly [number, number]) {
  const shares = labels.flatMap((label) => (label === null ? [0, 0] : [(1 - label) * benign, label * malignant]))
  const total = shares.reduce((sum, share) => sum + share, 0)
  return Float32Array.from(shares, (share) => (share === 0 ? 0 : share / total))
}

/**
 * Weights of classes for a class-weighted loss: 1 / count, scaled to sum 1.
 * @param counts of each class in the training fold, above 0
 */
export function classWeights(counts: readonly number[]): number[] {
  const inverse = counts.map((count) => 1 / count)
  const total = inverse.reduce((sum, x) => sum + x, 0)
  return inverse.map((x) => x / total)
}
