/** What training minimises, against the formulas of docs/method.md M7 and M8 worked out in double precision. */
import { beforeAll, describe, expect, it } from 'vitest'
import { initialWeight } from '../clip/initialise.ts'
import { classTargets, clipTargets } from '../clip/losses.ts'
import { type Architecture, imageSide, textSide } from '../clip/model.ts'
import { textFeeds } from '../clip/tokenizer/tokenizer.ts'
import { bagFeeds } from '../clip/view-bags.ts'
import { graphWeights } from '../clip/weights.ts'
import { writeOnnx } from '../graph/onnx.ts'
import { openSession } from '../graph/session.node.ts'
import { dimValue } from '../graph/shape.ts'
import type { Tensor, TensorData } from '../graph/tensor.ts'
import { parseInitConfig } from '../model/config.ts'
import { modelWeights } from '../model/folder.node.ts'
import { PRESETS } from '../model/presets.ts'
import { seededRandom } from '../random.ts'
import { gradientName, gradientOutputs, isTrained, type LossWeights, objective, trainedGradients } from './objective.ts'

const architecture = {
  image: {
    resolution: 16,
    patch: 8,
    width: 8,
    layers: 1,
    heads: 2,
    mlpWidth: 12,
    activation: 'quickGelu',
    layerNormEpsilon: 1e-5,
    preNorm: true,
    patchBias: false,
    embedDim: 6,
  },
  pooling: { embedDim: 5, attentionWidth: 3 },
  text: {
    width: 8,
    layers: 1,
    heads: 2,
    mlpWidth: 12,
    activation: 'quickGelu',
    layerNormEpsilon: 1e-5,
    vocabulary: 12,
    context: 6,
    embedDim: 6,
  },
  lora: { rank: 2, alpha: 1, scaling: 'rank-stabilised', targets: ['q', 'v'], imageLayers: [0], textLayers: [0] },
} as const satisfies Architecture
const normalisation = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] }
const COUNT = 4
const LABELS = [0, 1, 1, 0]
const CLASS_WEIGHTS = [1, 3] as const
const SMOOTHING = 0.1
const plain = { normalisation, maxViews: 9, loraDropout: false, dropout: false }

const weights = new Map<string, TensorData>()
const feeds: Record<string, TensorData> = {}
/** Of the two sides alone: embeddings and logits, a row a nodule. */
let sides: Record<'imageEmbedding' | 'textEmbedding' | 'imageLogits' | 'textLogits', number[][]>

/** Runs graphs on the feeds that they ask for, and on what is given beside them. */
async function run(outputs: Record<string, Tensor>, given: Record<string, TensorData> = {}) {
  const model = writeOnnx(outputs, weights)
  const all = { ...feeds, ...given }
  const session = await openSession(model)
  try {
    const results = await session.run(Object.fromEntries(Object.keys(model.inputs).map((name) => [name, all[name]])))
    return (name: string): number[] => Array.from(results[name].data, Number)
  } finally {
    await session.close()
  }
}

