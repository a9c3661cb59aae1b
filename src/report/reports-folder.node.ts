/** A folder of reports, `{pid}_{nodule_id}.txt`, as the published project and `spicula report` write it. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileStems } from '../cohort/identifiers.ts'
import { type Identified, problemOf, type RowProblem } from '../cohort/problem.ts'
import { SpiculaError } from '../error.ts'
import { impressionOf } from './report-text.ts'

/** A row with its report. */
export interface ReportOf<Row> {
  readonly row: Row
  /** The whole file. */
  readonly report: string
  /** What the text tower reads. */
  readonly impression: string
}

/** Longer than any report; what is longer is another file. */
const MAX_CHARACTERS = 1_000_000

/**
 * Reads the report of every row.
 * @returns rows with reports in order, and a problem for every row without one
 * @example const { reports, problems } = await readReports('reports', manifest.rows)
 */
export async function readReports<Row extends Identified>(
  folder: string,
  rows: readonly Row[],
): Promise<{ reports: ReportOf<Row>[]; problems: RowProblem[] }> {
  const { named, problems } = fileStems(rows)
  const reports: ReportOf<Row>[] = []
  for (const { row, stem } of named) {
    try {
      const report = await readFile(join(folder, `${stem}.txt`), 'utf8').catch((cause: unknown) => {
        throw new SpiculaError('report/missing', 'the row has no report {pid}_{nodule_id}.txt', {
          hint: '`spicula report cohort.csv --out FOLDER` writes one for every row.',
          cause,
        })
      })
      if (report.length > MAX_CHARACTERS)
        throw new SpiculaError('report/too-long', 'its file is not a report: too long')
      reports.push({ row, report, impression: impressionOf(report) })
    } catch (error) {
      problems.push(problemOf(row, error))
    }
  }
  return { reports, problems: problems.sort((a, b) => a.line - b.line) }
}
