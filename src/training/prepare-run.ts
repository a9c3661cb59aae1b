/** Everything that a training run works on, read and checked before anything is written. */
import type { Architecture } from '../clip/model.ts'
import type { Frame } from '../cohort/frame.ts'
import { type LocatedRow, readManifest } from '../cohort/manifest.node.ts'
import { SpiculaError } from '../error.ts'
import type { Device } from '../graph/device.ts'
import { type ModelFolder, modelWeights, openModelFolder } from '../model/folder.node.ts'
import type { Note } from '../scan/scan.ts'
import { trainedArchitecture } from './architecture.ts'
import { checkSplits, type SplitCheck } from './check-splits.ts'
import type { TrainConfig } from './config.ts'
import type { Sample } from './loop.ts'
import { isTrained } from './objective.ts'
import { readSplits } from './splits.node.ts'
import { openTexts, type Texts } from './texts.ts'

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
export interface LabelledSample extends Sample {
  readonly row: LocatedRow
}

/** Everything that a run works on, checked. */
export interface PreparedRun {
  readonly options: RunOptions
  readonly base: ModelFolder
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
