/** The sizes that make one CLIP-style model differ from another. */

/** A transformer of pre-norm residual blocks (Vaswani et al. 2017; Radford et al. 2021). */
export interface TransformerConfig {
  readonly width: number
  readonly layers: number
  readonly heads: number
  readonly mlpWidth: number
  /** CLIP as OpenAI trained it uses x sigmoid(1.702 x); DeiT and most later towers the exact GELU. */
  readonly activation: 'quickGelu' | 'gelu'
  readonly layerNormEpsilon: number
}

/** A vision transformer over square patches. */
export interface ImageTowerConfig extends TransformerConfig {
  /** Side of the view in pixels. */
  readonly resolution: number
  readonly patch: number
  /** CLIP normalises the embedded patches before the first block (`ln_pre`); DeiT does not. */
  readonly preNorm: boolean
  /** DeiT's patch embedding has a bias, CLIP's has none. */
  readonly patchBias: boolean
  /** Width of the features that leave the tower. */
  readonly embedDim: number
}

/** A causal transformer over tokens, read at the end-of-text token. */
export interface TextTowerConfig extends TransformerConfig {
  readonly vocabulary: number
  /** Tokens of a sentence, padding counted. */
  readonly context: number
  /** Width of the features that leave the tower. */
  readonly embedDim: number
}

/** Attention pooling over views and the classification head (docs/method.md M4 and M6). */
export interface PoolingConfig {
  /** Width of the pooled embedding that image and text share. */
  readonly embedDim: number
  readonly attentionWidth: number
}

/** Which weights carry a low-rank update, and how it is scaled (Hu et al. 2021; Kalajdzievski 2023). */
export interface LoraConfig {
  readonly rank: number
  readonly alpha: number
  /** `rank-stabilised`: alpha / sqrt(rank), as published; `classic`: alpha / rank. */
  readonly scaling: 'rank-stabilised' | 'classic'
  readonly targets: readonly LoraTarget[]
  /** Layers of the image tower that carry it. */
  readonly imageLayers: readonly number[]
  /** Layers of the text tower that carry it. */
  readonly textLayers: readonly number[]
}

export type LoraTarget = 'q' | 'k' | 'v' | 'o'

/** The factor s in W + s B A. */
export const loraScale = ({ rank, alpha, scaling }: LoraConfig): number =>
  scaling === 'rank-stabilised' ? alpha / Math.sqrt(rank) : alpha / rank

/** Patches of a view, the class token not counted. */
export const patchCount = ({ resolution, patch }: ImageTowerConfig): number => (resolution / patch) ** 2

/** CLIP ViT-B/32's image tower, the published model's. */
export const VIT_B_32: ImageTowerConfig = {
  resolution: 224,
  patch: 32,
  width: 768,
  layers: 12,
  heads: 12,
  mlpWidth: 3072,
  activation: 'quickGelu',
  layerNormEpsilon: 1e-5,
  preNorm: true,
  patchBias: false,
  embedDim: 512,
}

/** The published pooling: 512 -> 256, attention 256 -> 128 -> 1. */
export const PUBLISHED_POOLING: PoolingConfig = { embedDim: 256, attentionWidth: 128 }