beforeAll(async () => {
  const random = seededRandom(3)
  const { image, text } = modelWeights(architecture)
  for (const [name, shape] of [...image, ...text]) {
    const data = Array.from(initialWeight(name, shape, random).data, Number)
    // Weights at which nothing is zero by its start: B of LoRA, biases, a temperature that scales.
    const moved = name === 'logit_scale' ? [1.3] : data.map((x) => x + 0.3 * random.normal())
    weights.set(name, { dtype: 'float32', shape, data: Float32Array.from(moved) })
  }
  const pixels = Float32Array.from({ length: 3 * 256 }, () => random.uniform())
  const bags = Array.from({ length: COUNT }, (_, n) => ({ pixels: pixels.map((x) => (x + n / 3) % 1), count: 3 }))
  const tokens = Array.from({ length: COUNT }, (_, n) => [1, 2 + n, 7 - n, 11, 0, 0])
  const targets = clipTargets(COUNT, SMOOTHING)
  Object.assign(feeds, bagFeeds(bags, 16), textFeeds(tokens, { context: 6, endToken: 11 }), {
    textsOfImage: { dtype: 'float32', shape: [COUNT, COUNT], data: targets.textsOfImage },
    imagesOfText: { dtype: 'float32', shape: [COUNT, COUNT], data: targets.imagesOfText },
    classTargets: { dtype: 'float32', shape: [COUNT, 2], data: classTargets(LABELS, CLASS_WEIGHTS) },
  })
  const own = graphWeights({ folds: 1 })
  const views = imageSide(architecture, own, { normalisation, maxViews: 9, mergeLora: false })
  const words = textSide(architecture, own, { mergeLora: false })
  const value = await run({
    imageEmbedding: views.embedding,
    textEmbedding: words.embedding,
    imageLogits: views.logits,
    textLogits: words.logits,
  })
  const rows = (name: string) => {
    const flat = value(name)
    const width = flat.length / COUNT
    return Array.from({ length: COUNT }, (_, n) => flat.slice(n * width, (n + 1) * width))
  }
  sides = {
    imageEmbedding: rows('imageEmbedding'),
    textEmbedding: rows('textEmbedding'),
    imageLogits: rows('imageLogits'),
    textLogits: rows('textLogits'),
  }
})

const logSoftmax = (x: readonly number[]) => {
  const total = Math.log(x.reduce((sum, value) => sum + Math.exp(value), 0))
  return x.map((value) => value - total)
}

/** torch.nn.functional.cross_entropy with class weights, reduction 'mean': sum of w_y loss over the sum of w_y. */
function weightedCrossEntropy(logits: readonly number[][]): number {
  const own = LABELS.map((label) => CLASS_WEIGHTS[label])
  const losses = logits.map((row, n) => -own[n] * logSoftmax(row)[LABELS[n]])
  return losses.reduce((a, b) => a + b) / own.reduce<number>((a, b) => a + b, 0)
}

/** docs/method.md M7: both directions of cross-entropy of cosines times exp(logit_scale), with label smoothing. */
function contrastive(): number {
  const unit = (x: readonly number[]) => x.map((value) => value / Math.hypot(...x))
  const images = sides.imageEmbedding.map(unit)
  const texts = sides.textEmbedding.map(unit)
  const cosine = (i: number, t: number) => images[i].reduce((sum, x, d) => sum + x * texts[t][d], 0)
  const all = [...Array(COUNT).keys()]
  const smoothed = (logits: number[], target: number) => {
    const log = logSoftmax(logits)
    return -(1 - SMOOTHING) * log[target] - (SMOOTHING * log.reduce((a, b) => a + b)) / COUNT
  }
  const scale = Math.exp(Math.fround(1.3))
  const direction = (logit: (n: number, other: number) => number) =>
    all.reduce(
      (sum, n) =>
        sum +
        smoothed(
          all.map((other) => scale * logit(n, other)),
          n,
        ),
      0,
    ) / COUNT
  return (direction(cosine) + direction((t, i) => cosine(i, t))) / 2
}

