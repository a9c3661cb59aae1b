/** The residual block that both of CLIP's towers are made of. */
import * as g from '../graph/operations.ts'
import { type Dim, dimProduct } from '../graph/shape.ts'
import type { Tensor } from '../graph/tensor.ts'
import { type LoraConfig, type LoraTarget, loraScale, type TransformerConfig } from './architecture.ts'
import type { Dropout } from './dropout.ts'
import { LORA_A, LORA_B, PROJECTION } from './weight-names.ts'
import { foldsFirst, layerNorm, linear, scope, type Weights } from './weights.ts'

/** How a sequence is laid out in the rows of [folds, sequences * tokens, width]. */
export interface Layout {
  readonly sequences: Dim
  readonly tokens: number
}

/** How a block departs from the plain one. */
export interface BlockOptions {
  /** The last block of a tower of which only some tokens are read: the others are not computed. */
  readonly read?: Read | undefined
  /** The low-rank update that q, k, v or the output projection carry. */
  readonly lora?: Lora | undefined
  /** Added to the attention scores, [sequences, 1, tokens, tokens]: minus infinity where a token may not look. */
  readonly mask?: Tensor
}

/** Which rows leave a block, and how they are laid out. */
export interface Read {
  /** [folds, sequences * tokens, width] -> [folds, rows read, width] */
  rows(x: Tensor): Tensor
  /** How they are laid out, where every sequence has as many of them: then no other token asks in attention. */
  readonly layout?: Layout
}

/**
 * A low-rank update, beside its weights (`separate`: x W' + s (x A') B') or added to them (`merged`: x (W + s B A)').
 */
export interface Lora {
  readonly config: LoraConfig
  readonly merged: boolean
  /** Drops parts of what enters the low-rank path; in training only, and only where it is separate. */
  readonly dropout?: Dropout | undefined
}

/**
 * One block: x + attention(ln_1 x), then x + mlp(ln_2 x).
 * @param x [folds or 1, sequences * tokens, width]
 * @returns the same shape, or the rows that are read, with the folds that the weights bring
 */
export function residualBlock(
  x: Tensor,
  weights: Weights,
  config: TransformerConfig,
  layout: Layout,
  options: BlockOptions = {},
): Tensor {
  const { width, mlpWidth, layerNormEpsilon: epsilon } = config
  const normal = layerNorm(x, scope(weights, 'ln_1'), epsilon)
  const attended = attention(normal, scope(weights, 'attn'), config, layout, options)
  const y = g.add(options.read?.rows(x) ?? x, attended)

  const { activate, gain } = ACTIVATION[config.activation]
  const inner = layerNorm(y, scope(weights, 'ln_2'), epsilon)
  const hidden = linear(inner, scope(weights, 'mlp.c_fc'), mlpWidth, { alpha: gain, beta: gain })
  return g.add(y, linear(activate(hidden), scope(weights, 'mlp.c_proj'), width, { alpha: 1 / gain }))
}

/**
 * QuickGELU, x sigmoid(1.702 x), is swish(1.702 x) / 1.702: the products beside it take the factors along for nothing.
 */
const ACTIVATION = {
  quickGelu: { activate: g.swish, gain: 1.702 },
  gelu: { activate: g.gelu, gain: 1 },
}

/** The first token of every sequence. */
export const firstTokens = ({ sequences, tokens }: Layout): Read => ({
  rows: (x) => {
    const [folds, , width] = x.shape
    return g.select(g.reshape(x, [folds, sequences, tokens, width]), 2, 0)
  },
  layout: { sequences, tokens: 1 },
})

/** Multi-head self-attention, softmax(Q K' / sqrt(d) + mask) V, heads concatenated and projected. */
function attention(
  x: Tensor,
  weights: Weights,
  { width, heads }: TransformerConfig,
  layout: Layout,
  { read, lora, mask }: BlockOptions,
): Tensor {
  const project = (from: Tensor, target: LoraTarget) => adapted(from, scope(weights, PROJECTION[target]), target, lora)
  const asked = read?.layout ?? layout

  const q = splitHeads(project(read?.layout ? read.rows(x) : x, 'q'), heads, asked)
  const k = splitHeads(project(x, 'k'), heads, layout)
  const v = splitHeads(project(x, 'v'), heads, layout)
  // [folds, sequences, heads, asked, tokens]
  const similarity = g.matMul(q, k, { transposeB: true, alpha: 1 / Math.sqrt(width / heads) })
  const scores = mask ? g.add(similarity, mask) : similarity
  const mixed = g.transpose(g.matMul(g.softmax(scores), v), [0, 1, 3, 2, 4]) // [folds, sequences, asked, heads, d]
  const joined = g.reshape(mixed, [mixed.shape[0], dimProduct([asked.sequences, asked.tokens]), width])
  return project(read && !read.layout ? read.rows(joined) : joined, 'o')
}

/** [folds, sequences * tokens, width] -> [folds, sequences, heads, tokens, width / heads] */
function splitHeads(x: Tensor, heads: number, { sequences, tokens }: Layout): Tensor {
  const [folds, , width] = x.shape
  const split = g.reshape(x, [folds, sequences, tokens, heads, Number(width) / heads])
  return g.transpose(split, [0, 1, 3, 2, 4])
}

/** A square projection with its low-rank update. */
function adapted(x: Tensor, weights: Weights, target: LoraTarget, lora: Lora | undefined): Tensor {
  const width = Number(x.shape[2])
  if (!lora?.config.targets.includes(target)) return linear(x, weights, width)
  const { rank } = lora.config
  const alpha = loraScale(lora.config)
  const down = weights.get(LORA_A, [rank, width])
  const up = weights.get(LORA_B, [width, rank])
  if (lora.merged) {
    const update = g.matMul(up, down, { alpha }) // [width, width]
    const merged: Weights = {
      ...weights,
      get: (name, shape) => {
        const stored = weights.get(name, shape)
        return name === 'weight' ? g.add(stored, update) : stored
      },
    }
    return linear(x, merged, width)
  }
  const { dropout } = lora
  const kept = dropout ? g.keep(x, dropout.mask(`${weights.path}.lora`, x.shape)) : x
  const product = g.matMul(kept, down, { transposeB: true, alpha }) // [folds, rows, rank]
  // The scale of dropout meets the few numbers of the low rank, not the many of x.
  const left = dropout ? g.mul(product, dropout.scale) : product
  const right = g.transpose(foldsFirst(up, 2), [0, 2, 1])
  return linear(x, weights, width, { low: { left, right } })
}
