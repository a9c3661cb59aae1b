/** Semantic features without training for them: which sentence is most like the image (docs/method.md M14). */

import { type ModelFolder, openModelFolder } from '../../model/folder.node.ts'
import { readPrompts } from '../../model/prompts.node.ts'
import type { PromptSet } from '../../model/prompts.ts'
import type { FeatureAnswer } from '../answers.ts'
import type { ViewReader } from '../cohort.node.ts'
import { openImageSession, type PredictorOptions } from '../image-session.node.ts'
import type { Predictor } from '../predictor.node.ts'
import { readNodules } from '../read-nodules.node.ts'
import { choose, meanEmbedding } from './similarity.ts'
import { type EmbedOptions, embedTexts } from './text-embeddings.node.ts'

export type ZeroShot = ViewReader<FeatureAnswer[]> &
  Pick<Predictor, 'folds' | 'stamp' | 'close'> & { readonly sets: readonly PromptSet[] }

export interface ZeroShotOptions extends PredictorOptions, EmbedOptions {
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
  const folder = await openModelFolder(path)
  const { sets, answer } = await openQuestions(folder, options)
  const session = await openImageSession(folder, options)
  const { config, folds, stamp, close } = session
  return {
    config,
    folds,
    stamp,
    sets,
    predict: async (nodules) => (await readNodules(session, nodules)).map(({ embedding }) => answer(embedding)),
    close,
  }
}

/** Questions whose sentences are embedded, ready to be asked of any nodule. */
export interface Questions {
  readonly sets: readonly PromptSet[]
  /** @param images a nodule's embedding by each fold, [folds][dim] */
  answer(images: readonly (readonly number[])[]): FeatureAnswer[]
}

/**
 * Embeds the sentences of questions by every fold; the text side is then let go.
 * @throws SpiculaError `clip/no-text` where the model has no text side, `clip/tokenizer`, `inference/prompts`
 */
export async function openQuestions(folder: ModelFolder, options: ZeroShotOptions = {}): Promise<Questions> {
  const { checkpoint = 'both', prompts, sets: own, ...embedOptions } = options
  const sets = own ?? (await readPrompts(folder, prompts))
  const sentences = sets.flatMap(({ values }) => values.flatMap((value) => value.prompts))
  const { embeddings, logitScales } = await embedTexts(folder, sentences, checkpoint, embedOptions)
  let at = 0
  const questions = sets.map((set): Question => {
    const ranges = set.values.map((value) => {
      const start = at
      at += value.prompts.length
      return [start, at] as const
    })
    return {
      set,
      embeddings: embeddings.map((fold) => ranges.map(([start, end]) => meanEmbedding(fold.slice(start, end)))),
      logitScales,
    }
  })
  return { sets, answer: (images) => questions.map((question) => answerOne(question, images)) }
}

interface Question {
  readonly set: PromptSet
  /** Of each value, [folds][values][dim]. */
  readonly embeddings: readonly (readonly (readonly number[])[])[]
  readonly logitScales: readonly number[]
}

/** Each fold's image against its own texts, then the mean of the folds' probabilities. */
function answerOne({ set, embeddings, logitScales }: Question, images: readonly (readonly number[])[]): FeatureAnswer {
  const byFold = images.map((image, fold) => choose(image, embeddings[fold], logitScales[fold]))
  const values = set.values.map(({ value }, v) => {
    const folds = byFold.map((probabilities) => probabilities[v])
    return { value, folds, probability: folds.reduce((sum, p) => sum + p, 0) / folds.length }
  })
  return { feature: set.feature, values }
}
