/**
 * `npm run study -- study/calibration.ts COHORT FOLDS OOF/results.csv OUT`: calibration, cross-validated: the map for each
 * fold's patients is fitted on the out-of-fold probabilities of the other folds' patients. OUT/results.csv has the
 * calibrated probabilities for `spicula evaluate`; the expected calibration error before and after is printed.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fitBeta } from '../src/evaluation/fit-calibration.ts'
import { ece } from '../src/evaluation/metrics/reliability.ts'
import { csvText } from '../src/files/csv.ts'
import { parseTable } from '../src/files/table.ts'
import { calibrate } from '../src/model/calibration.ts'
import { readSplits } from '../src/training/splits.node.ts'

const [cohort, splits, predictions, out] = process.argv.slice(2)
if (out === undefined) throw new Error('usage: npm run study -- study/calibration.ts COHORT FOLDS OOF/results.csv OUT')
const records = (file: string) =>
  parseTable(readFileSync(file, 'utf8'), basename(file)).records.map(({ values }) => values)
const key = ({ pid, nodule_id }: Readonly<Record<string, string>>) => `${pid} ${nodule_id}`
const labels = new Map(records(cohort).map((values) => [key(values), values.malignant]))
const { folds } = await readSplits(splits)
const foldOf = new Map(folds.flatMap(({ val }, k) => val.map((pid) => [pid, k] as const)))
const rows = records(predictions).flatMap((values) => {
  const [label, fold] = [labels.get(key(values)), foldOf.get(values.pid)]
  return label === '' || label === undefined || fold === undefined
    ? []
    : [{ values, label: Number(label), fold, raw: Number(values.raw_0) }]
})
const calibrated = rows.map(() => Number.NaN)
for (const k of folds.keys()) {
  const others = rows.filter(({ fold }) => fold !== k)
  const fit = fitBeta(
    others.map(({ raw }) => raw),
    others.map(({ label }) => label),
  )
  for (const [i, { fold, raw }] of rows.entries()) if (fold === k) calibrated[i] = calibrate(raw, fit)
}
mkdirSync(out, { recursive: true })
writeFileSync(
  join(out, 'results.csv'),
  csvText([
    ['pid', 'nodule_id', 'raw_0', 'ensemble'],
    ...rows.map(({ values }, i) => [values.pid, values.nodule_id, String(calibrated[i]), String(calibrated[i])]),
  ]),
)
const truth = rows.map(({ label }) => label)
const raw = rows.map((row) => row.raw)
console.log(
  `expected calibration error: ${ece(raw, truth)?.toFixed(4)} raw, ${ece(calibrated, truth)?.toFixed(4)} calibrated`,
)
