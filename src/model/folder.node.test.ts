import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { encodeSafetensors } from '../weights/safetensors.ts'
import { checkModelFolder, loadImageWeights, modelWeights, openModelFolder } from './folder.node.ts'
import { initModel } from './init.node.ts'
import { inspectModel } from './inspect.node.ts'
import { changeConfig, changeWeights, filled, SMALL } from './model.fixture.node.ts'

let root = ''
let model = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'model-'))
  model = join(root, 'small')
  await initModel(model, SMALL, 1)
})
afterEach(() => rm(root, { recursive: true }))

const LORA = 'vision_model.transformer.resblocks.1.attn.q_proj.w_lora_A'
const HEAD = 'classifier_image.weight'
const BIAS = 'vision_model.ln_post.bias'

const load = async (checkpoint: 'both' | 'prediction' | 'clip' = 'both') =>
  loadImageWeights(await openModelFolder(model), checkpoint)

/** What reading the weights and checking the folder both say. */
async function misfit(): Promise<{ code: string; message: string }> {
  const [read, checked] = await Promise.all([
    load().catch((error) => error),
    openModelFolder(model)
      .then(checkModelFolder)
      .catch((error) => error),
  ])
  expect(checked).toEqual(read)
  return read
}

describe('a model folder', () => {
  it('gives the image side: what is in the base once, what folds own stacked', async () => {
    const { tensors, stacked } = await load()
    const { image } = modelWeights(SMALL.architecture)
    expect([...tensors.keys()].sort()).toEqual([...image.keys()].sort())
    for (const [name, shape] of image)
      expect(tensors.get(name)?.shape, name).toEqual(stacked.has(name) ? [2, ...shape] : shape)
    expect([stacked.has(LORA), stacked.has(HEAD), stacked.has(BIAS)]).toEqual([true, true, false])
  })

  it('may override a weight of the base in one fold alone', async () => {
    await changeWeights(join(model, 'fold_1.safetensors'), (w) => w.set(BIAS, filled([8], 7)))
    const bias = (await load()).tensors.get(BIAS)
    expect([bias?.shape, ...(bias?.data ?? [])]).toEqual([[2, 8], ...new Array(8).fill(0), ...new Array(8).fill(7)])
  })

  it('may hold everything in its one fold', async () => {
    await changeConfig(model, (config) => {
      config.folds = [{ both: 'all.safetensors' }]
    })
    const { image, text } = modelWeights(SMALL.architecture)
    const all = new Map([...image, ...text].map(([name, shape]) => [name, filled(shape, 1)]))
    await writeFile(join(model, 'all.safetensors'), encodeSafetensors(all))
    await writeFile(join(model, 'base.safetensors'), encodeSafetensors(new Map()))
    expect((await load()).stacked.size).toBe(0)
  })

  it('is refused with a weight missing, everywhere or in one fold', async () => {
    await changeWeights(join(model, 'base.safetensors'), (w) => w.delete(BIAS))
    await changeWeights(join(model, 'fold_1.safetensors'), (w) => w.delete(HEAD))
    expect(await misfit()).toMatchObject({
      code: 'inference/weights',
      message:
        'the weights do not fit the model: ' +
        `${BIAS} is missing; ${HEAD} is missing in fold 1 and in base.safetensors`,
    })
  })

  it('is refused with an extra weight', async () => {
    await changeWeights(join(model, 'fold_0.safetensors'), (w) => w.set('extra.weight', filled([1], 0)))
    expect(await misfit()).toMatchObject({
      code: 'inference/weights',
      message: expect.stringContaining('fold 0 (fold_0.safetensors) has an extra tensor extra.weight'),
    })
  })

  it('is refused with a weight of another shape in the base or a fold', async () => {
    await changeWeights(join(model, 'base.safetensors'), (w) => w.set(BIAS, filled([2, 4], 0)))
    await changeWeights(join(model, 'fold_1.safetensors'), (w) => w.set(HEAD, filled([3, 5], 0)))
    const { message } = await misfit()
    expect(message).toContain(`${BIAS} in base.safetensors is [2, 4], the architecture wants [8]`)
    expect(message).toContain(`${HEAD} in fold 1 (fold_1.safetensors) is [3, 5], the architecture wants [2, 5]`)
  })

  it('is refused with a weight of whole numbers', async () => {
    await changeWeights(join(model, 'base.safetensors'), (w) =>
      w.set(BIAS, { dtype: 'int32', shape: [8], data: new Int32Array(8) }),
    )
    expect((await misfit()).message).toContain(`${BIAS} in base.safetensors is I32, no float`)
  })

  it("is refused with another model's architecture, naming eight misfits and counting the rest", async () => {
    await changeConfig(model, (config) => {
      config.architecture = { ...SMALL.architecture, image: { ...SMALL.architecture.image, width: 16 } }
    })
    const { message } = await misfit()
    expect(message.split('; ')).toHaveLength(9)
    expect(message).toMatch(/; and \d+ more$/)
  })

  it('is refused with a file missing, damaged, or a folder', async () => {
    const file = join(model, 'fold_1.safetensors')
    await appendFile(file, 'x')
    expect(await misfit()).toMatchObject({ code: 'clip/safetensors', message: expect.stringMatching(/^fold_1\./) })
    await rm(file)
    expect(await misfit()).toMatchObject({ code: 'clip/missing', message: expect.stringContaining(file) })
    await mkdir(file)
    expect(await misfit()).toMatchObject({ code: 'clip/missing', message: expect.stringContaining(file) })
  })

  it('is not a model folder without a config.json, and a wrong one is named', async () => {
    await writeFile(join(model, 'config.json'), '{')
    await expect(openModelFolder(model)).rejects.toMatchObject({
      code: 'inference/config',
      message: expect.stringContaining('small/config.json: it is not JSON'),
    })
    await rm(join(model, 'config.json'))
    for (const path of [model, join(model, 'base.safetensors'), join(root, 'nothing')])
      await expect(openModelFolder(path)).rejects.toMatchObject({
        code: 'inference/model',
        message: expect.stringContaining(path),
      })
  })

  it('has the checkpoints that its folds name, and says which it has not', async () => {
    await changeWeights(join(model, 'fold_0.safetensors'), (w) => w.set(HEAD, filled([2, 5], 9)))
    await changeConfig(model, (config) => {
      config.folds = [0, 1].map((k) => ({ both: `fold_${k}.safetensors`, prediction: `fold_${1 - k}.safetensors` }))
    })
    const head = async (which: 'both' | 'prediction') => {
      const { tensors } = await load(which)
      return Array.from(tensors.get(HEAD)?.data ?? [], Number)
    }
    expect((await head('both')).map((x) => x === 9)).toEqual([
      ...new Array(10).fill(true),
      ...new Array(10).fill(false),
    ])
    expect((await head('prediction')).map((x) => x === 9).lastIndexOf(false)).toBe(9)
    await expect(load('clip')).rejects.toMatchObject({
      code: 'inference/checkpoint',
      message: 'fold 0 has no checkpoint that is best for clip',
    })
  })
})

