/** `spicula evaluate`: how good, how sure, for whom, better than what. */
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Command } from 'commander'
import * as z from 'zod'
import { rasterise } from '../drawing/rasterise.node.ts'
import { SpiculaError } from '../error.ts'
import { evaluate } from '../evaluation/evaluate.ts'
import { choosePoints, parsePoints, pointsJson } from '../evaluation/frozen-points.ts'
import { bootstrapMetrics } from '../evaluation/intervals/bootstrap.node.ts'
import type { Estimate } from '../evaluation/intervals/estimate.ts'
import { type Cohort, joinCohort } from '../evaluation/joined-cohort.ts'
import { parseTruth } from '../evaluation/labels.ts'
import { sampleOf } from '../evaluation/metrics/metrics.ts'
import { parsePredictions } from '../evaluation/predictions.ts'
import { composeReport } from '../evaluation/report/report.ts'
import { parseSubgroup, usualSubgroups } from '../evaluation/subgroups.ts'
import { zeroShotResults } from '../evaluation/zero-shot.ts'
import { writeFileAtomic } from '../files/atomic.node.ts'
import { parseJson } from '../files/json.ts'
import { readTable } from '../files/table.node.ts'
import type { Table } from '../files/table.ts'
import { VERSION } from '../version.ts'
import { parseWhole, quietOption } from './shared/options.ts'
import { startProgress } from './shared/progress.node.ts'
import { makeFolder, openTable } from './shared/rows.node.ts'

interface EvaluateCliOptions {
  readonly truth: readonly string[]
  readonly name: readonly string[]
  readonly out: string
  readonly score?: string
  readonly compare: readonly string[]
  readonly zeroShot: readonly string[]
  readonly subgroup: readonly string[]
  readonly subgroups: boolean
  readonly clinical: boolean
  readonly operatingPoints?: string
  readonly chooseOn?: string
  readonly time?: string
  readonly event?: string
  readonly allowMissing?: boolean
  readonly replicates: number
  readonly seed: number
  readonly title: string
  readonly remark: readonly string[]
  readonly quiet?: boolean
}

/** Options that may be given several times; none of them is given at first. */
const NONE = { truth: [], name: [], compare: [], zeroShot: [], subgroup: [], remark: [] }
const collect = (value: string, before: readonly string[] = []): string[] => [...before, value]

export function evaluateCommand(): Command {
  return new Command('evaluate')
    .summary('metrics with intervals, comparisons, subgroups and a report')
    .description(
      'Evaluates predictions against labels: one cohort, or several side by side (one --truth and --name each, in the ' +
        'order of the predictions). Writes report.html, metrics.json, operating-points.json and figures/ as SVG and PNG. ' +
        'For research use.',
    )
    .argument('<predictions...>', 'CSV with pid, nodule_id and scores: what `spicula predict` writes, or any table')
    .option('--truth <csv>', 'cohort with pid, nodule_id, malignant (0, 1, empty), and other columns', collect)
    .requiredOption('--out <folder>', 'where the report goes')
    .option('--name <name>', 'what a cohort is called (default: the name of its truth)', collect)
    .option('--score <column>', 'the column to evaluate (default: calibrated_ensemble, ensemble, or a usual name)')
    .option(
      '--compare <name=file[:column]>',
      "another tool's predictions, compared with the first; repeatable",
      collect,
    )
    .option(
      '--zero-shot <csv>',
      'zero-shot features (pid, nodule_id, feature, value, probability), one a cohort',
      collect,
    )
    .option('--subgroup <column[:edges]>', 'a subgroup, e.g. sex or age:55,65,75; repeatable', collect)
    .option('--no-subgroups', 'no subgroups by the usual columns, only those asked for')
    .option('--no-clinical', 'no comparison with the diameter alone and the risk models')
    .option('--operating-points <json>', 'thresholds frozen by an earlier evaluation')
    .option('--choose-on <name>', 'choose thresholds on this cohort, freeze them for the others')
    .option('--time <column>', 'time to diagnosis or end of follow-up: adds the C-index')
    .option('--event <column>', 'whether that time is a diagnosis (default: malignant)')
    .option('--allow-missing', 'evaluate what both tables have, where their nodules differ')
    .option('--replicates <n>', 'bootstrap replicates', parseWhole(100), 2000)
    .option('--seed <n>', 'the same seed gives the same intervals', parseWhole(0), 0)
    .option('--title <text>', 'heading of the report', 'Evaluation')
    .option('--remark <text>', 'a sentence at the head of the report, e.g. what the labels are; repeatable', collect)
    .addOption(quietOption())
    .addHelpText(
      'after',
      `
Examples:
  spicula evaluate results.csv --truth cohort.csv --out report/
  spicula evaluate nlst.csv lungx.csv --truth nlst-truth.csv --truth lungx-truth.csv --name NLST --name LUNGx \\
    --choose-on NLST --compare sybil=sybil.csv:score --out report/`,
    )
    .action(run)
}

