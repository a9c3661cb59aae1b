/** Architectures read off state dictionaries whose sizes are known. */
import { describe, expect, it } from 'vitest'
import { inferArchitecture } from './infer.ts'

type Shapes = Map<string, readonly number[]>

/** The shapes that tell of OpenAI's ViT-B/32, with the published heads. */
const clip = (): Shapes =>
  new Map<string, readonly number[]>([
    ['vision_model.conv1.weight', [768, 3, 32, 32]],
    ['vision_model.positional_embedding', [50, 768]],
    ['vision_model.ln_pre.weight', [768]],
    ['vision_model.proj', [768, 512]],
    ['vision_model.transformer.resblocks.0.mlp.c_fc.weight', [3072, 768]],
    ['vision_model.transformer.resblocks.11.ln_1.weight', [768]],
    ...[...Array(10).keys()].map(
      (n) => [`vision_model.transformer.resblocks.${n + 1}.ln_1.weight`, [768]] as [string, number[]],
    ),
    ['token_embedding.weight', [49408, 512]],
    ['positional_embedding', [77, 512]],
    ['text_projection', [512, 512]],
    ['transformer.resblocks.0.mlp.c_fc.weight', [2048, 512]],
    ['transformer.resblocks.1.mlp.c_fc.weight', [2048, 512]],
    ['image_projection.projector.0.weight', [256, 512]],
    ['image_projection.attention.0.weight', [128, 256]],
  ])
const without = (...names: string[]): Shapes => new Map([...clip()].filter(([name]) => !names.includes(name)))

describe('inferArchitecture', () => {
  it("knows CLIP's towers and the published heads", () => {
    const tower = { activation: 'quickGelu', layerNormEpsilon: 1e-5 }
    expect(inferArchitecture(clip())).toEqual({
      image: {
        ...tower,
        width: 768,
        layers: 12,
        heads: 12,
        mlpWidth: 3072,
        resolution: 224,
        patch: 32,
        preNorm: true,
        patchBias: false,
        embedDim: 512,
      },
      text: {
        ...tower,
        width: 512,
        layers: 2,
        heads: 8,
        mlpWidth: 2048,
        vocabulary: 49408,
        context: 77,
        embedDim: 512,
      },
      pooling: { embedDim: 256, attentionWidth: 128 },
      lora: undefined,
    })
  })

  it("knows DeiT's patches, a tower without layers, and a model without a text side", () => {
    const shapes = without('token_embedding.weight', 'vision_model.ln_pre.weight')
    shapes.set('vision_model.conv1.bias', [768])
    for (const name of [...shapes.keys()]) if (name.startsWith('vision_model.transformer')) shapes.delete(name)
    const { image, text } = inferArchitecture(shapes)
    expect(image).toMatchObject({ preNorm: false, patchBias: true, layers: 0, mlpWidth: 4 * 768 })
    expect(text).toBeUndefined()
  })

  it('knows low-rank updates by what carries them', () => {
    const shapes = clip()
    for (const layer of [10, 2])
      for (const at of ['q_proj', 'proj'])
        shapes.set(`vision_model.transformer.resblocks.${layer}.attn.${at}.w_lora_A`, [4, 768])
    shapes.set('transformer.resblocks.1.attn.v_proj.w_lora_A', [4, 512])
    shapes.set('transformer.resblocks.1.attn.v_proj.w_lora_B', [512, 4])
    expect(inferArchitecture(shapes).lora).toEqual({
      rank: 4,
      alpha: 1,
      scaling: 'rank-stabilised',
      targets: ['q', 'v', 'o'],
      imageLayers: [2, 10],
      textLayers: [1],
    })
  })

  it.each([
    'vision_model.conv1.weight',
    'vision_model.proj',
    'positional_embedding',
    'image_projection.attention.0.weight',
  ])('names what is missing: %s', (name) => {
    expect(() => inferArchitecture(without(name))).toThrow(
      expect.objectContaining({ code: 'clip/architecture', message: expect.stringContaining(`there is no ${name}`) }),
    )
  })
})
