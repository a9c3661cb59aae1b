/**
 * `npm run study -- study/ceiling.ts MODEL COHORT FOLDS OUT [--views axial | --frozen]`: what supervision reaches on a model's own
 * tower: for malignancy and each feature, a ridge logistic regression on each fold's embeddings of its training
 * patients, judged on its validation patients. OUT/results.csv and OUT/features.csv as study/out-of-fold.ts writes
 * them. With --frozen MODEL is a base without heads (study/start.ts), and what is fitted on are its tower's own features
 * of the axial view: the baseline of frozen features.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { csvText } from '../src/files/csv.ts'
import type { ViewSet } from '../src/nodule/views.ts'
import { readSplits } from '../src/training/splits.node.ts'
import { embedCohort, towerFeatures } from './embeddings.ts'
import { QUESTIONS, showAuroc } from './questions.ts'
import { fitHead, probabilityBy } from './supervised.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    views: { type: 'string', default: 'nine' },
    ridge: { type: 'string', default: '30' },
    frozen: { type: 'boolean', default: false },
  },
})
const [model, cohort, splits, out] = positionals
if (out === undefined) throw new Error('usage: npm run study -- study/ceiling.ts MODEL COHORT FOLDS OUT')
const { rows, folds: embeddings } = values.frozen
  ? await towerFeatures(model, cohort)
  : await embedCohort(model, cohort, values.views as ViewSet)
const { folds } = await readSplits(splits)

/** The out-of-fold probability of each row that has a label; null elsewhere. */
function outOfFold(labels: readonly (number | null)[]): (number | null)[] {
  const scores: (number | null)[] = rows.map(() => null)
  for (const [k, { train, val }] of folds.entries()) {
    const own = embeddings[Math.min(k, embeddings.length - 1)]
    const side = (pids: readonly string[]) => {
      const wanted = new Set(pids)
      return rows.flatMap(({ pid }, i) => (wanted.has(pid) && labels[i] !== null ? [i] : []))
    }
    const [fitted, judged] = [side(train), side(val)]
    const head = fitHead(own, fitted, labels, Number(values.ridge))
    for (const i of judged) scores[i] = probabilityBy(head, own[i])
  }
  return scores
}

mkdirSync(out, { recursive: true })
const malignant = outOfFold(rows.map(({ malignant: label }) => label))
const judged = rows.flatMap((row, i) => (malignant[i] === null ? [] : [{ row, score: String(malignant[i]) }]))
writeFileSync(
  join(out, 'results.csv'),
  csvText([
    ['pid', 'nodule_id', 'raw_0', 'ensemble'],
    ...judged.map(({ row, score }) => [row.pid, row.noduleId, score, score]),
  ]),
)
showAuroc(
  'malignancy',
  judged.map(({ row, score }) => ({ pid: row.pid, score: Number(score), label: Number(row.malignant) })),
)
const lines: string[][] = [['pid', 'nodule_id', 'feature', 'value', 'probability']]
for (const { feature, value, against } of QUESTIONS) {
  const labels = rows.map(({ values: own }) => (own[feature] ? Number(own[feature] === value) : null))
  const scores = outOfFold(labels)
  for (const [i, { pid, noduleId }] of rows.entries()) {
    const score = scores[i]
    if (score === null) continue
    lines.push([pid, noduleId, feature, value, String(score)], [pid, noduleId, feature, against, String(1 - score)])
  }
  const told = rows.flatMap((_, i) => (scores[i] === null ? [] : [i]))
  showAuroc(
    `${feature} ${value}`,
    told.map((i) => ({ pid: rows[i].pid, score: Number(scores[i]), label: Number(labels[i]) })),
  )
}
writeFileSync(join(out, 'features.csv'), csvText(lines))
