import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeShared } from '../../../test/shared.ts'
import { packagedTokenizerJson } from '../../clip/clip-vocabulary.fixture.ts'
import { inferArchitecture } from '../../clip/infer.ts'
import { FEATURE_NAMES } from '../../features/features.ts'
import { parseInitConfig } from '../../model/config.ts'
import { initModel } from '../../model/init.node.ts'
import { inspectModel } from '../../model/inspect.node.ts'
import { changeConfig } from '../../model/model.fixture.node.ts'
import { PRESETS } from '../../model/presets.ts'
import { freePrompts } from '../../model/prompts.ts'
import { seededRandom } from '../../random.ts'
import { asFloat32 } from '../../weights/folds.ts'
import { decodeSafetensors } from '../../weights/safetensors.ts'
import { choose, normalise } from './similarity.ts'
import { openZeroShot } from './zero-shot.node.ts'

let root = ''
let model = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'zero-shot-'))
  model = join(root, 'model')
  await initModel(model, parseInitConfig(JSON.stringify({ ...Object(PRESETS['tiny-text']), folds: 3 }), 'tiny-text'), 1)
})
afterAll(() => rm(root, { recursive: true }))

function nodules(count: number) {
  const random = seededRandom(4)
  return Array.from({ length: count }, () => ({
    pixels: Float32Array.from({ length: 9 * 224 * 224 }, () => random.uniform()),
    count: 9,
  }))
}

describe('openZeroShot', () => {
  it("answers every feature of the model's prompts: probabilities of folds and their mean, summing to 1", async () => {
    const zeroShot = await openZeroShot(model)
    const [answers] = await zeroShot.predict(nodules(1))
    await zeroShot.close()
    expect(answers).toHaveLength(FEATURE_NAMES.length)
    for (const { values } of answers) {
      expect(values.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 10)
      for (const { probability, folds } of values) {
        expect(folds).toHaveLength(3)
        expect(probability).toBeCloseTo((folds[0] + folds[1] + folds[2]) / 3, 12)
      }
    }
  })

  it('gives each fold what a model of that fold alone gives', async () => {
    const sets = [freePrompts(['The nodule is solid.', 'The nodule is part solid.', 'A pure ground glass nodule.'])]
    const ensemble = await openZeroShot(model, { sets })
    const [[together]] = await ensemble.predict(nodules(2).slice(1))
    await ensemble.close()
    for (let fold = 0; fold < 3; fold++) {
      const folder = join(root, `fold ${fold}`)
      await cp(model, folder, { recursive: true })
      await changeConfig(folder, (config) => {
        config.folds = [{ both: `fold_${fold}.safetensors` }]
      })
      const one = await openZeroShot(folder, { sets })
      const [[alone]] = await one.predict(nodules(2).slice(1))
      await one.close()
      for (const [v, { probability }] of alone.values.entries())
        expect(probability).toBeCloseTo(together.values[v].folds[fold], 5)
    }
  })

  it("reads a user's prompts before the model's, and those before its own", async () => {
    const own = join(root, 'own.json')
    const shape = { nodule_shape: { Round: ['Round.'], Ovoid: ['Ovoid.'] } }
    await writeFile(own, JSON.stringify({ format: 'spicula-prompts/1', features: shape }))
    const asked = async (path: string, prompts?: string) => {
      const zeroShot = await openZeroShot(path, { prompts })
      await zeroShot.close()
      return zeroShot.sets.map(({ feature }) => feature)
    }
    expect(await asked(model, own)).toEqual(['nodule_shape'])
    const edited = join(root, 'edited')
    await cp(model, edited, { recursive: true })
    await copyFile(own, join(edited, 'prompts.json'))
    expect(await asked(edited)).toEqual(['nodule_shape'])
    await changeConfig(edited, (config) => {
      delete config.prompts
    })
    expect(await asked(edited)).toHaveLength(FEATURE_NAMES.length)
    await expect(openZeroShot(model, { prompts: join(root, 'none.json') })).rejects.toMatchObject({
      code: 'inference/prompts',
    })
  })

  it('needs a text side and its tokenizer', async () => {
    const plain = join(root, 'plain')
    await initModel(plain, parseInitConfig(JSON.stringify(PRESETS.tiny), 'tiny'), 1)
    await expect(openZeroShot(plain)).rejects.toMatchObject({ code: 'clip/no-text' })
    const bare = join(root, 'bare')
    await cp(model, bare, { recursive: true })
    await rm(join(bare, 'tokenizer.json'))
    await expect(openZeroShot(bare)).rejects.toMatchObject({ code: 'clip/tokenizer' })
  })

  it('lies in a folder that is whole: tokenizer and prompts are named and counted', async () => {
    const { config, files } = await inspectModel(model)
    expect(config).toMatchObject({ tokenizer: 'tokenizer.json', prompts: 'prompts.json' })
    expect(files.map(({ file }) => file)).toEqual(expect.arrayContaining(['tokenizer.json', 'prompts.json']))
  })
})

