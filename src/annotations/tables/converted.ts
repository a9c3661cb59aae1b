/** What every table of a data set becomes: rows of one manifest, and what to know of them. */

import { type WorldFrame, worldPointLps } from '../../cohort/frame.ts'
import type { RowProblem } from '../../cohort/problem.ts'
import { SpiculaError } from '../../error.ts'
import { csvText } from '../../files/csv.ts'
import type { Table, TableRecord } from '../../files/table.ts'
import { stemOf } from '../../scan/formats.node.ts'
import type { Note, Triple } from '../../scan/scan.ts'
import { splitSeries } from '../../scan/series-path.ts'

/** A nodule. */
export interface ConvertedRow {
  readonly pid: string
  readonly noduleId: string
  /** Empty where the table says nothing of the scan's file. */
  readonly imagePath: string
  /** null where the table has no place in millimetres. */
  readonly pointLps: Triple | null
  /** 1 cancer, 0 none, null not known. */
  readonly malignant: 0 | 1 | null
  /** Further columns. */
  readonly extra: Readonly<Record<string, string>>
}

export interface Converted {
  readonly rows: readonly ConvertedRow[]
  /** Traps that the data held, and what was done about them. */
  readonly notes: readonly Note[]
  /** Rows that could not be read. */
  readonly problems: readonly RowProblem[]
}

/**
 * The manifest's text: the columns that `spicula predict` reads, then all others in the order in which they come.
 * @example cohortCsv([{ pid: '1', noduleId: '1', imagePath: 'a.mhd', pointLps: [1, 2, 3], malignant: null, extra: {}
 * }]) // 'pid,nodule_id,image_path,coordX,coordY,coordZ,malignant\n1,1,a.mhd,1,2,3,\n'
 */
export function cohortCsv(rows: readonly ConvertedRow[]): string {
  const extra = [...new Set(rows.flatMap((row) => Object.keys(row.extra)))]
  const header = ['pid', 'nodule_id', 'image_path', 'coordX', 'coordY', 'coordZ', 'malignant', ...extra]
  const records = rows.map((row) => [
    row.pid,
    row.noduleId,
    row.imagePath,
    ...(row.pointLps === null ? ['', '', ''] : row.pointLps.map(String)),
    row.malignant === null ? '' : String(row.malignant),
    ...extra.map((column) => row.extra[column] ?? ''),
  ])
  return csvText([header, ...records])
}

/**
 * A decimal number, or NaN: no hexadecimal, no blanks, no "1,5".
 * @example decimal(' -38.5 ') // -38.5
 */
export const decimal = (text: string | undefined): number =>
  /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test((text ?? '').trim()) ? Number(text) : Number.NaN

/**
 * A point of three columns in LPS mm.
 * @param frame of the numbers: `ras` has x and y the other way round
 * @returns the point, or what is wrong with it
 */
export function pointOf(
  values: Readonly<Record<string, string>>,
  columns: readonly [string, string, string],
  frame: WorldFrame = 'lps',
): Triple | string {
  const [x, y, z] = columns.map((column) => decimal(values[column]))
  const wrong = columns.filter((_, i) => !Number.isFinite([x, y, z][i]))
  if (wrong.length > 0) return `${wrong.join(', ')}: not a finite number`
  return worldPointLps([x, y, z], frame)
}

/** No lesion, and no chest, is larger, mm. */
const MOST_MM = 500

/**
 * Sizes that cannot be right: negative ones (tables write -1 for "no nodule"), zero, more than a chest. Empty fields
 * and words are not looked at.
 * @returns what is wrong, or undefined
 * @example sizeFault({ diameter_mm: '-1' }, ['diameter_mm']) // 'diameter_mm is -1, which is not a size in mm'
 */
