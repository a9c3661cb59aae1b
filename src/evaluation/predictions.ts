/** Tables of predictions: Spicula's own, and those of other tools. */
import { lineList } from '../cohort/duplicates.ts'
import { SpiculaError } from '../error.ts'
import { isMissing } from '../files/records.ts'
import type { Table } from '../files/table.ts'
import { needColumns, notesOf, once, refuseMisfits, type TruthRow } from './labels.ts'

/** Of what a table has one row: a nodule, an exam (a scan), or a patient. */
export type Unit = 'nodule' | 'exam' | 'patient'

/** Something that gives every nodule, exam or patient a number. */
export interface ScoreColumn {
  readonly key: string
  /** For tables and legends. */
  readonly label: string
  /** By {@link keyOf}; where the field is empty there is no score. */
  readonly scores: ReadonlyMap<string, number>
  /** The row of this table that a nodule belongs to. */
  readonly keyOf: (row: TruthRow) => string
}

export interface Predictions {
  readonly name: string
  readonly unit: Unit
  /** The one that the report is about, and the others in the table's order. */
  readonly main: ScoreColumn
  readonly others: readonly ScoreColumn[]
  /** Rows of the table, as they are called there. */
  readonly rows: readonly { readonly key: string; readonly shown: string }[]
  readonly notes: readonly string[]
}

/** Columns of Spicula's own table, in the order in which one is taken as the main one. */
const OWN = ['calibrated_ensemble', 'ensemble']
const FOLD = /^(raw|calibrated)_(\d+)$/
/** What other tools call theirs. */
const USUAL = ['probability', 'prob', 'malignancy_probability', 'prediction', 'score', 'p', 'malignancy']

/** Columns by which tables of other tools tell a scan. */
const EXAMS = [
  ...[
    'study_yr',
    'exam',
    'exam_id',
    'timepoint',
    'series_uid',
    'seriesuid',
    'series_instance_uid',
    'seriesinstanceuid',
  ],
  ...[
    'study_uid',
    'study_instance_uid',
    'studyinstanceuid',
    'accession',
    'accession_number',
    'study_date',
    'studydate',
  ],
]

/**
 * Reads a table of predictions: pid, nodule_id and columns of scores. A table without nodule_id has one score an exam,
 * where it shares a column that names exams with the cohort, or one a patient: what the published evaluation and Sybil
 * write.
 * @param column the main one; Spicula's ensemble (calibrated where there is one) or the usual names by default
 * @param label for it, in tables and legends
 * @param truthColumns of the cohort that it will be joined with
 * @throws SpiculaError `evaluation/columns`, `evaluation/rows`, `evaluation/duplicate`, `evaluation/score` naming the
 *   lines of fields that are not numbers, `evaluation/probability` those outside [0, 1] in a column of probabilities
 * @example parsePredictions(parseTable('pid,nodule_id,raw_0,ensemble\n007,1,0.2,0.2\n', 'results.csv')).main.key //
 *   'ensemble'
 */
export function parsePredictions(
  table: Table,
  {
    column,
    label,
    truthColumns = [],
  }: { column?: string | undefined; label?: string | undefined; truthColumns?: readonly string[] } = {},
): Predictions {
  const { unit, keys } = unitOf(table, truthColumns)
  needColumns(table, [...keys, ...(column === undefined ? [] : [column])], 'a table of predictions')
  refuseMisfits(table)
  const keyOfValues = (values: Readonly<Record<string, string>>): string =>
    JSON.stringify(keys.map((key) => (values[key] ?? '').trim()))
  const identified = table.records.map(({ line, values }) => ({ line, values, key: keyOfValues(values) }))
  const { kept: rows, notes } = once(identified, table.name, keys)
  if (rows.length === 0) throw new SpiculaError('evaluation/empty', `${table.name}: a header, but no row`)
  const main = column ?? [...OWN, ...USUAL].find((name) => table.columns.includes(name))
  if (main === undefined) {
    throw new SpiculaError('evaluation/columns', `${table.name}: none of its columns is known to hold predictions`, {
      hint: `Name it (--score COLUMN, or NAME=FILE:COLUMN); its columns are ${table.columns.join(', ')}.`,
    })
  }
  const own = table.columns.filter((name) => name !== main && (OWN.includes(name) || FOLD.test(name)))
  const read = (key: string): ScoreColumn => {
    const scores = new Map<string, number>()
    const noNumber: number[] = []
    const outside: number[] = []
    let hint = 'Leave a field empty where there is no prediction.'
    for (const { line, values, key: row } of rows) {
      const text = values[key].trim()
      if (isMissing(text)) continue
      const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN
      if (!Number.isFinite(value)) {
        noNumber.push(line)
        if (/^[+-]?\d+,\d+$/.test(text)) hint = 'It looks like a decimal comma: write a decimal point.'
      } else if (isProbability(key) && (value < 0 || value > 1)) outside.push(line)
      scores.set(row, value)
    }
    if (noNumber.length > 0) {
      throw new SpiculaError('evaluation/score', `${table.name}: ${key} is not a number on ${lineList(noNumber)}`, {
        hint,
      })
    }
    if (outside.length > 0) {
      throw new SpiculaError(
        'evaluation/probability',
        `${table.name}: ${key} lies outside [0, 1] on ${lineList(outside)}, so it is not a probability`,
        { hint: 'Divide percentages by 100. A score on another scale may go by another name, e.g. "risk_score".' },
      )
    }
    const shown = key === main && label !== undefined ? label : labelOf(key)
    return { key, label: shown, scores, keyOf: ({ values }) => keyOfValues(values) }
  }
  return {
    name: table.name,
    unit,
    main: read(main),
    others: own.map(read),
    rows: rows.map(({ key, values }) => ({ key, shown: keys.map((one) => (values[one] ?? '').trim()).join('/') })),
    notes: [...notesOf(table), ...notes],
  }
}

/** Of what the table has one row, and the columns that say which. */
function unitOf({ columns }: Table, truthColumns: readonly string[]): { unit: Unit; keys: readonly string[] } {
  if (columns.includes('nodule_id') || !columns.includes('pid')) return { unit: 'nodule', keys: ['pid', 'nodule_id'] }
  const exam = columns.find((name) => EXAMS.includes(name.toLowerCase()) && truthColumns.includes(name))
  return exam === undefined ? { unit: 'patient', keys: ['pid'] } : { unit: 'exam', keys: ['pid', exam] }
}

/** Columns whose name promises a probability; others may be scores on any scale. */
const isProbability = (key: string): boolean => OWN.includes(key) || FOLD.test(key) || /prob/i.test(key) || key === 'p'

function labelOf(key: string): string {
  const fold = FOLD.exec(key)
  if (fold) return `fold ${fold[2]}${fold[1] === 'calibrated' ? ', calibrated' : ''}`
  if (key === 'calibrated_ensemble') return 'ensemble, calibrated'
  return key
}
