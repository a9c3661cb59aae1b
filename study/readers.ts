/**
 * `npm run study -- study/readers.ts DATA/slices.csv OOF/results.csv`: how far the labels themselves can be told. AUROC of
 * malignancy out of fold by how many readers rated a nodule, beside area alone; and of the mean of a nodule's other
 * readers against one reader's label: what a perfect account of the others' opinion makes of a single opinion.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseTable } from '../src/files/table.ts'
import { aurocText, type Judged } from './questions.ts'

const [source, results] = process.argv.slice(2)
if (results === undefined) throw new Error('usage: npm run study -- study/readers.ts DATA/slices.csv OOF/results.csv')
const table = (file: string) =>
  parseTable(readFileSync(file, 'utf8'), basename(file)).records.map(({ values }) => values)
const answered = new Map(table(results).map((values) => [values.nodule_id, Number(values.ensemble)]))
const nodules = table(source).map((values) => ({
  pid: values.pid,
  score: answered.get(`s${values.nodule_id}`) ?? Number.NaN,
  area: Number(values.area_mm2),
  malignancy: Number(values.malignancy),
  readers: values.malignancy_readers.split('|').map(Number),
}))

console.log('readers: nodules; model out of fold; area alone')
for (const count of [1, 2, 3, 4]) {
  const own = nodules.filter(({ readers, malignancy }) => readers.length === count && malignancy !== 3)
  const judged = (score: (one: (typeof own)[number]) => number): Judged[] =>
    own.map((one) => ({ pid: one.pid, score: score(one), label: Number(one.malignancy > 3) }))
  console.log(
    `${count}: ${own.length}; ${aurocText(judged(({ score }) => score))}; ${aurocText(judged(({ area }) => area))}`,
  )
}

console.log("readers: opinions above or below 3; the other readers' mean; the model out of fold")
for (const count of [2, 3, 4]) {
  const opinions = nodules
    .filter(({ readers }) => readers.length === count)
    .flatMap(({ pid, score, readers }) =>
      readers.flatMap((rating, i) => {
        const others = readers.toSpliced(i, 1).reduce((sum, one) => sum + one / (count - 1), 0)
        return rating === 3 ? [] : [{ pid, score, others, label: Number(rating > 3) }]
      }),
    )
  const others = opinions.map(({ pid, others: score, label }) => ({ pid, score, label }))
  console.log(`${count}: ${opinions.length}; ${aurocText(others)}; ${aurocText(opinions)}`)
}
