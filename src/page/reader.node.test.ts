import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseInitConfig } from '../model/config.ts'
import { initModel } from '../model/init.node.ts'
import { changeConfig } from '../model/model.fixture.node.ts'
import { PRESETS } from '../model/presets.ts'
import { openPredictor } from '../predict/predictor.node.ts'
import { openZeroShot } from '../predict/words/zero-shot.node.ts'
import { seededRandom } from '../random.ts'
import { openCaseReader } from './reader.node.ts'

let root = ''
let model = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'case-'))
  model = join(root, 'model')
  await initModel(model, parseInitConfig(JSON.stringify({ ...Object(PRESETS['tiny-text']), folds: 2 }), 'tiny'), 1)
  await changeConfig(model, (config) => {
    config.folds = [0, 1].map((k) => {
      const both = `fold_${k}.safetensors`
      return { both, prediction: both, calibration: { a: 1 + k, b: 1, c: 0.5 } }
    })
  })
})
afterAll(() => rm(root, { recursive: true }))

const random = seededRandom(5)
const nodules = [9, 3].map((count) => ({
  count,
  pixels: Float32Array.from({ length: count * 224 * 224 }, () => random.uniform()),
}))

describe('openCaseReader', () => {
  it('says what predictor and zero-shot say of the same batch, to the bit', async () => {
    const reader = await openCaseReader(model)
    const readings = await reader.predict(nodules)
    await reader.close()
    const predictor = await openPredictor(model)
    const zeroShot = await openZeroShot(model)
    const predictions = await predictor.predict(nodules)
    const answers = await zeroShot.predict(nodules)
    await Promise.all([predictor.close(), zeroShot.close()])
    expect(reader).toMatchObject({ folds: 2, calibrated: true, stamp: predictor.stamp })
    for (const [n, { features, similar, ...prediction }] of readings.entries()) {
      expect(prediction).toEqual(predictions[n])
      expect(features).toEqual({ content: answers[n] })
      expect(similar).toEqual({ why: 'the model folder carries no reports of its training nodules' })
    }
  })

  it('predicts without words where the model has none, and says why', async () => {
    const wordless = join(root, 'wordless')
    await initModel(wordless, parseInitConfig(JSON.stringify(PRESETS.tiny), 'tiny'), 1)
    const bare = join(root, 'bare')
    await cp(model, bare, { recursive: true })
    await rm(join(bare, 'tokenizer.json'))
    for (const [folder, why] of [
      [wordless, 'the model has no text side'],
      [bare, 'has no tokenizer.json'],
    ] as const) {
      const reader = await openCaseReader(folder)
      const [{ raw, features }] = await reader.predict(nodules)
      await reader.close()
      expect(raw.every((p) => p > 0 && p < 1)).toBe(true)
      expect(features).toEqual({ why: expect.stringContaining(why) })
    }
  })

  it('shows no reports that another checkpoint embedded', async () => {
    const reader = await openCaseReader(model, { checkpoint: 'prediction' })
    const [{ similar, calibrated }] = await reader.predict(nodules.slice(0, 1))
    await reader.close()
    expect(similar).toEqual({ why: expect.stringContaining('best for both') })
    expect(calibrated).toBeUndefined()
  })

  it('does not hide what is damaged', async () => {
    const damaged = join(root, 'damaged')
    await cp(model, damaged, { recursive: true })
    await rm(join(damaged, 'prompts.json'))
    await expect(openCaseReader(damaged)).rejects.toMatchObject({ code: 'inference/prompts' })
  })
})
