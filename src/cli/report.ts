/** `spicula report`: semantic features to reports. */
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { fileStems } from '../cohort/identifiers.ts'
import { problemOf, type RowProblem } from '../cohort/problem.ts'
import { SpiculaError } from '../error.ts'
import { type FeatureRow, featureRows } from '../features/feature-rows.ts'
import { writeFileAtomic } from '../files/atomic.node.ts'
import { csvText } from '../files/csv.ts'
import { type Random, seededRandom } from '../random.ts'
import { openWriter } from '../report/llm-model.ts'
import { estimateTokens, promptOf, SYSTEM_PROMPT } from '../report/llm-prompt.ts'
import { DEFAULT_GEMINI, LlmFailure, PROVIDERS, type Provider } from '../report/llm-provider.ts'
import { type LlmOptions, type LlmOutcome, rateLimit, writeLlmReport } from '../report/llm-writer.ts'
import { reportCache } from '../report/report-cache.node.ts'
import { writeTemplateReport } from '../report/template-writer.ts'
import { VERSION } from '../version.ts'
import { inOrder } from '../worker-pool.node.ts'
import { parseWhole, quietOption } from './shared/options.ts'
import { startProgress } from './shared/progress.node.ts'
import { makeFolder, openTable, printNotes, reportProblems, SOME_ROWS_FAILED } from './shared/rows.node.ts'

interface ReportOptions {
  readonly out: string
  readonly writer: 'template' | 'llm'
  readonly seed: number
  readonly provider?: Provider
  readonly model?: string
  readonly baseUrl?: string
  readonly concurrency: number
  readonly rpm: number
  readonly attempts: number
  readonly backOff: number
  readonly timeout: number
  readonly maxTokens?: number
  readonly allowTemplates?: boolean
  readonly cache?: string
  readonly dryRun?: boolean
  readonly quiet?: boolean
}

export function reportCommand(): Command {
  return new Command('report')
    .summary('semantic features to radiology reports')
    .description(
      'Writes {pid}_{nodule_id}.txt for every row of a table with semantic features: by templates, or by a language ' +
        'model whose every answer is checked against its row. Only features are sent, never an identifier.',
    )
    .argument('<cohort>', 'CSV with pid, nodule_id and semantic features in the published columns')
    .requiredOption('--out <folder>', 'where the reports go')
    .addOption(
      new Option('--writer <writer>', 'what writes the reports: templates, or a language model')
        .choices(['template', 'llm'])
        .default('template'),
    )
    .option('--seed <n>', 'the same seed gives the same reports', parseWhole(0), 0)
    .addOption(
      new Option(
        '--provider <name>',
        'of the language model (default: gemini, or with --base-url openai-compatible)',
      ).choices(PROVIDERS),
    )
    .option('--model <name>', `name of the language model (default for Gemini: ${DEFAULT_GEMINI})`)
    .option('--base-url <url>', 'an endpoint that speaks the OpenAI protocol, such as http://127.0.0.1:11434/v1')
    .option('--concurrency <n>', 'requests at once', parseWhole(1), 4)
    .option('--rpm <n>', 'requests a minute', parseWhole(1), 60)
    .option(
      '--attempts <n>',
      'most requests for a row; then a template takes the place of the answer',
      parseWhole(1),
      4,
    )
    .option('--back-off <ms>', 'wait after the first failure; it doubles with each', parseWhole(0), 1000)
    .option('--timeout <s>', 'longest wait for one answer', parseWhole(1), 60)
    .option('--max-tokens <n>', "longest answer, the model's thinking included (default: 8192)", parseWhole(1))
    .option('--allow-templates', 'end with exit status 0 although templates took the place of answers')
    .option('--cache <folder>', "where answers are kept and found again (default: .answers in --out's folder)")
    .option('--dry-run', 'print the prompts and their number of tokens, send nothing, write nothing')
    .addOption(quietOption())
    .addHelpText(
      'after',
      `
The key comes from the environment: GOOGLE_GENERATIVE_AI_API_KEY for Gemini, SPICULA_LLM_API_KEY for an endpoint.

Examples:
  spicula report cohort.csv --out reports/
  spicula report cohort.csv --out reports/ --writer llm --dry-run
  spicula report cohort.csv --out reports/ --writer llm --base-url http://127.0.0.1:11434/v1 --model llama3

Exit status: 0 every report written, 2 some rows failed (errors.csv) or were written by templates in the model's place
(replaced.csv), 1 the run itself failed.`,
    )
    .action(report)
}

/** Rows in a row that an endpoint did not answer before the run is given up. */
const PATIENCE = 5

