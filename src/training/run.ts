/** A training run: a cohort, its splits, a base model and reports in; a run folder with a model folder in it out. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { initialWeight } from '../clip/initialise.ts'
import { classWeights } from '../clip/losses.ts'
import type { Architecture } from '../clip/model.ts'
import { isTuned, LOGIT_SCALE } from '../clip/weight-names.ts'
import type { Frame } from '../cohort/frame.ts'
import { type LocatedRow, readManifest } from '../cohort/manifest.node.ts'
import { SpiculaError } from '../error.ts'
import { parseFeatures } from '../features/parse-features.ts'
import { copyFileAtomic, writeFileAtomic } from '../files/atomic.node.ts'
import { parseJson } from '../files/json.ts'
import type { Device } from '../graph/device.ts'
import type { TensorData } from '../graph/tensor.ts'
import type { ModelConfig } from '../model/config.ts'
import { modelWeights, openModelFolder } from '../model/folder.node.ts'
import { preprocessingOf } from '../model/preprocessing.ts'
import { PUBLISHED_AUGMENTATION } from '../nodule/augment/augment.ts'
import type { PreparedViews } from '../nodule/prepare.ts'
import { seededRandom } from '../random.ts'
import type { Note } from '../scan/scan.ts'
import { VERSION } from '../version.ts'
import { asFloat32 } from '../weights/folds.ts'
import { openSafetensors } from '../weights/safetensors.node.ts'
import type { WorkerPool } from '../worker-pool.node.ts'
import type { Parameters } from './adamw.ts'
import { trainedArchitecture } from './architecture.ts'
import { checkSplits, type SplitCheck } from './check-splits.ts'
import type { TrainConfig } from './config.ts'
import { exportFold, hasCheckpoint, isDone, resumeFold, watchFold } from './fold-run.ts'
import { type EpochRecord, type FoldData, initialState, type Sample, trainFold } from './loop.ts'
import { isTrained } from './objective.ts'
import { diagnosisWeights, semanticWeights } from './samplers.ts'
import { readSplits } from './splits.node.ts'
import { type ClassWeights, openTrainStep, type TrainStep } from './step.ts'
import { openTexts, type Texts } from './texts.ts'
import { openVariedPool, type VariedTask } from './varied-views.ts'

export interface RunOptions {
  readonly cohort: string
  readonly frame: Frame
  /** Model folder whose base is trained on. */
  readonly base: string
  /** Folder of reports; templates are written where there is none. */
  readonly reports: string | undefined
  readonly splits: string
  readonly config: TrainConfig
  readonly device: Device
  /** Worker threads that prepare samples. */
  readonly workers: number
  /** Threads of the runtime; all cores where undefined. */
  readonly threads: number | undefined
  /** Folds to train, by number; all where undefined. Other processes may train the others into the same run folder. */
  readonly only: readonly number[] | undefined
}

/** A cohort row that trains or validates. */
interface LabelledSample extends Sample {
  readonly row: LocatedRow
}

/** Everything that a run works on, checked. */
export interface PreparedRun {
  readonly options: RunOptions
  readonly base: { readonly path: string; readonly config: ModelConfig }
  readonly architecture: Architecture
  readonly samples: readonly LabelledSample[]
  readonly folds: readonly { readonly train: readonly LabelledSample[]; readonly val: readonly LabelledSample[] }[]
  readonly check: SplitCheck
  readonly texts: Texts
  readonly notes: readonly Note[]
  /** Of the numbers in the weights of one fold. */
  readonly parameters: { readonly trained: number; readonly total: number }
}

/**
 * Reads and checks everything that a run needs; nothing is written.
 * @throws SpiculaError of the manifest, the splits (`training/leakage`, `training/one-class`), the base or the reports
 */