describeShared('fixtures/model', (folder) => {
  it("equals the softmax of the published embeddings' similarities", async () => {
    const unpack = async (name: string) => {
      const bytes = await readFile(join(folder(), name))
      return decodeSafetensors(name.endsWith('.gz') ? gunzipSync(bytes) : bytes, name).tensors
    }
    const path = join(root, 'published')
    await mkdir(path)
    const weights = await readFile(join(folder(), 'model.safetensors.gz')).then((bytes) => gunzipSync(bytes))
    const tensors = decodeSafetensors(weights, 'model').tensors
    await writeFile(join(path, 'base.safetensors'), weights)
    // A fold that has nothing of its own.
    await writeFile(join(path, 'fold.safetensors'), new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 123, 125]))
    await writeFile(join(path, 'tokenizer.json'), await packagedTokenizerJson())
    const architecture = inferArchitecture(new Map([...tensors].map(([name, { shape }]) => [name, shape])))
    const config = {
      format: 'spicula-model/1',
      name: 'published',
      version: '1',
      provenance: 'fixture',
      license: 'none',
      intendedUse: 'tests',
      architecture,
      // The stored pixels are normalised already.
      preprocessing: { geometry: 'exact', mean: [0, 0, 0], std: [1, 1, 1] },
      base: 'base.safetensors',
      folds: [{ both: 'fold.safetensors' }],
    }
    await writeFile(join(path, 'config.json'), JSON.stringify(config))

    const { reports } = JSON.parse(await readFile(join(folder(), 'reports.json'), 'utf8'))
    const zeroShot = await openZeroShot(path, { sets: [freePrompts(reports)] })
    const pixels = asFloat32('pixels', (await unpack('inputs.safetensors')).get('pixels_one_channel') as never)
    const size = pixels.length / 4
    const bags = [0, 1, 2, 3].map((n) => ({ pixels: pixels.slice(n * size, (n + 1) * size), count: 9 }))
    const answers = await zeroShot.predict(bags)
    await zeroShot.close()

    const outputs = await unpack('outputs.safetensors')
    const rows = (name: string): number[][] => {
      const tensor = outputs.get(name)
      if (!tensor) throw new Error(`the fixture has ${name}`)
      const data = Array.from(asFloat32(name, tensor))
      return [0, 1, 2, 3].map((n) => data.slice((n * data.length) / 4, ((n + 1) * data.length) / 4))
    }
    const scale = Number(tensors.get('logit_scale')?.data[0])
    const texts = rows('text_embeds').map(normalise)
    for (const [n, image] of rows('image_embeds').entries()) {
      const expected = choose(image, texts, scale)
      for (const [v, { probability }] of answers[n][0].values.entries()) expect(probability).toBeCloseTo(expected[v], 4)
    }
  })
})
