/** A cohort through a model, with a progress bar: what `predict` and `zero-shot` have in common. */
import type { Frame } from '../cohort/frame.ts'
import type { LocatedRow } from '../cohort/manifest.node.ts'
import type { RowProblem } from '../cohort/problem.ts'
import { predictCohort, type RowResult, type ViewReader } from '../inference/predict-cohort.node.ts'
import type { ViewSet } from '../nodule/views.ts'
import { startProgress } from './progress.node.ts'
import { printNotes, type RowNote } from './rows.node.ts'

/** A row that got an answer. */
export type Answered<Prediction> = Extract<RowResult<Prediction>, { prediction: unknown }>

/** Answers every row; results in the order of the rows, notes printed. */
export async function collectAnswers<Prediction>(
  rows: readonly LocatedRow[],
  reader: ViewReader<Prediction>,
  { frame, views, quiet = false }: { readonly frame: Frame; readonly views: ViewSet; readonly quiet?: boolean },
): Promise<{ results: Answered<Prediction>[]; problems: RowProblem[] }> {
  const results: Answered<Prediction>[] = []
  const problems: RowProblem[] = []
  const notes: RowNote[] = []
  const progress = startProgress('nodules', rows.length, { quiet })
  try {
    for await (const result of predictCohort(rows, reader, { frame, views })) {
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
