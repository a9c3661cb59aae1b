/** What the commands on a cohort have in common: reading it, reporting its rows, leaving `errors.csv`. */
import { mkdir, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { RowProblem } from '../../cohort/problem.ts'
import { errorsCsv } from '../../cohort/results.ts'
import { SpiculaError } from '../../error.ts'
import { writeFileAtomic } from '../../files/atomic.node.ts'
import { readTable } from '../../files/table.node.ts'
import type { Table } from '../../files/table.ts'
import type { Note } from '../../scan/scan.ts'

/** Some rows failed and the others were done. */
export const SOME_ROWS_FAILED = 2

/** How many problems are printed before the table is pointed at. */
const SHOWN = 10

/**
 * Reads a table for a command, and prints what was odd about it.
 * @throws SpiculaError those of {@link readTable}
 */
export async function openTable(path: string, { quiet = false }: { quiet?: boolean | undefined }): Promise<Table> {
  const table = await readTable(path)
  if (!quiet) printNotes(table.notes.map((note) => ({ line: 1, note })))
  return table
}

/** Makes a folder, its parents too. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    const why = code === 'EEXIST' || code === 'ENOTDIR' ? 'a file has its name, or that of a folder above it' : code
    throw new SpiculaError('cli/folder', `the folder ${path} cannot be made: ${why}`, { cause })
  }
}

/**
 * Prints the rows that failed, writes them to `errors.csv` in the folder, and sets the exit status.
 * A table that an earlier run left there is taken away when this one had no problems.
 */
export async function reportProblems(problems: readonly RowProblem[], folder: string | undefined): Promise<void> {
  for (const { line, code, message, hint } of problems.slice(0, SHOWN))
    console.error(`row ${line}: ${message} [${code}]${hint === undefined ? '' : `\n  ${hint}`}`)
  if (problems.length > SHOWN) console.error(`... and ${problems.length - SHOWN} rows more`)
  if (folder !== undefined) await writeErrors(problems, join(folder, 'errors.csv'))
  if (problems.length > 0) process.exitCode = SOME_ROWS_FAILED
}

async function writeErrors(problems: readonly RowProblem[], path: string): Promise<void> {
  if (problems.length > 0) {
    await writeFileAtomic(path, errorsCsv(problems))
    console.error(`${problems.length} ${problems.length === 1 ? 'row' : 'rows'} without a result: see ${path}`)
    return
  }
  const old = await readFile(path, 'utf8').catch(() => '')
  if (old.startsWith('row,code,message')) await unlink(path)
}

/** A note and the row that it is about. */
export interface RowNote {
  readonly line: number
  readonly note: Note
}

/** Notes of many rows, one line a kind: the same remark about 300 rows is one remark. */
export function printNotes(notes: readonly RowNote[]): void {
  const byCode = new Map<string, RowNote[]>()
  for (const one of notes) byCode.set(one.note.code, [...(byCode.get(one.note.code) ?? []), one])
  for (const [code, those] of byCode) {
    const [{ line, note }] = those
    const others = those.length > 1 ? ` (and ${those.length - 1} rows more)` : ''
    console.error(`note, row ${line}${others}: ${note.message} [${code}]`)
  }
}
