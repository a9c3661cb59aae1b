/** Names of published weights: OpenAI's own list, and what each of its tensors becomes. */
import { readFileSync } from 'node:fs'
import { beforeAll, expect, it } from 'vitest'
import { describeShared } from '../../test/shared.ts'
import { VIT_B_32 } from '../clip/architecture.ts'
import { modelWeights } from '../model/folder.node.ts'
import { importArchitecture } from './architecture.ts'
import { checkWeights } from './check.ts'
import { importNames } from './names.ts'

interface Entry {
  readonly shape?: readonly number[]
  readonly dtype?: string
  readonly value?: number
}

describeShared('weights/openai-ViT-B-32.layout.json', (path) => {
  let tensors = new Map<string, { shape: readonly number[]; dtype: string }>()
  let values = new Map<string, number>()
  beforeAll(() => {
    const layout: Record<string, Entry> = JSON.parse(readFileSync(path(), 'utf8'))
    tensors = new Map(
      Object.entries(layout).flatMap(([name, { shape, dtype = '' }]) =>
        shape ? [[name, { shape, dtype }] as const] : [],
      ),
    )
    values = new Map(
      Object.entries(layout).flatMap(([name, { value }]) => (value === undefined ? [] : [[name, value] as const])),
    )
  })

  it('every tensor of OpenAI ViT-B/32 is a weight of the model, or named', () => {
    const names = importNames(tensors, 'ViT-B-32.pt')
    expect(names.unneeded.map(({ name }) => name)).toEqual(['input_resolution', 'context_length', 'vocab_size'])
    const { architecture } = importArchitecture(names, { hints: { image: {}, text: {} }, values, openAi: true })
    expect(architecture.image).toEqual(VIT_B_32)
    expect(architecture.text).toEqual({
      width: 512,
      layers: 12,
      heads: 8,
      mlpWidth: 2048,
      activation: 'quickGelu',
      layerNormEpsilon: 1e-5,
      vocabulary: 49408,
      context: 77,
      embedDim: 512,
    })
    const { image, text } = modelWeights(architecture)
    const towers = [...image, ...text].filter(([name]) => !/^(image|semantic)_projection\.|^classifier_/.test(name))
    expect(names.origins.size).toBe(towers.length)
    checkWeights(new Map(towers), names.shapes, 'ViT-B-32.pt')
  })

  it('the heads that the compiled module tells go before the width', () => {
    const told = new Map([...values].map(([name]) => [name, 4]))
    const { architecture } = importArchitecture(importNames(tensors, 'x'), {
      hints: { image: {}, text: {} },
      values: told,
      openAi: true,
    })
    expect([architecture.image.heads, architecture.text?.heads]).toEqual([4, 4])
    told.set('visual.transformer.resblocks.0.attn.num_heads', 7)
    expect(() =>
      importArchitecture(importNames(tensors, 'x'), { hints: { image: {}, text: {} }, values: told, openAi: true }),
    ).toThrow(expect.objectContaining({ code: 'inference/import-architecture' }))
  })
})
