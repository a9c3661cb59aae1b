/** Configurations that `spicula model init` knows by name. */
import { PUBLISHED_POOLING, VIT_B_32 } from '../clip/architecture.ts'
import { CLIP_NORMALISATION } from '../clip/image-tower.ts'
import type { InitConfig } from './config.ts'

const range = (n: number) => Array.from({ length: n }, (_, i) => i)

const random = {
  version: '0',
  provenance: 'random weights, trained on nothing: its numbers mean nothing',
  license: 'Apache-2.0',
  intendedUse: 'trying out and testing the software; not for any statement about a patient',
  preprocessing: { geometry: 'exact', mean: [...CLIP_NORMALISATION.mean], std: [...CLIP_NORMALISATION.std] },
  folds: 5,
} as const satisfies Partial<InitConfig>

const lora = (imageLayers: number, textLayers: number) => ({
  rank: 2,
  alpha: 1,
  scaling: 'rank-stabilised' as const,
  targets: ['q', 'k', 'v'] as const,
  imageLayers: range(imageLayers),
  textLayers: range(textLayers),
})

const TINY_IMAGE = { ...VIT_B_32, width: 128, layers: 2, heads: 2, mlpWidth: 512, embedDim: 128 }

const TINY_TEXT = {
  width: 64,
  layers: 2,
  heads: 1,
  mlpWidth: 256,
  activation: 'quickGelu',
  layerNormEpsilon: 1e-5,
  embedDim: 128,
} as const

/** `tiny`: answers in milliseconds; `tiny-text`: the same with a text side and a tokenizer; `vit-b-32`: the size of the published model, text side included. */
export const PRESETS: Readonly<Record<string, unknown>> = {
  tiny: {
    ...random,
    name: 'random-tiny',
    architecture: { image: TINY_IMAGE, pooling: { embedDim: 64, attentionWidth: 32 }, lora: lora(2, 0) },
  },
  'tiny-text': {
    ...random,
    name: 'random-tiny-text',
    tokenizer: 'reports',
    architecture: {
      image: TINY_IMAGE,
      pooling: { embedDim: 64, attentionWidth: 32 },
      text: { ...TINY_TEXT, vocabulary: 1024, context: 77 },
      lora: lora(2, 2),
    },
  },
  'vit-b-32': {
    ...random,
    name: 'random-vit-b-32',
    architecture: {
      image: VIT_B_32,
      pooling: PUBLISHED_POOLING,
      text: {
        width: 512,
        layers: 12,
        heads: 8,
        mlpWidth: 2048,
        activation: 'quickGelu',
        layerNormEpsilon: 1e-5,
        vocabulary: 49408,
        context: 77,
        embedDim: 512,
      },
      lora: lora(12, 12),
    },
  },
}
