/** Everything a model says of a nodule, from one run of its image side: probability, views, words, similar reports. */
import { SpiculaError } from '../error.ts'
import { type ModelFolder, openModelFolder } from '../model/folder.node.ts'
import type { NoduleViews } from '../nodule/views.ts'
import { openImageSession } from '../predict/image-session.node.ts'
import { calibrationsOf, type Predictor, type PredictorOptions, predictionOf } from '../predict/predictor.node.ts'
import { readNodules } from '../predict/read-nodules.node.ts'
import type { EmbedOptions } from '../predict/words/text-embeddings.node.ts'
import { openTrainingReports, type TrainingReports } from '../predict/words/training-reports.node.ts'
import { openQuestions, type Questions } from '../predict/words/zero-shot.node.ts'
import type { CaseReading, Part } from './content.ts'

export interface CaseReader extends Predictor {
  predict(nodules: readonly NoduleViews[]): Promise<CaseReading[]>
}

export interface CaseReaderOptions extends PredictorOptions, EmbedOptions {}

/** Training reports that are shown of each nodule. */
const SIMILAR = 3

/**
 * Opens a model folder for pages. A model without a text side, or without training reports, answers the rest.
 * @throws SpiculaError of the model folder; `inference/prompts` and `inference/reports` where what it has is damaged
 * @example
 * const reader = await openCaseReader('models/spicula-small')
 * const [{ ensemble, features, similar }] = await reader.predict([await prepareViews(scan, pointLps, reader.config.preprocessing)])
 */
export async function openCaseReader(path: string, options: CaseReaderOptions = {}): Promise<CaseReader> {
  const folder = await openModelFolder(path)
  // The text side is let go before the image side comes: memory for one of them.
  const questions = await openWords(folder, options)
  const reports = await openSimilar(folder, options)
  const session = await openImageSession(folder, options)
  const { config, folds, stamp, close } = session
  const calibrations = calibrationsOf(config, options.checkpoint)
  return {
    config,
    folds,
    stamp,
    calibrated: calibrations !== undefined,
    predict: async (nodules) =>
      (await readNodules(session, nodules)).map((reading) => ({
        ...predictionOf(reading, calibrations),
        features: map(questions, ({ answer }) => answer(reading.embedding)),
        similar: map(reports, ({ nearest }) => nearest(reading.embedding, SIMILAR)),
      })),
    close,
  }
}

const map = <A, B>(part: Part<A>, of: (content: A) => B): Part<B> =>
  'why' in part ? part : { content: of(part.content) }

/** What a model folder may lack and still predict: a text side, and the words for it. */
const WORDLESS = ['clip/no-text', 'clip/tokenizer']

async function openWords(folder: ModelFolder, options: CaseReaderOptions): Promise<Part<Questions>> {
  try {
    return { content: await openQuestions(folder, options) }
  } catch (error) {
    if (error instanceof SpiculaError && WORDLESS.includes(error.code)) return { why: error.message }
    throw error
  }
}

async function openSimilar(
  folder: ModelFolder,
  { checkpoint = 'both' }: PredictorOptions,
): Promise<Part<TrainingReports>> {
  // Like a calibration, embeddings belong to the weights that they were made with.
  if (checkpoint !== 'both') return { why: 'the training reports are embedded by the checkpoint that is best for both' }
  const reports = await openTrainingReports(folder)
  return reports === undefined
    ? { why: 'the model folder carries no reports of its training nodules' }
    : { content: reports }
}