describe('the training loss', () => {
  it.each<LossWeights>([
    { clip: 1, image: 1, text: 1 },
    { clip: 0.5, image: 3, text: 0.25 },
    { clip: 0, image: 0, text: 2 },
  ])('with weights %j is w_clip CLIP + (w_image CE_image + w_text CE_text) / 2', async (lossWeights) => {
    const { total, clip, image, text, probability } = objective(architecture, { ...plain, lossWeights })
    const value = await run({ total, clip, image, text, probability })
    const wanted = {
      clip: contrastive(),
      image: weightedCrossEntropy(sides.imageLogits),
      text: weightedCrossEntropy(sides.textLogits),
    }
    // Three numbers that differ, or one could stand for another.
    expect(Math.abs(wanted.image - wanted.text)).toBeGreaterThan(0.05)
    for (const part of ['clip', 'image', 'text'] as const) expect(value(part)[0]).toBeCloseTo(wanted[part], 5)
    const heads = lossWeights.image * wanted.image + lossWeights.text * wanted.text
    expect(value('total')[0]).toBeCloseTo(lossWeights.clip * wanted.clip + heads / 2, 5)
    value('probability').forEach((p, n) => {
      expect(p).toBeCloseTo(Math.exp(logSoftmax(sides.imageLogits[n])[1]), 5)
    })
  })

  it('needs a text side', () => {
    const { text, ...alone } = architecture
    expect(() => objective(alone, { ...plain, lossWeights: { clip: 1, image: 1, text: 1 } })).toThrow(
      expect.objectContaining({ code: 'training/text', message: expect.stringContaining('no text side') }),
    )
  })

  it('has a gradient that finite differences confirm, for each kind of weight', async () => {
    const { total } = objective(architecture, { ...plain, lossWeights: { clip: 1, image: 1, text: 1 } })
    const slopes = trainedGradients(total, { tuning: 'lora', alsoFull: [] })
    const value = await run(gradientOutputs(slopes))
    const step = 1e-2
    for (const name of [
      'logit_scale',
      'classifier_image.bias',
      'semantic_projection.fc.bias',
      'image_projection.projector.0.bias',
      'vision_model.transformer.resblocks.0.attn.q_proj.w_lora_B',
      'transformer.resblocks.0.attn.v_proj.w_lora_A',
    ]) {
      const weight = weights.get(name) as TensorData & { data: Float32Array }
      const before = weight.data[0]
      const losses: number[] = []
      for (const moved of [before + step, before - step]) {
        weight.data[0] = moved
        losses.push((await run({ total }))('total')[0])
      }
      weight.data[0] = before
      expect(value(gradientName(name))[0], name).toBeCloseTo((losses[0] - losses[1]) / (2 * step), 3)
    }
  })
})

/** What the places that dropout may empty count, where all of them are emptied or kept. */
async function totalWithDropout(kind: 'loraDropout' | 'dropout', kept: 0 | 1, scale: number): Promise<number> {
  const { total } = objective(architecture, { ...plain, lossWeights: { clip: 1, image: 1, text: 1 }, [kind]: true })
  const sizes = new Map([
    ['N', COUNT],
    ['M', feeds.views.shape[0]],
    ['S', feeds.tokens.shape[0]],
  ])
  const scaleName = kind === 'dropout' ? 'dropoutScale' : 'loraScale'
  const given: Record<string, TensorData> = {
    [scaleName]: { dtype: 'float32', shape: [1], data: Float32Array.of(scale) },
  }
  const masks = Object.entries(writeOnnx({ total }, weights).inputs).filter(([name]) => name.endsWith('.mask'))
  expect(masks.length).toBeGreaterThan(0)
  for (const [name, type] of masks) {
    const shape = type.shape.map((dim) => dimValue(dim, sizes))
    const data = new Uint8Array(shape.reduce((product, n) => product * n, 1)).fill(kept)
    given[name] = { dtype: 'bool', shape, data }
  }
  return (await run({ total }, given))('total')[0]
}

