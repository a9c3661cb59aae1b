/** For tests: both sides in plain loops and double precision, written from docs/method.md M3.4 to M6 alone. */
import type { TensorData } from '../graph/tensor.ts'
import type { LoraConfig, LoraTarget, TransformerConfig } from './architecture.ts'
import type { Architecture } from './model.ts'

type Vector = number[]
type Matrix = Vector[]

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, x, i) => sum + x * b[i], 0)
const plus = (a: Vector, b: Vector) => a.map((x, i) => x + b[i])
const softmax = (x: Vector) => {
  const e = x.map((v) => Math.exp(v - Math.max(...x)))
  return e.map((v) => v / e.reduce((a, b) => a + b, 0))
}

/** erf to 1e-15 by its Taylor series, for the small arguments of a test. */
function erf(x: number): number {
  let term = x
  let total = x
  for (let n = 1; n < 300; n++) {
    term *= -(x * x) / n
    total += term / (2 * n + 1)
  }
  return Math.abs(x) > 6 ? Math.sign(x) : (2 / Math.sqrt(Math.PI)) * total
}

type Named = ReadonlyMap<string, TensorData>

/** What both towers are made of, over weights by their names. */
function network(weights: Named) {
  const vector = (name: string): Vector => Array.from(weights.get(name)?.data ?? [], Number)
  const matrix = (name: string): Matrix => {
    const { shape = [1, 1] } = weights.get(name) ?? {}
    const flat = vector(name)
    const columns = flat.length / shape[0]
    return Array.from({ length: shape[0] }, (_, r) => flat.slice(r * columns, (r + 1) * columns))
  }
  const linear = (x: Vector, name: string): Vector => {
    const bias = vector(`${name}.bias`)
    return matrix(`${name}.weight`).map((row, o) => dot(row, x) + (bias[o] ?? 0))
  }
  const layerNorm = (x: Vector, name: string, epsilon: number): Vector => {
    const centre = x.reduce((a, b) => a + b, 0) / x.length
    const variance = x.reduce((a, b) => a + (b - centre) ** 2, 0) / x.length
    const [scale, bias] = [vector(`${name}.weight`), vector(`${name}.bias`)]
    return x.map((v, i) => ((v - centre) / Math.sqrt(variance + epsilon)) * scale[i] + bias[i])
  }
  /** x times a matrix that is stored [in][out]. */
  const times = (x: Vector, name: string): Vector => {
    const stored = matrix(name)
    return stored[0].map((_, o) => x.reduce((sum, value, i) => sum + value * stored[i][o], 0))
  }
  return { vector, matrix, linear, layerNorm, times }
}

const gelu = (x: number) => (x / 2) * (1 + erf(x / Math.SQRT2))

/** Pre-norm residual blocks over tokens; token t sees those of which `sees` says so. */
function blocks(
  first: Matrix,
  weights: Named,
  config: TransformerConfig,
  lora: { readonly config: LoraConfig; readonly layers: readonly number[] } | undefined,
  prefix: string,
  sees: (token: number, other: number) => boolean,
): Matrix {
  const { linear, layerNorm, matrix } = network(weights)
  const { width, heads, layerNormEpsilon: epsilon } = config
  const activation = (x: number) => (config.activation === 'quickGelu' ? x / (1 + Math.exp(-1.702 * x)) : gelu(x))
  const projection = (x: Vector, layer: number, target: LoraTarget): Vector => {
    const name = `${prefix}transformer.resblocks.${layer}.attn.${{ q: 'q_proj', k: 'k_proj', v: 'v_proj', o: 'proj' }[target]}`
    const y = linear(x, name)
    if (!lora?.config.targets.includes(target) || !lora.layers.includes(layer)) return y
    const low = matrix(`${name}.w_lora_A`).map((row) => dot(row, x))
    const { scaling, alpha, rank } = lora.config
    const scale = scaling === 'classic' ? alpha / rank : alpha / Math.sqrt(rank)
    return plus(
      y,
      matrix(`${name}.w_lora_B`).map((row) => scale * dot(row, low)),
    )
  }
  const d = width / heads
  let tokens = first
  for (let layer = 0; layer < config.layers; layer++) {
    const block = `${prefix}transformer.resblocks.${layer}`
    const normal = tokens.map((token) => layerNorm(token, `${block}.ln_1`, epsilon))
    const [q, k, v] = (['q', 'k', 'v'] as const).map((target) => normal.map((x) => projection(x, layer, target)))
    const mixed = q.map((query, t) =>
      Array.from({ length: heads }, (_, h) => {
        const part = (x: Vector) => x.slice(h * d, (h + 1) * d)
        const seen = [...k.keys()].filter((other) => sees(t, other))
        const weight = softmax(seen.map((other) => dot(part(query), part(k[other])) / Math.sqrt(d)))
        return part(query).map((_, i) => weight.reduce((sum, w, n) => sum + w * part(v[seen[n]])[i], 0))
      }).flat(),
    )
    tokens = tokens.map((token, i) => plus(token, projection(mixed[i], layer, 'o')))
    tokens = tokens.map((token) => {
      const hidden = linear(layerNorm(token, `${block}.ln_2`, epsilon), `${block}.mlp.c_fc`).map(activation)
      return plus(token, linear(hidden, `${block}.mlp.c_proj`))
    })
  }
  return tokens
}

