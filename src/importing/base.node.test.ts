/** CLIP in every container and naming, imported and run: the numbers are PyTorch's (make_containers.py). */
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ops } from '../files/pickle/pickle.fixture.ts'
import { torchZip } from '../files/torch/torch.fixture.ts'
import { inspectModel } from '../model/inspect.node.ts'
import { asFloat32 } from '../weights/folds.ts'
import { decodeSafetensors, encodeSafetensors } from '../weights/safetensors.ts'
import { type ImportOptions, importBase } from './base.node.ts'
import {
  type Expected,
  expectedNumbers,
  largestDifference,
  towerFeatures,
  unpack,
  weightsOf,
  writeVocabulary,
} from './import.fixture.node.ts'

let root = ''
let expected: Expected
let vocab = ''
let count = 0
const fresh = (): string => join(root, `made-${count++}`)
const place = (name: string): string => join(fresh(), name)

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'import-'))
  expected = await expectedNumbers()
  vocab = await writeVocabulary(join(root, 'vocab', 'tokenizer.json'))
})
afterAll(() => rm(root, { recursive: true }))

const importContainer = async (container: string, name: string, options: ImportOptions = {}) => {
  const file = await unpack(container, place(name))
  const out = fresh()
  return { out, file, report: await importBase(file, out, { vocab, ...options }) }
}

const featuresOf = async (out: string) =>
  towerFeatures(
    (await inspectModel(out)).config.architecture,
    await weightsOf(out),
    Float32Array.from(expected.views.flat(3)),
    expected.tokens,
  )

const near = async (out: string, activation: 'quickGelu' | 'gelu'): Promise<void> => {
  const features = await featuresOf(out)
  expect(largestDifference(features.image, expected.features[activation].image.flat())).toBeLessThan(1e-4)
  expect(largestDifference(features.text, expected.features[activation].text.flat())).toBeLessThan(1e-4)
}

