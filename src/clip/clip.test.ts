/** The towers, pooling and heads against a plain implementation in double precision, and against published numbers. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeOnnx } from '../graph/onnx.ts'
import * as g from '../graph/operations.ts'
import { openSession } from '../graph/session.node.ts'
import type { TensorData } from '../graph/tensor.ts'
import type { NoduleViews } from '../nodule/views.ts'
import { seededRandom } from '../random.ts'
import { stackFolds } from '../weights/folds.ts'
import { inferArchitecture } from './infer.ts'
import { weightShapes } from './initialise.ts'
import { type Architecture, imageSide, textSide } from './model.ts'
import { referenceImageSide, referenceTextSide } from './reference.fixture.ts'
import { shiftedImages } from './shifted-images.ts'
import { textFeeds } from './tokenizer/tokenizer.ts'
import { bagFeeds, MAX_VIEWS } from './view-bags.ts'
import { graphWeights } from './weights.ts'

const NORMALISATION = { mean: [0.4, 0.5, 0.3], std: [0.2, 0.3, 0.25] }

const clipLike: Architecture = {
  image: {
    resolution: 16,
    patch: 8,
    width: 8,
    layers: 2,
    heads: 2,
    mlpWidth: 12,
    activation: 'quickGelu',
    layerNormEpsilon: 1e-5,
    preNorm: true,
    patchBias: false,
    embedDim: 6,
  },
  pooling: { embedDim: 5, attentionWidth: 3 },
  lora: {
    rank: 2,
    alpha: 3,
    scaling: 'rank-stabilised',
    targets: ['q', 'v', 'o'],
    imageLayers: [0, 1],
    textLayers: [],
  },
}
const deitLike: Architecture = {
  image: {
    ...clipLike.image,
    activation: 'gelu',
    layerNormEpsilon: 1e-6,
    preNorm: false,
    patchBias: true,
    layers: 1,
    heads: 4,
  },
  pooling: clipLike.pooling,
}

type Weights = Map<string, TensorData>

function randomWeights(architecture: Architecture, seed: number): Weights {
  const side = imageSide(architecture, graphWeights({ folds: 1 }), {
    normalisation: NORMALISATION,
    mergeLora: false,
    maxViews: 3,
  })
  const random = seededRandom(seed)
  const weights: Weights = new Map()
  for (const [name, shape] of weightShapes(Object.values(side))) {
    const data = Float32Array.from(
      { length: shape.reduce((a, b) => a * b, 1) },
      () => 0.4 * random.normal() + (/ln_.*weight/.test(name) ? 1 : 0),
    )
    weights.set(name, { dtype: 'float32', shape, data })
  }
  return weights
}

/** Two nodules: one of three views, one of two. */
const bags = [
  [0, 1, 2],
  [3, 4],
]
const views = Float32Array.from(
  { length: 5 * 256 },
  (
    (random) => () =>
      random.uniform()
  )(seededRandom(7)),
)
const feeds = {
  views: { dtype: 'float32', shape: [5, 16, 16], data: views },
  members: { dtype: 'int64', shape: [2, 3, 1], data: BigInt64Array.of(0n, 1n, 2n, 3n, 4n, 0n) },
  present: { dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, 1, 1, 1, 1, 0) },
} as const satisfies Record<string, TensorData>

async function run(
  architecture: Architecture,
  folds: readonly Weights[],
  stacked: ReadonlySet<string>,
  mergeLora: boolean,
) {
  const weights: Weights = new Map(folds[0])
  for (const name of stacked)
    weights.set(
      name,
      stackFolds(
        name,
        folds.map((fold) => fold.get(name) as TensorData),
      ),
    )
  const side = imageSide(architecture, graphWeights({ folds: folds.length, stacked }), {
    normalisation: NORMALISATION,
    mergeLora,
    maxViews: 3,
  })
  const session = await openSession(writeOnnx({ ...side }, weights))
  const result = await session.run(feeds)
  await session.close()
  return result
}

const close = (actual: ArrayLike<number | bigint>, expected: readonly number[], tolerance: number) => {
  expect(actual.length).toBe(expected.length)
  expected.forEach((value, i) => {
    expect(Math.abs(Number(actual[i]) - value)).toBeLessThan(tolerance)
  })
}

