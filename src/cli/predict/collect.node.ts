/** A cohort through a model, with a progress bar: what `predict` and `zero-shot` have in common. */
import type { LocatedRow } from '../../cohort/manifest.node.ts'
import type { RowProblem } from '../../cohort/problem.ts'
import { type CohortOptions, predictCohort, type RowResult, type ViewReader } from '../../predict/cohort.node.ts'
import { startProgress } from '../shared/progress.node.ts'
import { printNotes, type RowNote } from '../shared/rows.node.ts'

/** A row that got an answer. */
export type Answered<Prediction, Drawn = undefined> = Extract<RowResult<Prediction, Drawn>, { prediction: unknown }>

/** Answers every row; results in the order of the rows, notes printed. */
export async function collectAnswers<Prediction, Drawn = undefined>(
  rows: readonly LocatedRow[],
  reader: ViewReader<Prediction>,
  { quiet = false, ...options }: CohortOptions & { readonly quiet?: boolean },
): Promise<{ results: Answered<Prediction, Drawn>[]; problems: RowProblem[] }> {
  const results: Answered<Prediction, Drawn>[] = []
  const problems: RowProblem[] = []
  const notes: RowNote[] = []
  const progress = startProgress('nodules', rows.length, { quiet })
  try {
    for await (const result of predictCohort<Prediction, Drawn>(rows, reader, options)) {
      progress.step()
      if ('problem' in result) problems.push(result.problem)
      else {
        results.push(result)
        for (const note of result.notes) notes.push({ line: result.row.line, note })
      }
    }
  } finally {
    progress.done()
  }
  if (!quiet) printNotes(notes)
  results.sort((a, b) => a.row.line - b.row.line)
  return { results, problems }
}
