/** CLIP's text tower (Radford et al. 2021) and the published projection of its features. */
import * as g from '../graph/operations.ts'
import { dimProduct } from '../graph/shape.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { TextTowerConfig } from './architecture.ts'
import { type Dropout, drop } from './dropout.ts'
import { type Layout, type Lora, type Read, residualBlock } from './transformer.ts'
import { blockScope, HEADS } from './weight-names.ts'
import { foldsOf, layerNorm, linear, scope, type Weights } from './weights.ts'

/** Texts in S sequences of the model's context, several in one where they fit (`textFeeds` of tokenizer.ts). */
export interface PackedTexts {
  /** int64 [S, context, 1] */
  readonly tokens: Tensor
  /** Each token's place in its own text, int64 [S, context, 1]. */
  readonly positions: Tensor
  /** 0 where a token may look, its own text up to itself; minus infinity elsewhere: [S, 1, context, context]. */
  readonly reach: Tensor
  /** Where each text ends in the flattened [S * context], int64 [texts, 1]. */
  readonly endOfText: Tensor
}

/** The inputs of a graph that reads texts. */
export const textInputs = ({ context }: TextTowerConfig): PackedTexts => ({
  tokens: g.input('tokens', ['S', context, 1], 'int64'),
  positions: g.input('positions', ['S', context, 1], 'int64'),
  reach: g.input('reach', ['S', 1, context, context]),
  endOfText: g.input('endOfText', ['N', 1], 'int64'),
})

/**
 * A causal transformer over tokens, read at the end-of-text token and projected.
 * @returns text features, [folds or 1, texts, embedDim]
 */
export function textTower(
  { tokens, positions, reach, endOfText }: PackedTexts,
  weights: Weights,
  config: TextTowerConfig,
  lora?: Lora,
): Tensor {
  const { width, context, vocabulary, embedDim, layerNormEpsilon } = config
  const layout: Layout = { sequences: tokens.shape[0], tokens: context }
  const read: Read = { rows: (x) => g.gather(x, endOfText, 1) }
  const table = weights.get('token_embedding.weight', [vocabulary, width])
  const places = weights.get('positional_embedding', [context, width])
  const total = dimProduct([layout.sequences, context])
  const rows = (of: Tensor, indices: Tensor) =>
    g.reshape(g.gather(of, indices, of.shape.length - 2), [foldsOf(of, 2), total, width])
  let x = g.add(rows(table, tokens), rows(places, positions)) // [folds or 1, S * context, width]
  for (let layer = 0; layer < config.layers; layer++) {
    x = residualBlock(x, scope(weights, blockScope(layer)), config, layout, {
      read: layer === config.layers - 1 ? read : undefined,
      mask: reach,
      lora: lora?.config.textLayers.includes(layer) ? lora : undefined,
    })
  }
  if (config.layers === 0) x = read.rows(x)
  x = layerNorm(x, scope(weights, 'ln_final'), layerNormEpsilon) // [folds or 1, texts, width]
  return g.matMul(x, weights.get('text_projection', [width, embedDim]))
}

/**
 * The published projection of text features: p = W x + b; LayerNorm(p + dropout(V gelu(p) + c)).
 * @param features [folds or 1, texts, embedDim]
 * @param dropout in training, of the second linear layer's output
 * @returns text embeddings before L2 normalisation, [folds or 1, texts, outWidth]
 */
export function semanticProjection(features: Tensor, weights: Weights, outWidth: number, dropout?: Dropout): Tensor {
  const w = scope(weights, HEADS.textProjection)
  const p = linear(features, scope(w, 'projection'), outWidth)
  const q = drop(linear(g.gelu(p), scope(w, 'fc'), outWidth), w.path, dropout)
  return layerNorm(g.add(p, q), scope(w, 'layer_norm'), 1e-5)
}