export function sizeFault(values: Readonly<Record<string, string>>, columns: readonly string[]): string | undefined {
  const wrong = columns.filter((column) => {
    const size = decimal(values[column])
    return Number.isFinite(size) && !(size > 0 && size <= MOST_MM)
  })
  if (wrong.length === 0) return undefined
  return wrong.map((column) => `${column} is ${decimal(values[column])}, which is not a size in mm`).join('; ')
}

/** 0, 1, null where empty, undefined where something else. */
export function labelOf(text: string | undefined): 0 | 1 | null | undefined {
  const value = (text ?? '').trim()
  if (value === '') return null
  if (/^[01](\.0*)?$/.test(value)) return value.startsWith('1') ? 1 : 0
  return undefined
}

/**
 * The table's own spelling of columns, case and punctuation aside.
 * @throws SpiculaError `datasets/columns` naming what is missing
 * @example columnsOf(table, ['seriesuid', 'coordX'])
 */
export function columnsOf<const Name extends string>(table: Table, wanted: readonly Name[]): Record<Name, string> {
  const found = wanted.map((name) => [name, columnLike(table, name)] as const)
  const missing = found.filter(([, column]) => column === undefined).map(([name]) => name)
  if (missing.length > 0) {
    throw new SpiculaError('datasets/columns', `${table.name}: ${missing.join(', ')} missing`, {
      hint: `Its columns are ${table.columns.slice(0, 15).join(', ')}${table.columns.length > 15 ? ', ...' : ''}.`,
    })
  }
  return Object.fromEntries(found) as Record<Name, string>
}

/** A column by its letters and digits. */
export const columnLike = (table: Table, name: string): string | undefined =>
  table.columns.find((column) => letters(column) === letters(name))

const letters = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')

/** Columns that were not read, as they are. */
export const restOf = (record: TableRecord, used: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(record.values).filter(
      ([column]) => column !== '' && !used.includes(column) && !RESERVED.has(column),
    ),
  )

/** Columns of the manifest: a table's own of the same name would stand twice. */
const RESERVED = new Set(['pid', 'nodule_id', 'image_path', 'coordX', 'coordY', 'coordZ', 'malignant'])

/** Rows whose fields do not fit the header, as problems. */
export const misfitProblems = ({ misfits }: Table): RowProblem[] =>
  misfits.map((line) => ({ line, code: 'datasets/fields', message: 'its fields do not fit the header' }))

/** Rows alike in their identifiers: the first counts; what contradicts it is a problem. */
export function withoutRepeats(rows: readonly (ConvertedRow & { readonly line: number })[]): {
  rows: ConvertedRow[]
  repeated: number
  problems: RowProblem[]
} {
  const first = new Map<string, string>()
  const kept: ConvertedRow[] = []
  const problems: RowProblem[] = []
  let repeated = 0
  for (const { line, ...row } of rows) {
    const key = JSON.stringify([row.pid, row.noduleId])
    const text = JSON.stringify(row)
    const known = first.get(key)
    if (known === undefined) {
      first.set(key, text)
      kept.push(row)
    } else if (known === text) repeated++
    else
      problems.push({
        line,
        code: 'datasets/duplicate',
        message: 'its identifiers are those of an earlier row, which differs',
      })
  }
  return { rows: kept, repeated, problems }
}

/** A note on repeated rows, where there are any. */
export const repeatNote = (repeated: number): Note[] =>
  repeated === 0
    ? []
    : [{ code: 'datasets/repeated', message: `${repeated} rows the same as an earlier one, left out` }]

/** `{pid}` and `{series}` of a pattern such as `scans/{series}.mhd`. */
export const imageOf = (pattern: string, values: Readonly<Record<string, string>>): string =>
  pattern.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)

/**
 * The name of an image, which stands for its series or patient where a table has nothing better.
 * @example imageName('a/1.3.6.1.nii.gz') // '1.3.6.1'
 */
export const imageName = (path: string): string =>
  stemOf(splitSeries(path.replaceAll('\\', '/')).path.replace(/\.npy$/i, ''))
