/** A table with a header and any columns: what features, predictions and data sets come in. */
import type { Note } from '../error.ts'
import { type Records, textRecords } from './records.ts'

export interface Table {
  /** Name of the file, for messages. */
  readonly name: string
  /** Names of the header, without spaces around them. */
  readonly columns: readonly string[]
  /** Records by column, those that fit the header. */
  readonly records: readonly TableRecord[]
  /** Lines of records with a field too few or too many, or a quote amiss: nobody can tell which field is which. */
  readonly misfits: readonly number[]
  /** What was odd but readable. */
  readonly notes: readonly Note[]
}

export interface TableRecord {
  /** Line on which it begins, from 1. */
  readonly line: number
  readonly values: Readonly<Record<string, string>>
}

/**
 * Splits a table into records by column. Of a column that stands twice the first counts.
 * @param name of the file, for messages
 * @throws SpiculaError those of {@link textRecords}
 * @example parseTable('pid,nodule_id\n007,1\n', 'a.csv').records[0].values.pid // '007'
 */
export const parseTable = (text: string, name: string): Table => tableOf(textRecords(text, name))

/** Records by column. */
export function tableOf({ name, header, records, notes }: Records): Table {
  const columns = header.map((column) => column.trim())
  const named = columns.map((column, i) => [column, i] as const).filter(([column, i]) => columns.indexOf(column) === i)
  const fits = (record: (typeof records)[number]) => record.fields.length === columns.length && !record.malformed
  return {
    name,
    columns,
    records: records.filter(fits).map(({ line, fields }) => ({
      line,
      values: Object.fromEntries(named.map(([column, i]) => [column, fields[i]])),
    })),
    misfits: records.filter((record) => !fits(record)).map(({ line }) => line),
    notes,
  }
}
