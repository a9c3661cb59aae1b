/** From embeddings to probabilities: what is alike (docs/method.md M7.2, M7.3 and M14). */

/** exp of it scales the similarities; the published model clamps it to [0, ln 100] before each use. */
const MAX_LOGIT_SCALE = 4.6052

/**
 * A vector over its Euclidean length.
 * @example normalise([3, 4]) // [0.6, 0.8]
 */
export function normalise(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector)
  return vector.map((x) => x / length)
}

/**
 * The embedding of a value that several sentences say: each normalised, then their mean, normalised again.
 * @param embeddings as they leave the text side
 */
export function meanEmbedding(embeddings: readonly (readonly number[])[]): number[] {
  const unit = embeddings.map(normalise)
  return normalise(unit[0].map((_, i) => unit.reduce((sum, one) => sum + one[i], 0) / unit.length))
}

/**
 * The probability of each value: softmax over values of exp(logit scale) times the cosine similarity.
 * @param image embedding as it leaves the image side
 * @param values embeddings of the values, normalised
 * @param logitScale the parameter, not its exponential
 * @example choose([1, 0], [[1, 0], [0, 1]], 0) // [0.731, 0.269]
 */
export function choose(image: readonly number[], values: readonly (readonly number[])[], logitScale: number): number[] {
  const scale = Math.exp(Math.min(Math.max(logitScale, 0), MAX_LOGIT_SCALE))
  const unit = normalise(image)
  const logits = values.map((value) => scale * value.reduce((sum, x, i) => sum + x * unit[i], 0))
  const most = Math.max(...logits)
  const weights = logits.map((logit) => Math.exp(logit - most))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}

/**
 * Cosine similarity of an image with texts, fold by fold.
 * @param images embedding of the image by each fold, as it leaves the image side, [folds][dim]
 * @param texts embeddings of length 1, [folds, count, dim]
 * @returns [folds][count]
 * @example cosines([[3, 4]], Float32Array.of(1, 0, 0, 1), 2) // [[0.6, 0.8]]
 */
export function cosines(images: readonly (readonly number[])[], texts: Float32Array, count: number): number[][] {
  return images.map((image, fold) => {
    const unit = normalise(image)
    return Array.from({ length: count }, (_, t) => {
      const start = (fold * count + t) * unit.length
      return unit.reduce((sum, x, i) => sum + x * texts[start + i], 0)
    })
  })
}