describe('inspectModel', () => {
  it('counts the parameters of a fold and the bytes of every file', async () => {
    const { config, parameters, files } = await inspectModel(model)
    expect(config.name).toBe('small')
    // By hand. Image: patches 1536, class 8, positions 40, two blocks of 4*72 + 272 + 32 + LoRA 96, ln 32, proj 48;
    // pooling 35 + 18 + 4, head 12. Text: words 80, positions 56, the same blocks, ln 16, projection 48;
    // semantic 35 + 30 + 10, head 12, logit scale 1.
    const block = 4 * 72 + (144 + 136) + 32 + 3 * 32
    expect(parameters).toEqual({
      image: 1536 + 8 + 40 + 2 * block + 32 + 48 + 35 + 18 + 4 + 12,
      text: 80 + 56 + 2 * block + 16 + 48 + 35 + 30 + 10 + 12 + 1,
    })
    expect(files.map(({ file }) => file)).toEqual(['base.safetensors', 'fold_0.safetensors', 'fold_1.safetensors'])
    expect(files.every(({ bytes }) => bytes > 1000)).toBe(true)
  })

  it('checks every checkpoint, also those that prediction does not use', async () => {
    await writeFile(join(model, 'clip.safetensors'), encodeSafetensors(new Map([['extra', filled([1], 0)]])))
    await changeConfig(model, (config) => {
      config.folds = [0, 1].map((k) => ({ both: `fold_${k}.safetensors`, clip: 'clip.safetensors' }))
    })
    await expect(inspectModel(model)).rejects.toMatchObject({
      message: expect.stringContaining('fold 1 (clip.safetensors) has an extra tensor extra'),
    })
  })
})
