/** The text of each training nodule, as training reads it: its report's impression, or one written from a template. */

import { problemOf, type RowProblem } from '../../cohort/problem.ts'
import type { CohortRow } from '../../cohort/row.ts'
import { SpiculaError } from '../../error.ts'
import { parseFeatures } from '../../features/parse-features.ts'
import { seededRandom } from '../../random.ts'
import { impressionOf } from '../../report/report-text.ts'
import { readReports } from '../../report/reports-folder.node.ts'
import { writeTemplateReport } from '../../report/template-writer.ts'

export interface Impression<Row> {
  readonly row: Row
  readonly text: string
}

/**
 * Reads or writes the impression of every row. The template of a row is its own, whatever the order of the rows.
 * @param reports folder of `{pid}_{nodule_id}.txt`; templates where undefined
 * @param seed of the templates
 * @returns rows with a text in order, and a problem for every row without one
 * @example const { impressions } = await readImpressions(manifest.rows, { reports: 'reports', seed: 0 })
 */
export async function readImpressions<Row extends CohortRow>(
  rows: readonly Row[],
  { reports, seed }: { readonly reports: string | undefined; readonly seed: number },
): Promise<{ impressions: Impression<Row>[]; problems: RowProblem[] }> {
  if (reports !== undefined) {
    const read = await readReports(reports, rows)
    return { impressions: read.reports.map(({ row, impression: text }) => ({ row, text })), problems: read.problems }
  }
  const impressions: Impression<Row>[] = []
  const problems: RowProblem[] = []
  for (const row of rows) {
    try {
      const random = seededRandom(seed, `template/${row.pid}/${row.noduleId}`)
      const text = impressionOf(writeTemplateReport(parseFeatures(row.values).features, random))
      impressions.push({ row, text })
    } catch (error) {
      if (!(error instanceof SpiculaError)) throw error
      problems.push(problemOf(row, error))
    }
  }
  return { impressions, problems }
}
