/** Rows of a table with the features they tell. */
import type { Identified, RowProblem } from '../cohort/problem.ts'
import { SpiculaError } from '../error.ts'
import type { Table } from '../files/table.ts'
import type { Note } from '../scan/scan.ts'
import type { NoduleFeatures } from './features.ts'
import { featureColumns, parseFeatures, usesSigns } from './parse-features.ts'

export interface FeatureRow extends Identified {
  readonly features: NoduleFeatures
}

/**
 * The features of every row. A row with a value that nobody knows is a problem, and so is one without any feature:
 * neither can be written about.
 * @throws SpiculaError `report/columns` where the table has no pid, nodule_id or no feature at all
 * @example const { rows, problems } = featureRows(parseTable('pid,nodule_id,necrosis\n007,1,Absent\n', 'a.csv'))
 */
export function featureRows(table: Table): { rows: FeatureRow[]; problems: RowProblem[]; notes: Note[] } {
  const missing = ['pid', 'nodule_id'].filter((column) => !table.columns.includes(column))
  const found = featureColumns(table.columns)
  const rowsOfTable = table.records.map(({ values }) => values)
  const columns = { ...found, signs: usesSigns(rowsOfTable, found.columns) }
  if (missing.length > 0 || columns.columns.size === 0) {
    const what = missing.length > 0 ? `no column ${missing.join(', ')}` : 'no column with a semantic feature'
    throw new SpiculaError('report/columns', `${table.name}: there is ${what}`, {
      hint: 'Columns are named as published: pid, nodule_id, nodule_consistency, nodule_shape, necrosis, ...',
    })
  }
  const problems: RowProblem[] = table.misfits.map((line) => ({
    line,
    code: 'cohort/fields',
    message: 'the row does not fit the header',
  }))
  const rows: FeatureRow[] = []
  for (const { line, values } of table.records) {
    const [pid, noduleId] = [values.pid.trim(), values.nodule_id.trim()]
    const parsed = parseFeatures(values, columns)
    const [first] = parsed.problems
    if (first !== undefined) {
      const hints = parsed.problems.flatMap(({ hint }) => hint ?? [])
      const message = parsed.problems.map((one) => `${one.column}: ${one.message}`).join('; ')
      problems.push({ line, pid, noduleId, code: first.code, message, hint: hints.join(' ') || undefined })
    } else if (pid === '' || noduleId === '')
      problems.push({ line, code: 'cohort/identifier', message: 'pid or nodule_id is empty' })
    else if (Object.keys(parsed.features).length === 0)
      problems.push({ line, pid, noduleId, code: 'report/no-features', message: 'the row has no semantic feature' })
    else rows.push({ line, pid, noduleId, features: parsed.features })
  }
  const notes = columns.doubtful.map(({ column, feature }) => ({
    code: 'report/columns',
    message: `the column "${column}" is not read: is ${feature} meant?`,
  }))
  return { rows, problems, notes }
}
