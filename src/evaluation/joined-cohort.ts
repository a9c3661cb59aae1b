/** Truth and predictions of one cohort, nodule by nodule. */
import { SpiculaError } from '../error.ts'
import { RISK_MODELS } from '../risk/table.ts'
import { noduleKey, type Truth, type TruthRow } from './labels.ts'
import type { Predictions, ScoreColumn } from './predictions.ts'

/** A predictor on a cohort: a score a row, NaN inside only, for rows it has none for. */
export interface CohortPredictor {
  readonly key: string
  readonly label: string
  readonly kind: 'main' | 'own' | 'other' | 'diameter' | 'risk'
  readonly scores: Float64Array
  /** Why rows have none, with their number; worst first. */
  readonly blanks: readonly string[]
}

/** Nodules with a label and a prediction, row by row. */
export interface Cohort {
  readonly name: string
  readonly rows: readonly TruthRow[]
  readonly labels: Uint8Array
  readonly patients: readonly string[]
  /** The first is the one that the report is about. */
  readonly predictors: readonly CohortPredictor[]
  readonly leftOut: { readonly unlabelled: number; readonly unpredicted: number; readonly unknown: number }
  /** Without identifiers. */
  readonly notes: readonly string[]
}

export interface JoinOptions {
  /** Evaluate what both tables have, and say so, where their nodules differ. */
  readonly allowMissing?: boolean
  /** Other tools' tables. */
  readonly others?: readonly { readonly name: string; readonly predictions: Predictions }[]
  /** Diameter and risk models from the truth's columns. */
  readonly clinical?: boolean
}

/**
 * Joins a cohort's truth with predictions by pid and nodule_id.
 * @throws SpiculaError `evaluation/ids` where nodules of one table are not in the other: which, and how many
 * @example joinCohort('LUNGx', truth, predictions).labels
 */
export function joinCohort(
  name: string,
  truth: Truth,
  predictions: Predictions,
  { allowMissing = false, others = [], clinical = true }: JoinOptions = {},
): Cohort {
  const known = new Set(truth.rows.map(keyOf))
  const strangers = predictions.nodules.filter(({ key }) => !known.has(key))
  const labelled = truth.rows.filter(({ malignant }) => malignant !== null)
  const rows = labelled.filter((row) => predictions.main.scores.has(keyOf(row)))
  const without = labelled.filter((row) => !predictions.main.scores.has(keyOf(row)))
  if (!allowMissing || rows.length === 0) refuseStrangers(truth, predictions, strangers, without)
  if (rows.length === 0) {
    throw new SpiculaError('evaluation/empty', `${truth.name}: no nodule has both a label and a prediction`)
  }
  const notes = [...truth.notes, ...predictions.notes]
  if (without.length > 0)
    notes.push(`${count(without.length, 'nodule')} of ${truth.name} without a prediction, left out`)
  if (strangers.length > 0)
    notes.push(`${count(strangers.length, 'nodule')} of ${predictions.name} not in ${truth.name}, left out`)
  const ofColumn = (column: ScoreColumn, kind: CohortPredictor['kind'], label = column.label, key = column.key) =>
    predictorOf(rows, { key, label, kind }, (row) => column.scores.get(keyOf(row)) ?? 'no prediction')
  const predictors = [
    ofColumn(predictions.main, 'main'),
    ...predictions.others.map((column) => ofColumn(column, 'own')),
    ...others.map(({ name: other, predictions: { main } }) => ofColumn(main, 'other', other, `other/${other}`)),
    ...(clinical ? [...diameter(rows, truth.columns), ...riskModels(rows)] : []),
  ]
  return {
    name,
    rows,
    labels: Uint8Array.from(rows, ({ malignant }) => (malignant === 1 ? 1 : 0)),
    patients: rows.map(({ pid }) => pid),
    predictors: predictors.filter(({ kind, scores }) => kind !== 'other' || scores.some((x) => !Number.isNaN(x))),
    leftOut: {
      unlabelled: truth.rows.length - labelled.length,
      unpredicted: without.length,
      unknown: strangers.length,
    },
    notes,
  }
}

const keyOf = ({ pid, noduleId }: TruthRow): string => noduleKey(pid, noduleId)

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`

function refuseStrangers(
  truth: Truth,
  predictions: Predictions,
  strangers: readonly { pid: string; noduleId: string }[],
  without: readonly { pid: string; noduleId: string }[],
): void {
  if (strangers.length === 0 && without.length === 0) return
  const shown = (nodules: typeof strangers): string =>
    nodules
      .slice(0, 5)
      .map(({ pid, noduleId }) => `${pid}/${noduleId}`)
      .join(', ') + (nodules.length > 5 ? ', ...' : '')
  const parts = [
    ...(without.length > 0
      ? [`${count(without.length, 'nodule')} of ${truth.name} without a prediction (${shown(without)})`]
      : []),
    ...(strangers.length > 0
      ? [`${count(strangers.length, 'nodule')} of ${predictions.name} not in ${truth.name} (${shown(strangers)})`]
      : []),
  ]
  throw new SpiculaError('evaluation/ids', `${parts.join('; ')}`, {
    hint: 'Are pid and nodule_id written alike in both, leading zeros too? --allow-missing evaluates what both have.',
  })
}

function predictorOf(
  rows: readonly TruthRow[],
  about: Pick<CohortPredictor, 'key' | 'label' | 'kind'>,
  scoreOf: (row: TruthRow) => number | string,
): CohortPredictor {
  const reasons = new Map<string, number>()
  const scores = Float64Array.from(rows, (row) => {
    const score = scoreOf(row)
    if (typeof score === 'number') return score
    reasons.set(score, (reasons.get(score) ?? 0) + 1)
    return Number.NaN
  })
  const blanks = [...reasons].sort((a, b) => b[1] - a[1]).map(([why, n]) => `${count(n, 'nodule')}: ${why}`)
  return { ...about, scores, blanks }
}

const DIAMETERS = ['longest_axial_diameter_(mm)', 'longest_axial_diameter', 'mean_diameter', 'diameter_mm', 'diameter']

/** Diameter alone: what any model must beat. */
function diameter(rows: readonly TruthRow[], columns: readonly string[]): CohortPredictor[] {
  const column = DIAMETERS.find((name) => columns.includes(name))
  if (column === undefined) return []
  const about = { key: 'diameter', label: 'diameter alone', kind: 'diameter' } as const
  const predictor = predictorOf(rows, about, ({ values }) => {
    const text = values[column].trim()
    if (text === '') return `${column} is empty`
    return /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : `${column} is no number`
  })
  return predictor.scores.some((x) => !Number.isNaN(x)) ? [predictor] : []
}

/** Risk models for which the truth has the inputs of some row. */
const riskModels = (rows: readonly TruthRow[]): CohortPredictor[] =>
  RISK_MODELS.map(({ key, label, answer }) =>
    predictorOf(rows, { key, label, kind: 'risk' }, ({ values }) => {
      const said = answer(values)
      return said.kind === 'answer' ? said.value : said.why
    }),
  ).filter(({ scores }) => scores.some((x) => !Number.isNaN(x)))
