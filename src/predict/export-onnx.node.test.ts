import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema } from 'onnx-buf'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromium, openBrowser, SOFTWARE_WEBGPU } from '../cli/shared/chromium.fixture.ts'
import { writeFileAtomic } from '../files/atomic.node.ts'
import type { TensorData } from '../graph/tensor.ts'
import { listen } from '../importing/hub/hub.fixture.node.ts'
import { modelWeights, openModelFolder } from '../model/folder.node.ts'
import { initModel } from '../model/init.node.ts'
import { changeConfig, changeWeights, SMALL } from '../model/model.fixture.node.ts'
import { seededRandom } from '../random.ts'
import { encodeSafetensors } from '../weights/safetensors.ts'
import { exportOnnx } from './export-onnx.node.ts'
import { openImageSession, type PredictorOptions } from './image-session.node.ts'
import { openPredictor } from './predictor.node.ts'
import { readNodules } from './read-nodules.node.ts'

const { lora: _, ...WITHOUT_LORA } = SMALL.architecture
const CALIBRATIONS = [
  { a: 1.3, b: 0.4, c: -0.2 },
  { a: 0.2, b: 0.7, c: 0.5 },
]
const PIXELS = 9 * SMALL.architecture.image.resolution ** 2

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
const calibrate = (config: Record<string, unknown>) => {
  config.folds = CALIBRATIONS.map((calibration, fold) => ({ both: `fold_${fold}.safetensors`, calibration }))
}

const views = (nodules: number): Float32Array => {
  const random = seededRandom(7)
  return Float32Array.from({ length: nodules * PIXELS }, () => random.uniform())
}

type Numbers = Record<string, { readonly dims: readonly number[]; readonly data: ArrayLike<unknown> }>

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

/** What our own predictor says, under the names and in the shapes of the file. */
async function expected(model: string, nodules: number, options: PredictorOptions = {}): Promise<Numbers> {
  const bags = Array.from({ length: nodules }, (_, n) => ({
    pixels: views(nodules).subarray(n * PIXELS, (n + 1) * PIXELS),
    count: 9,
  }))
  const predictor = await openPredictor(join(root, model), options)
  const session = await openImageSession(await openModelFolder(join(root, model)), options)
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

function expectEqual(actual: Numbers, wanted: Numbers): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(wanted).sort())
  for (const [name, { dims, data }] of Object.entries(wanted)) {
    expect([name, ...actual[name].dims]).toEqual([name, ...dims])
    for (let i = 0; i < data.length; i++)
      expect(Math.abs(Number(actual[name].data[i]) - Number(data[i])), `${name}[${i}]`).toBeLessThanOrEqual(1e-5)
  }
}

describe('exportOnnx', () => {
  it.each(['lora', 'one', 'same', 'full', 'calibrated', 'sure'])(
    'answers as the predictor does: %s, one nodule and three',
    async (model) => {
      const file = join(root, `${model}.onnx`)
      await exportOnnx(join(root, model), file)
      for (const nodules of [1, 3]) expectEqual(await runFile(file, nodules), await expected(model, nodules))
    },
  )

  it('meets probabilities of 0 and 1 in what it is compared with', async () => {
    const { raw_fold_probability: raw } = await expected('sure', 1)
    expect(raw.data).toEqual([0, 1])
  })

  it('exports the checkpoint that is asked for, without the calibration of another', async () => {
    const file = join(root, 'prediction.onnx')
    const { outputs } = await exportOnnx(join(root, 'checkpoints'), file, { checkpoint: 'prediction' })
    expect(Object.keys(outputs)).not.toContain('calibrated_fold_probability')
    const options = { checkpoint: 'prediction' } as const
    expectEqual(await runFile(file, 2), await expected('checkpoints', 2, options))
    await exportOnnx(join(root, 'checkpoints'), file)
    expectEqual(await runFile(file, 2), await expected('checkpoints', 2))
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
    expectEqual(await runFile(join(elsewhere, 'large.onnx'), 2), await expected('full', 2))
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

describe.skipIf(chromium === undefined)(
  `an exported model in a browser${chromium === undefined ? ' (skipped: no chromium here)' : ''}`,
  () => {
    it.each([
      ['wasm', ['--disable-gpu']],
      ['webgpu', SOFTWARE_WEBGPU],
    ] as const)(
      'answers as the predictor does, in onnxruntime-web (%s)',
      { timeout: 300_000 },
      async (device, graphics) => {
        const file = join(root, 'web.onnx')
        await exportOnnx(join(root, 'calibrated'), file)
        await writeFile(join(root, 'page.html'), '<title>onnxruntime-web</title>')
        const dist = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'))
        const types: Record<string, string> = { mjs: 'text/javascript', wasm: 'application/wasm' }
        const server = await listen(
          createServer(async (request, response) => {
            const name = basename(request.url ?? '')
            const content =
              name === 'views'
                ? new Uint8Array(views(2).buffer)
                : await readFile(name === 'web.onnx' ? file : join(dist, name))
            const type = types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
            // The page is a file: all else comes from another place.
            response.writeHead(200, { 'content-type': type, 'access-control-allow-origin': '*' }).end(content)
          }),
        )
        const browser = await openBrowser(graphics)
        try {
          await browser.open(join(root, 'page.html'), { width: 300, height: 200 })
          const { resolution } = SMALL.architecture.image
          const json = await browser.evaluate(`(async () => {
          const ort = await import('${server.url}/ort.${device}.bundle.min.mjs')
          ort.env.wasm.numThreads = 1
          const session = await ort.InferenceSession.create('${server.url}/web.onnx', {
            executionProviders: ['${device}'],
            extra: { session: { disable_cpu_ep_fallback: '${device === 'wasm' ? 0 : 1}' } },
          })
          const data = new Float32Array(await (await fetch('${server.url}/views')).arrayBuffer())
          const views = new ort.Tensor('float32', data, [2, 9, ${resolution}, ${resolution}])
          const outputs = Object.entries(await session.run({ views }))
          return JSON.stringify(Object.fromEntries(outputs.map(([name, { dims, data }]) => [name, { dims, data: [...data] }])))
        })()`)
          expectEqual(JSON.parse(String(json)), await expected('calibrated', 2))
          expect(browser.complaints).toEqual([])
        } finally {
          await browser.close()
          await server.close()
        }
      },
    )
  },
)
