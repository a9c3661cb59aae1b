/** For tests of exported models: nodules, a calibration, and what our own predictor says, to compare with. */
import { expect } from 'vitest'
import { openModelFolder } from '../model/folder.node.ts'
import { SMALL } from '../model/model.fixture.node.ts'
import { seededRandom } from '../random.ts'
import { openImageSession, type PredictorOptions } from './image-session.node.ts'
import { openPredictor } from './predictor.node.ts'
import { readNodules } from './read-nodules.node.ts'

export const CALIBRATIONS = [
  { a: 1.3, b: 0.4, c: -0.2 },
  { a: 0.2, b: 0.7, c: 0.5 },
]
const PIXELS = 9 * SMALL.architecture.image.resolution ** 2

/** Gives both folds of a configuration a calibration. */
export const calibrate = (config: Record<string, unknown>) => {
  config.folds = CALIBRATIONS.map((calibration, fold) => ({ both: `fold_${fold}.safetensors`, calibration }))
}

/** Of nodules with nine views each. */
export const views = (nodules: number): Float32Array => {
  const random = seededRandom(7)
  return Float32Array.from({ length: nodules * PIXELS }, () => random.uniform())
}

export type Numbers = Record<string, { readonly dims: readonly number[]; readonly data: ArrayLike<unknown> }>

/** What our own predictor says, under the names and in the shapes of the file. */
export async function expected(model: string, nodules: number, options: PredictorOptions = {}): Promise<Numbers> {
  const bags = Array.from({ length: nodules }, (_, n) => ({
    pixels: views(nodules).subarray(n * PIXELS, (n + 1) * PIXELS),
    count: 9,
  }))
  const predictor = await openPredictor(model, options)
  const session = await openImageSession(await openModelFolder(model), options)
  const predictions = await predictor.predict(bags)
  const readings = await readNodules(session, bags)
  await predictor.close()
  await session.close()
  const { folds, calibrated } = predictor
  const outputs: Numbers = {
    probability: {
      dims: [nodules],
      data: predictions.map(({ ensemble, calibratedEnsemble }) => calibratedEnsemble ?? ensemble),
    },
    raw_fold_probability: { dims: [nodules, folds], data: predictions.flatMap(({ raw }) => raw) },
    attention: { dims: [nodules, folds, 9], data: predictions.flatMap(({ attention }) => attention.flat()) },
    embedding: {
      dims: [nodules, folds, SMALL.architecture.pooling.embedDim],
      data: readings.flatMap(({ embedding }) => embedding.flat()),
    },
  }
  if (!calibrated) return outputs
  const data = predictions.flatMap((prediction) => prediction.calibrated ?? [])
  return { ...outputs, calibrated_fold_probability: { dims: [nodules, folds], data } }
}

export function expectEqual(actual: Numbers, wanted: Numbers): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(wanted).sort())
  for (const [name, { dims, data }] of Object.entries(wanted)) {
    expect([name, ...actual[name].dims]).toEqual([name, ...dims])
    for (let i = 0; i < data.length; i++)
      expect(Math.abs(Number(actual[name].data[i]) - Number(data[i])), `${name}[${i}]`).toBeLessThanOrEqual(1e-5)
  }
}
