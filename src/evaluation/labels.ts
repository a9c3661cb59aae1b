/** What is known of the nodules: a cohort's table with its labels, whatever other columns it has. */
import { lineList } from '../cohort/duplicates.ts'
import { SpiculaError } from '../error.ts'
import { isMissing } from '../files/records.ts'
import type { Table, TableRecord } from '../files/table.ts'

/** A nodule with its label. */
export interface TruthRow {
  readonly line: number
  readonly pid: string
  readonly noduleId: string
  /** 1 cancer, 0 none, null not known. */
  readonly malignant: 0 | 1 | null
  readonly values: Readonly<Record<string, string>>
}

export interface Truth {
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: readonly TruthRow[]
  /** What was odd but could be read; without identifiers. */
  readonly notes: readonly string[]
}

/** One text for one nodule. */
export const noduleKey = (pid: string, noduleId: string): string => JSON.stringify([pid, noduleId])

/**
 * Reads a cohort's table for its labels: pid, nodule_id, malignant (0, 1 or empty), others as they are.
 * @throws SpiculaError `evaluation/columns` for a column that is missing, `evaluation/rows` naming the lines of rows
 *   that cannot be read, `evaluation/label` those whose label is neither 0 nor 1, `evaluation/duplicate` rows of one
 *   nodule that differ, `evaluation/empty`
 * @example parseTruth(parseTable('pid,nodule_id,malignant\n007,1,1\n', 'cohort.csv')).rows[0].malignant // 1
 */
export function parseTruth(table: Table): Truth {
  needColumns(table, ['pid', 'nodule_id', 'malignant'], 'a cohort with its labels')
  refuseMisfits(table)
  const rows = table.records.map((record) => {
    const row = identified(record)
    return { ...row, key: noduleKey(row.pid, row.noduleId), malignant: label(record.values.malignant) }
  })
  const wrong = rows.filter(({ malignant }) => malignant === undefined)
  if (wrong.length > 0) {
    const kinds = [...new Set(wrong.map(({ values }) => values.malignant.trim()))].filter((text) => text.length < 12)
    throw new SpiculaError(
      'evaluation/label',
      `${table.name}: malignant is neither 0 nor 1 on ${lineList(wrong.map(({ line }) => line))}` +
        `${
          kinds.length > 0
            ? ` (${kinds
                .slice(0, 5)
                .map((text) => `"${text}"`)
                .join(', ')})`
            : ''
        }`,
      { hint: 'Write 1 for cancer, 0 for none, and nothing where it is not known.' },
    )
  }
  const { kept, notes } = once(rows as (TruthRow & { key: string })[], table.name, ['pid', 'nodule_id'])
  if (kept.length === 0) throw new SpiculaError('evaluation/empty', `${table.name}: a header, but no row`)
  return { name: table.name, columns: table.columns, rows: kept, notes: [...notesOf(table), ...notes] }
}

/** What was odd about a table, as sentences. */
export const notesOf = ({ notes }: Table): string[] => notes.map(({ message }) => message)

/** Names what is missing and what there is. */
export function needColumns(table: Table, wanted: readonly string[], what: string): void {
  const missing = wanted.filter((column) => !table.columns.includes(column))
  if (missing.length === 0) return
  throw new SpiculaError('evaluation/columns', `${table.name}: ${missing.join(', ')} missing; ${what} needs it`, {
    hint: `Its columns are ${table.columns.slice(0, 12).join(', ')}${table.columns.length > 12 ? ', ...' : ''}.`,
  })
}

/** A row whose fields do not fit the header may be anyone's. */
export function refuseMisfits({ misfits, name }: Table): void {
  if (misfits.length === 0) return
  throw new SpiculaError('evaluation/rows', `${name}: fields do not fit the header on ${lineList(misfits)}`, {
    hint: 'Quote fields that hold the delimiter; write decimals with a point.',
  })
}

/** Identifiers of a record, without spaces around them. */
export const identified = ({ line, values }: TableRecord) => ({
  line,
  pid: (values.pid ?? '').trim(),
  noduleId: (values.nodule_id ?? '').trim(),
  values,
})

/** 0, 1, null where not known, undefined where something else; pandas writes 0.0 and 1.0 in columns with gaps. */
function label(text: string): 0 | 1 | null | undefined {
  const value = text.trim()
  if (isMissing(value)) return null
  if (/^[01](\.0*)?$/.test(value)) return value.startsWith('1') ? 1 : 0
  return undefined
}

/**
 * Each key once: rows alike to the letter say the same thing, others of one key contradict each other.
 * @param keys the columns that make it, for messages
 * @throws SpiculaError `evaluation/duplicate`
 */
export function once<Row extends { line: number; key: string; values: Readonly<Record<string, string>> }>(
  rows: readonly Row[],
  name: string,
  keys: readonly string[],
): { kept: Row[]; notes: string[] } {
  const first = new Map<string, Row>()
  const repeated: number[] = []
  const differing: number[] = []
  for (const row of rows) {
    const other = first.get(row.key)
    if (other === undefined) first.set(row.key, row)
    else if (Object.keys(row.values).every((column) => row.values[column] === other.values[column]))
      repeated.push(row.line)
    else differing.push(row.line)
  }
  if (differing.length > 0) {
    throw new SpiculaError(
      'evaluation/duplicate',
      `${name}: ${lineList(differing)}: ${keys.join(' and ')} of an earlier row that says something else`,
      { hint: 'Give every nodule of a patient a nodule_id of its own, and every nodule one row.' },
    )
  }
  const notes = repeated.length > 0 ? [`${name}: ${lineList(repeated)}: the same as an earlier row, left out`] : []
  return { kept: [...first.values()], notes }
}