const unit = (x: Vector): Vector => x.map((value) => value / Math.hypot(...x))

export function referenceImageSide(
  { image, lora }: Architecture,
  weights: Named,
  views: Float32Array,
  bags: readonly (readonly number[])[],
  { mean, std }: { mean: readonly number[]; std: readonly number[] },
) {
  const { vector, matrix, linear, layerNorm, times } = network(weights)
  const tower = (view: Float32Array): Vector => {
    const { resolution, patch, layerNormEpsilon: epsilon } = image
    const side = resolution / patch
    const kernel = matrix('vision_model.conv1.weight') // [width][3 * patch * patch]
    const bias = vector('vision_model.conv1.bias')
    let tokens: Matrix = [vector('vision_model.class_embedding')]
    for (let py = 0; py < side; py++)
      for (let px = 0; px < side; px++) {
        const pixels: Vector = []
        for (let c = 0; c < 3; c++)
          for (let y = 0; y < patch; y++)
            for (let x = 0; x < patch; x++)
              pixels.push((view[(py * patch + y) * resolution + px * patch + x] - mean[c]) / std[c])
        tokens.push(kernel.map((row, o) => dot(row, pixels) + (bias[o] ?? 0)))
      }
    const positions = matrix('vision_model.positional_embedding')
    tokens = tokens.map((token, i) => plus(token, positions[i]))
    if (image.preNorm) tokens = tokens.map((token) => layerNorm(token, 'vision_model.ln_pre', epsilon))
    const update = lora && { config: lora, layers: lora.imageLayers }
    tokens = blocks(tokens, weights, image, update, 'vision_model.', () => true)
    return times(layerNorm(tokens[0], 'vision_model.ln_post', epsilon), 'vision_model.proj')
  }

  const pixels = image.resolution ** 2
  const pooled = bags.map((bag) => {
    const hidden = bag.map((i) =>
      linear(tower(views.subarray(i * pixels, (i + 1) * pixels)), 'image_projection.projector.0').map((x) =>
        Math.max(x, 0),
      ),
    )
    const scores = hidden.map(
      (h) => linear(linear(h, 'image_projection.attention.0').map(Math.tanh), 'image_projection.attention.2')[0],
    )
    const attention = softmax(scores)
    const embedding = hidden[0].map((_, i) => attention.reduce((sum, a, v) => sum + a * hidden[v][i], 0))
    return { attention, embedding, logits: linear(unit(embedding), 'classifier_image') }
  })
  return {
    attention: pooled.map(({ attention }) => attention),
    embedding: pooled.map(({ embedding }) => embedding),
    logits: pooled.map(({ logits }) => logits),
  }
}

/** Of texts as tokens up to their end token: embeddings before L2 normalisation, and logits. */
export function referenceTextSide({ text, lora }: Architecture, weights: Named, texts: readonly (readonly number[])[]) {
  if (!text) throw new Error('an architecture with a text side is meant')
  const { matrix, linear, layerNorm, times } = network(weights)
  const [table, positions] = [matrix('token_embedding.weight'), matrix('positional_embedding')]
  return texts.map((tokens) => {
    const first = tokens.map((token, place) => plus(table[token], positions[place]))
    const update = lora && { config: lora, layers: lora.textLayers }
    const last = blocks(first, weights, text, update, '', (token, other) => other <= token)[tokens.length - 1]
    const features = times(layerNorm(last, 'ln_final', text.layerNormEpsilon), 'text_projection')
    const p = linear(features, 'semantic_projection.projection')
    const q = linear(p.map(gelu), 'semantic_projection.fc')
    const embedding = layerNorm(plus(p, q), 'semantic_projection.layer_norm', 1e-5)
    return { embedding, logits: linear(unit(embedding), 'classifier_text') }
  })
}
