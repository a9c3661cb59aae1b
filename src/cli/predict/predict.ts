/** `spicula predict`: a probability for one nodule, for the points of one scan, or for a cohort. */
import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { Command } from 'commander'
import type { Frame } from '../../cohort/frame.ts'
import { type Luna25Document, luna25Json, parseLuna25 } from '../../cohort/luna25.ts'
import { type LocatedRow, readManifest } from '../../cohort/manifest.node.ts'
import type { RowProblem } from '../../cohort/problem.ts'
import { SpiculaError } from '../../error.ts'
import { writeFileAtomic } from '../../files/atomic.node.ts'
import type { Device } from '../../graph/device.ts'
import type { Checkpoint } from '../../model/checkpoint.ts'
import { embeddedModel } from '../../model/embedded-model.node.ts'
import type { ViewSet } from '../../nodule/views.ts'
import { answerOf, probabilityOf } from '../../predict/answers.ts'
import type { Precision } from '../../predict/precision.ts'
import { openPredictor, type Predictor } from '../../predict/predictor.node.ts'
import type { Note, Triple } from '../../scan/scan.ts'
import {
  checkpointOption,
  deviceOption,
  frameOption,
  modelOption,
  parsePoint,
  precisionOption,
  quietOption,
  threadsOption,
  viewsOption,
} from '../shared/options.ts'
import { reportProblems } from '../shared/rows.node.ts'
import { textProgress } from '../shared/text-progress.node.ts'
import { collectAnswers } from './collect.node.ts'
import { type Answer, csvOf, makePlace, printAnswer, rowAt, writeAbout, writeResults } from './predict-output.node.ts'

interface PredictOptions {
  readonly ct?: string
  readonly at?: Triple
  readonly points?: string
  readonly model?: string
  readonly out?: string
  readonly html?: string
  readonly showIds?: boolean
  readonly frame: Frame
  readonly views: ViewSet
  readonly checkpoint: Checkpoint
  readonly device: Device
  readonly precision: Precision
  readonly threads?: number
  readonly quiet?: boolean
}

export function predictCommand(): Command {
  return new Command('predict')
    .summary('the malignancy probability of nodules')
    .description(
      'The malignancy probability of one nodule (--ct and --at), of the points of a LUNA25 file (--ct and --points), ' +
        'or of every row of a cohort. For research use.',
    )
    .argument('[cohort]', 'CSV with pid, nodule_id, image_path, coordX, coordY, coordZ')
    .option('--ct <scan>', 'one scan instead of a cohort')
    .option('--at <x,y,z>', "the nodule's centre in that scan", parsePoint)
    .option('--points <json>', "nodules of that scan, LUNA25's nodule-locations.json (LPS mm)")
    .addOption(modelOption())
    .option('--out <file>', 'results.csv (the published columns) or results.json (with notes and view attention)')
    .option('--html <file>', 'one page with pictures, views, words and similar reports of each nodule (at most 50)')
    .option('--show-ids', 'name pid and nodule_id on that page (default: nodules are numbered by row)')
    .addOption(frameOption())
    .addOption(viewsOption())
    .addOption(checkpointOption())
    .addOption(deviceOption())
    .addOption(precisionOption())
    .addOption(threadsOption())
    .addOption(quietOption())
    .addHelpText(
      'after',
      `
Examples:
  spicula predict --ct scan.nii.gz --at -38.0,-73.9,-111.0 --model DIR
  spicula predict --ct scan.nii.gz --at -38.0,-73.9,-111.0 --model DIR --html case.html
  spicula predict cohort.csv --model DIR --out results.csv
  spicula predict --ct scan.nii.gz --points nodule-locations.json --model DIR --out answers.json

Exit status: 0 every row answered, 2 rows failed (see errors.csv beside the results), 1 the run itself failed.`,
    )
    .action(predict)
}

async function predict(cohort: string | undefined, options: PredictOptions): Promise<void> {
  checkUsage(cohort, options)
  const model = options.model ?? embeddedModel()
  const { ct, at, out, html } = options
  if (out !== undefined) await makePlace('--out', out)
  if (html !== undefined) await makePlace('--html', html)
  if (ct !== undefined && at !== undefined && html === undefined) {
    const { predictOne } = await import('./one.node.ts')
    return predictOne(model, { ...options, ct, at, reader: readerOptions(options) })
  }
  const job = await readJob(cohort, options)
  const opened = html === undefined ? await openPlain(model, job, options) : await openPage(model, html, job, options)
  try {
    const { results, problems: failed, writePage } = await opened.answer()
    const problems = [...job.problems, ...failed].sort((a, b) => a.line - b.line)
    await finish(job, results, problems, opened.predictor, options)
    if (writePage === undefined) return
    await writePage(problems)
    if (!options.quiet) console.error(`page -> ${html}`)
  } finally {
    await opened.predictor.close()
  }
}

/** What is to be predicted. */
interface Job {
  readonly kind: 'one' | 'points' | 'table'
  readonly rows: readonly LocatedRow[]
  /** Rows that cannot even be read. */
  readonly problems: readonly RowProblem[]
  /** On the table. */
  readonly notes: readonly Note[]
  /** LUNA25's, of points. */
  readonly document?: Luna25Document
}

/** A model opened for a job. */
interface Opened {
  readonly predictor: Predictor
  answer(): Promise<{
    readonly results: readonly Answer[]
    readonly problems: readonly RowProblem[]
    readonly writePage?: (problems: readonly RowProblem[]) => Promise<void>
  }>
}

