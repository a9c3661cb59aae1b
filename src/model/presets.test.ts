/** The presets against the published sizes, counted by hand from papers and layer tables. */
import { describe, expect, it } from 'vitest'
import { parseInitConfig } from './config.ts'
import { modelWeights } from './folder.node.ts'
import { PRESETS } from './presets.ts'

const preset = (name: string) => parseInitConfig(JSON.stringify(PRESETS[name]), name)
/** Parameters of a preset's weights whose names fit. */
function count(name: string, fits: (weight: string) => boolean): number {
  const { image, text } = modelWeights(preset(name).architecture)
  const chosen = [...image, ...text].filter(([weight]) => fits(weight))
  return chosen.reduce((total, [, shape]) => total + shape.reduce((product, n) => product * n, 1), 0)
}
const isLora = (weight: string) => weight.includes('lora')
const isNew = (weight: string) => /^(image_projection|semantic_projection|classifier_)/.test(weight)

describe('vit-b-32', () => {
  it('has the 151,277,313 parameters that OpenAI counts in ViT-B/32', () => {
    expect(count('vit-b-32', (weight) => !isLora(weight) && !isNew(weight))).toBe(151_277_313)
  })

  it('has low-rank updates of rank 2 on q, k and v of all 12 layers of both towers', () => {
    const side = (width: number) => 12 * 3 * 2 * (width + width)
    expect(count('vit-b-32', isLora)).toBe(side(768) + side(512))
    const { lora } = preset('vit-b-32').architecture
    expect(lora).toMatchObject({ rank: 2, alpha: 1, scaling: 'rank-stabilised', targets: ['q', 'k', 'v'] })
    const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    expect([lora?.imageLayers, lora?.textLayers]).toEqual([all, all])
  })

  it('has the published pooling, projection and heads', () => {
    const linear = (from: number, to: number) => from * to + to
    const pooling = linear(512, 256) + linear(256, 128) + linear(128, 1)
    const projection = linear(512, 256) + linear(256, 256) + 2 * 256 // and a layer norm
    expect(count('vit-b-32', isNew)).toBe(pooling + projection + 2 * linear(256, 2))
  })

  it("reads CLIP's texts and views", () => {
    const { text, image } = preset('vit-b-32').architecture
    expect(text).toMatchObject({ vocabulary: 49408, context: 77, heads: 8, activation: 'quickGelu' })
    expect(image).toMatchObject({ resolution: 224, patch: 32, heads: 12, activation: 'quickGelu', preNorm: true })
    expect([text?.layerNormEpsilon, image.layerNormEpsilon]).toEqual([1e-5, 1e-5])
  })
})

describe.each(Object.keys(PRESETS))('%s', (name) => {
  it('is an ensemble of five folds, in the exact geometry, its low-rank updates as published', () => {
    const { folds, architecture, preprocessing } = preset(name)
    expect(folds).toBe(5)
    expect(preprocessing).toEqual({
      geometry: 'exact',
      mean: [0.48145466, 0.4578275, 0.40821073],
      std: [0.26862954, 0.26130258, 0.27577711],
    })
    const { lora, image, text } = architecture
    expect(lora).toMatchObject({ rank: 2, alpha: 1, scaling: 'rank-stabilised', targets: ['q', 'k', 'v'] })
    expect(lora?.imageLayers).toHaveLength(image.layers)
    expect(lora?.textLayers).toHaveLength(text?.layers ?? 0)
  })

  it('says that it means nothing', () => {
    const { provenance, intendedUse } = preset(name)
    expect(provenance).toContain('random weights')
    expect(intendedUse).toContain('not for any statement about a patient')
  })
})

it('only tiny-text and vit-b-32 read texts, and only tiny-text brings a tokenizer', () => {
  const reads = (name: string) => [preset(name).architecture.text !== undefined, preset(name).tokenizer]
  expect(['tiny', 'tiny-text', 'vit-b-32'].map(reads)).toEqual([
    [false, undefined],
    [true, 'reports'],
    [true, undefined],
  ])
})
