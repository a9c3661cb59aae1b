/**
 * `npm run bench -- bench/train.ts [ROUNDS] [PYTHON...]`: one LoRA step at ViT-B/32 size (both towers, q/k/v of all
 * layers, LoRA dropout 0.25, four nodules of nine views and four texts, random weights), beside the same runtime's
 * MatMuls of the model's own shapes and beside the same step in PyTorch. PYTHON names interpreters that have torch
 * (default: Debian's /usr/bin/python3). `npm run bench -- bench/train.ts augmented [ROUNDS]`: the step alone, beside the
 * step while a worker thread makes the next one's views with the published augmentation. `npm run bench --
 * bench/train.ts layers`: how the cost grows. `npm run bench -- bench/train.ts device webgpu cuda [PYTHON]`: the step on a
 * device of ours, beside PyTorch's on one of its own.
 */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PUBLISHED_POOLING, VIT_B_32 } from '../src/clip/architecture.ts'
import { CLIP_NORMALISATION } from '../src/clip/image-tower.ts'
import { initialWeight, weightShapes } from '../src/clip/initialise.ts'
import type { Device } from '../src/graph/device.ts'
import { writeOnnx } from '../src/graph/onnx.ts'
import * as g from '../src/graph/operations.ts'
import { openSession } from '../src/graph/session.node.ts'
import type { Tensor, TensorData } from '../src/graph/tensor.ts'
import { parseInitConfig } from '../src/model/config.ts'
import { modelWeights } from '../src/model/folder.node.ts'
import { PRESETS } from '../src/model/presets.ts'
import { PUBLISHED_AUGMENTATION } from '../src/nodule/augment/augment.ts'
import { DEFAULT_PREPROCESSING } from '../src/nodule/prepare.ts'
import { smallPhantom } from '../src/phantom/phantom.ts'
import { seededRandom } from '../src/random.ts'
import { writeNifti } from '../src/scan/nifti/write.node.ts'
import type { Triple } from '../src/scan/scan.ts'
import { adamW } from '../src/training/adamw.ts'
import { trainedArchitecture } from '../src/training/architecture.ts'
import { type LORA_LAYERS, parseTrainConfig } from '../src/training/config.ts'
import { isTrained } from '../src/training/objective.ts'
import { type Batch, openTrainStep } from '../src/training/step.ts'
import { openVariedPool, type VariedTask } from '../src/training/varied-views.ts'
import { asFloat32 } from '../src/weights/folds.ts'
import { median, medianRatio, peakMemoryMb, timeInTurn } from './timing.ts'

const [roundsText = '5', ...pythons] = process.argv.slice(2)
const rounds = Number(roundsText)
const DEBIAN = '/usr/bin/python3'
const base = parseInitConfig(JSON.stringify(PRESETS['vit-b-32']), 'vit-b-32').architecture
const random = seededRandom(1)

const batchOf = (nodules: number): Batch => ({
  bags: Array.from({ length: nodules }, () => ({
    pixels: Float32Array.from({ length: 9 * 224 * 224 }, random.uniform),
    count: 9,
  })),
  tokens: Array.from({ length: nodules }, () => Array.from({ length: 77 }, (_, i) => (i === 40 ? 49407 : 1000 + i))),
  labels: Array.from({ length: nodules }, (_, i) => (i % 2) as 0 | 1),
})

async function openStep(layers: (typeof LORA_LAYERS)[number], device: Device = 'cpu') {
  const config = parseTrainConfig({ lora: { layers } }, 'bench')
  const architecture = trainedArchitecture(base, config)
  const { image, text } = modelWeights(architecture)
  const frozen = new Map<string, TensorData>()
  let parameters: ReadonlyMap<string, Float32Array> = new Map()
  for (const [name, shape] of [...image, ...text]) {
    const weight = initialWeight(name, shape, random)
    if (isTrained(name, { tuning: 'lora', alsoFull: [] }))
      parameters = new Map([...parameters, [name, asFloat32(name, weight)]])
    else frozen.set(name, weight)
  }
  const step = await openTrainStep({
    architecture,
    normalisation: CLIP_NORMALISATION,
    config,
    frozen,
    tokenizer: { context: 77, endToken: 49407 },
    device,
  })
  frozen.clear()
  const optimizer = adamW()
  let state = optimizer.init(parameters)
  const batches = new Map([1, 2, 4, 8].map((n) => [n, batchOf(n)]))
  return {
    run: async (nodules: number) => {
      const batch = batches.get(nodules) as Batch
      const { gradients } = await step.train(batch, parameters, [1, 1], random.fork(String(state.step)))
      ;({ parameters, state } = optimizer.update(gradients, state, parameters, 1e-4))
    },
    close: () => step.close(),
  }
}