describe('dropout in the loss', () => {
  const { total } = objective(architecture, { ...plain, lossWeights: { clip: 1, image: 1, text: 1 } })
  /** The loss where the weights that fit are nothing. */
  async function totalWithout(fits: (name: string) => boolean): Promise<number> {
    const before = new Map(weights)
    for (const [name, { shape, data }] of before)
      if (fits(name)) weights.set(name, { dtype: 'float32', shape, data: new Float32Array(data.length) })
    const value = await run({ total })
    for (const [name, weight] of before) weights.set(name, weight)
    return value('total')[0]
  }

  it('of LoRA keeps all or leaves the base model', async () => {
    const without = await totalWithout((name) => name.endsWith('w_lora_B'))
    const whole = await totalWithout(() => false)
    expect(Math.abs(whole - without)).toBeGreaterThan(1e-3)
    expect(await totalWithDropout('loraDropout', 1, 1)).toBeCloseTo(whole, 5)
    expect(await totalWithDropout('loraDropout', 0, 1)).toBeCloseTo(without, 5)
    // The scale is of what is kept: with none of it LoRA is nothing too.
    expect(await totalWithDropout('loraDropout', 1, 0)).toBeCloseTo(without, 5)
  })

  it('of the text projection keeps all or leaves its first layer', async () => {
    const without = await totalWithout((name) => name.startsWith('semantic_projection.fc.'))
    const whole = await totalWithout(() => false)
    expect(Math.abs(whole - without)).toBeGreaterThan(1e-3)
    expect(await totalWithDropout('dropout', 1, 1)).toBeCloseTo(whole, 5)
    expect(await totalWithDropout('dropout', 0, 1)).toBeCloseTo(without, 5)
    expect(await totalWithDropout('dropout', 1, 0)).toBeCloseTo(without, 5)
  })
})

describe('what is trained', () => {
  const { image, text } = modelWeights(parseInitConfig(JSON.stringify(PRESETS['vit-b-32']), 'vit-b-32').architecture)
  const all = [...image, ...text]
  const count = (fits: (name: string) => boolean) =>
    all
      .filter(([name]) => fits(name))
      .reduce((total, [, shape]) => total + shape.reduce((product, n) => product * n, 1), 0)
  const linear = (from: number, to: number) => from * to + to
  const heads =
    linear(512, 256) +
    linear(256, 128) +
    linear(128, 1) +
    linear(512, 256) +
    linear(256, 256) +
    512 +
    2 * linear(256, 2) +
    1
  const low = 12 * 3 * 2 * (768 + 768 + 512 + 512)
  const clip = 151_277_313 - 1

  it('of ViT-B/32 is what docs/method.md M8 lists, counted by hand', () => {
    expect(count((name) => isTrained(name, { tuning: 'lora', alsoFull: [] }))).toBe(heads + low)
    expect(count((name) => isTrained(name, { tuning: 'probe', alsoFull: [] }))).toBe(heads)
    expect(count((name) => isTrained(name, { tuning: 'full', alsoFull: [] }))).toBe(heads + low + clip)
  })

  it('and parts in full beside it, their low-rank updates not twice', () => {
    // Norms and biases of 12 layers, two norms more round them; the text tower as CLIP has it: 63,428,096.
    const norms = 12 * (2 * 2 * 768 + 4 * 768 + 3072 + 768) + 2 * 2 * 768
    const patches = 3 * 32 * 32 * 768 + 768 + 50 * 768
    const words = 12 * (4 * linear(512, 512) + linear(512, 2048) + linear(2048, 512) + 4 * 512)
    const textTower = words + 49408 * 512 + 77 * 512 + 2 * 512 + 512 * 512
    const beside = (part: 'norms' | 'patches' | 'text') =>
      count((name) => isTrained(name, { tuning: 'probe', alsoFull: [part] }))
    expect(beside('norms') - heads).toBe(norms)
    expect(beside('patches') - heads).toBe(patches)
    expect(beside('text') - heads).toBe(textTower)
    expect(textTower).toBe(63_428_096)
    expect(count((name) => isTrained(name, { tuning: 'lora', alsoFull: ['norms', 'text'] }))).toBe(
      heads + low + norms + textTower,
    )
  })

  it('has a gradient each, of its own shape, and nothing else has', () => {
    const { total } = objective(architecture, { ...plain, lossWeights: { clip: 1, image: 1, text: 1 } })
    const tuning = { tuning: 'lora', alsoFull: [] } as const
    const slopes = trainedGradients(total, tuning)
    expect([...slopes.keys()].sort()).toEqual([...weights.keys()].filter((name) => isTrained(name, tuning)).sort())
    for (const [name, slope] of slopes) expect(slope.shape, name).toEqual(weights.get(name)?.shape)
  })
})
