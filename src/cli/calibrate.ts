/** `spicula calibrate`: beta calibration of every fold, fitted on validation predictions, kept in the model folder. */
import { dirname, join } from 'node:path'
import { Command } from 'commander'
import { predictionsCsv } from '../cohort/results.ts'
import { SERIES } from '../drawing/chart/style.ts'
import { rasterise } from '../drawing/rasterise.node.ts'
import { SpiculaError } from '../error.ts'
import { evaluate } from '../evaluation/evaluate.ts'
import {
  applyIsotonic,
  applyPlatt,
  type BetaFit,
  fitBeta,
  fitIsotonic,
  fitPlatt,
} from '../evaluation/fit-calibration.ts'
import { type Cohort, type CohortPredictor, joinCohort } from '../evaluation/joined-cohort.ts'
import { parseTruth } from '../evaluation/labels.ts'
import { measure, sampleOf } from '../evaluation/metrics/metrics.ts'
import { reliabilityPlot } from '../evaluation/plots/reliability.ts'
import { parsePredictions } from '../evaluation/predictions.ts'
import { writeFileAtomic } from '../files/atomic.node.ts'
import { calibrate } from '../model/calibration.ts'
import { openModelFolder } from '../model/folder.node.ts'
import { storeCalibrations } from '../model/store-calibration.node.ts'
import { readSplits } from '../training/splits.node.ts'
import { VERSION } from '../version.ts'
import { quietOption } from './shared/options.ts'
import { makeFolder, openTable } from './shared/rows.node.ts'

interface CalibrateOptions {
  readonly truth: string
  readonly model?: string
  readonly splits?: string
  readonly out?: string
  readonly allowMissing?: boolean
  readonly force?: boolean
  readonly quiet?: boolean
}

/** Fewer cancers, or others, than this make a map of chance. */
const FEW = 20

export function calibrateCommand(): Command {
  return new Command('calibrate')
    .summary('fit beta calibration per fold, and keep it in the model folder')
    .description(
      "Fits beta calibration (Kull et al. 2017) to every fold's raw probabilities on validation nodules, with Platt " +
        'scaling and isotonic regression beside it for comparison, shows calibration before and after, and with --model ' +
        'writes the parameters into its config.json: `spicula predict` applies them from then on. For research use.',
    )
    .argument('<predictions>', 'CSV with pid, nodule_id, raw_0, raw_1, ...: what `spicula predict` writes')
    .requiredOption('--truth <csv>', 'cohort with pid, nodule_id, malignant')
    .option('--splits <folder>', 'fold_k/val_pid.csv: each fold is fitted on its own validation patients')
    .option('--model <folder>', 'model folder to keep the calibrations in')
    .option('--out <csv>', 'predictions with the calibrated columns; a picture of before and after beside it')
    .option('--allow-missing', 'use what both tables have, where their nodules differ')
    .option('--force', 'keep calibrations also where a fold has a warning')
    .addOption(quietOption())
    .action(run)
}

