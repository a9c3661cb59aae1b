import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { imageSide } from '../clip/model.ts'
import { bagFeeds, MAX_VIEWS } from '../clip/view-bags.ts'
import { graphWeights } from '../clip/weights.ts'
import { writeOnnx } from '../graph/onnx.ts'
import { openSession } from '../graph/session.node.ts'
import type { TensorData } from '../graph/tensor.ts'
import { loadImageWeights, openModelFolder } from '../model/folder.node.ts'
import { initModel } from '../model/init.node.ts'
import { changeWeights, SMALL } from '../model/model.fixture.node.ts'
import { seededRandom } from '../random.ts'
import { asFloat32 } from '../weights/folds.ts'
import { decodeSafetensors } from '../weights/safetensors.ts'
import { openImageSession, type PredictorOptions } from './image-session.node.ts'

const FOLDS = 3
const SIDE = 16
let root = ''
let model = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'image-session-'))
  model = join(root, 'model')
  await initModel(model, { ...SMALL, folds: FOLDS }, 1)
  for (let fold = 0; fold < FOLDS; fold++)
    await changeWeights(join(model, `fold_${fold}.safetensors`), (weights) => {
      for (const [name, { dtype, shape, data }] of weights)
        if (dtype === 'float32' && name.endsWith('w_lora_B'))
          weights.set(name, { dtype, shape, data: data.map((x) => 20 * x) })
    })
})
afterAll(() => rm(root, { recursive: true }))

const bag = (seed: number, count: number) => {
  const random = seededRandom(seed)
  return { count, pixels: Float32Array.from({ length: count * SIDE ** 2 }, () => random.uniform()) }
}
const NODULES = [bag(1, 9), bag(2, 4)]

async function run(bags: readonly ReturnType<typeof bag>[], options: PredictorOptions = {}, folder = model) {
  const session = await openImageSession(await openModelFolder(folder), options)
  try {
    return await session.run(bagFeeds(bags, SIDE))
  } finally {
    await session.close()
  }
}

const largest = (a: TensorData['data'], b: TensorData['data']): number => {
  expect(a.length).toBe(b.length)
  return Math.max(...Array.from(a as ArrayLike<number>, (x, i) => Math.abs(x - Number(b[i]))))
}

describe('the image side, fold after fold', () => {
  it('says what all folds as one batch say', async () => {
    const folder = await openModelFolder(model)
    const { tensors, stacked } = await loadImageWeights(folder, 'both')
    const { mean, std } = folder.config.preprocessing
    const side = imageSide(folder.config.architecture, graphWeights({ folds: FOLDS, stacked }), {
      normalisation: { mean, std },
      mergeLora: false,
      maxViews: MAX_VIEWS,
    })
    const session = await openSession(writeOnnx({ ...side }, tensors))
    const together = await session.run(bagFeeds(NODULES, SIDE))
    await session.close()
    const outputs = await run(NODULES)
    for (const [name, { shape, data }] of Object.entries(outputs)) {
      expect(shape).toEqual(together[name].shape)
      expect(largest(data, together[name].data)).toBeLessThan(1e-5)
    }
    expect(new Set(asFloat32('probability', outputs.probability)).size).toBe(2 * FOLDS)
  })
})

describe('int8', () => {
  it('changes probabilities a little, attention and embeddings too', async () => {
    const [exact, rounded] = [await run(NODULES), await run(NODULES, { precision: 'int8' })]
    for (const [name, size] of [
      ['probability', 1],
      ['attention', 1],
      ['embedding', Math.hypot(...Array.from(exact.embedding.data, Number)) / Math.sqrt(exact.embedding.data.length)],
    ] as const) {
      const difference = largest(exact[name].data, rounded[name].data) / size
      expect(difference).toBeGreaterThan(0)
      expect(difference).toBeLessThan(0.05)
    }
  })

  it('gives a nodule the same whatever else is in the batch', async () => {
    const [together, alone] = [
      await run(NODULES, { precision: 'int8' }),
      await run([NODULES[1]], { precision: 'int8' }),
    ]
    for (let fold = 0; fold < FOLDS; fold++)
      expect(
        Math.abs(Number(together.probability.data[2 * fold + 1]) - Number(alone.probability.data[fold])),
      ).toBeLessThan(1e-6)
  })

  it('hides no missing number', async () => {
    const views = bag(1, 1)
    views.pixels[3] = Number.NaN
    await expect(run([views], { precision: 'int8' })).rejects.toThrow(
      expect.objectContaining({ code: 'inference/not-finite' }),
    )
  })

  it('is of the CPU', async () => {
    await expect(run(NODULES, { precision: 'int8', device: 'webgpu' })).rejects.toThrow(
      expect.objectContaining({ code: 'inference/precision', hint: expect.stringContaining('--device cpu') }),
    )
  })

  it('takes folds that share nothing', async () => {
    const whole = join(root, 'whole')
    await cp(model, whole, { recursive: true })
    const { tensors } = decodeSafetensors(await readFile(join(model, 'base.safetensors')), 'base')
    for (let fold = 0; fold < FOLDS; fold++)
      await changeWeights(join(whole, `fold_${fold}.safetensors`), (weights) => {
        for (const [name, tensor] of tensors) {
          const { shape } = tensor
          const data = asFloat32(name, tensor).map((x) => x * (1 + 0.05 * fold))
          weights.set(name, { dtype: 'float32', shape, data })
        }
      })
    const [exact, rounded] = [await run(NODULES, {}, whole), await run(NODULES, { precision: 'int8' }, whole)]
    expect(new Set(asFloat32('probability', exact.probability)).size).toBe(2 * FOLDS)
    expect(largest(exact.probability.data, rounded.probability.data)).toBeLessThan(0.05)
  })
})
