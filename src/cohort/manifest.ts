/** The manifest of a cohort: one table with a row a nodule. Text in, rows out; see `manifest.node.ts` for files. */
import { SpiculaError } from '../error.ts'
import type { CsvRecord } from '../files/csv.ts'
import { type Records, textRecords } from '../files/records.ts'
import type { Note } from '../scan/scan.ts'
import { type Header, readHeader, requiredColumns } from './columns.ts'
import { lineList, withoutDuplicates } from './duplicates.ts'
import type { Frame } from './frame.ts'
import type { RowProblem } from './problem.ts'
import { type CohortRow, readRow } from './row.ts'

export interface Manifest {
  /** Name for messages. */
  readonly name: string
  /** The frame of every row's point. */
  readonly frame: Frame
  /** Names of the header, in order, without spaces around them. */
  readonly columns: readonly string[]
  /** Rows that can be used, in order. */
  readonly rows: readonly CohortRow[]
  /** Rows that cannot, by line. */
  readonly problems: readonly RowProblem[]
  /** What was odd but readable. */
  readonly notes: readonly Note[]
}

/**
 * Reads a manifest: comma, semicolon or tab separated, with the columns pid, nodule_id, image_path, coordX, coordY,
 * coordZ, and optionally malignant and malignant_probability; others are kept as they are. A bad row becomes a problem
 * and never loses the others. Rows that share pid and nodule_id are all problems, for nobody could tell whose result is
 * whose, unless they are alike to the letter: then the first counts.
 * @param text the file's text
 * @param name of the file, for messages
 * @param frame of the points: `lps` (default), `ras` or `voxel`
 * @throws SpiculaError `cohort/binary`, `cohort/empty`, `cohort/columns`, `cohort/quote` where no row can be trusted
 * @example
 * const { rows } = parseManifest('pid,nodule_id,image_path,coordX,coordY,coordZ\n007,1,a.nii.gz,-38,-73.9,-111\n', {
 *   name: 'cohort.csv',
 * })
 * rows[0].pid // '007'
 */
export function parseManifest(text: string, { name, frame = 'lps' }: { name: string; frame?: Frame }): Manifest {
  return manifestOf(textRecords(text, name), { frame })
}

/** The manifest of a table's records; see {@link parseManifest}. */
export function manifestOf(
  { name, header: names, records: filled, notes }: Records,
  { frame = 'lps' }: { frame?: Frame } = {},
): Manifest {
  const header = readHeader(names, name)
  const { columns } = header
  if (filled.length === 0) throw new SpiculaError('cohort/empty', `${name}: a header, but no row`)

  for (const record of filled) refuseSwallowedRows(record, header, name)
  const read = filled.map((record) => readRow(record, header))
  const problems = read.flatMap(({ problem }) => (problem === undefined ? [] : [problem]))
  const { rows, repeated, duplicates } = withoutDuplicates(read)
  return {
    name,
    frame,
    columns,
    rows,
    problems: [...problems, ...duplicates].sort((a, b) => a.line - b.line),
    notes: [...notes, ...notesOn(columns, rows, repeated), ...noteOnLines(filled)],
  }
}

/**
 * A row of several lines is right where a column holds text, but where its fields do not fit the header, or its
 * identifiers, path or place hold the line break, a quote closes too late: other patients' rows are inside.
 */
function refuseSwallowedRows({ line, lastLine, fields }: CsvRecord, { columns, field }: Header, name: string): void {
  if (lastLine === line) return
  const broken = requiredColumns.find((column) => /[\r\n]/.test(fields[field[column]] ?? ''))
  if (fields.length === columns.length && broken === undefined) return
  const why =
    broken === undefined ? `${fields.length} fields for ${columns.length} columns` : `a line break in ${broken}`
  throw new SpiculaError('cohort/quote', `${name}: lines ${line} to ${lastLine} read as one row, with ${why}`, {
    hint: `A quote that opens on line ${line} probably closes too late and swallows the rows below it.`,
  })
}

function notesOn(columns: readonly string[], rows: readonly CohortRow[], repeated: readonly number[]): Note[] {
  const notes: Note[] = []
  const named = columns.filter((column) => column !== '')
  const twice = [...new Set(named.filter((column, i) => named.indexOf(column) !== i))]
  if (twice.length > 0) {
    const message = `${twice.map((column) => `"${column}"`).join(', ')} stands more than once in the header: the first counts`
    notes.push({ code: 'cohort/columns', message })
  }
  if (repeated.length > 0) {
    const message = `${lineList(repeated)}: the same as an earlier row to the letter, left out`
    notes.push({ code: 'cohort/duplicate', message })
  }
  const spaced = rows.filter(({ pid, noduleId, values }) => values.pid !== pid || values.nodule_id !== noduleId)
  if (spaced.length > 0) {
    const lines = lineList(spaced.map(({ line }) => line))
    notes.push({ code: 'cohort/spaces', message: `${lines}: spaces round pid or nodule_id removed, also in results` })
  }
  return notes
}

/** Right where a column holds text of several lines, but a stray quote can look like it. */
function noteOnLines(records: readonly CsvRecord[]): Note[] {
  const long = records.filter(({ line, lastLine }) => lastLine > line)
  if (long.length === 0) return []
  const begin = lineList(long.map(({ line }) => line))
  return [{ code: 'cohort/lines', message: `rows of several lines, by their quotes, begin on ${begin}` }]
}
