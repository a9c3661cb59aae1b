/** A table with a header and any columns: what features and data sets come in. */

import { SpiculaError } from '../error.ts'
import { csvRecords, detectDelimiter } from './csv.ts'

export interface Table {
  /** Name of the file, for messages. */
  readonly name: string
  /** Names of the header, without spaces around them. */
  readonly columns: readonly string[]
  /** Records by column, those that fit the header. */
  readonly records: readonly TableRecord[]
  /** Lines of records with a field too few or too many, or a quote amiss: nobody can tell which field is which. */
  readonly misfits: readonly number[]
}

export interface TableRecord {
  /** Line on which it begins, from 1. */
  readonly line: number
  readonly values: Readonly<Record<string, string>>
}

/**
 * Splits a table into records by column. Of a column that stands twice the first counts.
 * @param name of the file, for messages
 * @throws SpiculaError `report/table` where the file is empty or binary, `cohort/quote` where a quote never closes
 * @example parseTable('pid,nodule_id\n007,1\n', 'a.csv').records[0].values.pid // '007'
 */
export function parseTable(text: string, name: string): Table {
  if (text.includes('\0')) throw new SpiculaError('report/table', `${name}: this is a binary file, not a table`)
  const body = text.replace(/^\uFEFF/, '')
  const [header, ...rest] = csvRecords(body, detectDelimiter(body.split(/[\r\n]/, 1)[0]), name)
  if (!header) throw new SpiculaError('report/table', `${name}: the table is empty`)
  const columns = header.fields.map((column) => column.trim())
  const named = columns.map((column, i) => [column, i] as const).filter(([column, i]) => columns.indexOf(column) === i)
  const filled = rest.filter(({ fields }) => fields.some((field) => field.trim() !== ''))
  const fits = (record: (typeof rest)[number]) => record.fields.length === columns.length && !record.malformed
  return {
    name,
    columns,
    records: filled.filter(fits).map(({ line, fields }) => ({
      line,
      values: Object.fromEntries(named.map(([column, i]) => [column, fields[i]])),
    })),
    misfits: filled.filter((record) => !fits(record)).map(({ line }) => line),
  }
}