export async function prepareRun(options: RunOptions): Promise<PreparedRun> {
  const { config, frame } = options
  const manifest = await readManifest(options.cohort, { frame })
  if (manifest.problems.length > 0) {
    const [{ line, message }] = manifest.problems
    throw new SpiculaError(
      'training/cohort',
      `${manifest.problems.length} rows cannot be used, the first row ${line}: ${message}`,
      {
        hint: 'Training goes on nothing that is in doubt: mend or remove the rows (`spicula check` lists them all).',
      },
    )
  }
  const samples = manifest.rows.flatMap((row) => {
    const target = row.malignantProbability ?? row.malignant
    return target === null && config.unlabelled === 'leave-out'
      ? []
      : [{ line: row.line, label: row.malignant, target, row }]
  })
  const unlabelled = manifest.rows.filter((row) => (row.malignantProbability ?? row.malignant) === null).length
  const splits = await readSplits(options.splits)
  const unknown = options.only?.find((fold) => fold >= splits.folds.length)
  if (unknown !== undefined)
    throw new SpiculaError(
      'training/fold',
      `there is no fold ${unknown}: the splits have 0 to ${splits.folds.length - 1}`,
    )
  const check = checkSplits(splits, manifest.rows)
  const part = (pids: readonly string[]) => {
    const wanted = new Set(pids)
    return samples.filter(({ row }) => wanted.has(row.pid))
  }
  const base = await openModelFolder(options.base)
  if (config.start === 'folds' && base.config.folds.length !== splits.folds.length)
    throw new SpiculaError(
      'training/base',
      `${base.config.name} has ${base.config.folds.length} folds, the splits ${splits.folds.length}: which goes on from which?`,
      { hint: 'Train on with the splits that the base was trained with.' },
    )
  const architecture = trainedArchitecture(base.config.architecture, config)
  const { image, text } = modelWeights(architecture)
  const size = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1)
  const all = [...image, ...text]
  const sum = (list: typeof all) => list.reduce((total, [, shape]) => total + size(shape), 0)
  return {
    options,
    base,
    architecture,
    samples,
    folds: splits.folds.map(({ train, val }) => ({ train: part(train), val: part(val) })),
    check,
    texts: await openTexts({ base, rows: samples.map(({ row }) => row), reports: options.reports, config }),
    notes: [
      ...manifest.notes,
      ...check.notes,
      ...(unlabelled > 0
        ? [
            {
              code: 'training/unlabelled',
              message: `${unlabelled} rows have no label and ${config.unlabelled === 'align' ? 'train the alignment with words alone' : 'are left out'}`,
            },
          ]
        : []),
    ],
    parameters: { trained: sum(all.filter(([name]) => isTrained(name, config))), total: sum(all) },
  }
}

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
  const { base, options, architecture } = run
  const fingerprint = await fingerprintOf(run)
  await beginFolder(out, run, fingerprint, resume)
  const folds = [...run.folds.entries()].map(([k, parts]) => ({ k, parts, folder: join(out, `fold_${k}`) }))
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
    config: options.config,
    frozen,
    tokenizer: run.texts.tokenizer,
    device: options.device,
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  })
  frozen.clear()
  const pool = openVariedPool(options.workers)
  try {
    for (const { k, parts, folder } of own) {
      const resumed = resume && (await hasCheckpoint(folder))
      const state = resumed
        ? await resumeFold(folder, `${fingerprint}/${k}`)
        : initialState(initialParameters(step, await startOf(run, k, trained), options.config.seed, k), options.config)
      progress.fold(k, { epoch: state.epoch, resumed })
      if (state.done) continue
      const watcher = await watchFold(state, {
        folder,
        fingerprint: `${fingerprint}/${k}`,
        shapes: step.trained,
        title: `${base.config.name}, ${options.config.tuning} tuning, fold ${k}`,
        lossWeights: options.config.lossWeights,
        onStep: progress.step,
        onEpoch: (record) => progress.epoch(k, record),
      })
      try {
        await trainFold(state, step, foldData(run, parts, pool, join(out, 'crops')), options.config, watcher)
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

/** What a resumed run must have in common with the one that began. */
async function fingerprintOf({ options, base, samples, folds, texts }: PreparedRun): Promise<string> {
  const hash = createHash('sha256')
  const { config, frame } = options
  const rows = samples.map(({ row, label, target }) => [row.pid, row.noduleId, row.imagePath, row.point, label, target])
  const lines = folds.map(({ train, val }) => [train.map(({ line }) => line), val.map(({ line }) => line)])
  hash.update(JSON.stringify([VERSION, config, frame, base.config, rows, lines, texts.fingerprint]))
  const files = [base.config.base, ...(config.start === 'folds' ? base.config.folds.map(({ both }) => both) : [])]
  for (const file of files) for await (const bytes of createReadStream(join(base.path, file))) hash.update(bytes)
  return hash.digest('hex')
}

/** Makes the run folder, or sees that the one there is this run's: begun before, or by a process that trains other folds. */
async function beginFolder(
  out: string,
  { options, parameters }: PreparedRun,
  fingerprint: string,
  resume: boolean,
): Promise<void> {
  const about = join(out, 'run.json')
  const begun = await readFile(about, 'utf8').catch(() => undefined)
  if (resume || (options.only && begun !== undefined)) {
    if (begun === undefined)
      throw new SpiculaError('training/resume', `${out} holds no run to resume`, {
        hint: 'Leave --resume out to begin one.',
      })
    const known = parseJson(begun, z.looseObject({ fingerprint: z.string() }), { name: about, code: 'training/resume' })
    if (known.fingerprint !== fingerprint)
      throw new SpiculaError(
        'training/resume',
        `the run in ${out} has another configuration, cohort, split, base or version`,
        {
          hint: 'Resume with the very command that began it (it stands in run.json), or choose a new --out.',
        },
      )
    return
  }
  if (!options.only && (await stat(out).catch(() => undefined)))
    throw new SpiculaError('training/exists', `${out} is there already`, {
      hint: 'Choose a new --out, or --resume the run in it.',
    })
  await mkdir(out, { recursive: true })
  const { config, ...where } = options
  const run = {
    software: `spicula ${VERSION}`,
    node: process.version,
    use: 'for research use',
    fingerprint,
    command: process.argv.slice(2),
    resume: [...process.argv.slice(2), '--resume'].join(' '),
    parameters,
    where,
    config,
  }
  await writeFileAtomic(about, `${JSON.stringify(run, null, 2)}\n`)
}

/** Numbers of the base: frozen weights, and those that are trained from where the base has them. */
async function loadBase({ base, architecture, options }: PreparedRun) {
  const { image, text } = modelWeights(architecture)
  const file = await openSafetensors(join(base.path, base.config.base))
  const frozen = new Map<string, TensorData>()
  const trained = new Map<string, Float32Array>()
  try {
    for (const name of [...image.keys(), ...text.keys()]) {
      const own = isTrained(name, options.config)
      if (!file.tensors.has(name)) {
        if (!own)
          throw new SpiculaError('training/base', `the base has no ${name}`, { hint: 'Train on a whole model folder.' })
      } else if (own) trained.set(name, asFloat32(name, await file.read(name)))
      else frozen.set(name, await file.read(name))
    }
  } finally {
    await file.close()
  }
  return { frozen, trained }
}

/**
 * Trained weights that a fold begins with. Those of the base, but the scale of the similarities: it starts at ln(1 / 0.07),
 * whatever a pretrained base has (docs/method.md M7.3). Or, where training goes on, those of the base's fold.
 */
async function startOf(
  { base, options: { config } }: PreparedRun,
  fold: number,
  trained: Parameters,
): Promise<Parameters> {
  if (config.start === 'base') return new Map([...trained].filter(([name]) => name !== LOGIT_SCALE))
  const own = new Map(trained)
  const file = await openSafetensors(join(base.path, base.config.folds[fold].both))
  try {
    for (const name of file.tensors.keys()) {
      if (!isTrained(name, config))
        throw new SpiculaError(
          'training/base',
          `fold ${fold} of the base has its own ${name}, which would stay as it is`,
          {
            hint: 'Go on with the tuning that the base was trained with.',
          },
        )
      own.set(name, asFloat32(name, await file.read(name)))
    }
  } finally {
    await file.close()
  }
  return own
}

/** Fresh heads and low-rank updates, each fold its own, where there are none to begin with. */
function initialParameters(step: TrainStep, start: Parameters, seed: number, fold: number): Parameters {
  const random = seededRandom(seed, `fold/${fold}/weights`)
  return new Map(
    [...step.trained].map(([name, shape]) => {
      const known = start.get(name)
      if (!known && !isTuned(name))
        throw new SpiculaError('training/base', `the base has no ${name}`, {
          hint: 'Train on a whole model folder; where its folds hold the weights, go on from them with start: folds.',
        })
      return [name, known ?? asFloat32(name, initialWeight(name, shape, random))]
    }),
  )
}

function foldData(
  { options, base, texts }: PreparedRun,
  { train, val }: PreparedRun['folds'][number],
  pool: WorkerPool<VariedTask, PreparedViews>,
  cacheDir: string,
): FoldData {
  const { config, frame } = options
  const labels = train.map(({ label }) => label)
  const counts = [labels.filter((label) => label === 0).length, labels.filter((label) => label === 1).length]
  const [benign, malignant] = classWeights(counts)
  const weighted: ClassWeights = [benign, malignant]
  const rowOf = new Map([...train, ...val].map((sample) => [sample.line, sample.row]))
  const preprocessing = { ...preprocessingOf(base.config), views: config.views }
  return {
    train,
    // A diagnosis that nobody knows cannot be validated.
    val: val.filter(({ label }) => label !== null),
    drawWeights:
      config.sampler === 'semantic'
        ? semanticWeights(train.map(({ row }) => parseFeatures(row.values).features))
        : diagnosisWeights(labels),
    // As published: plain where sampling balances the diagnoses, weighted where it balances something else.
    classWeights: { train: config.sampler === 'diagnosis' ? [1, 1] : weighted, val: weighted },
    batch: async (samples, seeds) => {
      const rows = samples.map(({ line }) => rowOf.get(line) as LocatedRow)
      const bags = await Promise.all(
        rows.map(async (row, i) => {
          const task: VariedTask = {
            key: String(row.line),
            imageFile: row.imageFile,
            point: row.point,
            frame,
            preprocessing,
            augmentation: seeds && config.augment ? PUBLISHED_AUGMENTATION : null,
            jitter: seeds !== null && config.jitter,
            seed: seeds?.[i] ?? '',
            cacheDir,
          }
          try {
            return await pool.run(task)
          } catch (error) {
            if (!(error instanceof SpiculaError)) throw error
            throw new SpiculaError(error.code, `row ${row.line}: ${error.message}`, {
              cause: error,
              ...(error.hint === undefined ? {} : { hint: error.hint }),
            })
          }
        }),
      )
      const words = rows.map((row, i) => texts.of(row, seeds?.[i] ?? null))
      return {
        bags,
        tokens: words.map(({ tokens }) => tokens),
        labels: samples.map(({ target }) => target),
        isTrue: (image, text) =>
          image === text || (config.positives === 'matching' && (words[text].isTrue?.(rows[image]) ?? false)),
      }
    },
  }
}

/** The trained model, ready for `spicula predict --model`. */
async function writeModelFolder(run: PreparedRun, out: string): Promise<void> {
  const { base, architecture, options, samples } = run
  const model = join(out, 'model')
  await mkdir(model, { recursive: true })
  await copyFileAtomic(join(base.path, base.config.base), join(model, 'base.safetensors'))
  const { prompts } = base.config
  for (const file of [...run.texts.files, ...(prompts === undefined ? [] : [prompts])]) {
    await mkdir(dirname(join(model, file)), { recursive: true })
    await copyFileAtomic(join(base.path, file), join(model, file))
  }
  const folds: ModelConfig['folds'] = []
  for (const k of run.folds.keys()) folds.push(await exportFold(join(out, `fold_${k}`), model, k, options.config.keep))
  // The base's reports are not these weights'.
  const { reports: _, ...inherited } = base.config
  const config: ModelConfig = {
    ...inherited,
    name: `${base.config.name}-${options.config.tuning}`,
    version: '1',
    provenance: `${options.config.tuning} tuning of ${options.config.start === 'folds' ? 'the folds of ' : ''}${base.config.name} ${base.config.version} on ${samples.length} nodules with spicula ${VERSION}, seed ${options.config.seed}; ${base.config.provenance}`,
    architecture: structuredClone(architecture) as ModelConfig['architecture'],
    base: 'base.safetensors',
    folds,
  }
  await writeFileAtomic(join(model, 'config.json'), `${JSON.stringify(config, null, 2)}\n`)
}