/** The projections of a tower one after another, forward, then with the transposed weights, as the backward pass. */
function products(
  x: Tensor,
  name: string,
  { width, layers, mlpWidth }: typeof VIT_B_32 | NonNullable<typeof base.text>,
): Tensor {
  const list = Array.from({ length: layers }, (_, layer) =>
    ([...'qkvo'].map((p) => [`${layer}.${p}`, width, width]) as [string, number, number][]).concat([
      [`${layer}.up`, width, mlpWidth],
      [`${layer}.down`, mlpWidth, width],
    ]),
  ).flat()
  for (const [weight, from, to] of list)
    x = g.matMul(x, g.parameter(`${name}.${weight}`, [to, from]), { transposeB: true })
  for (const [weight, from, to] of list.toReversed()) x = g.matMul(x, g.parameter(`${name}.${weight}`, [to, from]))
  return g.reduceSum(g.slice(x, 2, 0, 1), [1, 2])
}

const layerFlops = (rows: number, { width, layers }: { width: number; layers: number }) =>
  24 * width ** 2 * rows * layers

/** Augmented views of four nodules of a made scan, crops from the cache, as training makes them from the second epoch on. */
async function openViews() {
  const pointLps: Triple = [72.3, -7.8, 33.6]
  const folder = await mkdtemp(join(tmpdir(), 'spicula-bench-'))
  const imageFile = join(folder, 'scan.nii.gz')
  const nodules = [{ pointLps, mm: 14 }]
  const size = { shapeIjk: [160, 160, 120], spacingMm: [0.8, 0.8, 1.25] } as const
  await writeNifti(imageFile, smallPhantom({ ...size, centreLps: pointLps, nodules, seed: 1 }))
  const pool = openVariedPool(1)
  let sample = 0
  const task = (): VariedTask => ({
    key: 'bench',
    imageFile,
    point: pointLps,
    frame: 'lps',
    preprocessing: DEFAULT_PREPROCESSING,
    augmentation: PUBLISHED_AUGMENTATION,
    jitter: true,
    seed: `1/0/${sample++}/bench`,
    cacheDir: join(folder, 'cache'),
  })
  return {
    four: () => Promise.all(Array.from({ length: 4 }, () => pool.run(task()))),
    close: async () => {
      await pool.close()
      await rm(folder, { recursive: true })
    },
  }
}

/** Side by side: our steps before and after the peer's, so that a slow spell of the machine shows. */
async function besidePyTorch(step: Awaited<ReturnType<typeof openStep>>, python: string, device: string) {
  try {
    const before = await timeInTurn(2, { step: () => step.run(4) })
    const peer = JSON.parse(
      execFileSync(python, [`${import.meta.dirname}/peers/train_torch.py`, '4', device], { encoding: 'utf8' }),
    )
    const after = await timeInTurn(2, { step: () => step.run(4) })
    const ours = median([...before.step, ...after.step])
    const theirs = 1000 * median(peer.seconds.slice(1))
    console.log(
      `PyTorch   ${peer.version} on ${device}, ${peer.threads} threads: ${theirs.toFixed(0)} ms, ${(theirs / ours).toFixed(2)} times ours, ${peer.peak_mb.toFixed(0)} MB`,
    )
  } catch (error) {
    console.log(`PyTorch   not measured: ${python} has no torch for ${device} (${String(error).split('\n')[0]})`)
  }
}