async function run(file: string, options: CalibrateOptions): Promise<void> {
  const { model, splits, out, quiet = false } = options
  const table = await openTable(file, options)
  const truth = parseTruth(await openTable(options.truth, options))
  const predictions = parsePredictions(table, table.columns.includes('ensemble') ? { column: 'ensemble' } : {})
  if (predictions.unit !== 'nodule')
    throw new SpiculaError(
      'calibration/unit',
      `${file}: one row a ${predictions.unit}; calibration needs every nodule's`,
    )
  const cohort = joinCohort('validation', truth, predictions, { ...options, clinical: false })
  const folds = cohort.predictors.filter(({ key }) => /^raw_\d+$/.test(key))
  if (folds.length === 0) {
    throw new SpiculaError('calibration/folds', `${file}: no columns raw_0, raw_1, ...`, {
      hint: "Give the table that `spicula predict` writes: calibration is fitted to each fold's raw probabilities.",
    })
  }
  if (model !== undefined) await checkFolds(model, folds.length)
  const validation = splits === undefined ? undefined : (await readSplits(splits)).folds.map(({ val }) => new Set(val))
  if (validation !== undefined && validation.length !== folds.length) {
    throw new SpiculaError(
      'calibration/folds',
      `${folds.length} folds predicted, but ${validation.length} in ${splits}`,
    )
  }
  const fits = folds.map((fold, k) => fitFold(cohort, fold, k, validation?.[k]))
  if (!quiet) for (const line of fits.flatMap(({ lines }) => lines)) console.log(line)
  const warned = fits.filter(({ beta }) => beta.warning !== undefined).length
  const all = {
    ...cohort,
    predictors: withCalibrated(
      cohort,
      folds,
      fits.map(({ beta }) => beta),
    ),
  }
  if (!quiet && validation === undefined && folds.length > 1) {
    console.log(
      'every fold was fitted on all nodules (--splits gives each its own): before and after are on the same ones',
    )
  }
  if (!quiet) for (const line of beforeAfter(all)) console.log(line)
  if (out !== undefined) await writeOut(out, all, folds.length)
  if (model === undefined) return
  if (warned > 0 && !options.force) {
    throw new SpiculaError(
      'calibration/warning',
      `${warned} of ${folds.length} folds have a warning: nothing is kept`,
      {
        hint: 'Use more validation nodules, or --force to keep them all the same.',
      },
    )
  }
  await storeCalibrations(
    model,
    fits.map(({ beta }) => beta),
  )
  if (!quiet)
    console.log(
      `${join(model, 'config.json')}: ${folds.length} calibrations kept (spicula ${VERSION}, for research use)`,
    )
}

async function checkFolds(model: string, folds: number): Promise<void> {
  const { config } = await openModelFolder(model)
  if (config.folds.length === folds) return
  throw new SpiculaError('calibration/folds', `the model has ${config.folds.length} folds, the predictions ${folds}`, {
    hint: 'Predict with this model, then calibrate on that table.',
  })
}

interface FoldFit {
  readonly beta: BetaFit
  readonly lines: readonly string[]
}

function fitFold(
  cohort: Cohort,
  fold: CohortPredictor,
  k: number,
  validation: ReadonlySet<string> | undefined,
): FoldFit {
  const rows = Array.from(cohort.rows.keys()).filter(
    (row) => !Number.isNaN(fold.scores[row]) && (validation === undefined || validation.has(cohort.patients[row])),
  )
  const p = rows.map((row) => fold.scores[row])
  const labels = rows.map((row) => cohort.labels[row])
  const cancers = labels.filter((label) => label === 1).length
  const beta = named(k, () => fitBeta(p, labels))
  const platt = fitPlatt(p, labels)
  const isotonic = fitIsotonic(p, labels)
  const few = Math.min(cancers, labels.length - cancers) < FEW ? `fewer than ${FEW} of a class` : undefined
  const warning = [beta.warning, few].filter((text) => text !== undefined).join('; ')
  const { a, b, c, kind } = beta
  const lines = [
    `fold ${k}: ${rows.length} nodules, ${cancers} labelled 1; a ${a.toFixed(4)}, b ${b.toFixed(4)}, c ${c.toFixed(4)} (${kind})`,
    ...(warning === '' ? [] : [`  warning: ${warning}`]),
    `  ${'raw'.padEnd(9)} ${scores(p, labels)}`,
    `  ${'beta'.padEnd(9)} ${scores(
      p.map((x) => calibrate(x, beta)),
      labels,
    )}`,
    `  ${'Platt'.padEnd(9)} ${scores(
      p.map((x) => applyPlatt(x, platt)),
      labels,
    )}`,
    `  ${'isotonic'.padEnd(9)} ${scores(
      p.map((x) => applyIsotonic(x, isotonic)),
      labels,
    )}  (fitted and shown on the same nodules: it overfits)`,
  ]
  return { beta: warning === '' ? beta : { ...beta, warning }, lines }
}

