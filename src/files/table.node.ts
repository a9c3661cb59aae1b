import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { SpiculaError } from '../error.ts'
import { type Records, recordsOf } from './records.ts'
import { type Table, tableOf } from './table.ts'

/** Far above any cohort's table, far below what would exhaust memory. */
const maxBytes = 256 * 1024 * 1024

/**
 * Reads the records of a table's file, whatever its encoding, delimiter or kind.
 * @throws SpiculaError `cohort/not-found`, `cohort/unreadable`, `cohort/too-large`, and those of {@link recordsOf}
 * @example const { header, records } = await readRecords('cohort.csv')
 */
export async function readRecords(path: string): Promise<Records> {
  const name = basename(path)
  try {
    const { size } = await stat(path)
    if (size > maxBytes) {
      throw new SpiculaError('cohort/too-large', `${name}: ${size} bytes are too many for a table`, {
        hint: 'A table is a text file with a line a nodule; a single scan goes to --ct.',
      })
    }
    return recordsOf(await readFile(path), name)
  } catch (error) {
    if (error instanceof SpiculaError) throw error
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT') {
      throw new SpiculaError('cohort/not-found', `${path}: no such file`, { hint: 'Check the path of the table.' })
    }
    const reason = code === 'EISDIR' ? 'it is a folder' : String(code ?? error)
    throw new SpiculaError('cohort/unreadable', `${path}: cannot be read (${reason})`, { cause: error })
  }
}

/**
 * Reads a table from a file.
 * @throws SpiculaError those of {@link readRecords}
 * @example const { columns, records } = await readTable('cohort.csv')
 */
export const readTable = async (path: string): Promise<Table> => tableOf(await readRecords(path))
