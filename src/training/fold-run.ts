/** The run folder of one fold: its checkpoint, best weights, logs and picture; and how it goes on after a stop. */
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { rasterise } from '../drawing/rasterise.node.ts'
import { SpiculaError } from '../error.ts'
import { copyFileAtomic, writeFileAtomic } from '../files/atomic.node.ts'
import type { ModelConfig } from '../model/config.ts'
import { isCurveRecord, trainingCurveSvg } from './curves.ts'
import type { Trackers } from './early-stopping.ts'
import type { EpochRecord, TrainState, Watcher } from './loop.ts'
import { appendMetrics, readMetrics, truncateMetricsAfter } from './metrics-log.ts'
import type { LossWeights } from './objective.ts'
import { readCheckpoint, writeCheckpoint, writeWeights } from './run-checkpoint.ts'
import { openEvents } from './tensorboard.ts'

const CHECKPOINT = 'checkpoint.safetensors'
const METRICS = 'metrics.jsonl'
/** Seconds between checkpoints within an epoch; more where writing one takes long, so that it costs at most a twentieth. */
const CHECKPOINT_SECONDS = 10

type Shapes = ReadonlyMap<string, readonly number[]>

/** Whether a fold has a checkpoint to go on from. */
export const hasCheckpoint = (folder: string): Promise<boolean> =>
  stat(join(folder, CHECKPOINT)).then(
    () => true,
    () => false,
  )

/** Whether a fold is trained to its end. */
export const isDone = async (folder: string): Promise<boolean> =>
  (await hasCheckpoint(folder)) && (await readCheckpoint(join(folder, CHECKPOINT))).progress.done

/**
 * The state from which a fold goes on, its logs cut back to it.
 * @param fingerprint of the run's configuration
 * @throws SpiculaError `training/resume` where the checkpoint belongs to another configuration
 */
export async function resumeFold(folder: string, fingerprint: string): Promise<TrainState> {
  const { progress, parameters, optimizer } = await readCheckpoint(join(folder, CHECKPOINT))
  if (progress.fingerprint !== fingerprint)
    throw new SpiculaError('training/resume', `the checkpoint in ${folder} belongs to another configuration or data`, {
      hint: 'Resume with the very command that began the run (it stands in its folder), or choose a new --out.',
    })
  await truncateMetricsAfter(join(folder, METRICS), progress.step, { epochs: progress.epoch })
  const { epoch, drawn, batches, done } = progress
  const { total = 0, clip = 0, image = 0, text = 0 } = progress.sums
  return {
    parameters,
    optimizer,
    trackers: progress.trackers as Trackers,
    epoch,
    drawn,
    batches,
    done,
    sums: { total, clip, image, text },
  }
}

export interface FoldWatcherOptions {
  readonly folder: string
  readonly fingerprint: string
  readonly shapes: Shapes
  /** Of the picture of curves. */
  readonly title: string
  readonly lossWeights: LossWeights
  /** Told after each step, for the progress bar. */
  readonly onStep: (samples: number) => void
  /** Told after each epoch. */
  readonly onEpoch: (record: EpochRecord) => void
}

/** A watcher that keeps a run folder. */
export async function watchFold(
  state: TrainState,
  options: FoldWatcherOptions,
): Promise<Watcher & { close(): Promise<void> }> {
  const { folder, fingerprint, shapes, title, lossWeights, onStep, onEpoch } = options
  await mkdir(folder, { recursive: true })
  const purge = state.optimizer.step > 0 ? { purgeStep: state.optimizer.step + 1 } : {}
  const events = await openEvents(join(folder, 'events'), purge)
  const metrics = join(folder, METRICS)
  let due = performance.now() + CHECKPOINT_SECONDS * 1000
  let last = performance.now()

  const save = async (now: TrainState) => {
    const { epoch, drawn, batches, sums, trackers, done, optimizer, parameters } = now
    const progress = { fingerprint, step: optimizer.step, epoch, drawn, batches, sums, trackers, done }
    const begun = performance.now()
    await writeCheckpoint(join(folder, CHECKPOINT), { progress, parameters, optimizer }, shapes)
    const took = performance.now() - begun
    due = performance.now() + Math.max(CHECKPOINT_SECONDS * 1000, 20 * took)
  }
  return {
    step: async (now, { losses, learningRate, gradientNorm, samples }) => {
      const { step } = now.optimizer
      const seconds = (performance.now() - last) / 1000
      last = performance.now()
      await appendMetrics(metrics, { kind: 'step', step, epoch: now.epoch, ...losses, learningRate, gradientNorm })
      await events.scalars(step, {
        ...prefixed('train', losses),
        learningRate,
        gradientNorm,
        samplesPerSecond: samples / seconds,
      })
      if (performance.now() >= due) await save(now)
      onStep(samples)
    },
    epoch: async (now, record) => {
      const { step } = now.optimizer
      // Weights first, then the checkpoint that says they are there: a stop in between does them again, to the same bits.
      for (const name of record.improved)
        await writeWeights(join(folder, `best_${name}.safetensors`), now.parameters, shapes)
      await appendMetrics(metrics, { kind: 'epoch', step, ...record })
      await events.scalars(step, {
        ...prefixed('epoch', record.train),
        ...prefixed('validation', record.val),
        ...(record.auroc === null ? {} : { 'validation/auroc': record.auroc }),
        ...(record.auprc === null ? {} : { 'validation/auprc': record.auprc }),
      })
      await drawCurves(folder, title, lossWeights)
      await save(now)
      onEpoch(record)
    },
    close: () => events.close(),
  }
}

const prefixed = (prefix: string, values: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}/${name}`, value]))

async function drawCurves(folder: string, title: string, lossWeights: LossWeights): Promise<void> {
  const lines: readonly unknown[] = await readMetrics(join(folder, METRICS))
  const records = lines.filter(isCurveRecord)
  const svg = trainingCurveSvg(records, { title, lossWeights })
  await writeFileAtomic(join(folder, 'curves.svg'), svg)
  await writeFileAtomic(join(folder, 'curves.png'), rasterise(svg))
}

/** Copies a fold's weights into a model folder: the best of each kind, or the last, which are the same for all. */
export async function exportFold(
  folder: string,
  model: string,
  fold: number,
  keep: 'best' | 'last',
): Promise<ModelConfig['folds'][number]> {
  const file = (name: string) => `fold_${fold}_${name}.safetensors`
  const files = {
    both: file('both'),
    ...(keep === 'best' ? { prediction: file('prediction'), clip: file('clip') } : {}),
  }
  for (const [name, path] of Object.entries(files))
    await copyFileAtomic(join(folder, `best_${name}.safetensors`), join(model, path))
  return files
}