describe('importBase', () => {
  it.each([
    ['openai-script.pt', 'ViT-S.pt', 'TorchScript', 'OpenAI'],
    ['openai-float32.pt', 'state.pt', 'PyTorch zip', 'OpenAI'],
    ['openai-bfloat16.pt', 'state.pth', 'PyTorch zip', 'OpenAI'],
    ['openai-legacy.pt', 'state.pt', 'PyTorch, legacy', 'OpenAI'],
    ['hf-model.safetensors', 'model.safetensors', 'safetensors', 'Hugging Face'],
    ['hf-pytorch_model.bin', 'pytorch_model.bin', 'PyTorch zip', 'Hugging Face'],
    ['open_clip_model.safetensors', 'open_clip_model.safetensors', 'safetensors', 'OpenAI'],
    ['open_clip-checkpoint.pt', 'epoch_3.pt', 'PyTorch zip', 'OpenAI'],
  ])('%s gives the features of PyTorch', async (container, name, kind, layout) => {
    const { out, report } = await importContainer(container, name)
    expect([report.container, report.layout]).toEqual([kind, layout])
    const { config } = await inspectModel(out)
    expect(config.architecture).toMatchObject({
      image: { width: 64, layers: 2, heads: 1, mlpWidth: 32, resolution: 16, patch: 8, embedDim: 24, preNorm: true },
      text: { width: 64, layers: 1, heads: 1, mlpWidth: 32, vocabulary: 514, context: 8, embedDim: 24 },
    })
    await near(out, 'quickGelu')
  })

  it('stores halves where they hold every number, whatever the container had', async () => {
    const stored = await Promise.all(
      ['openai-script.pt', 'openai-float32.pt', 'openai-bfloat16.pt', 'openai-legacy.pt'].map(async (container) => {
        const { out, report } = await importContainer(container, 'a.pt')
        expect([report.floats, report.rounding]).toEqual([0, 0])
        const tensors = await weightsOf(out)
        expect([...tensors.values()].every(({ dtype }) => dtype === 'float16')).toBe(true)
        const hash = createHash('sha256')
        for (const name of [...tensors.keys()].sort()) hash.update(name).update(tensors.get(name)?.data as Uint16Array)
        return hash.digest('hex')
      }),
    )
    expect(new Set(stored).size).toBe(1)
  })

  it('keeps float32 where halves would round, and rounds where that is wanted', async () => {
    const file = await unpack('open_clip_model.safetensors', place('model.safetensors'))
    const { tensors } = decodeSafetensors(await readFile(file), 'x')
    const scale = { dtype: 'float32', shape: [], data: Float32Array.of(Math.PI) } as const
    await writeFile(file, encodeSafetensors(new Map([...tensors, ['logit_scale', scale]])))
    const [exact, rounded] = [fresh(), fresh()]
    expect(await importBase(file, exact, { vocab })).toMatchObject({ floats: 1, rounding: 0 })
    expect((await weightsOf(exact)).get('logit_scale')).toEqual(scale)
    const report = await importBase(file, rounded, { vocab, half: true })
    const half = (await weightsOf(rounded)).get('logit_scale')
    expect(half?.dtype).toBe('float16')
    expect(report).toMatchObject({
      floats: 0,
      rounding: Math.abs((half ? asFloat32('', half)[0] : 0) - Math.fround(Math.PI)),
    })
    expect(report.rounding).toBeGreaterThan(0)
  })

  it('names what is not needed', async () => {
    const unneeded = async (container: string, name: string) =>
      (await importContainer(container, name)).report.unneeded.map((one) => one.name).sort()
    expect(await unneeded('openai-script.pt', 'a.pt')).toEqual([
      'code',
      'context_length',
      'input_resolution',
      'vocab_size',
    ])
    expect(await unneeded('hf-pytorch_model.bin', 'pytorch_model.bin')).toEqual([
      'text_model.embeddings.position_ids',
      'vision_model.embeddings.position_ids',
    ])
    expect(await unneeded('open_clip-checkpoint.pt', 'a.pt')).toEqual(['epoch', 'name', 'optimizer', 'text.attn_mask'])
  })

  it('learns from the files beside it what shapes do not tell', async () => {
    const hf = await unpack('hf-model.safetensors', place('model.safetensors'))
    const config = {
      model_type: 'clip',
      vision_config: { hidden_act: 'gelu', num_attention_heads: 1 },
      text_config: { hidden_act: 'gelu' },
    }
    await writeFile(join(dirname(hf), 'config.json'), JSON.stringify(config))
    await writeFile(
      join(dirname(hf), 'preprocessor_config.json'),
      JSON.stringify({ image_mean: [0.5, 0.5, 0.5], image_std: [0.25, 0.25, 0.25] }),
    )
    await writeVocabulary(join(dirname(hf), 'tokenizer.json'))
    const out = fresh()
    // The folder alone: its usual file is found.
    const report = await importBase(dirname(hf), out)
    expect(report.activationFrom).toBe('config.json')
    expect(report.config).toMatchObject({
      name: basename(dirname(hf)),
      preprocessing: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    })
    await near(out, 'gelu')

    const openClip = await unpack('open_clip_model.safetensors', place('open_clip_model.safetensors'))
    const modelConfig = { model_cfg: { vision_cfg: { width: 64 }, text_cfg: { heads: 2 } } }
    await writeFile(join(dirname(openClip), 'open_clip_config.json'), JSON.stringify(modelConfig))
    const told = await importBase(openClip, fresh(), { vocab })
    expect(told.config.architecture).toMatchObject({
      image: { activation: 'gelu', heads: 1 },
      text: { activation: 'gelu', heads: 2 },
    })
    const { report: user } = await importContainer('openai-float32.pt', 'a.pt', { activation: 'gelu' })
    expect([user.config.architecture.image.activation, user.activationFrom]).toEqual(['gelu', 'as told'])

    await writeFile(
      join(dirname(hf), 'config.json'),
      JSON.stringify({ ...config, vision_config: { hidden_act: 'swish' } }),
    )
    await expect(importBase(hf, fresh())).rejects.toMatchObject({ code: 'inference/import-config' })
    await writeFile(join(dirname(hf), 'config.json'), '{')
    await expect(importBase(hf, fresh())).rejects.toMatchObject({ code: 'inference/import-config' })
  })

  it('reads shards by their index, and refuses an index that lies', async () => {
    const { tensors } = decodeSafetensors(
      await readFile(await unpack('hf-model.safetensors', place('a.safetensors'))),
      'a',
    )
    const folder = dirname(await writeVocabulary(place('tokenizer.json')))
    const names = [...tensors.keys()]
    const shardOf = (name: string) => `model-0000${1 + (names.indexOf(name) % 3)}-of-00003.safetensors`
    for (const shard of new Set(names.map(shardOf)))
      await writeFile(
        join(folder, shard),
        encodeSafetensors(new Map([...tensors].filter(([name]) => shardOf(name) === shard))),
      )
    const map = Object.fromEntries(names.map((name) => [name, shardOf(name)]))
    const write = (weight_map: Record<string, string>) =>
      writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map }))
    await write(map)
    const out = fresh()
    expect((await importBase(folder, out)).container).toBe('safetensors, 3 shards')
    await near(out, 'quickGelu')
    for (const lie of [
      { ...map, [names[0]]: '../a.safetensors' },
      { ...map, [names[0]]: '/etc/passwd' },
      { ...map, [names[0]]: shardOf(names[1]) },
      { ...map, extra: shardOf(names[0]) },
      Object.fromEntries(Object.entries(map).slice(1)),
      {},
    ]) {
      await write(lie)
      await expect(importBase(folder, fresh()), JSON.stringify(Object.keys(lie).length)).rejects.toMatchObject({
        code: 'inference/import-index',
      })
    }
    await writeFile(join(folder, 'model.safetensors.index.json'), '[')
    await expect(importBase(folder, fresh())).rejects.toMatchObject({ code: 'inference/import-index' })
  })

  it('gives the same bytes again, overwrites nothing, and leaves nothing of a failed import', async () => {
    const { out, file } = await importContainer('openai-script.pt', 'ViT-S.pt')
    const again = fresh()
    await importBase(file, again, { vocab })
    for (const name of ['base.safetensors', 'fold_0.safetensors', 'config.json', 'tokenizer.json'])
      expect((await readFile(join(again, name))).equals(await readFile(join(out, name))), name).toBe(true)
    await expect(importBase(file, out, { vocab })).rejects.toMatchObject({ code: 'inference/exists' })
    await expect(importBase(file, join(root, 'no', 'parent'), { vocab })).rejects.toMatchObject({
      code: 'inference/exists',
    })

    const broken = await unpack('hf-model.safetensors', place('model.safetensors'))
    const { tensors } = decodeSafetensors(await readFile(broken), 'x')
    const nan = { dtype: 'float32', shape: [], data: Float32Array.of(Number.NaN) } as const
    await writeFile(broken, encodeSafetensors(new Map([...tensors, ['logit_scale', nan]])))
    const before = await readdir(root)
    await expect(importBase(broken, join(root, 'never'), { vocab })).rejects.toMatchObject({
      code: 'inference/import-finite',
    })
    expect(await readdir(root)).toEqual(before)
  })

  it('needs the vocabulary that the text tower knows', async () => {
    const file = await unpack('openai-script.pt', place('ViT-S.pt'))
    await expect(importBase(file, fresh())).rejects.toMatchObject({ code: 'inference/import-vocabulary' })
    const small = join(root, 'small.txt')
    await writeFile(small, '#version\na b\n')
    await expect(importBase(file, fresh(), { vocab: small })).rejects.toMatchObject({ code: 'clip/tokenizer' })
    await expect(importBase(file, fresh(), { vocab: join(root, 'none.json') })).rejects.toMatchObject({
      code: 'clip/tokenizer',
    })
    const other = JSON.parse(await readFile(vocab, 'utf8'))
    other.model.vocab.extra = 600
    await writeFile(small, JSON.stringify(other))
    await expect(importBase(file, fresh(), { vocab: small })).rejects.toMatchObject({ code: 'clip/tokenizer' })
  })
})

