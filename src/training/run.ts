/** A training run: fold after fold, from a prepared run to a run folder with a model folder in it. */
import { join } from 'node:path'
import { SpiculaError } from '../error.ts'
import { preprocessingOf } from '../model/preprocessing.ts'
import { foldData } from './fold-data.ts'
import { hasCheckpoint, isDone, resumeFold, watchFold } from './fold-run.ts'
import { type EpochRecord, initialState, trainFold } from './loop.ts'
import { writeModelFolder } from './model-out.ts'
import type { PreparedRun } from './prepare-run.ts'
import { beginFolder, fingerprintOf } from './run-folder.ts'
import { initialParameters, loadBase, startOf } from './start-weights.ts'
import { openTrainStep } from './step.ts'
import { openVariedPool } from './varied-views.ts'

export interface TrainProgress {
  fold(fold: number, state: { epoch: number; resumed: boolean }): void
  step(samples: number): void
  epoch(fold: number, record: EpochRecord): void
}

/**
 * Trains every fold, one after another, and leaves a model folder in `out/model`; or the folds asked for, and the model
 * folder when no other is missing.
 * @param out the run folder: new, or with `resume` one that this very run began
 * @returns the folds that are not trained yet
 * @throws SpiculaError `training/exists`, `training/resume`, `training/diverged`, or of reading and writing
 */
export async function trainRun(
  run: PreparedRun,
  out: string,
  { resume, progress }: { resume: boolean; progress: TrainProgress },
): Promise<readonly number[]> {
  const { base, options, architecture, texts } = run
  const { config, frame } = options
  const fingerprint = await fingerprintOf(run)
  await beginFolder(out, run, fingerprint, resume)
  const folds = [...run.folds.keys()].map((k) => ({ k, folder: join(out, `fold_${k}`) }))
  const own = folds.filter(({ k }) => options.only?.includes(k) ?? true)
  if (options.only && !resume)
    for (const { k, folder } of own)
      if (await hasCheckpoint(folder))
        throw new SpiculaError('training/exists', `fold ${k} is under way in ${out}`, {
          hint: 'With --resume it goes on. Two processes must not train the same fold.',
        })
  const { frozen, trained } = await loadBase(run)
  const step = await openTrainStep({
    architecture,
    normalisation: base.config.preprocessing,
    config,
    frozen,
    tokenizer: texts.tokenizer,
    device: options.device,
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  })
  frozen.clear()
  const pool = openVariedPool(options.workers)
  const preprocessing = { ...preprocessingOf(base.config), views: config.views }
  const source = { pool, texts, config, frame, preprocessing, cacheDir: join(out, 'crops') }
  try {
    for (const { k, folder } of own) {
      const place = { folder, fingerprint: `${fingerprint}/${k}` }
      const resumed = resume && (await hasCheckpoint(folder))
      const state = resumed
        ? await resumeFold(place)
        : initialState(initialParameters(step, await startOf(run, k, trained), config.seed, k), config)
      progress.fold(k, { epoch: state.epoch, resumed })
      if (state.done) continue
      const watcher = await watchFold(state, {
        ...place,
        shapes: step.trained,
        title: `${base.config.name}, ${config.tuning} tuning, fold ${k}`,
        lossWeights: config.lossWeights,
        onStep: progress.step,
        onEpoch: (record) => progress.epoch(k, record),
      })
      try {
        await trainFold(state, step, foldData(run.folds[k], config, source), config, watcher)
      } finally {
        await watcher.close()
      }
    }
  } finally {
    await pool.close()
    await step.close()
  }
  const missing: number[] = []
  for (const { k, folder } of folds) if (!own.some((one) => one.k === k) && !(await isDone(folder))) missing.push(k)
  if (missing.length === 0) await writeModelFolder(run, out)
  return missing
}
