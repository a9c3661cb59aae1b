/** The loop on a small model: what it learns, what it leaves alone, and that it stops and goes on to the same bits. */
import { beforeAll, describe, expect, it } from 'vitest'
import { initialWeight } from '../clip/initialise.ts'
import type { Architecture } from '../clip/model.ts'
import type { TensorData } from '../graph/tensor.ts'
import { modelWeights } from '../model/folder.node.ts'
import { seededRandom } from '../random.ts'
import type { Parameters } from './adamw.ts'
import { trainedArchitecture } from './architecture.ts'
import { parseTrainConfig, type TrainConfig } from './config.ts'
import { type EpochRecord, type FoldData, initialState, type TrainState, trainFold, type Watcher } from './loop.ts'
import { isTrained } from './objective.ts'
import { openTrainStep, type TrainStep } from './step.ts'

const base: Architecture = {
  image: {
    resolution: 16,
    patch: 8,
    width: 16,
    layers: 2,
    heads: 2,
    mlpWidth: 32,
    activation: 'quickGelu',
    layerNormEpsilon: 1e-5,
    preNorm: true,
    patchBias: false,
    embedDim: 12,
  },
  pooling: { embedDim: 16, attentionWidth: 4 },
  text: {
    width: 16,
    layers: 2,
    heads: 2,
    mlpWidth: 32,
    activation: 'quickGelu',
    layerNormEpsilon: 1e-5,
    vocabulary: 40,
    context: 8,
    embedDim: 12,
  },
}
const normalisation = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] }
const END = 39

function configOf(over: Record<string, unknown> = {}): TrainConfig {
  return parseTrainConfig({ epochs: 3, learningRate: 1e-3, batchSize: 3, ...over }, 'test')
}

/** Three words of each text, which no two texts share: by one word alone, chance tells whether they are told apart. */
const NAMES = Array.from({ length: 8 }, (_, line) => [10 + line, 18 + line, 26 + line])

/** Eight nodules: the malignant ones are bright, and their texts say so; one of them has a single view. */
function foldData(): FoldData {
  const samples = Array.from({ length: 8 }, (_, line) => ({ line, label: (line % 2) as 0 | 1, target: line % 2 }))
  const bag = (line: number) => {
    const random = seededRandom(1, String(line))
    const views = line === 3 ? 1 : 9
    const pixels = Float32Array.from({ length: views * 256 }, () => 0.3 + 0.3 * (line % 2) + 0.3 * random.normal())
    return { pixels, count: views }
  }
  return {
    train: samples,
    val: samples.slice(0, 5),
    drawWeights: samples.map(() => 1),
    classWeights: { train: [1, 1], val: [0.5, 0.5] },
    batch: async (chosen) => ({
      bags: chosen.map(({ line }) => bag(line)),
      tokens: chosen.map(({ line, label }) => [1, 2 + (label ?? 0), ...NAMES[line], END, 0, 0]),
      labels: chosen.map(({ target }) => target),
    }),
  }
}

function weightsOf(config: TrainConfig) {
  const architecture = trainedArchitecture(base, config)
  const { image, text } = modelWeights(architecture)
  const random = seededRandom(5)
  const frozen = new Map<string, TensorData>()
  const parameters = new Map<string, Float32Array>()
  for (const [name, shape] of [...image, ...text]) {
    const weight = initialWeight(name, shape, random)
    if (isTrained(name, config)) parameters.set(name, weight.data as Float32Array)
    else frozen.set(name, weight)
  }
  return { architecture, frozen, parameters }
}

async function openStep(config: TrainConfig): Promise<{ step: TrainStep; parameters: Parameters }> {
  const { architecture, frozen, parameters } = weightsOf(config)
  return {
    step: await openTrainStep({
      architecture,
      normalisation,
      config,
      frozen,
      tokenizer: { context: 8, endToken: END },
      threads: 1,
    }),
    parameters,
  }
}

const quiet: Watcher = { step: async () => undefined, epoch: async () => undefined }
const bits = (parameters: Parameters) =>
  [...parameters].map(([name, data]) => [name, Buffer.from(data.buffer).toString('hex')])

