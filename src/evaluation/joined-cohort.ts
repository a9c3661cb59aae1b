/** Truth and predictions of one cohort, nodule by nodule. */
import { groupByScan } from '../cohort/group.ts'
import { SpiculaError } from '../error.ts'
import { isMissing } from '../files/records.ts'
import { RISK_MODELS } from '../risk/table.ts'
import type { Truth, TruthRow } from './labels.ts'
import type { Predictions, ScoreColumn, Unit } from './predictions.ts'

/** A predictor on a cohort: a score a row, NaN inside only, for rows it has no score for. */
export interface CohortPredictor {
  readonly key: string
  readonly label: string
  readonly kind: 'main' | 'own' | 'other' | 'diameter' | 'risk'
  readonly scores: Float64Array
  /** Why rows have no score, with their number; worst first. */
  readonly blanks: readonly string[]
}

/** What is judged as one: a nodule, or all nodules of an exam or patient. */
interface Judged {
  readonly nodules: readonly TruthRow[]
  /** 1 where any nodule is cancer, 0 where none is, null where that is not known. */
  readonly malignant: 0 | 1 | null
}

/** Nodules (or exams, or patients) with a label and a prediction, row by row. */
export interface Cohort {
  readonly name: string
  /** What a row is. */
  readonly unit: Unit
  /** One nodule a row; of an exam or patient the one with the highest score, for its subgroup. */
  readonly rows: readonly TruthRow[]
  /** All nodules of the rows. */
  readonly nodules: readonly TruthRow[]
  readonly labels: Uint8Array
  readonly patients: readonly string[]
  /** The first is the one that the report is about. */
  readonly predictors: readonly CohortPredictor[]
  /** Whatever has the main prediction, labelled or not: time to event needs no label. */
  readonly followed: { readonly rows: readonly TruthRow[]; readonly scores: Float64Array }
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

const UNITS: readonly Unit[] = ['nodule', 'exam', 'patient']

/**
 * Joins a cohort's truth with predictions. Tables with a row a nodule are joined by pid and nodule_id. Where some table
 * has one score an exam or patient, and some exam or patient has several nodules, everything is judged by the coarsest
 * such unit: its label and every score that nodules have are the maximum over its nodules.
 * @throws SpiculaError `evaluation/ids` where rows of one table are not in the other: which, and how many
 * @example joinCohort('LUNGx', truth, predictions).labels
 */
export function joinCohort(
  name: string,
  truth: Truth,
  predictions: Predictions,
  { allowMissing = false, others = [], clinical = true }: JoinOptions = {},
): Cohort {
  const tables = [predictions, ...others.map((other) => other.predictions)]
  const coarsest = tables.reduce((a, b) => (UNITS.indexOf(b.unit) > UNITS.indexOf(a.unit) ? b : a))
  const groups = groupByScan(truth.rows, coarsest.main.keyOf)
  const single = groups.every((nodules) => nodules.length === 1)
  const unit = single ? 'nodule' : coarsest.unit
  const all: Judged[] = groups.map((nodules) => ({ nodules, malignant: labelOf(nodules) }))
  const { main } = predictions

  const known = new Set(truth.rows.map(main.keyOf))
  const strangers = predictions.rows.filter(({ key }) => !known.has(key))
  const predicted = ({ nodules }: Judged): boolean => nodules.some((row) => main.scores.has(main.keyOf(row)))
  const labelled = all.filter(({ malignant }) => malignant !== null)
  const judged = labelled.filter(predicted)
  const without = labelled.filter((one) => !predicted(one))
  if (!allowMissing || judged.length === 0) refuseStrangers(truth, predictions, strangers, without)
  if (judged.length === 0) {
    throw new SpiculaError('evaluation/empty', `${truth.name}: no nodule has both a label and a prediction`)
  }
  const notes = [...truth.notes, ...predictions.notes]
  if (unit !== 'nodule')
    notes.push(`${coarsest.name} has one score a ${unit}: labels and scores are the maximum over a ${unit}'s nodules`)
  if (without.length > 0) notes.push(`${count(without.length, unit)} of ${truth.name} without a prediction, left out`)
  if (strangers.length > 0)
    notes.push(`${count(strangers.length, 'row')} of ${predictions.name} not in ${truth.name}, left out`)
  const ofColumn = (column: ScoreColumn, kind: CohortPredictor['kind'], label = column.label, key = column.key) =>
    predictorOf(judged, { key, label, kind }, (row) => column.scores.get(column.keyOf(row)) ?? 'no prediction')
  const predictors = [
    ofColumn(main, 'main'),
    ...predictions.others.map((column) => ofColumn(column, 'own')),
    ...others.map((other) => ofColumn(other.predictions.main, 'other', other.name, `other/${other.name}`)),
    ...(clinical ? [...diameter(judged, truth.columns), ...riskModels(judged)] : []),
  ]
  const scoreOf = (row: TruthRow): number => main.scores.get(main.keyOf(row)) ?? Number.NEGATIVE_INFINITY
  const highest = ({ nodules }: Judged): TruthRow => nodules.reduce((a, b) => (scoreOf(b) > scoreOf(a) ? b : a))
  const rows = judged.map(highest)
  const followed = all.filter(predicted).map(highest)
  return {
    name,
    unit,
    rows,
    nodules: judged.flatMap(({ nodules }) => nodules),
    labels: Uint8Array.from(judged, ({ malignant }) => (malignant === 1 ? 1 : 0)),
    patients: rows.map(({ pid }) => pid),
    predictors: predictors.filter(({ kind, scores }) => kind !== 'other' || scores.some((x) => !Number.isNaN(x))),
    followed: { rows: followed, scores: Float64Array.from(followed, scoreOf) },
    leftOut: {
      unlabelled: all.length - labelled.length,
      unpredicted: without.length,
      unknown: strangers.length,
    },
    notes,
  }
}

/** One nodule of cancer makes the whole cancer; one unknown keeps it from being known as benign. */
function labelOf(nodules: readonly TruthRow[]): 0 | 1 | null {
  if (nodules.some(({ malignant }) => malignant === 1)) return 1
  return nodules.some(({ malignant }) => malignant === null) ? null : 0
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`

function refuseStrangers(
  truth: Truth,
  predictions: Predictions,
  strangers: readonly { readonly key: string; readonly shown: string }[],
  without: readonly Judged[],
): void {
  if (strangers.length === 0 && without.length === 0) return
  const shown = (names: readonly string[]): string => names.slice(0, 5).join(', ') + (names.length > 5 ? ', ...' : '')
  const missing = without.map(({ nodules: [{ pid, noduleId }] }) =>
    predictions.unit === 'nodule' ? `${pid}/${noduleId}` : pid,
  )
  const foreign = strangers.map((one) => one.shown)
  const parts = [
    ...(missing.length > 0
      ? [`${count(missing.length, predictions.unit)} of ${truth.name} without a prediction (${shown(missing)})`]
      : []),
    ...(foreign.length > 0
      ? [`${count(foreign.length, predictions.unit)} of ${predictions.name} not in ${truth.name} (${shown(foreign)})`]
      : []),
  ]
  throw new SpiculaError('evaluation/ids', parts.join('; '), { hint: hintOn(missing, foreign) })
}

/** How identifiers come to differ in tables of the same nodules. */
const SPELLINGS: readonly (readonly [why: string, plain: (text: string) => string])[] = [
  [
    'whole numbers stand as 1.0 in one table, as pandas writes a column with gaps, and as 1 in the other',
    (text) => text.replace(/(^|\/)(\d+)\.0+(?=\/|$)/g, '$1$2'),
  ],
  [
    'leading zeros stand in one table only: a spreadsheet takes 007 for the number 7',
    (text) => text.replace(/(^|\/)0+(?=\d)/g, '$1'),
  ],
  ['letters differ in case or accents', (text) => text.normalize('NFKC').toLowerCase()],
  ['spaces, hyphens or underscores differ', (text) => text.replaceAll(/[\s_-]+/g, '')],
]

function hintOn(missing: readonly string[], foreign: readonly string[]): string {
  const both = 'Write pid and nodule_id alike in both tables. --allow-missing evaluates what both have.'
  if (missing.length === 0 || foreign.length === 0) return both
  for (const [why, plain] of SPELLINGS) {
    const theirs = new Set(foreign.map(plain))
    if (missing.filter((text) => theirs.has(plain(text))).length * 2 > missing.length)
      return `It seems that ${why}. ${both}`
  }
  return `Are they written alike in both, leading zeros too? ${both}`
}

/** The highest score of each unit's nodules; where none has one, why the first has not. */
function predictorOf(
  judged: readonly Judged[],
  about: Pick<CohortPredictor, 'key' | 'label' | 'kind'>,
  scoreOf: (row: TruthRow) => number | string,
): CohortPredictor {
  const reasons = new Map<string, number>()
  const scores = Float64Array.from(judged, ({ nodules }) => {
    const said = nodules.map(scoreOf)
    const numbers = said.filter((score) => typeof score === 'number')
    if (numbers.length > 0) return Math.max(...numbers)
    const why = String(said[0])
    reasons.set(why, (reasons.get(why) ?? 0) + 1)
    return Number.NaN
  })
  const blanks = [...reasons].sort((a, b) => b[1] - a[1]).map(([why, n]) => `${count(n, 'nodule')}: ${why}`)
  return { ...about, scores, blanks }
}

const DIAMETERS = ['longest_axial_diameter_(mm)', 'longest_axial_diameter', 'mean_diameter', 'diameter_mm', 'diameter']

/** Diameter alone: what any model must beat. */
function diameter(judged: readonly Judged[], columns: readonly string[]): CohortPredictor[] {
  const column = DIAMETERS.find((name) => columns.includes(name))
  if (column === undefined) return []
  const about = { key: 'diameter', label: 'diameter alone', kind: 'diameter' } as const
  const predictor = predictorOf(judged, about, ({ values }) => {
    const text = values[column].trim()
    if (isMissing(text)) return `${column} is empty`
    return /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : `${column} is not a number`
  })
  return predictor.scores.some((x) => !Number.isNaN(x)) ? [predictor] : []
}

/** Risk models for which the truth has the inputs of some row. */
const riskModels = (judged: readonly Judged[]): CohortPredictor[] =>
  RISK_MODELS.map(({ key, label, answer }) =>
    predictorOf(judged, { key, label, kind: 'risk' }, ({ values }) => {
      const said = answer(values)
      return said.kind === 'answer' ? said.value : said.why
    }),
  ).filter(({ scores }) => scores.some((x) => !Number.isNaN(x)))