async function run(
  files: readonly string[],
  given: Omit<EvaluateCliOptions, keyof typeof NONE> & Partial<EvaluateCliOptions>,
): Promise<void> {
  const options: EvaluateCliOptions = { ...NONE, ...given }
  const { out, quiet = false, seed, replicates } = options
  const names = checkUsage(files, options)
  const compared = await Promise.all(options.compare.map(readOther))
  const cohorts: Cohort[] = []
  for (const [i, file] of files.entries()) {
    const truth = parseTruth(await readTable(options.truth[i]))
    const truthColumns = truth.columns
    const predictions = parsePredictions(await readTable(file), { column: options.score, truthColumns })
    const others = compared.map(({ name, table, column }) => ({
      name,
      predictions: parsePredictions(table, { column, label: name, truthColumns }),
    }))
    cohorts.push(joinCohort(names[i], truth, predictions, { ...options, others }))
  }
  const features = await Promise.all(
    cohorts.map(async (cohort, i) =>
      options.zeroShot[i] === undefined
        ? []
        : zeroShotResults(await openTable(options.zeroShot[i], options), cohort.nodules, { seed, replicates }),
    ),
  )
  const frozen = options.operatingPoints
  const total = cohorts.reduce((sum, { predictors }) => sum + predictors.length, 0)
  const progress = startProgress('predictors', total, { quiet })
  const results = await evaluate(cohorts, {
    seed,
    replicates,
    frozen: frozen === undefined ? undefined : parsePoints(await readText(frozen), basename(frozen)),
    chooseOn: options.chooseOn,
    times: options.time === undefined ? undefined : { time: options.time, event: options.event },
    subgroups: ({ rows }) => [
      ...options.subgroup.map(parseSubgroup),
      ...(options.subgroups ? usualSubgroups(Object.keys(rows[0]?.values ?? {})) : []).filter(
        ({ column }) => !options.subgroup.some((asked) => parseSubgroup(asked).column === column),
      ),
    ],
    bootstrap: (sample, design, keys) => bootstrapMetrics(sample, design, keys, { seed, replicates }),
    step: () => progress.step(),
  }).finally(() => progress.done())

  const stamp = await stampOf(files[0])
  const labelRemarks = (await Promise.all(options.truth.map((path, i) => labelRemark(path, names[i])))).flat()
  const report = composeReport({
    title: options.title,
    stamp,
    cohorts: results,
    features,
    seed,
    replicates,
    remarks: [...options.remark, ...labelRemarks],
  })
  await makeFolder(join(out, 'figures'))
  for (const { file, svg } of report.figures) {
    await writeFileAtomic(join(out, 'figures', `${file}.svg`), svg)
    await writeFileAtomic(join(out, 'figures', `${file}.png`), rasterise(svg, { zoom: 2 }))
  }
  const chosen = cohorts.find(({ name }) => name === options.chooseOn) ?? cohorts[0]
  const points = choosePoints(sampleOf(chosen.predictors[0].scores, chosen.labels), chosen.name)
  await writeFileAtomic(join(out, 'operating-points.json'), pointsJson(points, stamp))
  await writeFileAtomic(join(out, 'metrics.json'), report.json)
  await writeFileAtomic(join(out, 'report.html'), report.html)
  if (quiet) return
  for (const { notes } of cohorts) for (const note of notes) console.error(`note: ${note}`)
  for (const remark of labelRemarks) console.log(remark)
  for (const { name, unit, rows, cancers, predictors } of results) {
    const { label, metrics } = predictors[0]
    // Whether a label of 1 is a cancer, a suspicion or a computed rule is the cohort's to say.
    console.log(
      `${name}: ${rows} ${unit}s, ${cancers} labelled 1, ${label}: ${shown('AUROC', metrics.auroc)}, ${shown('AUPRC', metrics.auprc)}`,
    )
  }
  console.log(`${join(out, 'report.html')} (spicula ${VERSION}, for research use)`)
}

