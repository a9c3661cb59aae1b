import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { calibrate } from '../model/calibration.ts'
import { initModel } from '../model/init.node.ts'
import { changeConfig, changeWeights, SMALL } from '../model/model.fixture.node.ts'
import { prepareViews } from '../nodule/prepare.ts'
import type { NoduleViews } from '../nodule/views.ts'
import { seededRandom } from '../random.ts'
import { memoryScan } from '../scan/memory-scan.ts'
import type { asFloat32 } from '../weights/folds.ts'
import { type NodulePrediction, openPredictor, type PredictorOptions } from './predictor.node.ts'

const FOLDS = 5
let root = ''
let model = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'predictor-'))
  model = join(root, 'model')
  await initModel(model, { ...SMALL, folds: FOLDS }, 1)
  // Strong updates, so that a fold whose LoRA is left out or counted twice gives quite other numbers.
  for (let fold = 0; fold < FOLDS; fold++) await scaleLora(model, fold, 40)
})
afterAll(() => rm(root, { recursive: true }))

const scaleLora = (folder: string, fold: number, factor: number) =>
  changeWeights(join(folder, `fold_${fold}.safetensors`), (weights) => {
    for (const [name, { dtype, shape, data }] of weights)
      if (dtype === 'float32' && name.endsWith('w_lora_B'))
        weights.set(name, { dtype, shape, data: data.map((x) => factor * x) })
  })

const nodule = (seed: number, count = 9): NoduleViews => {
  const random = seededRandom(seed)
  return { count, pixels: Float32Array.from({ length: count * 256 }, () => random.uniform()) }
}

async function predict(
  nodules: readonly NoduleViews[],
  { folder = model, ...options }: PredictorOptions & { folder?: string } = {},
): Promise<NodulePrediction[]> {
  const predictor = await openPredictor(folder, options)
  try {
    return await predictor.predict(nodules)
  } finally {
    await predictor.close()
  }
}

/** A copy of the model with another name and configuration. */
async function copyWith(name: string, change: (config: Record<string, unknown>) => void): Promise<string> {
  const folder = join(root, name)
  await cp(model, folder, { recursive: true })
  await changeConfig(folder, change)
  return folder
}

const expectClose = (actual: readonly number[], expected: readonly number[], tolerance: number) => {
  expect(actual).toHaveLength(expected.length)
  for (const [i, value] of expected.entries()) expect(Math.abs(actual[i] - value)).toBeLessThanOrEqual(tolerance)
}

