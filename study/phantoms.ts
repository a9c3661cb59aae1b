/**
 * `npm run study -- study/phantoms.ts MODEL PHANTOMS/cohort.csv FEATURES.csv`: what a model sees of features that phantoms show
 * with known truth (`spicula phantom --cohort`): the AUROC of `spicula zero-shot` (FEATURES), and of ridge logistic
 * regressions on the same folds' embeddings, each phantom judged by regressions that never saw it (five parts in turn).
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseTable } from '../src/files/table.ts'
import { embedCohort } from './embeddings.ts'
import { aurocText } from './questions.ts'
import { fitHead, probabilityBy } from './supervised.ts'

const [model, cohort, features] = process.argv.slice(2)
if (features === undefined) throw new Error('usage: npm run study -- study/phantoms.ts MODEL COHORT FEATURES.csv')

/** The feature asked for, its value, and the columns that may state it: margins have two. */
const ASKED = [
  ['pleural_attachment', 'Present', ['pleural_attachment']],
  ['cavitation', 'Present', ['cavitation']],
  ['additional_nodule_margins', 'Spiculated/Serrated', ['nodule_margins', 'additional_nodule_margins']],
  ['nodule_margin_conspicuity', 'Well marginated', ['nodule_margin_conspicuity']],
  ['nodule_consistency', 'Solid', ['nodule_consistency']],
  ['nodule_calcification', 'Present', ['nodule_calcification']],
] as const
const PARTS = 5
const RIDGE = 30

const { rows, folds } = await embedCohort(model, cohort, 'nine')
const told = parseTable(readFileSync(features, 'utf8'), basename(features)).records.map(({ values }) => values)
console.log(`${rows.length} phantoms; AUROC zero-shot, supervised`)
for (const [feature, value, columns] of ASKED) {
  const truth = rows.map(({ values }) => Number(columns.some((column) => values[column] === value)))
  const zeroShot = new Map(
    told
      .filter((one) => one.feature === feature && one.value === value)
      .map((one) => [`${one.pid} ${one.nodule_id}`, Number(one.probability)]),
  )
  const asked = rows.map(({ pid, noduleId }) => zeroShot.get(`${pid} ${noduleId}`) ?? Number.NaN)
  const ceiling = rows.map(() => 0)
  for (let part = 0; part < PARTS; part++) {
    const fitted = rows.flatMap((_, i) => (i % PARTS === part ? [] : [i]))
    for (const own of folds) {
      const head = fitHead(own, fitted, truth, RIDGE)
      for (let i = part; i < rows.length; i += PARTS) ceiling[i] += probabilityBy(head, own[i]) / folds.length
    }
  }
  const positives = truth.filter((one) => one === 1).length
  const text = (scores: readonly number[]) =>
    aurocText(rows.map(({ pid }, i) => ({ pid, score: scores[i], label: truth[i] })))
  const name = `${feature} ${value} (${positives})`
  console.log(name.padEnd(52), zeroShot.size === 0 ? 'not asked' : text(asked), text(ceiling))
}
