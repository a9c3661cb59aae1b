/** Against the names of the published state dictionary, and against every name that the graphs ask for. */
import { describe, expect, it } from 'vitest'
import { weightShapes } from './initialise.ts'
import { type Architecture, imageSide, textSide } from './model.ts'
import {
  blockWeight,
  isBlockMatrix,
  isHead,
  isImageNorm,
  isLora,
  isLoraA,
  isLoraB,
  isPatchEmbedding,
  isTuned,
  LOGIT_SCALE,
  loraOf,
  towerOf,
  updatedWeights,
} from './weight-names.ts'
import { graphWeights } from './weights.ts'

const tower = {
  width: 8,
  layers: 2,
  heads: 2,
  mlpWidth: 12,
  activation: 'quickGelu',
  layerNormEpsilon: 1e-5,
  embedDim: 6,
} as const
const architecture = {
  image: { ...tower, resolution: 16, patch: 8, preNorm: true, patchBias: true },
  pooling: { embedDim: 5, attentionWidth: 3 },
  text: { ...tower, vocabulary: 9, context: 4 },
  lora: {
    rank: 2,
    alpha: 1,
    scaling: 'classic',
    targets: ['q', 'k', 'v', 'o'],
    imageLayers: [0, 1],
    textLayers: [1],
  },
} as const satisfies Architecture
const weights = graphWeights({ folds: 1 })
const image = imageSide(architecture, weights, {
  normalisation: { mean: [0, 0, 0], std: [1, 1, 1] },
  mergeLora: false,
  maxViews: 9,
})
const namesOf = (roots: Parameters<typeof weightShapes>[0]) => [...weightShapes(roots).keys()]
const imageNames = namesOf(Object.values(image))
const textNames = namesOf(Object.values(textSide(architecture, weights, { mergeLora: false })))
const names = [...imageNames, ...textNames, LOGIT_SCALE]

const block = 'vision_model.transformer.resblocks.1'

describe('names of weights', () => {
  it('tell what tuning adds from the towers: every weight of the graphs is one of the two', () => {
    const towers = (all: readonly string[]) => new Set(all.map(towerOf))
    expect(towers(imageNames)).toEqual(new Set(['image', undefined]))
    expect(towers(textNames)).toEqual(new Set(['text', undefined]))
    const tuned = names.filter((name) => towerOf(name) === undefined)
    expect(tuned).toEqual(names.filter(isTuned))
    // Three layers of four projections with two factors each; two projections and two classifiers; the scale.
    expect(tuned.filter(isLora)).toHaveLength(3 * 4 * 2)
    expect(tuned.filter(isHead)).toHaveLength(6 + 6 + 2 + 2)
    expect(tuned).toHaveLength(24 + 16 + 1)
  })

  it.each([
    ['image_projection.projector.0.weight', 'head'],
    ['image_projection.attention.2.bias', 'head'],
    ['semantic_projection.layer_norm.weight', 'head'],
    ['classifier_image.weight', 'head'],
    ['classifier_text.bias', 'head'],
    [`${block}.attn.q_proj.w_lora_A`, 'lora'],
    ['transformer.resblocks.0.attn.proj.w_lora_B', 'lora'],
    ['logit_scale', 'scale'],
    ['vision_model.proj', 'image'],
    ['vision_model.ln_post.bias', 'image'],
    [`${block}.attn.proj.weight`, 'image'],
    ['transformer.resblocks.0.ln_1.weight', 'text'],
    ['token_embedding.weight', 'text'],
    ['positional_embedding', 'text'],
    ['ln_final.bias', 'text'],
    ['text_projection', 'text'],
  ])('%s is of the kind %s', (name, kind) => {
    expect([isHead(name), isLora(name), name === LOGIT_SCALE, towerOf(name)]).toEqual([
      kind === 'head',
      kind === 'lora',
      kind === 'scale',
      kind === 'image' || kind === 'text' ? kind : undefined,
    ])
    expect(isTuned(name)).toBe(['head', 'lora', 'scale'].includes(kind))
  })

  it('find the norms and biases of the image tower, and what embeds its patches', () => {
    expect(names.filter(isPatchEmbedding).sort()).toEqual(
      ['class_embedding', 'conv1.bias', 'conv1.weight', 'positional_embedding'].map((rest) => `vision_model.${rest}`),
    )
    const norms = ['ln_1.weight', 'ln_1.bias', 'ln_2.weight', 'ln_2.bias']
    const biases = ['q_proj', 'k_proj', 'v_proj', 'proj'].map((one) => `attn.${one}.bias`)
    const ofBlock = [...norms, ...biases, 'mlp.c_fc.bias', 'mlp.c_proj.bias']
    expect(new Set(names.filter(isImageNorm))).toEqual(
      new Set([
        'vision_model.conv1.bias',
        ...['pre', 'post'].flatMap((at) => [`vision_model.ln_${at}.weight`, `vision_model.ln_${at}.bias`]),
        ...[0, 1].flatMap((layer) => ofBlock.map((rest) => `vision_model.transformer.resblocks.${layer}.${rest}`)),
      ]),
    )
  })

  it('find the blocks, and the six matrices of each', () => {
    expect(blockWeight(`${block}.mlp.c_fc.bias`)).toEqual({ tower: 'image', layer: 1, rest: 'mlp.c_fc.bias' })
    expect(blockWeight('transformer.resblocks.11.ln_1.weight')).toMatchObject({ tower: 'text', layer: 11 })
    for (const name of ['vision_model.proj', 'visual.transformer.resblocks.0.ln_1.bias', 'resblocks.0.ln_1.bias'])
      expect(blockWeight(name)).toBeUndefined()
    expect(names.filter(isBlockMatrix)).toHaveLength(2 * 2 * 6)
    expect(names.filter((name) => isBlockMatrix(name) && /ln_|bias|lora/.test(name))).toEqual([])
  })

  it('lead from a weight to its update and back', () => {
    const weight = `${block}.attn.k_proj.weight`
    expect(loraOf(weight)).toEqual({ a: `${block}.attn.k_proj.w_lora_A`, b: `${block}.attn.k_proj.w_lora_B` })
    expect(updatedWeights([weight, ...Object.values(loraOf(weight)), 'logit_scale'])).toEqual([weight])
    expect(names.filter(isLoraA)).toHaveLength(names.filter(isLoraB).length)
  })
})