describe('a predictor', () => {
  it('gives a probability by each fold, their mean, and weights of the views that sum to 1', async () => {
    const predictor = await openPredictor(model)
    expect(predictor).toMatchObject({
      folds: FOLDS,
      calibrated: false,
      stamp: { model: 'small', modelVersion: '3', use: 'for research use' },
    })
    const [{ raw, ensemble, attention, ...more }] = await predictor.predict([nodule(1)])
    await predictor.close()
    expect(raw.every((p) => p > 0 && p < 1)).toBe(true)
    expect(new Set(raw).size).toBe(FOLDS)
    expectClose([ensemble], [(raw[0] + raw[1] + raw[2] + raw[3] + raw[4]) / 5], 1e-15)
    expect(attention.map((row) => row.length)).toEqual(new Array(FOLDS).fill(9))
    for (const row of attention) expectClose([row.reduce((sum, x) => sum + x, 0)], [1], 1e-6)
    expect(more).toEqual({})
  })

  it("takes views that are made by its own configuration's preprocessing", async () => {
    const hu = Float32Array.from({ length: 60 ** 3 }, (_, v) => ((v * 7919) % 1500) - 1000)
    const scan = memoryScan(hu, [60, 60, 60], [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0])
    const predictor = await openPredictor(model)
    const prepared = await prepareViews(scan, [60, 60, 60], predictor.config.preprocessing)
    const [{ ensemble }] = await predictor.predict([prepared])
    await predictor.close()
    expect([prepared.count, prepared.pixels.length]).toEqual([9, 9 * 16 * 16])
    expect(ensemble > 0 && ensemble < 1).toBe(true)
  })

  it('answers nothing for no nodules', async () => {
    expect(await predict([])).toEqual([])
  })

  it('gives the same bits twice, and from a copy of the folder elsewhere', async () => {
    const folder = await copyWith('copy', () => undefined)
    const nodules = [nodule(1), nodule(2)]
    const first = await predict(nodules)
    expect(await predict(nodules)).toEqual(first)
    expect(await predict(nodules, { folder })).toEqual(first)
  })

  it('stacks folds as each fold alone, whose LoRA is merged', async () => {
    const nodules = [nodule(1), nodule(2, 3)]
    const together = await predict(nodules)
    const config = JSON.parse(await readFile(join(model, 'config.json'), 'utf8'))
    for (let fold = 0; fold < FOLDS; fold++) {
      const folder = await copyWith(`fold${fold}`, (c) => {
        c.folds = [config.folds[fold]]
      })
      const alone = await predict(nodules, { folder })
      for (const [n, { raw, attention }] of alone.entries()) {
        expectClose(raw, [together[n].raw[fold]], 1e-6)
        expectClose(attention[0], together[n].attention[fold], 1e-6)
      }
      await scaleLora(folder, fold, 0)
      const without = await predict(nodules, { folder })
      expect(Math.abs(without[0].raw[0] - alone[0].raw[0]), 'LoRA counts').toBeGreaterThan(1e-4)
    }
  })

  it('gives every fold the one number when folds share all weights', async () => {
    const folder = await copyWith('shared', (c) => {
      c.folds = [{ both: 'empty.safetensors' }, { both: 'empty.safetensors' }]
    })
    const own = new Map<string, Parameters<typeof asFloat32>[1]>()
    await changeWeights(join(folder, 'fold_0.safetensors'), (weights) => {
      for (const [name, tensor] of weights) own.set(name, tensor)
      weights.clear()
    })
    await changeWeights(join(folder, 'base.safetensors'), (weights) => {
      for (const [name, tensor] of own) weights.set(name, tensor)
    })
    await writeFile(join(folder, 'empty.safetensors'), await readFile(join(folder, 'fold_0.safetensors')))
    const [{ raw, ensemble, attention }] = await predict([nodule(1)], { folder })
    expectClose(raw, new Array(2).fill((await predict([nodule(1)]))[0].raw[0]), 1e-6)
    expect([ensemble, attention[1]]).toEqual([raw[0], attention[0]])
  })

  it('gives a nodule its numbers whatever else is in the batch, and bags of any size beside each other', async () => {
    const predictor = await openPredictor(model)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 6 }), async (counts) => {
        const nodules = counts.map((count, i) => nodule(100 + i, count))
        const together = await predictor.predict(nodules)
        for (const [i, one] of nodules.entries()) {
          const [alone] = await predictor.predict([one])
          expectClose(together[i].raw, alone.raw, 1e-6)
          expect(together[i].attention.map((row) => row.length)).toEqual(new Array(FOLDS).fill(counts[i]))
          for (const fold of alone.attention.keys())
            expectClose(together[i].attention[fold], alone.attention[fold], 1e-6)
        }
      }),
      { numRuns: 10, examples: [[[9, 3, 1]], [[1, 1]]] },
    )
    await predictor.close()
  })

  it('weighs a single view with 1, and does not care for the order of views', async () => {
    expect((await predict([nodule(1, 1)]))[0].attention).toEqual(new Array(FOLDS).fill([1]))
    const { pixels, count } = nodule(4, 3)
    const turned = new Float32Array([...pixels.subarray(256), ...pixels.subarray(0, 256)])
    const [a, b] = await predict([
      { pixels, count },
      { pixels: turned, count },
    ])
    expectClose(a.raw, b.raw, 1e-6)
    expectClose(b.attention[2], [a.attention[2][1], a.attention[2][2], a.attention[2][0]], 1e-6)
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('gives an error, never a number, for a view with %d', async (bad) => {
    const spoilt = nodule(1)
    spoilt.pixels[300] = bad
    await expect(predict([nodule(2, 3), spoilt])).rejects.toMatchObject({ code: 'inference/not-finite' })
  })

  it.each([
    ['no view', 0, 0],
    ['ten views', 10, 2560],
    ['fewer pixels than its views have', 9, 2303],
    ['views of another size', 9, 9 * 255],
  ])('refuses a nodule with %s', async (_, count, length) => {
    await expect(predict([{ count, pixels: new Float32Array(length) }])).rejects.toMatchObject({
      code: 'clip/views',
      message: expect.stringContaining(`not ${length} numbers`),
    })
  })

  it('calibrates each fold, then takes the mean', async () => {
    const calibrations = Array.from({ length: FOLDS }, (_, k) => ({ a: 1 + k, b: 2 / (k + 1), c: k - 2 }))
    const folder = await copyWith('calibrated', (c) => {
      const files = Array.from({ length: FOLDS }, (_, k) => `fold_${k}.safetensors`)
      c.folds = files.map((both, k) => ({ both, prediction: both, calibration: calibrations[k] }))
    })
    const [plain] = await predict([nodule(1)])
    const [{ raw, ensemble, calibrated, calibratedEnsemble }] = await predict([nodule(1)], { folder })
    expect([raw, ensemble]).toEqual([plain.raw, plain.ensemble])
    const expected = raw.map((p, k) => calibrate(p, calibrations[k]))
    expect(calibrated).toEqual(expected)
    expectClose([calibratedEnsemble ?? -1], [expected.reduce((sum, p) => sum + p, 0) / FOLDS], 1e-15)
    // Fitted on the checkpoint for both: it says nothing of another.
    expect((await predict([nodule(1)], { folder, checkpoint: 'prediction' }))[0].calibrated).toBeUndefined()
  })

  it('takes the checkpoint asked for, and names one that is missing', async () => {
    const folder = await copyWith('checkpoints', (c) => {
      c.folds = [{ both: 'fold_0.safetensors', prediction: 'fold_1.safetensors' }]
    })
    const [{ raw }] = await predict([nodule(1)])
    expectClose((await predict([nodule(1)], { folder }))[0].raw, [raw[0]], 1e-6)
    expectClose((await predict([nodule(1)], { folder, checkpoint: 'prediction' }))[0].raw, [raw[1]], 1e-6)
    await expect(predict([nodule(1)], { folder, checkpoint: 'clip' })).rejects.toMatchObject({
      code: 'inference/checkpoint',
      message: expect.stringContaining('best for clip'),
    })
  })

  it("has the architecture's own normalisation, and no other model's", async () => {
    const folder = await copyWith('normalisation', (c) => {
      c.preprocessing = { geometry: 'exact', mean: [0, 0, 0], std: [1, 1, 1] }
    })
    const [mine, other] = [await predict([nodule(1)]), await predict([nodule(1)], { folder })]
    expect(Math.abs(mine[0].ensemble - other[0].ensemble)).toBeGreaterThan(1e-4)
  })
})
