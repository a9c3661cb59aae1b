import { cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema } from 'onnx-buf'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeFileAtomic } from '../files/atomic.node.ts'
import type { TensorData } from '../graph/tensor.ts'
import { modelWeights } from '../model/folder.node.ts'
import { initModel } from '../model/init.node.ts'
import { changeConfig, changeWeights, SMALL } from '../model/model.fixture.node.ts'
import { seededRandom } from '../random.ts'
import { encodeSafetensors } from '../weights/safetensors.ts'
import { CALIBRATIONS, calibrate, expectEqual, expected, type Numbers, views } from './export-onnx.fixture.node.ts'
import { exportOnnx } from './export-onnx.node.ts'

const { lora: _, ...WITHOUT_LORA } = SMALL.architecture

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'export-'))
  await initModel(join(root, 'lora'), SMALL, 1)
  await initModel(join(root, 'one'), { ...SMALL, folds: 1 }, 2)
  await initModel(join(root, 'same'), SMALL, 3)
  await cp(join(root, 'same/fold_0.safetensors'), join(root, 'same/fold_1.safetensors'))

  await initModel(join(root, 'full'), { ...SMALL, architecture: WITHOUT_LORA }, 4)
  const { image, text } = modelWeights(WITHOUT_LORA)
  for (const fold of [0, 1]) {
    const random = seededRandom(fold)
    const own = [...image, ...text].map(([name, shape]): [string, TensorData] => {
      const length = shape.reduce((product, n) => product * n, 1)
      return [name, { dtype: 'float32', shape, data: Float32Array.from({ length }, () => 0.3 * random.normal()) }]
    })
    await writeFileAtomic(join(root, `full/fold_${fold}.safetensors`), encodeSafetensors(new Map(own)))
  }

  await copyOf('lora', 'calibrated', calibrate)
  // Heads so sure of themselves that float32 knows no doubt: probabilities of 0 and 1.
  await copyOf('lora', 'sure', calibrate)
  for (const [fold, sign] of [-1, 1].entries())
    await changeWeights(join(root, `sure/fold_${fold}.safetensors`), (weights) => {
      weights.set('classifier_image.bias', {
        dtype: 'float32',
        shape: [2],
        data: Float32Array.of(-200 * sign, 200 * sign),
      })
    })
  await copyOf('lora', 'checkpoints', (config) => {
    config.folds = [0, 1].map((fold) => ({
      both: `fold_${fold}.safetensors`,
      prediction: `fold_${1 - fold}.safetensors`,
      calibration: CALIBRATIONS[fold],
    }))
  })
})
afterAll(() => rm(root, { recursive: true }))

async function copyOf(from: string, to: string, change: (config: Record<string, unknown>) => void): Promise<void> {
  await cp(join(root, from), join(root, to), { recursive: true })
  await changeConfig(join(root, to), change)
}
/** What another runtime would do: only the file and the standard operators of its build. */
async function runFile(file: string, nodules: number): Promise<Numbers> {
  const { resolution } = SMALL.architecture.image
  const session = await InferenceSession.create(file)
  const results = await session.run({
    views: new Tensor('float32', views(nodules), [nodules, 9, resolution, resolution]),
  })
  await session.release()
  return Object.fromEntries(Object.entries(results).map(([name, { dims, data }]) => [name, { dims, data }]))
}

describe('exportOnnx', () => {
  it.each(['lora', 'one', 'same', 'full', 'calibrated', 'sure'])(
    'answers as the predictor does: %s, one nodule and three',
    async (model) => {
      const file = join(root, `${model}.onnx`)
      await exportOnnx(join(root, model), file)
      for (const nodules of [1, 3])
        expectEqual(await runFile(file, nodules), await expected(join(root, model), nodules))
    },
  )

  it('meets probabilities of 0 and 1 in what it is compared with', async () => {
    const { raw_fold_probability: raw } = await expected(join(root, 'sure'), 1)
    expect(raw.data).toEqual([0, 1])
  })

  it('exports the checkpoint that is asked for, without the calibration of another', async () => {
    const file = join(root, 'prediction.onnx')
    const { outputs } = await exportOnnx(join(root, 'checkpoints'), file, { checkpoint: 'prediction' })
    expect(Object.keys(outputs)).not.toContain('calibrated_fold_probability')
    const options = { checkpoint: 'prediction' } as const
    expectEqual(await runFile(file, 2), await expected(join(root, 'checkpoints'), 2, options))
    await exportOnnx(join(root, 'checkpoints'), file)
    expectEqual(await runFile(file, 2), await expected(join(root, 'checkpoints'), 2))
  })

  it('says in the file what it is, and needs nothing but the standard', async () => {
    const file = join(root, 'about.onnx')
    await exportOnnx(join(root, 'calibrated'), file)
    const model = fromBinary(ModelProtoSchema, await readFile(file))
    expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([['', 17n]])
    expect(model.docString).toMatch(/^small 3: malignancy .* For research use\.$/)
    const metadata = Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]))
    expect(metadata).toMatchObject({
      model: 'small',
      model_version: '3',
      use: 'for research use',
      folds: '2',
      calibrated: 'true',
      geometry: 'exact',
      hounsfield_window: '-1000,500',
      views: 'axial,coronal,sagittal,ap-left-up,ap-right-up,lr-back-up,lr-front-up,si-left-back,si-right-back',
    })
    const { input = [], output = [], initializer = [] } = model.graph ?? {}
    expect(input.map(({ name }) => name)).toEqual(['views'])
    for (const value of [...input, ...output]) expect(value.docString).toMatch(/nodules/)
    expect(initializer.filter(({ externalData }) => externalData.length > 0)).toEqual([])
  })

  it('puts weights that are too many for one file into another beside it', async () => {
    const file = join(root, 'large.onnx')
    const { files } = await exportOnnx(join(root, 'full'), file, { insideBytes: 10_000 })
    expect(files.map(({ path }) => path)).toEqual([file, `${file}.data`])
    expect((await readFile(`${file}.data`)).length).toBe(files[1].bytes)
    const elsewhere = join(root, 'elsewhere')
    await mkdir(elsewhere)
    for (const { path } of files) await rename(path, join(elsewhere, basename(path)))
    expectEqual(await runFile(join(elsewhere, 'large.onnx'), 2), await expected(join(root, 'full'), 2))
    await rm(join(elsewhere, 'large.onnx.data'))
    await expect(runFile(join(elsewhere, 'large.onnx'), 2)).rejects.toThrow(/large\.onnx\.data/)
  })

  it('names a place that cannot be written', async () => {
    for (const insideBytes of [0, 1e9])
      await expect(
        exportOnnx(join(root, 'lora'), join(root, 'not', 'there.onnx'), { insideBytes }),
      ).rejects.toMatchObject({ code: 'file/unwritable' })
  })
})
