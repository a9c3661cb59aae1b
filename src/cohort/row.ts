/** One row of a manifest: a nodule, its scan and its place. */

import type { CsvRecord } from '../files/csv.ts'
import { isMissing } from '../files/records.ts'
import type { Triple } from '../scan/scan.ts'
import type { Header, RequiredColumn } from './columns.ts'
import type { Identified, RowProblem } from './problem.ts'

export interface CohortRow extends Identified {
  /** Path of the scan as written, without spaces around it. */
  readonly imagePath: string
  /** coordX, coordY, coordZ as written, in the manifest's frame. */
  readonly point: Triple
  /** 1 cancer, 0 none, null not said. */
  readonly malignant: 0 | 1 | null
  /** How sure those who labelled it were that it is cancer, 0 to 1: what training learns instead of `malignant`. */
  readonly malignantProbability: number | null
  /** Every column, verbatim, also those above and those unknown. */
  readonly values: Readonly<Record<string, string>>
}

/** What is wrong with a field. */
interface Fault {
  readonly code: string
  readonly message: string
  readonly hint?: string
}

/**
 * A record read as a row: the row, or why it cannot be used. Its identifiers are read in either case, as far as they
 * go.
 */
export interface ReadRow {
  readonly line: number
  readonly pid: string
  readonly noduleId: string
  readonly row?: CohortRow
  readonly problem?: RowProblem
}

/** Reads one record of a manifest. */
export function readRow({ line, fields, malformed }: CsvRecord, header: Header): ReadRow {
  const faults: Fault[] = []
  const field = (column: RequiredColumn): string => (fields[header.field[column]] ?? '').trim()
  const pid = field('pid')
  const noduleId = field('nodule_id')
  const values = Object.fromEntries(header.named.map(([column, i]) => [column, fields[i] ?? '']))

  if (malformed) {
    faults.push({ code: 'cohort/quote', message: 'text follows a closing quote', hint: 'Quote the whole field.' })
  }
  if (fields.length !== header.columns.length) faults.push(fieldCountFault(fields.length, header.columns.length))
  // With fields missing or in excess, what stands under a name may belong to its neighbour.
  if (faults.length > 0) return { line, pid, noduleId, problem: problem(line, pid, noduleId, faults) }

  if (pid === '') faults.push({ code: 'cohort/identifier', message: 'pid is empty' })
  if (noduleId === '') faults.push({ code: 'cohort/identifier', message: 'nodule_id is empty' })
  if (/\p{Cc}/u.test(pid + noduleId)) {
    faults.push({ code: 'cohort/identifier', message: 'pid or nodule_id holds a control character' })
  }
  if (field('image_path') === '') faults.push({ code: 'cohort/image-path', message: 'image_path is empty' })
  const point: Triple = [
    coordinate('coordX', field('coordX'), faults),
    coordinate('coordY', field('coordY'), faults),
    coordinate('coordZ', field('coordZ'), faults),
  ]
  const malignant = label(fields[header.malignant] ?? '', faults)
  const malignantProbability = probability(fields[header.malignantProbability] ?? '', faults)
  if (faults.length > 0) return { line, pid, noduleId, problem: problem(line, pid, noduleId, faults) }
  const imagePath = field('image_path')
  return {
    line,
    pid,
    noduleId,
    row: { line, pid, noduleId, imagePath, point, malignant, malignantProbability, values },
  }
}

/** One problem a row, under the code of its first fault, telling all of them. */
function problem(line: number, pid: string, noduleId: string, faults: readonly Fault[]): RowProblem {
  const hints = [...new Set(faults.flatMap(({ hint }) => (hint === undefined ? [] : [hint])))]
  return {
    line,
    pid: pid || undefined,
    noduleId: noduleId || undefined,
    code: faults[0].code,
    message: faults.map(({ message }) => message).join('; '),
    hint: hints.length > 0 ? hints.join(' ') : undefined,
  }
}

function fieldCountFault(found: number, expected: number): Fault {
  const message = `${found} fields, but the header has ${expected}`
  if (found < expected) return { code: 'cohort/fields', message, hint: 'Fields are missing: was the row cut short?' }
  return {
    code: 'cohort/fields',
    message,
    hint: 'Quote fields that hold the delimiter, and write coordinates with a decimal point (12.5, not 12,5).',
  }
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** A coordinate, or NaN with its fault. Stricter than Number(): no hexadecimal, no blanks, no infinities. */
function coordinate(column: string, text: string, faults: Fault[]): number {
  const value = decimal.test(text) ? Number(text) : Number.NaN
  if (Number.isFinite(value)) return value
  const code = 'cohort/coordinate'
  const message = text === '' ? `${column} is empty` : `${column} is ${shown(text)}, not a finite number`
  if (/^[+-]?\d+,\d+$/.test(text)) {
    faults.push({ code, message, hint: 'It looks like a decimal comma: write a decimal point.' })
  } else if (/^[\u2010-\u2015\u2212]/.test(text)) {
    faults.push({ code, message, hint: 'Its minus is a typographic dash: write "-".' })
  } else faults.push({ code, message })
  return Number.NaN
}

/** 0, 1 or nothing; pandas writes 0.0 and 1.0 for a column that also has gaps. */
function label(text: string, faults: Fault[]): 0 | 1 | null {
  const value = text.trim()
  if (isMissing(value)) return null
  if (/^[01](\.0*)?$/.test(value)) return value.startsWith('1') ? 1 : 0
  faults.push({
    code: 'cohort/malignant',
    message: `malignant is ${shown(value)}`,
    hint: 'Write 1 for cancer, 0 for none, and nothing where it is not known.',
  })
  return null
}

function probability(text: string, faults: Fault[]): number | null {
  const written = text.trim()
  if (isMissing(written)) return null
  const value = decimal.test(written) ? Number(written) : Number.NaN
  if (value >= 0 && value <= 1) return value
  faults.push({
    code: 'cohort/malignant',
    message: `malignant_probability is ${shown(written)}`,
    hint: 'Write a number from 0 to 1, and nothing where it is not known.',
  })
  return null
}

/** A value for a message. Other than numbers and words for them it is only described: in a row whose fields have
 * slipped it may be anything, a patient's name included. */
const shown = (text: string): string =>
  /^([\d.,+e\u2010-\u2015\u2212-]{1,24}|[+-]?(nan|inf|infinity|na|n\/a|none|null|true|false|yes|no))$/i.test(text)
    ? `"${text}"`
    : `a text of ${text.length} characters`
