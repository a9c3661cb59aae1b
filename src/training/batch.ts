/** From samples to a batch: views made in worker threads, texts as tokens, labels. */
import type { Frame } from '../cohort/frame.ts'
import { SpiculaError } from '../error.ts'
import { PUBLISHED_AUGMENTATION } from '../nodule/augment/augment.ts'
import type { PreparedViews, Preprocessing } from '../nodule/prepare.ts'
import type { WorkerPool } from '../worker-pool.node.ts'
import type { TrainConfig } from './config.ts'
import type { LabelledSample } from './prepare-run.ts'
import type { Batch } from './step.ts'
import type { Texts } from './texts.ts'
import type { VariedTask } from './varied-views.ts'

/** What batches are made of. */
export interface BatchSource {
  readonly pool: WorkerPool<VariedTask, PreparedViews>
  readonly texts: Texts
  readonly config: TrainConfig
  /** Of the rows' points. */
  readonly frame: Frame
  /** The model's, with the views of the configuration. */
  readonly preprocessing: Preprocessing
  /** Where crops are kept between epochs. */
  readonly cacheDir: string
}

/**
 * Makes the batch of samples.
 * @param seeds of each sample's variations (jitter, augmentation, words); null for validation, where nothing varies
 * @throws SpiculaError what a sample's views throw, with its row
 */
export async function makeBatch(
  source: BatchSource,
  samples: readonly LabelledSample[],
  seeds: readonly string[] | null,
): Promise<Batch> {
  const bags = await Promise.all(samples.map((sample, i) => viewsOf(source, sample, seeds?.[i] ?? null)))
  const words = samples.map(({ row }, i) => source.texts.of(row, seeds?.[i] ?? null))
  const matching = source.config.positives === 'matching'
  return {
    bags,
    tokens: words.map(({ tokens }) => tokens),
    labels: samples.map(({ target }) => target),
    isTrue: (image, text) => image === text || (matching && (words[text].isTrue?.(samples[image].row) ?? false)),
  }
}

async function viewsOf(
  { pool, config, frame, preprocessing, cacheDir }: BatchSource,
  { row }: LabelledSample,
  seed: string | null,
): Promise<PreparedViews> {
  try {
    return await pool.run({
      key: String(row.line),
      imageFile: row.imageFile,
      point: row.point,
      frame,
      preprocessing,
      augmentation: seed !== null && config.augment ? PUBLISHED_AUGMENTATION : null,
      jitter: seed !== null && config.jitter,
      seed: seed ?? '',
      cacheDir,
    })
  } catch (error) {
    if (!(error instanceof SpiculaError)) throw error
    throw new SpiculaError(error.code, `row ${row.line}: ${error.message}`, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    })
  }
}