describe('the text side', () => {
  it.each([
    ["CLIP's activation, LoRA separate", 'quickGelu', 'classic', false],
    ["CLIP's activation, LoRA merged", 'quickGelu', 'rank-stabilised', true],
    ['the exact GELU', 'gelu', 'rank-stabilised', false],
  ] as const)('equals plain loops: %s', async (_, activation, scaling, mergeLora) => {
    const lora = { rank: 2, alpha: 3, scaling, targets: ['q', 'v', 'o'], imageLayers: [], textLayers: [1] } as const
    const tower = { width: 8, layers: 2, heads: 2, mlpWidth: 12, activation, layerNormEpsilon: 1e-4 } as const
    const architecture = { ...clipLike, text: { ...tower, vocabulary: 9, context: 6, embedDim: 6 }, lora } as const
    const side = textSide(architecture, graphWeights({ folds: 1 }), { mergeLora })
    const random = seededRandom(9)
    const weights: Weights = new Map(
      [...weightShapes([side.logits])].map(([name, shape]) => {
        const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.5 * random.normal())
        return [name, { dtype: 'float32', shape, data }]
      }),
    )
    const texts = [
      [1, 3, 5, 2, 8],
      [4, 8],
      [1, 7, 7, 2, 6, 8],
    ]
    const expected = referenceTextSide(architecture, weights, texts)
    const session = await openSession(writeOnnx({ ...side }, weights))
    const padded = texts.map((tokens) => [...tokens, ...new Array<number>(6 - tokens.length).fill(0)])
    const { embedding, logits } = await session.run(textFeeds(padded, { context: 6, endToken: 8 }))
    await session.close()
    close(
      embedding.data,
      expected.flatMap((one) => one.embedding),
      1e-4,
    )
    close(
      logits.data,
      expected.flatMap((one) => one.logits),
      1e-4,
    )
  })

  it('reads a text the same alone, among others, and with anything behind its end', async () => {
    const architecture = {
      ...clipLike,
      text: { ...clipLike.image, vocabulary: 9, context: 6, embedDim: 6, width: 8 },
      lora: { ...(clipLike.lora as NonNullable<Architecture['lora']>), textLayers: [0, 1] },
    } as const
    const { embedding } = textSide(architecture, graphWeights({ folds: 1 }), { mergeLora: false })
    const random = seededRandom(5)
    const weights: Weights = new Map(
      [...weightShapes([embedding])].map(([name, shape]) => {
        const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.3 * random.normal())
        return [name, { dtype: 'float32', shape, data }]
      }),
    )
    const session = await openSession(writeOnnx({ embedding }, weights))
    const embed = async (...texts: number[][]) => {
      const { data } = (await session.run(textFeeds(texts, { context: 6, endToken: 8 }))).embedding
      return Array.from(data, Number)
    }
    const [one, two] = [
      [1, 3, 5, 8, 0, 0],
      [1, 8, 0, 0, 0, 0],
    ]
    const together = await embed(one, two) // in one sequence
    const { embedDim } = clipLike.pooling
    close(together.slice(0, embedDim), await embed(one), 1e-6)
    close(together.slice(embedDim), await embed(two), 1e-6)
    close(await embed([1, 8, 7, 6, 5, 4]), await embed(two), 1e-9)
    expect(Math.hypot(...(await embed([3, 1, 5, 8, 0, 0])).map((x, i) => x - together[i]))).toBeGreaterThan(1e-3)
    await session.close()
  })

  it('runs any subset of weights stacked over folds as each fold alone', async () => {
    const architecture = {
      ...clipLike,
      text: { ...clipLike.image, vocabulary: 9, context: 4, embedDim: 6, width: 8 },
      lora: { ...(clipLike.lora as NonNullable<Architecture['lora']>), textLayers: [1] },
    } as const
    const shapes = weightShapes([textSide(architecture, graphWeights({ folds: 1 }), { mergeLora: false }).logits])
    const draw = (seed: number): Weights => {
      const random = seededRandom(seed)
      return new Map(
        [...shapes].map(([name, shape]) => {
          const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.3 * random.normal())
          return [name, { dtype: 'float32', shape, data }]
        }),
      )
    }
    const texts = [
      [1, 3, 8, 0],
      [1, 8, 0, 0],
    ]
    const words = textFeeds(texts, { context: 4, endToken: 8 })
    const embed = async (folds: readonly Weights[], stacked: ReadonlySet<string>) => {
      const stack = (name: string) =>
        stackFolds(
          name,
          folds.map((fold) => fold.get(name) as TensorData),
        )
      const weights = new Map([...folds[0]].map(([name, own]) => [name, stacked.has(name) ? stack(name) : own]))
      const plan = graphWeights({ folds: folds.length, stacked })
      const { embedding } = textSide(architecture, plan, { mergeLora: false })
      const session = await openSession(writeOnnx({ embedding }, weights))
      const { data } = (await session.run(words)).embedding
      await session.close()
      return Array.from(data, Number)
    }
    const places = ['token_embedding.weight', 'positional_embedding']
    const subset = fc.oneof(fc.subarray([...shapes.keys()]), fc.subarray(places), fc.constant([...shapes.keys()]))
    await fc.assert(
      fc.asyncProperty(subset, async (chosen) => {
        const base = draw(1)
        const folds = [2, 3].map((seed) => {
          const own = draw(seed)
          return new Map(
            [...base].map(([name, data]) => [name, chosen.includes(name) ? (own.get(name) ?? data) : data]),
          )
        })
        const together = await embed(folds, new Set(chosen))
        const size = 2 * clipLike.pooling.embedDim
        for (const [fold, weights] of folds.entries()) {
          const alone = await embed([weights], new Set())
          const row = together.length === size ? 0 : fold
          close(together.slice(row * size, (row + 1) * size), alone, 1e-4)
        }
      }),
      { numRuns: 12 },
    )
  })
})

