/** A model folder made of published weights against the numbers that the published implementation gives with them. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeShared } from '../../test/shared.ts'
import { inferArchitecture } from '../clip/infer.ts'
import { imageSide } from '../clip/model.ts'
import { isTuned } from '../clip/weight-names.ts'
import { graphWeights } from '../clip/weights.ts'
import { writeOnnx } from '../graph/onnx.ts'
import { openSession } from '../graph/session.node.ts'
import type { TensorData } from '../graph/tensor.ts'
import { loadImageWeights, openModelFolder } from '../model/folder.node.ts'
import { seededRandom } from '../random.ts'
import { asFloat32 } from '../weights/folds.ts'
import { decodeSafetensors, encodeSafetensors } from '../weights/safetensors.ts'
import { openPredictor } from './predictor.node.ts'

const NODULES = 4
const VIEWS = 9
/** The inputs are normalised already. */
const NORMALISATION = { mean: [0, 0, 0], std: [1, 1, 1] }
/** What the published tuning trains. */

describeShared('fixtures/model', (fixtures) => {
  let root = ''
  let pixels: Float32Array = new Float32Array()
  let expected: ReadonlyMap<string, TensorData> = new Map()

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'published-'))
    const read = async (name: string) => decodeSafetensors(await readFile(join(fixtures(), name)), name).tensors
    const views = (await read('inputs.safetensors')).get('pixels_one_channel')
    if (views) pixels = asFloat32('pixels_one_channel', views)
    expected = await read('outputs.safetensors')
    const zipped = await readFile(join(fixtures(), 'model.safetensors.gz'))
    const { tensors } = decodeSafetensors(gunzipSync(zipped), 'model.safetensors')
    const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]))

    const write = (name: string, content: Iterable<[string, TensorData]>) =>
      writeFile(join(root, name), encodeSafetensors(new Map(content)))
    const own = [...tensors].filter(([name]) => isTuned(name))
    await write(
      'base.safetensors',
      [...tensors].filter(([name]) => !isTuned(name)),
    )
    await write('0.safetensors', own)
    for (let fold = 1; fold < 5; fold++) await write(`${fold}.safetensors`, perturbed(own, fold))
    const config = {
      format: 'spicula-model/1',
      name: 'published',
      version: '1',
      provenance: '',
      license: '',
      intendedUse: '',
      architecture: inferArchitecture(shapes),
      preprocessing: { geometry: 'published', ...NORMALISATION },
      base: 'base.safetensors',
      folds: Array.from({ length: 5 }, (_, fold) => ({ both: `${fold}.safetensors` })),
    }
    await writeFile(join(root, 'config.json'), JSON.stringify(config))
  })
  afterAll(() => rm(root, { recursive: true }))

  const pick = async (folds: readonly number[]): Promise<void> => {
    const path = join(root, 'config.json')
    const config = JSON.parse(await readFile(path, 'utf8'))
    await writeFile(path, JSON.stringify({ ...config, folds: folds.map((k) => ({ both: `${k}.safetensors` })) }))
  }

  it.each([
    ['one fold, LoRA merged', [0], true],
    ['one fold, LoRA separate', [0], false],
    ['five folds, LoRA merged', [0, 1, 2, 3, 4], true],
    ['five folds, LoRA separate', [1, 2, 0, 3, 4], false],
  ] as const)('%s: embeddings and logits are the published ones', async (_, folds, mergeLora) => {
    await pick(folds)
    const folder = await openModelFolder(root)
    const { tensors, stacked } = await loadImageWeights(folder, 'both')
    const { embedding, logits } = imageSide(
      folder.config.architecture,
      graphWeights({ folds: folds.length, stacked }),
      { normalisation: NORMALISATION, mergeLora, maxViews: VIEWS },
    )
    const session = await openSession(writeOnnx({ embedding, logits }, tensors))
    const bags = [NODULES, VIEWS]
    const outputs = await session.run({
      views: { dtype: 'float32', shape: [NODULES * VIEWS, 224, 224], data: pixels },
      members: { dtype: 'int64', shape: [...bags, 1], data: BigInt64Array.from({ length: 36 }, (_, i) => BigInt(i)) },
      present: { dtype: 'float32', shape: bags, data: new Float32Array(36).fill(1) },
    })
    await session.close()
    const fixture = [...folds].indexOf(0)
    expect(difference(row(outputs.embedding, fixture), expected.get('image_embeds'))).toBeLessThan(1e-4)
    expect(difference(row(outputs.logits, fixture), expected.get('logits_image'))).toBeLessThan(1e-4)
    if (folds.length > 1)
      expect(difference(row(outputs.logits, 1 - Math.min(fixture, 1)), expected.get('logits_image'))).toBeGreaterThan(
        1e-3,
      )
  })

  it('the predictor gives the softmax of those logits, nodule by nodule', async () => {
    await pick([0, 1])
    const predictor = await openPredictor(root)
    const size = VIEWS * 224 * 224
    const nodules = [0, 1, 2, 3].map((n) => ({ count: VIEWS, pixels: pixels.slice(n * size, (n + 1) * size) }))
    const predictions = await predictor.predict(nodules)
    await predictor.close()
    const logits = expected.get('logits_image')?.data ?? []
    expect(predictions).toHaveLength(nodules.length)
    for (const [n, { raw }] of predictions.entries()) {
      const odds = Math.exp(Number(logits[2 * n + 1]) - Number(logits[2 * n]))
      expect(Math.abs(raw[0] - odds / (1 + odds))).toBeLessThan(1e-4)
    }
  })
})

/** Other folds: weights like these, a tenth off. */
function perturbed(weights: readonly [string, TensorData][], seed: number): [string, TensorData][] {
  const random = seededRandom(seed)
  return weights.map(([name, tensor]) => {
    const data = asFloat32(name, tensor).map((x) => x + 0.1 * Math.abs(x) * random.normal() + 0.01 * random.normal())
    return [name, { dtype: 'float32', shape: tensor.shape, data }]
  })
}

/** The numbers of one fold. */
function row({ shape, data }: TensorData, fold: number): number[] {
  const size = data.length / shape[0]
  return Array.from(data.slice(fold * size, (fold + 1) * size), Number)
}

const difference = (actual: readonly number[], expected: TensorData | undefined): number =>
  expected && expected.data.length === actual.length
    ? Math.max(...actual.map((x, i) => Math.abs(x - Number(expected.data[i]))))
    : Number.NaN
