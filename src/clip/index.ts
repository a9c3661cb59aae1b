/** The network: CLIP's towers with LoRA, pooling over views, heads, losses; its tokenizer. */
export {
  type ImageTowerConfig,
  type LoraConfig,
  type LoraTarget,
  type PoolingConfig,
  PUBLISHED_POOLING,
  type TextTowerConfig,
  type TransformerConfig,
  VIT_B_32,
} from './architecture.ts'
export type { Dropout } from './dropout.ts'
export { CLIP_NORMALISATION, imageTower, type Normalisation } from './image-tower.ts'
export { inferArchitecture } from './infer.ts'
export { initialWeight, weightShapes } from './initialise.ts'
export { type ClipTargets, classTargets, clipLoss, clipTargets, crossEntropy } from './losses.ts'
export { type Architecture, type ImageSide, type ImageSideOptions, imageSide, textSide } from './model.ts'
export { attentionPooling, type Bags, classify, type Pooled } from './pooling.ts'
export { type PackedTexts, textTower } from './text-tower.ts'
export { parseTokenizer, type Tokenizer, textFeeds } from './tokenizer/tokenizer.ts'
export { trainTokenizer } from './tokenizer/train.ts'
export type { Lora } from './transformer.ts'
export { bagFeeds } from './view-bags.ts'
export { HEADS, isHead, isLora, isTuned, LOGIT_SCALE, towerOf } from './weight-names.ts'
export { graphWeights, type WeightPlan, type Weights } from './weights.ts'