describe('the image side', () => {
  it.each([
    ["CLIP's tower, LoRA separate", clipLike, false],
    ["CLIP's tower, LoRA merged", clipLike, true],
    ["DeiT's tower", deitLike, false],
  ] as const)('%s equals plain loops', async (_, architecture, merge) => {
    const weights = randomWeights(architecture, 1)
    const expected = referenceImageSide(architecture, weights, views, bags, NORMALISATION)
    const { embedding, attention, logits, probability } = await run(architecture, [weights], new Set(), merge)
    close(embedding.data, expected.embedding.flat(), 1e-4)
    close(logits.data, expected.logits.flat(), 1e-4)
    close(
      probability.data,
      expected.logits.map(([a, b]) => 1 / (1 + Math.exp(a - b))),
      1e-4,
    )
    close(attention.data, [...expected.attention[0], ...expected.attention[1], 0], 1e-4)
  })

  it('runs any subset of weights stacked over folds as each fold alone', async () => {
    const names = [...randomWeights(clipLike, 0).keys()]
    await fc.assert(
      fc.asyncProperty(fc.subarray(names), fc.boolean(), async (chosen, merge) => {
        const stacked = new Set(chosen)
        const base = randomWeights(clipLike, 1)
        const folds = [2, 3, 4].map((seed) => {
          const own = randomWeights(clipLike, seed)
          return new Map(
            [...base].map(([name, data]) => [name, stacked.has(name) ? (own.get(name) as TensorData) : data]),
          )
        })
        const together = await run(clipLike, folds, stacked, merge)
        for (const [fold, weights] of folds.entries()) {
          const alone = await run(clipLike, [weights], new Set(), merge)
          // Nothing stacked: one row of results stands for every fold.
          const row = together.logits.shape[0] === 1 ? 0 : fold
          close(together.logits.data.slice(row * 4, row * 4 + 4), Array.from(alone.logits.data, Number), 1e-4)
        }
      }),
      { numRuns: 12 },
    )
  })

  it('is not moved by what stands in the padding of a bag', async () => {
    const weights = randomWeights(clipLike, 1)
    const side = imageSide(clipLike, graphWeights({ folds: 1 }), {
      normalisation: NORMALISATION,
      mergeLora: false,
      maxViews: 3,
    })
    const session = await openSession(writeOnnx({ logits: side.logits }, weights))
    const other = { ...feeds, members: { ...feeds.members, data: BigInt64Array.of(0n, 1n, 2n, 3n, 4n, 3n) } }
    expect((await session.run(other)).logits.data).toEqual((await session.run(feeds)).logits.data)
    await session.close()
  })
})