describe('what is not a CLIP', () => {
  const changed = async (change: (tensors: Map<string, unknown>) => void): Promise<string> => {
    const file = await unpack('open_clip_model.safetensors', place('model.safetensors'))
    const { tensors } = decodeSafetensors(await readFile(file), 'x')
    const copy = new Map(tensors)
    change(copy)
    await writeFile(file, encodeSafetensors(copy))
    return file
  }
  const float = (...shape: number[]) => ({
    dtype: 'float32',
    shape,
    data: new Float32Array(shape.reduce((product, n) => product * n, 1)),
  })

  it.each<[string, string, (tensors: Map<string, unknown>) => void]>([
    ['a missing weight', 'inference/import-weights', (t) => t.delete('visual.transformer.resblocks.1.mlp.c_fc.bias')],
    [
      'an unknown tensor',
      'inference/import-names',
      (t) => t.set('visual.transformer.resblocks.0.ls_1.gamma', float(64)),
    ],
    ['a bias of another width', 'inference/import-weights', (t) => t.set('visual.ln_post.bias', float(65))],
    [
      'a projection of no three parts',
      'inference/import-names',
      (t) => t.set('transformer.resblocks.0.attn.in_proj_bias', float(100)),
    ],
    ['one weight by two names', 'inference/import-names', (t) => t.set('vision_model.proj', t.get('visual.proj'))],
    ['a ResNet', 'inference/import-layout', (t) => t.set('visual.layer1.0.conv1.weight', float(1))],
    [
      'a tower of timm',
      'inference/import-layout',
      (t) => {
        t.delete('visual.conv1.weight')
        t.set('visual.trunk.a', float(1))
      },
    ],
    ['no tower', 'inference/import-layout', (t) => t.delete('visual.conv1.weight')],
    [
      'no layers',
      'inference/import-architecture',
      (t) => {
        for (const name of [...t.keys()]) if (name.includes('resblocks')) t.delete(name)
      },
    ],
    ['patches of no square grid', 'inference/config', (t) => t.set('visual.positional_embedding', float(7, 64))],
    ['a kernel of one axis', 'inference/config', (t) => t.set('visual.conv1.weight', float(64))],
    ['a trained checkpoint', 'inference/import-trained', (t) => t.set('classifier_image.weight', float(2, 256))],
  ])('%s', async (_, code, change) => {
    await expect(importBase(await changed(change), fresh(), { vocab })).rejects.toMatchObject({ code })
  })

  it('a hostile file is refused by what it asks for', async () => {
    const file = place('model.pt')
    await writeVocabulary(join(dirname(file), 'tokenizer.json'))
    await writeFile(file, torchZip(ops('cos\nsystem\n(X\x0b\0\0\0touch /tmp/xtR'), []))
    await expect(importBase(file, fresh())).rejects.toMatchObject({
      code: 'pickle/global',
      message: expect.stringContaining('os.system'),
    })
    await writeFile(file, torchZip(ops('K\x01'), []))
    await expect(importBase(file, fresh())).rejects.toMatchObject({ code: 'clip/state-dict' })
    await writeFile(file, '')
    await expect(importBase(file, fresh())).rejects.toMatchObject({ code: 'volume/empty' })
    await expect(importBase(join(root, 'nothing.pt'), fresh())).rejects.toMatchObject({
      code: 'inference/import-missing',
    })
    await expect(importBase(root, fresh())).rejects.toMatchObject({ code: 'inference/import-missing' })
  })
})
