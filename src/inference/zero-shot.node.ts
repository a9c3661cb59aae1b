/** Semantic features without training for them: which sentence is most like what the image side sees (REFERENCE 14). */
import { bagFeeds, MAX_VIEWS } from '../clip/bags.ts'
import { imageSide } from '../clip/model.ts'
import { graphWeights } from '../clip/weights.ts'
import { SpiculaError } from '../error.ts'
import { writeOnnx } from '../graph/onnx.ts'
import { openSession } from '../graph/session.node.ts'
import { loadWeights, openModelFolder } from './model-folder.node.ts'
import type { ViewReader } from './predict-cohort.node.ts'
import { foldRows, type Predictor, type PredictorOptions, stampOf } from './predictor.node.ts'
import { readPrompts } from './prompts.node.ts'
import type { PromptSet } from './prompts.ts'
import { choose, meanEmbedding } from './similarity.ts'
import { embedTexts } from './text-embeddings.node.ts'

/** The answers to one question about one nodule. */
export interface FeatureAnswer {
  readonly feature: string
  readonly values: readonly {
    readonly value: string
    /** Mean over folds; over the values of a feature they sum to 1. */
    readonly probability: number
    /** Of each fold. */
    readonly folds: readonly number[]
  }[]
}

export type ZeroShot = ViewReader<FeatureAnswer[]> &
  Pick<Predictor, 'folds' | 'stamp' | 'close'> & { readonly sets: readonly PromptSet[] }

export interface ZeroShotOptions extends PredictorOptions {
  /** A prompts file of the user's. */
  readonly prompts?: string | undefined
  /** Questions in the place of a file's. */
  readonly sets?: readonly PromptSet[] | undefined
}

/**
 * Opens a model folder for questions in words: embeds the prompts by every fold, then answers for nodules.
 * @throws SpiculaError of the model folder, of its text side, tokenizer and prompts
 * @example
 * const zeroShot = await openZeroShot('models/spicula-small')
 * const [[{ feature, values }]] = await zeroShot.predict([{ views, count: 9 }])
 */
export async function openZeroShot(path: string, options: ZeroShotOptions = {}): Promise<ZeroShot> {
  const { checkpoint = 'both', prompts, sets: own, ...sessionOptions } = options
  const folder = await openModelFolder(path)
  const { config } = folder
  const folds = config.folds.length
  const sets = own ?? (await readPrompts(folder, prompts))
  const questions = await embedSets(sets, (texts) => embedTexts(folder, texts, checkpoint, sessionOptions))

  const { tensors, stacked } = await loadWeights(folder, checkpoint, 'image')
  const { mean, std } = config.preprocessing
  const { embedding } = imageSide(config.architecture, graphWeights({ folds, stacked }), {
    normalisation: { mean, std },
    mergeLora: folds === 1,
    maxViews: MAX_VIEWS,
  })
  const session = await openSession(writeOnnx({ embedding }, tensors), sessionOptions)
  return {
    config,
    folds,
    sets,
    stamp: stampOf(config),
    predict: async (nodules) => {
      if (nodules.length === 0) return []
      const bags = nodules.map(({ views: pixels, count }) => ({ pixels, count }))
      const outputs = await session.run(bagFeeds(bags, config.architecture.image.resolution))
      return nodules.map((_, n) => {
        const images = foldRows(outputs.embedding, folds, n)
        if (!images.flat().every(Number.isFinite))
          throw new SpiculaError('inference/not-finite', 'the image side gives numbers that are none', {
            hint: 'Does the scan hold voxels that are no numbers? If not, the weights of the model are damaged.',
          })
        return questions.map((question) => answer(question, images))
      })
    },
    close: () => session.close(),
  }
}

interface Question {
  readonly set: PromptSet
  /** Of each value, [folds][values][dim]. */
  readonly embeddings: readonly (readonly (readonly number[])[])[]
  readonly logitScales: readonly number[]
}

async function embedSets(
  sets: readonly PromptSet[],
  embed: (texts: readonly string[]) => ReturnType<typeof embedTexts>,
): Promise<Question[]> {
  const { embeddings, logitScales } = await embed(
    sets.flatMap(({ values }) => values.flatMap(({ prompts }) => prompts)),
  )
  let at = 0
  return sets.map((set) => {
    const ranges = set.values.map(({ prompts }) => {
      const start = at
      at += prompts.length
      return [start, at] as const
    })
    return {
      set,
      embeddings: embeddings.map((fold) => ranges.map(([start, end]) => meanEmbedding(fold.slice(start, end)))),
      logitScales,
    }
  })
}

/** Each fold's image against its own texts, then the mean of the folds' probabilities. */
function answer({ set, embeddings, logitScales }: Question, images: readonly (readonly number[])[]): FeatureAnswer {
  const byFold = images.map((image, fold) => choose(image, embeddings[fold], logitScales[fold]))
  const values = set.values.map(({ value }, v) => {
    const folds = byFold.map((probabilities) => probabilities[v])
    return { value, folds, probability: folds.reduce((sum, p) => sum + p, 0) / folds.length }
  })
  return { feature: set.feature, values }
}