describe('four images of a view', () => {
  const options = { normalisation: NORMALISATION, mergeLora: false, maxViews: MAX_VIEWS }
  const { resolution, patch } = clipLike.image
  const random = seededRandom(8)
  const view = Float32Array.from({ length: resolution ** 2 }, random.uniform)
  /** What the pixel of an image shows, `by` off along each axis, mirrored or not, edges repeated. */
  const imageOf = (rows: readonly [number, boolean], columns: readonly [number, boolean]) =>
    view.map((_, p) => {
      const source = (i: number, [by, mirrored]: readonly [number, boolean]) =>
        Math.min(resolution - 1, Math.max(0, (mirrored ? resolution - 1 - i : i) + by))
      return view[source(Math.floor(p / resolution), rows) * resolution + source(p % resolution, columns)]
    })
  const by = patch / 4
  const ways = [[by, false] as const, [-by, true] as const]
  const images = ways.flatMap((rows) => ways.map((columns) => imageOf(rows, columns)))

  it('lie a quarter of a patch off in each diagonal, mirrored', async () => {
    const seen = shiftedImages(g.input('views', ['M', resolution, resolution]), patch)
    const session = await openSession(writeOnnx({ seen }, new Map()))
    const views = { dtype: 'float32', shape: [1, resolution, resolution], data: view } as const
    const { data, shape } = (await session.run({ views })).seen
    expect(shape).toEqual([4, resolution, resolution])
    expect([...(data as Float32Array)]).toEqual(images.flatMap((image) => [...image]))
    await session.close()
  })

  it('are averaged for each view: of bags of one view the embedding is the mean of the embeddings of its images', async () => {
    const weights = randomWeights(clipLike, 3)
    const embed = async (bags: readonly NoduleViews[], shifted: boolean) => {
      const { embedding } = imageSide(clipLike, graphWeights({ folds: 1 }), { ...options, shifted })
      const session = await openSession(writeOnnx({ embedding }, weights))
      const { data } = (await session.run(bagFeeds(bags, resolution))).embedding
      await session.close()
      return data as Float32Array
    }
    const together = await embed([{ pixels: view, count: 1 }], true)
    const apart = await embed(
      images.map((pixels) => ({ pixels, count: 1 })),
      false,
    )
    const size = together.length
    close(
      together,
      Array.from(together, (_, d) => [0, 1, 2, 3].reduce((sum, i) => sum + apart[i * size + d] / 4, 0)),
      1e-5,
    )
    expect(Math.hypot(...together.map((x, d) => x - apart[d]))).toBeGreaterThan(1e-3)
  })
})

describe('an architecture', () => {
  it('is read off the shapes of its weights', () => {
    const architecture: Architecture = {
      image: { ...clipLike.image, width: 128, heads: 2 },
      pooling: clipLike.pooling,
      text: {
        width: 64,
        layers: 1,
        heads: 1,
        mlpWidth: 32,
        activation: 'quickGelu',
        layerNormEpsilon: 1e-5,
        vocabulary: 20,
        context: 7,
        embedDim: 6,
      },
      lora: {
        rank: 2,
        alpha: 1,
        scaling: 'rank-stabilised',
        targets: ['q', 'v', 'o'],
        imageLayers: [1],
        textLayers: [0],
      },
    }
    const weights = graphWeights({ folds: 1 })
    const image = imageSide(architecture, weights, { normalisation: NORMALISATION, mergeLora: false, maxViews: 3 })
    const text = textSide({ ...architecture, text: architecture.text as NonNullable<Architecture['text']> }, weights, {
      mergeLora: false,
    })
    expect(inferArchitecture(weightShapes([...Object.values(image), ...Object.values(text)]))).toEqual(architecture)
  })

  it('names what is missing', () => {
    expect(() => inferArchitecture(new Map())).toThrow(/vision_model\.conv1\.weight/)
  })
})