function named<T>(fold: number, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof SpiculaError)) throw error
    throw new SpiculaError(
      error.code,
      `fold ${fold}: ${error.message}`,
      error.hint === undefined ? {} : { hint: error.hint },
    )
  }
}

const KEYS = ['brier', 'log_loss', 'ece', 'calibration_slope', 'calibration_intercept']

function scores(p: readonly number[], labels: readonly number[]): string {
  const values = measure(sampleOf(p, labels), KEYS)
  return KEYS.map((key, i) => `${key.replaceAll('_', ' ')} ${values[i]?.toFixed(4) ?? 'none'}`).join(', ')
}

/** The folds' and the ensemble's calibrated probabilities beside the raw ones. */
function withCalibrated(
  cohort: Cohort,
  folds: readonly CohortPredictor[],
  fits: readonly BetaFit[],
): CohortPredictor[] {
  const calibrated = folds.map(({ scores: raw }, k) => raw.map((p) => (Number.isNaN(p) ? p : calibrate(p, fits[k]))))
  const mean = (rows: readonly Float64Array[]) =>
    Float64Array.from(cohort.rows.keys(), (row) => rows.reduce((sum, one) => sum + one[row], 0) / rows.length)
  const about = { kind: 'own', blanks: [] } as const
  return [
    { ...about, key: 'ensemble', label: 'ensemble', kind: 'main', scores: mean(folds.map(({ scores: raw }) => raw)) },
    { ...about, key: 'calibrated_ensemble', label: 'ensemble, calibrated', scores: mean(calibrated) },
    ...folds,
    ...calibrated.map((values, k) => ({
      ...about,
      key: `calibrated_${k}`,
      label: `fold ${k}, calibrated`,
      scores: values,
    })),
  ]
}

const beforeAfter = ({ predictors, labels }: Cohort): string[] =>
  predictors.slice(0, 2).map(({ label, scores: p }) => {
    const rows = Array.from(p.keys()).filter((row) => !Number.isNaN(p[row]))
    return `${label.padEnd(21)} ${scores(
      rows.map((row) => p[row]),
      rows.map((row) => labels[row]),
    )}`
  })

async function writeOut(out: string, cohort: Cohort, folds: number): Promise<void> {
  await makeFolder(dirname(out))
  const by = (key: string) => cohort.predictors.find((one) => one.key === key)?.scores ?? new Float64Array()
  const numbered = (name: string) => Array.from({ length: folds }, (_, k) => by(`${name}_${k}`))
  const [raw, calibrated] = [numbered('raw'), numbered('calibrated')]
  const rows = cohort.rows.flatMap(({ pid, noduleId }, row) => {
    if (raw.some((scores_) => Number.isNaN(scores_[row]))) return []
    const own = { raw: raw.map((one) => one[row]), calibrated: calibrated.map((one) => one[row]) }
    return [
      { pid, noduleId, ...own, ensemble: by('ensemble')[row], calibratedEnsemble: by('calibrated_ensemble')[row] },
    ]
  })
  await writeFileAtomic(out, predictionsCsv(rows, { folds, calibrated: true }))
  const about = { software: `spicula ${VERSION}`, use: 'for research use', nodules: rows.length }
  await writeFileAtomic(`${out}.about.json`, `${JSON.stringify(about, null, 2)}\n`)
  const [result] = await evaluate([{ ...cohort, predictors: cohort.predictors.slice(0, 2) }], {
    seed: 0,
    replicates: 500,
    subgroups: () => [],
  })
  const lines = result.predictors.map((one, i) => ({ label: one.label, result: one, style: SERIES[i] }))
  const svg = reliabilityPlot('Before and after calibration', lines).toString()
  const stem = out.replace(/\.[^.]*$/, '')
  await writeFileAtomic(`${stem}-reliability.svg`, svg)
  await writeFileAtomic(`${stem}-reliability.png`, rasterise(svg, { zoom: 2 }))
}