const shown = (name: string, estimate: Estimate): string => {
  if (estimate.value === null) return `${name} none (${estimate.why})`
  const { value, interval } = estimate
  const range = interval === null ? '' : ` (${interval.low.toFixed(3)} to ${interval.high.toFixed(3)})`
  return `${name} ${value.toFixed(3)}${range}`
}

/** Names of the cohorts; each table of predictions has its truth. */
function checkUsage(
  files: readonly string[],
  { truth, name, zeroShot, chooseOn, operatingPoints }: EvaluateCliOptions,
): string[] {
  const usage = (message: string, hint?: string) =>
    new SpiculaError('cli/usage', message, hint === undefined ? {} : { hint })
  if (truth.length !== files.length) {
    throw usage(
      `${files.length} tables of predictions, but ${truth.length} of --truth`,
      'Give one --truth for each, in the same order.',
    )
  }
  if (name.length > 0 && name.length !== files.length)
    throw usage(`${files.length} cohorts, but ${name.length} of --name`)
  if (zeroShot.length > 0 && zeroShot.length !== files.length)
    throw usage(`${files.length} cohorts, but ${zeroShot.length} of --zero-shot`)
  const names = truth.map((path, i) => name[i] ?? basename(path).replace(/\.[^.]*$/, ''))
  const twice = names.find((one, i) => names.indexOf(one) !== i)
  if (twice !== undefined) throw usage(`two cohorts are called ${twice}`, 'Tell them apart by --name.')
  if (chooseOn !== undefined && !names.includes(chooseOn))
    throw usage(`--choose-on ${chooseOn}: the cohorts are ${names.join(', ')}`)
  if (chooseOn !== undefined && operatingPoints !== undefined)
    throw usage('--choose-on or --operating-points, not both')
  return names
}

/** `NAME=FILE` or `NAME=FILE:COLUMN`. */
async function readOther(text: string): Promise<{ name: string; table: Table; column: string | undefined }> {
  const match = /^([^=]+)=(.+?)(?::([^:/\\]+))?$/.exec(text)
  if (!match) throw new SpiculaError('cli/usage', `--compare ${text}: write NAME=FILE or NAME=FILE:COLUMN`)
  const [, name, file, column] = match
  return { name, table: await readTable(file), column }
}

const readText = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((cause: unknown) => {
    throw new SpiculaError('cli/missing', `${path} cannot be read`, { cause })
  })

/** What the labels are, where the cohort's maker left it beside the table: suspicion is not pathology. */
async function labelRemark(truth: string, name: string): Promise<string[]> {
  const about = await aboutOf(truth)
  const { malignancy, malignant, source } = about
  const rule = [malignancy, malignant].find((text) => typeof text === 'string')
  return rule === undefined ? [] : [`Labels of ${name}: ${rule}${typeof source === 'string' ? ` (${source})` : ''}.`]
}

const aboutOf = async (path: string): Promise<Readonly<Record<string, unknown>>> => {
  const name = `${path}.about.json`
  const text = await readFile(name, 'utf8').catch(() => '{}') // none was left there
  return parseJson(text, z.record(z.string(), z.unknown()), { name, code: 'cli/about' })
}

/** What the predictions say of the model that made them: `spicula predict` leaves it beside its table. */
async function stampOf(predictions: string): Promise<Record<string, string>> {
  const about = await aboutOf(predictions)
  const said = (key: string): Record<string, string> => (about[key] === undefined ? {} : { [key]: String(about[key]) })
  const model = said('model')
  return {
    ...(model.model === undefined ? { model: 'not said by the predictions' } : model),
    ...said('model_version'),
    software: `spicula ${VERSION}`,
    use: 'for research use',
  }
}
