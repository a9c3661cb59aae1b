/** The losses of the published training (REFERENCE 7). What depends on labels alone is fed as target distributions. */
import * as g from '../graph/operations.ts'
import type { Tensor } from '../graph/tensor.ts'

/**
 * The symmetric contrastive loss of CLIP with label smoothing: the mean over both directions of the cross-entropy
 * between targets and the softmax of the scaled cosine similarities.
 * @param image embeddings before L2 normalisation, [1, N, D]
 * @param text likewise, of the same nodules in the same order
 * @param logitScale a scalar; similarities are multiplied by its exponential
 * @param targets [N, N], rows sum to 1 (`smoothedIdentity`); symmetric
 * @returns a scalar
 */
export function clipLoss(image: Tensor, text: Tensor, logitScale: Tensor, targets: Tensor): Tensor {
  const similarity = g.matMul(g.l2Normalize(image), g.l2Normalize(text), { transposeB: true }) // [1, N, N]
  const logits = g.mul(similarity, g.exp(logitScale))
  const count = g.reduceSum(targets, [0, 1])
  const direction = (axis: number) => g.reduceSum(g.mul(g.logSoftmax(logits, axis), targets), [0, 1, 2])
  return g.div(g.mul(g.add(direction(2), direction(1)), -0.5), count)
}

/**
 * Cross-entropy of a head, weighted as PyTorch's: sum of weight times loss over the sum of weights.
 * @param logits [1, N, classes]
 * @param targets [N, classes]: the weight of the label's class, over the sum of all weights, at the label; else 0
 *   (`classTargets`)
 * @returns a scalar
 */
export const crossEntropy = (logits: Tensor, targets: Tensor): Tensor =>
  g.mul(g.reduceSum(g.mul(g.logSoftmax(logits), targets), [0, 1, 2]), -1)

/**
 * Targets of the contrastive loss: 1 - smoothing for a nodule's own text, and smoothing spread over all texts.
 * @returns float32 [count, count]
 * @example smoothedIdentity(2, 0.1) // [0.95, 0.05, 0.05, 0.95]
 */
export function smoothedIdentity(count: number, smoothing: number): Float32Array {
  const targets = new Float32Array(count * count).fill(smoothing / count)
  for (let i = 0; i < count; i++) targets[i * count + i] = 1 - smoothing + smoothing / count
  return targets
}

/**
 * Targets of a head.
 * @param weights of the classes; all 1 for the plain mean
 * @returns float32 [labels, classes]
 * @example classTargets([0, 1], [1, 3]) // [0.25, 0, 0, 0.75]
 */
export function classTargets(labels: readonly number[], weights: readonly number[]): Float32Array {
  const total = labels.reduce((sum, label) => sum + weights[label], 0)
  const targets = new Float32Array(labels.length * weights.length)
  for (const [i, label] of labels.entries()) targets[i * weights.length + label] = weights[label] / total
  return targets
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
