/**
 * `npm run study -- study/out-of-fold.ts COHORT FOLDS PREDICTIONS.csv FEATURES.csv OUT`: cross-validation from an ensemble's tables.
 * Of each nodule, the number of the one fold that validated its patient, and so never saw it: OUT/results.csv and
 * OUT/features.csv, which `spicula evaluate` reads. PREDICTIONS come from `spicula predict`, FEATURES from `spicula
 * zero-shot --folds`.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { csvText } from '../src/files/csv.ts'
import { parseTable } from '../src/files/table.ts'
import { readSplits } from '../src/training/splits.node.ts'
import { QUESTIONS, showAuroc } from './questions.ts'

const [cohort, splits, predictions, features, out] = process.argv.slice(2)
if (out === undefined)
  throw new Error('usage: npm run study -- study/out-of-fold.ts COHORT FOLDS PREDICTIONS.csv FEATURES.csv OUT')

const records = (file: string) =>
  parseTable(readFileSync(file, 'utf8'), basename(file)).records.map(({ values }) => values)
const { folds } = await readSplits(splits)
const foldOf = new Map(folds.flatMap(({ val }, k) => val.map((pid) => [pid, k] as const)))
const key = ({ pid, nodule_id }: Readonly<Record<string, string>>) => `${pid} ${nodule_id}`
const truth = new Map(records(cohort).map((values) => [key(values), values]))

const own = records(predictions).flatMap((values) => {
  const fold = foldOf.get(values.pid)
  return fold === undefined
    ? []
    : [{ ...values, pid: values.pid, nodule_id: values.nodule_id, own: values[`raw_${fold}`] }]
})
const told = records(features).flatMap((values) => {
  const fold = foldOf.get(values.pid)
  return fold === undefined
    ? []
    : [{ ...values, pid: values.pid, nodule_id: values.nodule_id, own: values[`fold_${fold}`] }]
})
mkdirSync(out, { recursive: true })
writeFileSync(
  join(out, 'results.csv'),
  csvText([['pid', 'nodule_id', 'raw_0', 'ensemble'], ...own.map((row) => [row.pid, row.nodule_id, row.own, row.own])]),
)
const COLUMNS = ['pid', 'nodule_id', 'feature', 'value', 'probability'] as const
writeFileSync(
  join(out, 'features.csv'),
  csvText([
    [...COLUMNS],
    ...told.map((row: Record<string, string>) => [row.pid, row.nodule_id, row.feature, row.value, row.own]),
  ]),
)

const judged = own.flatMap((row) => {
  const label = truth.get(key(row))?.malignant ?? ''
  return label === '' ? [] : [{ pid: row.pid, score: Number(row.own), label: Number(label) }]
})
showAuroc('malignancy', judged)
for (const k of folds.keys())
  showAuroc(
    `  fold ${k}`,
    judged.filter(({ pid }) => foldOf.get(pid) === k),
  )
for (const { feature, value } of QUESTIONS) {
  const rows = told.filter((row: Record<string, string>) => row.feature === feature && row.value === value)
  showAuroc(
    `${feature} ${value}`,
    rows.flatMap((row) => {
      const rated = truth.get(key(row))?.[feature] ?? ''
      return rated === '' ? [] : [{ pid: row.pid, score: Number(row.own), label: Number(rated === value) }]
    }),
  )
}
