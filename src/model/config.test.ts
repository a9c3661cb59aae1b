import { describe, expect, it } from 'vitest'
import type { ModelConfig } from './config.ts'
import { parseInitConfig, parseModelConfig } from './config.ts'
import { PRESETS } from './presets.ts'

const tower = { width: 8, layers: 2, heads: 2, mlpWidth: 16, activation: 'gelu', layerNormEpsilon: 1e-6 } as const
const sound = {
  format: 'spicula-model/1',
  name: 'n',
  version: '1',
  provenance: '',
  license: 'MIT',
  intendedUse: '',
  architecture: {
    image: { ...tower, resolution: 16, patch: 8, preNorm: true, patchBias: false, embedDim: 6 },
    pooling: { embedDim: 5, attentionWidth: 3 },
    text: { ...tower, vocabulary: 10, context: 7, embedDim: 6 },
    lora: { rank: 2, alpha: 1, scaling: 'classic', targets: ['q'], imageLayers: [0, 1], textLayers: [1] },
  },
  preprocessing: { geometry: 'exact', mean: [0, 0, 0], std: [1, 1, 1] },
  base: 'base.safetensors',
  folds: [{ both: 'folds/0.safetensors' }, { both: 'folds/1.safetensors' }],
} satisfies ModelConfig

type Change = (config: typeof sound) => unknown
/** The sound configuration with changes made to a copy of it. */
const changed = (change: Change): string => {
  const copy = structuredClone(sound)
  change(copy)
  return JSON.stringify(copy)
}
const parse = (json: string) => parseModelConfig(json, 'm/config.json')

describe('config.json', () => {
  it('is read as it is, with and without what is optional', () => {
    expect(parse(JSON.stringify(sound))).toEqual(sound)
    const { text, lora, ...rest } = sound.architecture
    expect(parse(JSON.stringify({ ...sound, architecture: rest })).architecture).toEqual(rest)
  })

  it.each<[string, Change, RegExp]>([
    ['another version', (c) => Object.assign(c, { format: 'spicula-model/2' }), /format: .*spicula-model\/1/],
    ['an unknown key', (c) => Object.assign(c.architecture.image, { depth: 2 }), /architecture\.image: .*"depth"/],
    ['no name', (c) => Object.assign(c, { name: '' }), /name: /],
    ['no folds', (c) => Object.assign(c, { folds: [] }), /folds: /],
    ['a width of text', (c) => Object.assign(c.architecture.image, { width: '8' }), /architecture\.image\.width: /],
    [
      'heads that do not divide the width',
      (c) => Object.assign(c.architecture.image, { heads: 3 }),
      /image\.width 8 is not a multiple of image\.heads 3/,
    ],
    [
      "heads that do not divide the text tower's",
      (c) => Object.assign(c.architecture.text, { heads: 5 }),
      /text\.width 8 is not a multiple of text\.heads 5/,
    ],
    [
      'patches that do not fill the view',
      (c) => Object.assign(c.architecture.image, { patch: 5 }),
      /resolution 16 is not a multiple of image\.patch 5/,
    ],
    [
      'LoRA beyond the image tower',
      (c) => c.architecture.lora.imageLayers.push(2),
      /lora\.imageLayers names layer 2 of 2/,
    ],
    [
      'LoRA beyond the text tower',
      (c) => c.architecture.lora.textLayers.push(9),
      /lora\.textLayers names layer 9 of 2/,
    ],
    [
      'LoRA on a text tower that is not there',
      (c) => Object.assign(c.architecture, { text: undefined }),
      /lora\.textLayers names layer 1 of 0/,
    ],
    ['LoRA on nothing', (c) => Object.assign(c.architecture.lora, { targets: [] }), /lora\.targets: /],
    ['a tower without end', (c) => Object.assign(c.architecture.image, { layers: 1e9 }), /image\.layers: /],
    ['sentences without end', (c) => Object.assign(c.architecture.text, { context: 1e9 }), /text\.context: /],
    ['a deviation of 0', (c) => Object.assign(c.preprocessing, { std: [1, 0, 1] }), /preprocessing\.std\[1\]: /],
    ['four channels', (c) => Object.assign(c.preprocessing, { mean: [0, 0, 0, 0] }), /preprocessing\.mean: /],
    ['an unknown geometry', (c) => Object.assign(c.preprocessing, { geometry: 'round' }), /preprocessing\.geometry: /],
    [
      'one fold calibrated of two',
      (c) => Object.assign(c.folds[1], { calibration: { a: 1, b: 1, c: 0 } }),
      /1 of 2 folds have calibration/,
    ],
    [
      'a checkpoint in one fold of two',
      (c) => Object.assign(c.folds[0], { clip: 'clip.safetensors' }),
      /1 of 2 folds have clip/,
    ],
  ])('is refused with %s', (_, change, message) => {
    expect(() => parse(changed(change))).toThrow(
      expect.objectContaining({ code: 'inference/config', message: expect.stringMatching(message) }),
    )
  })

  it.each([
    '../base',
    '/base',
    'a/../../b',
    'a/..',
    '..',
    '.',
    './a',
    'a/./b',
    '..\\base',
    'a\\b',
    'C:/base',
    '~/base',
    ' a',
    '',
    'a\nb',
  ])('holds no path out of its folder: %j', (path) => {
    expect(() => parse(changed((c) => Object.assign(c, { base: path })))).toThrow(/base: must be a relative path/)
    expect(() => parse(changed((c) => Object.assign(c.folds[1], { both: path })))).toThrow(/folds\[1\]\.both: must be/)
  })

  it.each(['base.safetensors', 'a/b/c-1_2.bin', '0', 'a..b', 'a.'])('holds paths inside its folder: %j', (path) => {
    expect(parse(changed((c) => Object.assign(c, { base: path }))).base).toBe(path)
  })

  it('is refused where it is not JSON, or no object, by its name', () => {
    expect(() => parse('{"format": ')).toThrow(/^m\/config\.json: it is not JSON \(/)
    expect(() => parse('null')).toThrow(/^m\/config\.json: the document: /)
  })

  it('has every misfit named at once', () => {
    const both = changed((c) => Object.assign(c, { name: 1, version: 2 }))
    expect(() => parse(both)).toThrow(/name: .*; version: /)
  })
})

describe('presets', () => {
  it.each(Object.entries(PRESETS))('%s is sound', (name, preset) => {
    expect(parseInitConfig(JSON.stringify(preset), name).name).toBe(`random-${name}`)
  })
})
