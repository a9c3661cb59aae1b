/**
 * `npm run study -- study/judge.ts COHORT FOLDS REFERENCE [RUN...] [--one-image]`: training runs side by side, each judged on the
 * validation slices of the folds that it has trained so far: malignancy by heads fitted once more as for the shipped model
 * (study/refit.ts), beside the reference on the same nodules (paired DeLong), and zero-shot features. REFERENCE and RUN
 * are run folders of `spicula train`, or model folders. With --one-image a view is read in one image: a quarter of the time.
 */
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { compareAuroc } from '../src/evaluation/intervals/delong.ts'
import { type ModelConfig, parseModelConfig } from '../src/model/config.ts'
import { openModelFolder } from '../src/model/folder.node.ts'
import { openQuestions } from '../src/predict/words/zero-shot.node.ts'
import { trainedArchitecture } from '../src/training/architecture.ts'
import { parseTrainConfig } from '../src/training/config.ts'
import { isDone } from '../src/training/fold-run.ts'
import { readSplits } from '../src/training/splits.node.ts'
import { embedCohort, unitLength } from './embeddings.ts'
import { aurocText, type Judged, QUESTIONS } from './questions.ts'
import { fitHead, probabilityBy } from './supervised.ts'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'one-image': { type: 'boolean', default: false } },
})
const [cohort, splits, ...runs] = positionals
if (runs.length === 0)
  throw new Error('usage: npm run study -- study/judge.ts COHORT FOLDS REFERENCE [RUN...] [--one-image]')
const RIDGE = 30
const { folds } = await readSplits(splits)

/** Which folds there are, and a model folder of them. */
async function modelOf(run: string): Promise<{ model: string; trained: readonly number[] }> {
  const model = await mkdtemp(join(tmpdir(), 'spicula-judge-'))
  const about = join(run, 'run.json')
  const trained: number[] = []
  let from = run
  let folder: Partial<ModelConfig> = {}
  if (existsSync(about)) {
    for (const k of folds.keys()) if (await isDone(join(run, `fold_${k}`))) trained.push(k)
    const { config, where } = JSON.parse(readFileSync(about, 'utf8')) as { config: unknown; where: { base: string } }
    from = where.base
    for (const k of trained) copyFileSync(join(run, `fold_${k}`, 'best_both.safetensors'), join(model, `trained_${k}`))
    const { architecture } = parseModelConfig(readFileSync(join(from, 'config.json'), 'utf8'), 'config.json')
    folder = {
      architecture: trainedArchitecture(architecture, parseTrainConfig(config, run)) as ModelConfig['architecture'],
      folds: trained.map((k) => ({ both: `trained_${k}` })),
    }
  } else trained.push(...folds.keys())
  for (const entry of readdirSync(from, { withFileTypes: true }))
    if (entry.isFile()) copyFileSync(join(from, entry.name), join(model, entry.name))
  const { reports: _, ...config } = parseModelConfig(readFileSync(join(from, 'config.json'), 'utf8'), 'config.json')
  const preprocessing = flags['one-image'] ? { ...config.preprocessing, shifted: false } : config.preprocessing
  const judged = { ...config, ...folder, preprocessing }
  writeFileSync(join(model, 'config.json'), JSON.stringify(judged, null, 2))
  return { model, trained }
}

interface Verdict {
  readonly malignancy: ReadonlyMap<string, Judged>
  readonly features: ReadonlyMap<string, readonly Judged[]>
  readonly trained: readonly number[]
}

async function judge(run: string): Promise<Verdict> {
  const { model, trained } = await modelOf(run)
  const { rows, folds: embeddings } = await embedCohort(model, cohort, 'axial')
  const labels = rows.map(({ malignant }) => malignant)
  const malignancy = new Map<string, Judged>()
  const placeOf = new Map<string, number>()
  for (const [i, k] of trained.entries()) {
    const own = embeddings[i].map(unitLength)
    const patients = new Set(folds[k].train)
    const fitted = rows.flatMap(({ pid }, row) => (patients.has(pid) && labels[row] !== null ? [row] : []))
    const head = fitHead(own, fitted, labels, RIDGE)
    for (const pid of folds[k].val) placeOf.set(pid, i)
    for (const [row, { pid, noduleId }] of rows.entries())
      if (placeOf.get(pid) === i && labels[row] !== null)
        malignancy.set(noduleId, { pid, score: probabilityBy(head, own[row]), label: Number(labels[row]) })
  }
  const { answer } = await openQuestions(await openModelFolder(model))
  const features = new Map<string, Judged[]>(QUESTIONS.map(({ feature }) => [feature, []]))
  for (const [i, { pid, values }] of rows.entries()) {
    const place = placeOf.get(pid)
    if (place === undefined) continue
    const answers = answer(embeddings.map((own) => own[i]))
    for (const { feature, value } of QUESTIONS) {
      const told = answers.find((one) => one.feature === feature)?.values.find((one) => one.value === value)
      const rated = values[feature]
      if (told && rated) features.get(feature)?.push({ pid, score: told.folds[place], label: Number(rated === value) })
    }
  }
  await rm(model, { recursive: true })
  return { malignancy, features, trained }
}

/** The difference to the reference on the nodules that both judged. */
function besideReference(one: Verdict, reference: Verdict): string {
  const shared = [...one.malignancy].flatMap(([id, own]) => {
    const other = reference.malignancy.get(id)
    return other ? [{ own, other }] : []
  })
  const units = new Map([...new Set(shared.map(({ own }) => own.pid))].map((pid, i) => [pid, i]))
  const result = compareAuroc(
    shared.map(({ own }) => own.score),
    shared.map(({ other }) => other.score),
    shared.map(({ own }) => own.label),
    shared.map(({ own }) => units.get(own.pid) ?? -1),
  )
  if (result === null) return 'too few'
  const { difference, low, high, p } = result
  return `${difference.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)}), p = ${p.toFixed(3)}; reference there ${aurocText(shared.map(({ other }) => other))}`
}

const [first, ...others] = runs
const reference = await judge(first)
for (const run of [first, ...others]) {
  const one = run === first ? reference : await judge(run)
  console.log(`${basename(run)}, folds ${one.trained.join(' ')}`)
  console.log(`  malignancy ${aurocText([...one.malignancy.values()])}`)
  if (run !== first) console.log(`  difference ${besideReference(one, reference)}`)
  for (const { feature, value } of QUESTIONS)
    console.log(`  ${feature} ${value} ${aurocText(one.features.get(feature) ?? [])}`)
}