const readerOptions = ({ checkpoint, device, precision, threads }: PredictOptions) => ({
  checkpoint,
  device,
  precision,
  ...(threads === undefined ? {} : { threads }),
})

/** One nodule has no rows to number in notes: they are printed with its answer. */
const collecting = ({ kind }: Job, { frame, views, quiet = false }: PredictOptions) => ({
  frame,
  views,
  quiet: quiet || kind === 'one',
})

async function openPlain(model: string, job: Job, options: PredictOptions): Promise<Opened> {
  const predictor = await openPredictor(model, readerOptions(options))
  return { predictor, answer: () => collectAnswers(job.rows, predictor, collecting(job, options)) }
}

async function openPage(model: string, html: string, job: Job, options: PredictOptions): Promise<Opened> {
  const { checkCount, openCasePage } = await import('./case-page.node.ts')
  checkCount(job.rows.length)
  const onEmbedded = textProgress(options.quiet ?? false)
  const page = await openCasePage(model, { ...readerOptions(options), onEmbedded })
  const labels = {
    one: () => 'Nodule',
    points: (line: number) => `Point ${line}`,
    table: (line: number) => `Row ${line}`,
  }
  const pageOptions = { showIds: options.showIds ?? false, labelOf: labels[job.kind] }
  return {
    predictor: page.reader,
    answer: async () => {
      const { results, problems } = await page.collect(job.rows, collecting(job, options))
      const writePage = (all: readonly RowProblem[]) =>
        page.write(html, { results, problems: all, notes: job.notes }, pageOptions)
      return { results, problems, writePage }
    },
  }
}

function checkUsage(cohort: string | undefined, { ct, at, points, frame, html, showIds }: PredictOptions): void {
  const usage = (message: string, hint?: string) =>
    new SpiculaError('cli/usage', message, hint === undefined ? {} : { hint })
  if (showIds && html === undefined) throw usage('--show-ids is about the page of --html')
  if (cohort !== undefined && (ct ?? at ?? points) !== undefined)
    throw usage('a cohort goes without --ct, --at and --points', 'Give either a CSV, or --ct with --at or --points.')
  if (cohort !== undefined) return
  if (ct === undefined) throw usage('nothing to predict', 'Give a cohort CSV, or --ct SCAN --at x,y,z.')
  if ((at === undefined) === (points === undefined)) throw usage('--ct needs either --at x,y,z or --points FILE')
  if (points !== undefined && frame !== 'lps') throw usage('LUNA25 points are LPS mm: leave --frame out')
}

async function readJob(cohort: string | undefined, options: PredictOptions): Promise<Job> {
  if (cohort !== undefined) {
    const { rows, problems, notes } = await readManifest(cohort, { frame: options.frame })
    if (!options.quiet) for (const { message, code } of notes) console.error(`note: ${message} [${code}]`)
    return { kind: 'table', rows, problems, notes }
  }
  const { ct = '', at, points: file } = options
  if (at !== undefined) return { kind: 'one', rows: [rowAt(ct, at, 1)], problems: [], notes: [] }
  const text = await readFile(String(file), 'utf8').catch((cause: unknown) => {
    throw new SpiculaError('cli/missing', `${file} cannot be read`, { cause })
  })
  const document = parseLuna25(text, basename(String(file)))
  const rows = document.points.map(({ pointLps }, i) => rowAt(ct, pointLps, i + 1))
  return { kind: 'points', rows, problems: [], notes: [], document }
}

/** Prints and writes the answers. */
async function finish(
  { kind, rows, document }: Job,
  results: readonly Answer[],
  problems: readonly RowProblem[],
  predictor: Predictor,
  { out, quiet = false }: PredictOptions,
): Promise<void> {
  if (kind === 'one') {
    if (problems.length > 0) throw asError(problems[0])
    printAnswer(answerOf(results[0], predictor.stamp), quiet)
    if (out !== undefined) await writeResults(results, predictor, out)
    return
  }
  if (document !== undefined) await writePoints(document, rows, results, problems.length, predictor, out)
  else if (out === undefined) process.stdout.write(csvOf(results, predictor))
  else await writeResults(results, predictor, out, problems.length)
  await reportProblems(problems, out === undefined ? undefined : dirname(out))
  if (!quiet) printSummary(results.length, predictor, out)
}

async function writePoints(
  document: Luna25Document,
  rows: readonly LocatedRow[],
  results: readonly Answer[],
  failed: number,
  predictor: Predictor,
  out: string | undefined,
): Promise<void> {
  const answers = new Map(results.map((result) => [result.row.line, result.prediction]))
  const probability = (line: number) => {
    const answer = answers.get(line)
    return answer ? probabilityOf(answer) : null
  }
  const json = luna25Json(
    document,
    rows.map(({ line }) => probability(line)),
  )
  if (out === undefined) process.stdout.write(json)
  else {
    await writeFileAtomic(out, json)
    await writeAbout(out, predictor, results.length, failed)
  }
}

function printSummary(count: number, predictor: Predictor, out: string | undefined): void {
  const { model, modelVersion, software, use } = predictor.stamp
  const what = count === 1 ? 'nodule' : 'nodules'
  const where = out === undefined ? '' : ` -> ${out}`
  console.error(`${count} ${what} predicted${where}  (model ${model} ${modelVersion}, ${software}, ${use})`)
}

const asError = ({ code, message, hint }: RowProblem): SpiculaError =>
  new SpiculaError(code, message, hint === undefined ? {} : { hint })