describe('training', () => {
  let shared: Awaited<ReturnType<typeof openStep>>
  beforeAll(async () => {
    shared = await openStep(configOf())
  })

  it('gives the same bits for the same seed, others for another', async () => {
    const run = (seed: number) => {
      const config = configOf({ seed })
      return trainFold(initialState(shared.parameters, config), shared.step, foldData(), config, quiet)
    }
    const [a, b, c] = [await run(1), await run(1), await run(2)]
    expect(bits(a.parameters)).toEqual(bits(b.parameters))
    expect(bits(a.parameters)).not.toEqual(bits(c.parameters))
  })

  it.each([1, 2])(
    'goes on from any step to the bits of a run that was never stopped (accumulating %i)',
    async (accumulate) => {
      const config = configOf({ accumulate })
      const states: TrainState[] = []
      const watcher: Watcher = {
        step: async (state) => void states.push(state),
        epoch: async (state) => void states.push(state),
      }
      const whole = await trainFold(initialState(shared.parameters, config), shared.step, foldData(), config, watcher)
      for (const state of [states[0], states[1], states[4], states[6]]) {
        // Through JSON, as a checkpoint does.
        const { parameters, optimizer, ...rest } = state
        const restored = { ...(JSON.parse(JSON.stringify(rest)) as typeof rest), parameters, optimizer }
        const resumed = await trainFold(restored, shared.step, foldData(), config, quiet)
        expect(bits(resumed.parameters)).toEqual(bits(whole.parameters))
        expect(resumed.trackers).toEqual(whole.trackers)
      }
    },
  )

  it('makes a step of the batches that are left at the end of an epoch, and none of them twice', async () => {
    const config = configOf({ accumulate: 2, epochs: 2 })
    const samples: number[] = []
    await trainFold(initialState(shared.parameters, config), shared.step, foldData(), config, {
      ...quiet,
      step: async (_, record) => void samples.push(record.samples),
    })
    // Eight draws in batches of three: 3 + 3, then 2.
    expect(samples).toEqual([6, 2, 6, 2])
  })

  it('learns eight nodules by heart, which only a working gradient does', async () => {
    const config = configOf({
      epochs: 300,
      learningRate: 3e-3,
      schedule: 'cosine',
      tuning: 'full',
      dropout: 0,
      labelSmoothing: 0,
      patience: 300,
      sampler: 'shuffle',
      weightDecay: 0,
    })
    const { step, parameters } = await openStep(config)
    const records: EpochRecord[] = []
    await trainFold(initialState(parameters, config), step, foldData(), config, {
      ...quiet,
      epoch: async (_, record) => void records.push(record),
    })
    await step.close()
    expect(records[0].train.total).toBeGreaterThan(1)
    expect(Math.min(...records.map(({ train }) => train.total))).toBeLessThan(0.05)
    expect(records.at(-1)?.auroc).toBe(1)
  })

  it.each(['lora', 'probe'] as const)('%s moves only what it trains', async (tuning) => {
    const config = configOf({ tuning })
    const { step, parameters } = await openStep(config)
    const { parameters: after } = await trainFold(initialState(parameters, config), step, foldData(), config, quiet)
    await step.close()
    const heads = /^(image_projection|semantic_projection|classifier_image|classifier_text)\.|^logit_scale$/
    for (const [name, data] of after) {
      expect(heads.test(name) || (tuning === 'lora' && /\.[qkv]_proj\.w_lora_[AB]$/.test(name)), name).toBe(true)
      expect(data, name).not.toEqual(parameters.get(name))
    }
    expect([...after.keys()].some((name) => name.includes('lora'))).toBe(tuning === 'lora')
  })

  it.each([
    ['text', /^(transformer|token_embedding|positional_embedding|ln_final|text_projection)/],
    ['norms', /^vision_model\..*(ln_\w+\.weight|\.bias)$/],
    ['patches', /^vision_model\.(conv1|class_embedding|positional_embedding)/],
  ] as const)('tunes %s in full beside the low-rank updates where asked to', async (part, names) => {
    const config = configOf({ alsoFull: [part] })
    const { step, parameters } = await openStep(config)
    await step.close()
    const plain = await openStep(configOf())
    await plain.step.close()
    const more = [...parameters.keys()].filter((name) => !plain.parameters.has(name))
    expect(more.length).toBeGreaterThan(1)
    for (const name of more) expect(name).toMatch(names)
  })

  it("lets the image tower's own weights learn at their own rate", async () => {
    const moved = async (imageRate: number) => {
      const config = configOf({ tuning: 'full', imageRate, epochs: 1, weightDecay: 0 })
      const { step, parameters } = await openStep(config)
      const { parameters: after } = await trainFold(initialState(parameters, config), step, foldData(), config, quiet)
      await step.close()
      const by = (pattern: RegExp) =>
        Math.max(
          ...[...after].flatMap(([name, data]) =>
            pattern.test(name) ? Array.from(data, (x, i) => Math.abs(x - (parameters.get(name)?.[i] ?? 0))) : [],
          ),
        )
      return { tower: by(/^vision_model\./), heads: by(/^classifier_/) }
    }
    const [slow, fast] = [await moved(1e-3), await moved(1)]
    expect(slow.tower).toBeLessThan(fast.tower / 100)
    expect(slow.heads).toBeGreaterThan(fast.heads / 3)
  })

  it('that keeps the last weights neither stops early nor chooses', async () => {
    const config = configOf({ keep: 'last', epochs: 4, patience: 1, learningRate: 1e-9 })
    const records: EpochRecord[] = []
    await trainFold(initialState(shared.parameters, config), shared.step, foldData(), config, {
      ...quiet,
      epoch: async (_, record) => void records.push(record),
    })
    expect(records.map(({ improved }) => improved.length)).toEqual([3, 3, 3, 3])
  })

  it('clamps the scale of similarities before a pass, and stops at a loss that is NaN', async () => {
    const config = configOf({ epochs: 1, learningRate: 1e-9, weightDecay: 0 })
    const high = new Map([...shared.parameters, ['logit_scale', Float32Array.of(9)]])
    const { parameters } = await trainFold(initialState(high, config), shared.step, foldData(), config, quiet)
    expect(parameters.get('logit_scale')?.[0]).toBeCloseTo(4.6052, 4)
    const broken = new Map([...shared.parameters, ['classifier_image.bias', Float32Array.of(Number.NaN, 0)]])
    await expect(trainFold(initialState(broken, config), shared.step, foldData(), config, quiet)).rejects.toMatchObject(
      {
        code: 'training/diverged',
        message: expect.stringContaining('at step 0'),
      },
    )
  })
})
