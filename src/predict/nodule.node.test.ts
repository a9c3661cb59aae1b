import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { calibrate } from '../model/calibration.ts'
import { initModel } from '../model/init.node.ts'
import { changeConfig, changeWeights, SMALL } from '../model/model.fixture.node.ts'
import { prepareViews } from '../nodule/prepare.ts'
import { VIEWS } from '../nodule/views.ts'
import { memoryScan } from '../scan/memory-scan.ts'
import type { Triple } from '../scan/scan.ts'
import { predictNodule } from './nodule.node.ts'
import { openPredictor } from './predictor.node.ts'

const CALIBRATIONS = [
  { a: 1, b: 1, c: 3 },
  { a: 1, b: 1, c: -1 },
]
let root = ''
let plain = ''
let calibrated = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'nodule-'))
  ;[plain, calibrated] = [join(root, 'plain'), join(root, 'calibrated')]
  for (const folder of [plain, calibrated]) {
    await initModel(folder, { ...SMALL, folds: CALIBRATIONS.length }, 1)
    // Fresh scores of views hardly differ: weights must show which view is which.
    for (const fold of CALIBRATIONS.keys())
      await changeWeights(join(folder, `fold_${fold}.safetensors`), (weights) => {
        const scores = weights.get('image_projection.attention.2.weight')
        if (scores?.dtype === 'float32') scores.data.set(scores.data.map((x) => 40 * x))
      })
  }
  await changeConfig(calibrated, (config) => {
    config.folds = (config.folds as object[]).map((fold, k) => ({ ...fold, calibration: CALIBRATIONS[k] }))
  })
})
afterAll(() => rm(root, { recursive: true }))

const AT: Triple = [3, -2, 5]
const hu = Float32Array.from({ length: 60 ** 3 }, (_, v) => ((v * 7919) % 1500) - 1000)
const scan = {
  ...memoryScan(hu, [60, 60, 60], [2, 0, 0, -60, 0, 2, 0, -60, 0, 0, 2, -60], { name: 'made' }),
  notes: [{ code: 'volume/made', message: 'of the scan' }],
}

describe('predictNodule', () => {
  it("answers what the predictor does of the model's own views", async () => {
    const predictor = await openPredictor(plain)
    const prepared = await prepareViews(scan, AT, predictor.config.preprocessing)
    const [prediction] = await predictor.predict([prepared])
    const answer = await predictNodule(scan, AT, { model: predictor })
    // It is left open, and a folder is opened alike.
    expect(await predictNodule(scan, AT, { model: predictor })).toEqual(answer)
    await predictor.close()
    expect(await predictNodule(scan, AT, { model: plain })).toEqual(answer)

    expect(answer).toMatchObject({ ...predictor.stamp, use: 'for research use', calibrated: false, prediction })
    expect(answer.probability).toBe(prediction.ensemble)
    expect(answer.range).toEqual([Math.min(...prediction.raw), Math.max(...prediction.raw)])
    expect(answer.raw).toEqual({ probability: answer.probability, range: answer.range })
  })

  it('gives the calibrated probability where the model is calibrated, the raw one beside it', async () => {
    const { probability, range, calibrated: is, raw, prediction } = await predictNodule(scan, AT, { model: calibrated })
    const folds = prediction.raw.map((p, k) => calibrate(p, CALIBRATIONS[k]))
    expect(is).toBe(true)
    expect(probability).toBeCloseTo((folds[0] + folds[1]) / 2, 12)
    expect(range).toEqual([folds[1], folds[0]])
    const before = await predictNodule(scan, AT, { model: plain })
    expect(raw).toEqual({ probability: before.probability, range: before.range })
    expect(raw.probability).not.toBeCloseTo(probability, 2)
  })

  it('names the views by their weight, the heaviest first', async () => {
    const { views, prediction } = await predictNodule(scan, AT, { model: plain })
    const mean = (v: number) => (prediction.attention[0][v] + prediction.attention[1][v]) / 2
    expect(new Map(views.map(({ name, weight }) => [name, weight.toFixed(12)]))).toEqual(
      new Map(VIEWS.map(({ name }, v) => [name, mean(v).toFixed(12)])),
    )
    for (const { name, label } of views) expect(VIEWS.find((view) => view.name === name)?.label).toBe(label)
    const weights = views.map(({ weight }) => weight)
    expect(weights).toEqual(weights.toSorted((a, b) => b - a))
    expect(weights[0] - weights[8]).toBeGreaterThan(0.01)
    const axial = await predictNodule(scan, AT, { model: plain, views: 'axial' })
    expect(axial.views).toEqual([{ name: 'axial', label: 'Axial', weight: 1 }])
  })

  it('says what was odd about the scan and the place, and refuses a place outside', async () => {
    const { notes } = await predictNodule(scan, [-50, 0, 0], { model: plain })
    expect(notes.map(({ code }) => code)).toEqual(['volume/made', 'nodule/border'])
    await expect(predictNodule(scan, [0, 0, 99], { model: plain })).rejects.toMatchObject({ code: 'nodule/outside' })
  })

  it('takes the embedded model where none is named', async () => {
    const { model, use } = await predictNodule(scan, AT)
    expect([model, use]).toEqual(['spicula-small', 'for research use'])
  })
})
