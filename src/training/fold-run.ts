/** The folder of one fold: its checkpoint and best weights, and how it goes on after a stop. */
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SpiculaError } from '../error.ts'
import type { Trackers } from './early-stopping.ts'
import { cutLogs, type FoldLogOptions, logEpoch, logStep, openFoldLog } from './fold-log.ts'
import type { EpochRecord, TrainState, Watcher } from './loop.ts'
import { readCheckpoint, writeCheckpoint, writeWeights } from './run-checkpoint.ts'

const CHECKPOINT = 'checkpoint.safetensors'
/** Seconds between checkpoints within an epoch; more where writing one takes long, so that it costs at most a twentieth. */
const CHECKPOINT_SECONDS = 10

type Shapes = ReadonlyMap<string, readonly number[]>

/** Whose folder it is. */
interface FoldPlace {
  readonly folder: string
  /** Of the run's configuration, and the fold. */
  readonly fingerprint: string
}

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
 * @throws SpiculaError `training/resume` where the checkpoint belongs to another configuration
 */
export async function resumeFold({ folder, fingerprint }: FoldPlace): Promise<TrainState> {
  const { progress, parameters, optimizer } = await readCheckpoint(join(folder, CHECKPOINT))
  if (progress.fingerprint !== fingerprint)
    throw new SpiculaError('training/resume', `the checkpoint in ${folder} belongs to another configuration or data`, {
      hint: 'Resume with the very command that began the run (it stands in its folder), or choose a new --out.',
    })
  await cutLogs(folder, progress)
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

export interface FoldWatcherOptions extends FoldPlace, FoldLogOptions {
  readonly shapes: Shapes
  /** Told after each step, for the progress bar. */
  readonly onStep: (samples: number) => void
  /** Told after each epoch. */
  readonly onEpoch: (record: EpochRecord) => void
}

/** A watcher that keeps a fold's folder. */
export async function watchFold(
  state: TrainState,
  options: FoldWatcherOptions,
): Promise<Watcher & { close(): Promise<void> }> {
  const { folder, shapes, onStep, onEpoch } = options
  await mkdir(folder, { recursive: true })
  const log = await openFoldLog(folder, state.optimizer.step, options)
  let due = performance.now() + CHECKPOINT_SECONDS * 1000
  const save = async (now: TrainState) => {
    const begun = performance.now()
    await saveFold(now, options)
    const took = performance.now() - begun
    due = performance.now() + Math.max(CHECKPOINT_SECONDS * 1000, 20 * took)
  }
  return {
    step: async (now, record) => {
      await logStep(log, now, record)
      if (performance.now() >= due) await save(now)
      onStep(record.samples)
    },
    epoch: async (now, record) => {
      // Weights first, then the checkpoint that says they are there: a stop in between does them again, to the same bits.
      for (const name of record.improved)
        await writeWeights(join(folder, `best_${name}.safetensors`), now.parameters, shapes)
      await logEpoch(log, now, record)
      await save(now)
      onEpoch(record)
    },
    close: () => log.events.close(),
  }
}

/** Writes the checkpoint that a fold goes on from. */
async function saveFold(
  { epoch, drawn, batches, sums, trackers, done, optimizer, parameters }: TrainState,
  { folder, fingerprint, shapes }: FoldPlace & { readonly shapes: Shapes },
): Promise<void> {
  const progress = { fingerprint, step: optimizer.step, epoch, drawn, batches, sums, trackers, done }
  await writeCheckpoint(join(folder, CHECKPOINT), { progress, parameters, optimizer }, shapes)
}