async function report(cohort: string, options: ReportOptions): Promise<void> {
  const { out, writer, seed, quiet = false, dryRun = false } = options
  const read = featureRows(await openTable(cohort, options))
  if (!quiet) printNotes(read.notes.map((note) => ({ line: 1, note })))
  const { named, problems: unnamed } = fileStems(read.rows)
  const problems = [...read.problems, ...unnamed]
  // By name, so that a row keeps its words when rows are added before it.
  const randomOf = ({ pid, noduleId }: FeatureRow) => seededRandom(seed, `${pid}/${noduleId}`)
  if (dryRun) {
    printPrompts(named, randomOf)
    await reportProblems(problems, undefined)
    return
  }
  const llm = writer === 'llm' ? await llmOptions(options) : undefined
  await makeFolder(out)
  const replaced: RowProblem[] = []
  const counts = { requests: 0, 'from the cache': 0 }
  let silent = 0
  const progress = startProgress('reports', named.length, { quiet })
  const writeOne = async ({ row, stem }: Named): Promise<void> => {
    const random = randomOf(row)
    const outcome = llm && (await writeLlmReport(row.features, random.fork('llm'), llm))
    if (outcome) {
      counts.requests += outcome.requests
      if ('from' in outcome && outcome.from === 'cache') counts['from the cache']++
      silent = 'failed' in outcome && !outcome.answered ? silent + 1 : 0
      if (silent >= PATIENCE) throw unreachable(outcome)
    }
    if (outcome && 'failed' in outcome)
      replaced.push(problemOf(row, new SpiculaError('report/replaced', `written by template: ${outcome.failed}`)))
    const text = outcome && 'report' in outcome ? outcome.report : writeTemplateReport(row.features, random)
    await writeFileAtomic(join(out, `${stem}.txt`), text)
  }
  let done = 0
  try {
    for await (const _ of inOrder(named, llm ? options.concurrency : 1, writeOne)) {
      done++
      progress.step()
    }
  } catch (error) {
    throw error instanceof LlmFailure ? stopped(error) : error
  } finally {
    progress.done()
  }
  replaced.sort((a, b) => a.line - b.line)
  const about = {
    software: `spicula ${VERSION}`,
    use: 'for research use',
    writer: llm?.writer.id ?? 'template',
    seed,
    reports: done,
    failed: problems.length,
    replaced: replaced.map(({ line, message }) => ({ row: line, message })),
  }
  await writeFileAtomic(join(out, 'about.json'), `${JSON.stringify(about, null, 2)}\n`)
  if (llm) await listReplaced(replaced, out)
  // Who trains on a model's sentences must not find templates among them unawares.
  if (replaced.length > 0 && !options.allowTemplates) process.exitCode = SOME_ROWS_FAILED
  await reportProblems(problems, out)
  if (quiet) return
  const sent = llm ? `, ${counts.requests} requests, ${counts['from the cache']} from the cache` : ''
  console.error(`${done} reports -> ${out}${sent}  (spicula, for research use)`)
}

interface Named {
  readonly row: FeatureRow
  readonly stem: string
}

function printPrompts(named: readonly Named[], randomOf: (row: FeatureRow) => Random): void {
  console.log(`system:\n${SYSTEM_PROMPT}\n`)
  let total = 0
  for (const { row } of named) {
    const prompt = promptOf(row.features, randomOf(row).fork('llm').fork('prompt'))
    const tokens = estimateTokens(prompt)
    total += tokens
    console.log(`row ${row.line}, about ${tokens} tokens with the system prompt:\n${prompt.user}\n`)
  }
  console.log(
    `${named.length} prompts, about ${total} tokens (four characters each; answers not counted); nothing sent`,
  )
}

async function llmOptions(options: ReportOptions): Promise<LlmOptions> {
  const { baseUrl, out, attempts, rpm, backOff, timeout, cache } = options
  const provider = options.provider ?? (baseUrl === undefined ? 'gemini' : 'openai-compatible')
  const model = options.model ?? (provider === 'gemini' ? DEFAULT_GEMINI : undefined)
  if (model === undefined)
    throw new SpiculaError('cli/usage', 'the endpoint needs the name of its model', { hint: 'Give --model NAME.' })
  const { GOOGLE_GENERATIVE_AI_API_KEY, GEMINI_API_KEY, SPICULA_LLM_API_KEY } = process.env
  // Each key goes to its own provider only.
  const apiKey = provider === 'gemini' ? GOOGLE_GENERATIVE_AI_API_KEY || GEMINI_API_KEY : SPICULA_LLM_API_KEY
  return {
    writer: await openWriter({
      provider,
      model,
      baseUrl,
      apiKey: apiKey || undefined,
      timeoutMs: timeout * 1000,
      ...(options.maxTokens === undefined ? {} : { maxTokens: options.maxTokens }),
    }),
    cache: reportCache(cache ?? join(out, '.answers')),
    attempts,
    backOffMs: backOff,
    turn: rateLimit(rpm),
  }
}

/** Says which reports are templates after all, in `replaced.csv`; an old one goes when there are none. */
async function listReplaced(replaced: readonly RowProblem[], out: string): Promise<void> {
  const rows = replaced.map(({ line, code, message }) => [String(line), code, message])
  await writeFileAtomic(join(out, 'replaced.csv'), csvText([['row', 'code', 'message'], ...rows]))
  if (replaced.length === 0) return
  for (const { line, message } of replaced.slice(0, 10)) console.error(`row ${line}: ${message} [report/replaced]`)
  console.error(`${replaced.length} reports are templates in the model's place: see ${join(out, 'replaced.csv')}`)
}

const stopped = ({ message }: LlmFailure): SpiculaError =>
  new SpiculaError('report/llm', `no report can be had: ${message}`, {
    hint: 'Check the key, the name of the model and --base-url. Reports taken so far are kept, and not asked for again.',
  })

const unreachable = (outcome: LlmOutcome): SpiculaError =>
  new SpiculaError(
    'report/llm',
    `${PATIENCE} rows in a row got no answer: ${'failed' in outcome ? outcome.failed : ''}`,
    {
      hint: 'Is the endpoint up, and does it take such prompts? Reports taken so far are kept, and not asked for again.',
    },
  )
