/** CLIP's text tower (Radford et al. 2021) and the published projection of its features. */
import * as g from '../graph/operations.ts'
import { dimProduct } from '../graph/shape.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { TextTowerConfig } from './architecture.ts'
import { type Dropout, drop } from './dropout.ts'
import { type Layout, type Lora, residualBlock } from './transformer.ts'
import { foldsOf, layerNorm, linear, scope, type Weights } from './weights.ts'

/**
 * A causal transformer over tokens, read at the end-of-text token and projected.
 * @param tokens int64 [texts, context]
 * @param endOfText int64 [texts]: in the flattened [texts * context], the row of each text's end-of-text token
 * @returns text features, [folds or 1, texts, embedDim]
 */
export function textTower(
  tokens: Tensor,
  endOfText: Tensor,
  weights: Weights,
  config: TextTowerConfig,
  lora?: Lora,
): Tensor {
  const { width, context, vocabulary, embedDim, layerNormEpsilon } = config
  const layout: Layout = { sequences: tokens.shape[0], tokens: context }
  const table = weights.get('token_embedding.weight', [vocabulary, width])
  const places = weights.get('positional_embedding', [context, width])
  const embedded = g.gather(table, tokens, table.shape.length - 2) // [texts, context, width], folds in front if they differ
  const folds = (of: Tensor) => foldsOf(of, 2)
  const placed = g.add(
    g.reshape(embedded, [folds(table), layout.sequences, context, width]),
    g.reshape(places, [folds(places), 1, context, width]),
  )
  let x = g.reshape(placed, [placed.shape[0], dimProduct([layout.sequences, context]), width])
  const mask = causalMask(context)
  for (let layer = 0; layer < config.layers; layer++) {
    x = residualBlock(x, scope(weights, `transformer.resblocks.${layer}`), config, layout, {
      mask,
      lora: lora?.config.textLayers.includes(layer) ? lora : undefined,
    })
  }
  x = layerNorm(g.gather(x, endOfText, 1), scope(weights, 'ln_final'), layerNormEpsilon) // [folds or 1, texts, width]
  return g.matMul(x, weights.get('text_projection', [width, embedDim]))
}

/** Zero where a token may look, minus infinity above the diagonal. */
function causalMask(context: number): Tensor {
  const data = new Float32Array(context * context)
  for (let row = 0; row < context; row++)
    data.fill(Number.NEGATIVE_INFINITY, row * context + row + 1, (row + 1) * context)
  return g.constant({ dtype: 'float32', shape: [context, context], data }, 'causalMask')
}

/**
 * The published projection of text features: p = W x + b; LayerNorm(p + dropout(V gelu(p) + c)).
 * @param features [folds or 1, texts, embedDim]
 * @param dropout in training, of the second linear layer's output
 * @returns text embeddings before L2 normalisation, [folds or 1, texts, outWidth]
 */
export function semanticProjection(features: Tensor, weights: Weights, outWidth: number, dropout?: Dropout): Tensor {
  const w = scope(weights, 'semantic_projection')
  const p = linear(features, scope(w, 'projection'), outWidth)
  const q = drop(linear(g.gelu(p), scope(w, 'fc'), outWidth), w.path, dropout)
  return layerNorm(g.add(p, q), scope(w, 'layer_norm'), 1e-5)
}
