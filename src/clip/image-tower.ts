/** CLIP's image tower (Radford et al. 2021), and by configuration DeiT's (Touvron et al. 2021). */
import * as g from '../graph/operations.ts'
import { dimProduct } from '../graph/shape.ts'
import type { Tensor } from '../graph/tensor.ts'
import { type ImageTowerConfig, patchCount } from './architecture.ts'
import { firstTokens, type Layout, type Lora, residualBlock } from './transformer.ts'
import { blockScope, IMAGE_TOWER } from './weight-names.ts'
import { foldsOf, layerNorm, scope, type Weights } from './weights.ts'

/** What is subtracted from and divided out of each of the three colour channels. */
export interface Normalisation {
  readonly mean: readonly number[]
  readonly std: readonly number[]
}

/** OpenAI's, for every released CLIP (docs/method.md M3.4). */
export const CLIP_NORMALISATION = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
} as const satisfies Normalisation

/**
 * CLIP's image tower: a pre-norm transformer over patches, read at its class token.
 * @param views gray views in [0, 1], [views, resolution, resolution]; a view stands for three equal channels
 * @returns image features, [folds or 1, views, embedDim]
 * @example
 * const features = imageTower(g.input('views', ['9N', 224, 224]), graphWeights({ folds: 1 }), VIT_B_32, CLIP_NORMALISATION)
 * features.shape // [1, '9N', 512]
 */
export function imageTower(
  views: Tensor,
  weights: Weights,
  config: ImageTowerConfig,
  normalisation: Normalisation,
  lora?: Lora,
): Tensor {
  const w = scope(weights, IMAGE_TOWER)
  const layout: Layout = { sequences: views.shape[0], tokens: 1 + patchCount(config) }
  const read = firstTokens(layout)
  let x = embedPatches(views, w, config, normalisation) // [folds or 1, views * tokens, width]
  if (config.preNorm) x = layerNorm(x, scope(w, 'ln_pre'), config.layerNormEpsilon)
  for (let layer = 0; layer < config.layers; layer++) {
    x = residualBlock(x, scope(w, blockScope(layer)), config, layout, {
      read: layer === config.layers - 1 ? read : undefined,
      lora: lora?.config.imageLayers.includes(layer) ? lora : undefined,
    })
  }
  if (config.layers === 0) x = read.rows(x)
  x = layerNorm(x, scope(w, 'ln_post'), config.layerNormEpsilon) // [folds or 1, views, width]
  return g.matMul(x, w.get('proj', [config.width, config.embedDim]))
}

/**
 * Patches times the patch embedding, the class token in front, positions added.
 *
 * A gray view repeated to three normalised channels, convolved with W, equals the view convolved once with
 * sum_c W_c / std_c, minus sum_c W_c mean_c / std_c: a third of the work, the same derivative.
 */
function embedPatches(views: Tensor, w: Weights, config: ImageTowerConfig, { mean, std }: Normalisation): Tensor {
  const { resolution, patch, width, patchBias } = config
  const [count] = views.shape
  const side = resolution / patch
  const patches = side * side

  const grid = g.transpose(g.reshape(views, [count, side, patch, side, patch]), [0, 1, 3, 2, 4])
  const pixels = g.reshape(grid, [1, dimProduct([count, patches]), patch * patch])

  const kernel = w.get('conv1.weight', [width, 3, patch, patch])
  const channels = g.reshape(kernel, [foldsOf(kernel, 4), width, 3, patch * patch])
  const perChannel = (values: readonly number[]) => g.reshape(g.vector(values), [3, 1])
  const gray = g.reduceSum(g.div(channels, perChannel(std)), [2]) // [folds or 1, width, patch * patch]
  const offset = g.mul(channels, perChannel(mean.map((m, c) => -m / std[c])))
  let shift = g.reduceSum(offset, [2, 3]) // [folds or 1, width]
  if (patchBias) shift = g.add(shift, w.get('conv1.bias', [width]))

  const embedded = g.matMul(pixels, gray, { transposeB: true }) // [folds or 1, views * patches, width]
  const spaced = g.pad(g.reshape(embedded, [embedded.shape[0], count, patches, width]), 2, 1, 0)
  const table = tokenTable(shift, w, 1 + patches, width)
  const tokens = g.add(spaced, g.reshape(table, [table.shape[0], 1, 1 + patches, width]))
  return g.reshape(tokens, [tokens.shape[0], dimProduct([count, 1 + patches]), width])
}

/** What every view adds to its tokens: class token and its position first, then each patch's shift and position. */
function tokenTable(shift: Tensor, w: Weights, tokens: number, width: number): Tensor {
  const positions = w.get('positional_embedding', [tokens, width])
  const classToken = w.get('class_embedding', [width])
  const perToken = g.reshape(positions, [foldsOf(positions, 2), tokens, width])
  const first = g.add(g.slice(perToken, 1, 0, 1), g.reshape(classToken, [foldsOf(classToken, 1), 1, width]))
  const others = g.add(g.slice(perToken, 1, 1, tokens), g.reshape(shift, [shift.shape[0], 1, width]))
  const folds = Math.max(Number(first.shape[0]), Number(others.shape[0]))
  return g.concat([g.broadcastTo(first, [folds, 1, width]), g.broadcastTo(others, [folds, tokens - 1, width])], 1)
}