if (process.argv[2] === 'augmented') {
  const step = await openStep('all')
  const views = await openViews()
  const times = await timeInTurn(Number(process.argv[3] ?? 5), {
    'step alone': () => step.run(4),
    'step, views made meanwhile': () => Promise.all([step.run(4), views.four()]),
    'views alone': () => views.four(),
  })
  await views.close()
  await step.close()
  for (const [name, own] of Object.entries(times)) console.log(`${name.padEnd(28)} ${median(own).toFixed(0)} ms`)
  const ratio = medianRatio(times['step, views made meanwhile'], times['step alone'])
  console.log(`ratio ${ratio.toFixed(3)} (target: at most 1.15)`)
} else if (process.argv[2] === 'layers') {
  console.log('layers       nodules  step s  peak MB so far')
  for (const layers of ['up', 'half-up', 'all'] as const) {
    const step = await openStep(layers)
    for (const nodules of [1, 2, 4, 8]) {
      const times = await timeInTurn(3, { step: () => step.run(nodules) })
      console.log(
        `${layers.padEnd(12)} ${String(nodules).padStart(7)}  ${(median(times.step) / 1000).toFixed(2).padStart(6)}  ${peakMemoryMb().toFixed(0).padStart(8)}`,
      )
    }
    await step.close()
    globalThis.gc?.()
  }
} else if (process.argv[2] === 'device') {
  const [, , , ours = 'webgpu', theirs = 'cuda', python = DEBIAN] = process.argv
  const step = await openStep('all', ours as Device)
  await step.run(4)
  const times = await timeInTurn(5, { step: () => step.run(4) })
  console.log(`step      ${median(times.step).toFixed(0)} ms on ${ours}`)
  await besidePyTorch(step, python, theirs)
  await step.close()
} else {
  const text = base.text as NonNullable<typeof base.text>
  const step = await openStep('all')
  await step.run(4)
  await step.run(4)
  const peak = peakMemoryMb()
  const outputs = {
    imageSum: products(g.input('image', [1, 'R', VIT_B_32.width]), 'image', VIT_B_32),
    textSum: products(g.input('text', [1, 'T', text.width]), 'text', text),
  }
  const weights = new Map(
    [...weightShapes(Object.values(outputs))].map(([name, shape]) => [name, initialWeight(name, shape, random)]),
  )
  const matMuls = await openSession(writeOnnx(outputs, weights))
  weights.clear()
  const feed = (rows: number, width: number): TensorData => ({
    dtype: 'float32',
    shape: [1, rows, width],
    data: new Float32Array(rows * width).fill(0.01),
  })
  const [imageRows, textRows] = [36 * 50, 4 * text.context]
  const feeds = { image: feed(imageRows, VIT_B_32.width), text: feed(textRows, text.width) }
  const times = await timeInTurn(rounds, { step: () => step.run(4), matMuls: () => matMuls.run(feeds) })
  const flops = 2 * (layerFlops(imageRows, VIT_B_32) + layerFlops(textRows, text))
  const ms = median(times.step)
  console.log(`one LoRA step, ViT-B/32, 4 nodules x 9 views and 4 texts, pooling ${PUBLISHED_POOLING.embedDim}`)
  console.log(
    `step      ${ms.toFixed(0)} ms, ${(1000 / ms).toFixed(3)} steps/s, ${(flops / ms / 1e6).toFixed(0)} GFLOP/s (24 width^2 a token and layer, twice)`,
  )
  console.log(
    `MatMuls   ${median(times.matMuls).toFixed(0)} ms, ${(flops / median(times.matMuls) / 1e6).toFixed(0)} GFLOP/s`,
  )
  console.log(`share     ${(100 * medianRatio(times.matMuls, times.step)).toFixed(1)} % (target: at least 85 %)`)
  console.log(`memory    ${peak.toFixed(0)} MB peak of the step (target: at most 3,000)`)
  await matMuls.close()
  for (const python of pythons.length > 0 ? pythons : [DEBIAN]) await besidePyTorch(step, python, 'cpu')
}
