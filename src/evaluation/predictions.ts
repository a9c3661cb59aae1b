/** Tables of predictions: Spicula's own, and those of other tools. */
import { lineList } from '../cohort/duplicates.ts'
import { SpiculaError } from '../error.ts'
import type { Table } from '../files/table.ts'
import { identified, needColumns, noduleKey, once, refuseMisfits } from './labels.ts'

/** Something that gives every nodule a number. */
export interface ScoreColumn {
  readonly key: string
  /** For tables and legends. */
  readonly label: string
  /** By nodule; where the field is empty there is none. */
  readonly scores: ReadonlyMap<string, number>
}

export interface Predictions {
  readonly name: string
  /** The one that the report is about, and the others in the table's order. */
  readonly main: ScoreColumn
  readonly others: readonly ScoreColumn[]
  /** Nodules of the table, as they are called there. */
  readonly nodules: readonly { readonly key: string; readonly pid: string; readonly noduleId: string }[]
  readonly notes: readonly string[]
}

/** Columns of Spicula's own table, in the order in which one is taken as the main one. */
const OWN = ['calibrated_ensemble', 'ensemble']
const FOLD = /^(raw|calibrated)_(\d+)$/
/** What other tools call theirs. */
const USUAL = ['probability', 'prob', 'malignancy_probability', 'prediction', 'score', 'p', 'malignancy']

/**
 * Reads a table of predictions: pid, nodule_id and columns of scores.
 * @param column the main one; Spicula's ensemble (calibrated where there is one) or the usual names by default
 * @param label for it, in tables and legends
 * @throws SpiculaError `evaluation/columns`, `evaluation/rows`, `evaluation/duplicate`, `evaluation/score` naming the
 *   lines of fields that are no numbers, `evaluation/probability` those outside [0, 1] in a column of probabilities
 * @example parsePredictions(parseTable('pid,nodule_id,raw_0,ensemble\n007,1,0.2,0.2\n', 'results.csv')).main.key // 'ensemble'
 */
export function parsePredictions(
  table: Table,
  { column, label }: { column?: string | undefined; label?: string | undefined } = {},
): Predictions {
  needColumns(table, ['pid', 'nodule_id', ...(column === undefined ? [] : [column])], 'a table of predictions')
  refuseMisfits(table)
  const { kept: rows, notes } = once(table.records.map(identified), table.name)
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
    for (const { line, pid, noduleId, values } of rows) {
      const text = values[key].trim()
      if (text === '') continue
      const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN
      if (!Number.isFinite(value)) noNumber.push(line)
      else if (isProbability(key) && (value < 0 || value > 1)) outside.push(line)
      scores.set(noduleKey(pid, noduleId), value)
    }
    if (noNumber.length > 0) {
      throw new SpiculaError('evaluation/score', `${table.name}: ${key} is no number on ${lineList(noNumber)}`, {
        hint: 'Leave a field empty where there is no prediction.',
      })
    }
    if (outside.length > 0) {
      throw new SpiculaError(
        'evaluation/probability',
        `${table.name}: ${key} lies outside [0, 1] on ${lineList(outside)}, so it is no probability`,
        { hint: 'Divide percentages by 100. A score on another scale may go by another name, e.g. "risk_score".' },
      )
    }
    return { key, label: key === main && label !== undefined ? label : labelOf(key), scores }
  }
  return {
    name: table.name,
    main: read(main),
    others: own.map(read),
    nodules: rows.map(({ pid, noduleId }) => ({ key: noduleKey(pid, noduleId), pid, noduleId })),
    notes,
  }
}

/** Columns whose name promises a probability; others may be scores on any scale. */
const isProbability = (key: string): boolean => OWN.includes(key) || FOLD.test(key) || /prob/i.test(key) || key === 'p'

function labelOf(key: string): string {
  const fold = FOLD.exec(key)
  if (fold) return `fold ${fold[2]}${fold[1] === 'calibrated' ? ', calibrated' : ''}`
  if (key === 'calibrated_ensemble') return 'ensemble, calibrated'
  return key
}
