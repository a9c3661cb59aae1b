/** A training step on WebGPU: losses and every gradient are those of the CPU. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initialWeight } from '../clip/initialise.ts'
import type { Architecture } from '../clip/model.ts'
import type { Device } from '../graph/device.ts'
import type { Session } from '../graph/session.node.ts'
import { hasSoftwareWebgpu, holdSoftwareWebgpu, ON_SOFTWARE_WEBGPU } from '../graph/software-webgpu.fixture.node.ts'
import type { TensorData } from '../graph/tensor.ts'
import { modelWeights } from '../model/folder.node.ts'
import { seededRandom } from '../random.ts'
import { trainedArchitecture } from './architecture.ts'
import { parseTrainConfig } from './config.ts'
import { isTrained } from './objective.ts'
import { type Batch, openTrainStep } from './step.ts'

/** Compiling for a processor that is shared takes its time. */
const MINUTES = 5 * 60_000

const tower = { width: 32, layers: 2, heads: 2, mlpWidth: 64, layerNormEpsilon: 1e-5, embedDim: 24 } as const
/** Both activations, and tokens whose gradients meet in one row. */
const base: Architecture = {
  image: { ...tower, resolution: 32, patch: 8, activation: 'gelu', preNorm: true, patchBias: false },
  pooling: { embedDim: 32, attentionWidth: 8 },
  text: { ...tower, activation: 'quickGelu', vocabulary: 40, context: 8 },
}
const END = 39
/** What moves all scores of a softmax alike it does not see: their slopes are nothing but rounding. */
const UNSEEN = /\.k_proj\.bias$|^image_projection\.attention\.2\.bias$/

const random = seededRandom(4)
const batch: Batch = {
  bags: [3, 1, 2].map((count) => ({
    count,
    pixels: Float32Array.from({ length: count * 32 ** 2 }, () => random.uniform()),
  })),
  tokens: [
    [1, 7, 7, 9, END, 0, 0, 0],
    [1, 7, 12, END, 0, 0, 0, 0],
    [1, 20, 21, 22, 23, 7, END, 0],
  ],
  labels: [1, 0, null],
}

/** A step with dropout, the same masks on every device, of weights none of which is zero: LoRA begins at zero. */
async function stepOn(device: Device, tuning: string) {
  const config = parseTrainConfig({ tuning }, 'test')
  const architecture = trainedArchitecture(base, config)
  const { image, text } = modelWeights(architecture)
  const draw = seededRandom(5)
  const frozen = new Map<string, TensorData>()
  const parameters = new Map<string, Float32Array>()
  for (const [name, shape] of [...image, ...text]) {
    const weight = initialWeight(name, shape, draw)
    const data = (weight.data as Float32Array).map((x) => x + 0.02 * draw.normal())
    if (isTrained(name, config)) parameters.set(name, data)
    else frozen.set(name, { dtype: 'float32', shape, data })
  }
  const normalisation = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] }
  const tokenizer = { context: 8, endToken: END }
  const step = await openTrainStep({ architecture, normalisation, config, frozen, tokenizer, device })
  try {
    return await step.train(batch, parameters, [0.7, 1.3], seededRandom(9))
  } finally {
    await step.close()
  }
}

describe.skipIf(!hasSoftwareWebgpu)(`a training step ${ON_SOFTWARE_WEBGPU}`, () => {
  let held: Session
  beforeAll(async () => {
    held = await holdSoftwareWebgpu()
  })
  afterAll(() => held.close())

  it.each(['lora', 'full'])('(%s) is that of the CPU', { timeout: MINUTES }, async (tuning) => {
    const [cpu, webgpu] = [await stepOn('cpu', tuning), await stepOn('webgpu', tuning)]
    for (const name of ['total', 'clip', 'image', 'text'] as const)
      expect(Math.abs(webgpu.losses[name] / cpu.losses[name] - 1), name).toBeLessThan(1e-5)
    expect([...webgpu.gradients.keys()]).toEqual([...cpu.gradients.keys()])
    const largest = Math.max(...[...cpu.gradients.values()].map((slopes) => Math.hypot(...slopes)))
    for (const [name, slopes] of cpu.gradients) {
      const size = Math.hypot(...slopes)
      const apart = Math.hypot(...slopes.map((x, i) => x - Number(webgpu.gradients.get(name)?.[i])))
      if (!UNSEEN.test(name)) expect(size, name).toBeGreaterThan(1e-6 * largest)
      expect(apart / Math.max(size, 1e-3 * largest), name).toBeLessThan(1e-4)
    }
  })
})
