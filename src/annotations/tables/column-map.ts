/** Home-made tables, by a map that says which column is what. */
import * as z from 'zod'
import type { RowProblem } from '../../cohort/problem.ts'
import { SpiculaError } from '../../error.ts'
import type { Table } from '../../files/table.ts'
import type { Note } from '../../scan/scan.ts'
import {
  type Converted,
  type ConvertedRow,
  imageOf,
  labelOf,
  misfitProblems,
  pointOf,
  repeatNote,
  restOf,
  sizeFault,
  withoutRepeats,
} from './converted.ts'

const column = z.string().min(1)
const map = z.strictObject({
  pid: column,
  /** Left out: nodules are counted within a patient, in the table's order. */
  nodule_id: column.optional(),
  image_path: z.union([column, z.strictObject({ pattern: z.string().min(1) })]).optional(),
  coordX: column.optional(),
  coordY: column.optional(),
  coordZ: column.optional(),
  frame: z.enum(['lps', 'ras']).optional(),
  malignant: z
    .union([column, z.strictObject({ column, one: z.array(z.string()).min(1), zero: z.array(z.string()).min(1) })])
    .optional(),
  /** New name of a column: its old one. */
  rename: z.record(z.string(), z.string()).optional(),
  /** Columns to leave out: names, dates of birth. */
  drop: z.array(z.string()).optional(),
})

/** Columns that hold diameters in mm. */
const SIZES = ['diameter_mm', 'longest_axial_diameter_(mm)', 'short_diameter_(mm)', 'mean_diameter']

export type ColumnMap = z.infer<typeof map>

/**
 * Reads a column map.
 * @throws SpiculaError `datasets/map` naming what does not fit
 * @example parseColumnMap('{"pid": "MRN", "malignant": {"column": "Dx", "one": ["cancer"], "zero": ["benign"]}}', 'map.json')
 */
export function parseColumnMap(text: string, name: string): ColumnMap {
  let source: unknown
  try {
    source = JSON.parse(text)
  } catch (cause) {
    throw new SpiculaError('datasets/map', `${name}: not JSON`, { cause })
  }
  const result = map.safeParse(source)
  if (result.success) return result.data
  const issues = result.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`)
  throw new SpiculaError('datasets/map', `${name}: ${issues.join('; ')}`, {
    hint: 'See docs/cohorts.md for an example of a column map.',
  })
}

/**
 * Makes a cohort of any table.
 * @throws SpiculaError `datasets/columns` where the map names columns that the table lacks
 */
export function mappedCohort(table: Table, columns: ColumnMap): Converted {
  const {
    pid,
    nodule_id: nodule,
    image_path: image,
    coordX,
    coordY,
    coordZ,
    frame,
    malignant,
    rename = {},
    drop = [],
  } = columns
  const label = typeof malignant === 'object' ? malignant.column : malignant
  const path = typeof image === 'string' ? image : undefined
  const used = [pid, nodule, path, coordX, coordY, coordZ, label, ...Object.values(rename), ...drop].filter(
    (one) => one !== undefined,
  )
  const missing = used.filter((one) => !table.columns.includes(one))
  if (missing.length > 0) {
    throw new SpiculaError('datasets/columns', `${table.name}: the map names ${missing.join(', ')}, which it lacks`, {
      hint: `Its columns are ${table.columns.slice(0, 15).join(', ')}${table.columns.length > 15 ? ', ...' : ''}.`,
    })
  }
  const problems: RowProblem[] = misfitProblems(table)
  const counted = new Map<string, number>()
  const read = table.records.flatMap((record): (ConvertedRow & { line: number })[] => {
    const { line, values } = record
    const patient = values[pid].trim()
    const n = (counted.get(patient) ?? 0) + 1
    counted.set(patient, n)
    const noduleId = nodule === undefined ? String(n) : values[nodule].trim()
    const point =
      coordX === undefined || coordY === undefined || coordZ === undefined
        ? null
        : pointOf(values, [coordX, coordY, coordZ], frame)
    const told = labelBy(values, malignant)
    const renamed = Object.fromEntries(Object.entries(rename).map(([to, from]) => [to, values[from]]))
    const size = sizeFault({ ...values, ...renamed }, SIZES)
    const faults = [
      ...(patient === '' || noduleId === '' ? ['pid or nodule_id is empty'] : []),
      ...(typeof point === 'string' ? [point] : []),
      ...(size === undefined ? [] : [size]),
      ...(told === undefined ? [`${label} says neither one nor zero`] : []),
    ]
    if (faults.length > 0 || typeof point === 'string' || told === undefined) {
      problems.push({ line, code: 'datasets/row', message: faults.join('; ') })
      return []
    }
    const imagePath =
      typeof image === 'object'
        ? imageOf(image.pattern, { ...values, pid: patient })
        : (values[path ?? ''] ?? '').trim()
    return [
      {
        line,
        pid: patient,
        noduleId,
        imagePath,
        pointLps: point,
        malignant: told,
        extra: { ...renamed, ...restOf(record, used) },
      },
    ]
  })
  const { rows, repeated, problems: twice } = withoutRepeats(read)
  const notes: Note[] = repeatNote(repeated)
  if (coordX === undefined)
    notes.push({ code: 'datasets/no-points', message: 'the map has no coordX: coordX to coordZ are empty' })
  if (malignant === undefined)
    notes.push({ code: 'datasets/no-label', message: 'the map has no malignant: it is empty' })
  if (nodule === undefined)
    notes.push({ code: 'datasets/counted', message: 'the map has no nodule_id: nodules are counted within a patient' })
  return { rows, notes, problems: [...problems, ...twice] }
}

/** Words are compared without case and spaces around them. */
function labelBy(
  values: Readonly<Record<string, string>>,
  malignant: ColumnMap['malignant'],
): 0 | 1 | null | undefined {
  if (malignant === undefined) return null
  if (typeof malignant === 'string') return labelOf(values[malignant])
  const plain = (text: string): string => text.trim().toLowerCase()
  const value = plain(values[malignant.column])
  if (value === '') return null
  if (malignant.one.some((word) => plain(word) === value)) return 1
  return malignant.zero.some((word) => plain(word) === value) ? 0 : undefined
}
