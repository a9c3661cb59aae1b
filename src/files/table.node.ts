import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { SpiculaError } from '../error.ts'
import { parseTable, type Table } from './table.ts'

/**
 * Reads a table from a file, UTF-8.
 * @throws SpiculaError `report/missing` where it cannot be read, and those of {@link parseTable}
 * @example const { columns, records } = await readTable('cohort.csv')
 */
export async function readTable(path: string): Promise<Table> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new SpiculaError('report/missing', `${path} cannot be read`, { hint: 'Check the path.', cause })
  }
  return parseTable(text, basename(path))
}
