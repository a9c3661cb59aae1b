/** Whether splits and a cohort fit together: no patient on two sides, both classes everywhere, nobody forgotten. */
import { lineList } from '../cohort/duplicates.ts'
import { SpiculaError } from '../error.ts'
import type { Note } from '../scan/scan.ts'
import type { LabelledRow, Splits } from './splits.ts'

/** A row that a message can point at without naming its patient. */
export interface LocatedLabel extends LabelledRow {
  /** Line of the cohort's table. */
  readonly line: number
}

export interface PartCount {
  readonly patients: number
  readonly malignantPatients: number
  readonly nodules: number
  readonly malignantNodules: number
}

export interface FoldCount {
  readonly train: PartCount
  readonly val: PartCount
}

export interface SplitCheck {
  readonly folds: readonly FoldCount[]
  readonly test: PartCount
  /** What was odd but does not hinder training. */
  readonly notes: readonly Note[]
}

/**
 * Checks splits against the cohort that they are for. Rows without a label are not counted: they do not train.
 * Messages have counts and lines of the cohort's table, no identifiers.
 * @throws SpiculaError `training/leakage` for a patient in train and validation of a fold, or in a fold and the test
 *   set; `training/one-class` for a side of a fold without both classes; `training/splits` for one without patients
 * @example
 * const { folds, notes } = checkSplits(await readSplits('splits'), manifest.rows)
 * folds[0].val.malignantPatients // 12
 */
export function checkSplits({ test, folds }: Splits, rows: readonly LocatedLabel[]): SplitCheck {
  const linesOf = (pids: readonly string[]) => {
    const wanted = new Set(pids)
    return rows.filter(({ pid }) => wanted.has(pid)).map(({ line }) => line)
  }
  const refuseShared = (a: readonly string[], b: readonly string[], where: string) => {
    const inB = new Set(b)
    const shared = [...new Set(a)].filter((pid) => inB.has(pid))
    if (shared.length === 0) return
    const lines = linesOf(shared)
    const place = lines.length > 0 ? ` (${lineList(lines)} of the cohort)` : ''
    const who = shared.length === 1 ? '1 patient is' : `${shared.length} patients are`
    throw new SpiculaError('training/leakage', `${who} in ${where}${place}`, {
      hint: 'A model must not be judged on patients that it learnt from: make the splits anew with `spicula split`.',
    })
  }
  for (const [k, { train, val }] of folds.entries()) {
    refuseShared(train, val, `both training and validation of fold ${k}`)
    refuseShared(train, test, `both the test set and training of fold ${k}`)
    refuseShared(val, test, `both the test set and validation of fold ${k}`)
  }
  const labelled = rows.filter(({ malignant }) => malignant !== null)
  const counted = folds.map(({ train, val }, k) => ({
    train: bothClasses(countPart(train, labelled), `training of fold ${k}`),
    val: bothClasses(countPart(val, labelled), `validation of fold ${k}`),
  }))
  const testCount = countPart(test, labelled)
  return { folds: counted, test: testCount, notes: notesOn({ test, folds }, rows, testCount) }
}

function countPart(pids: readonly string[], rows: readonly LabelledRow[]): PartCount {
  const wanted = new Set(pids)
  const mine = rows.filter(({ pid }) => wanted.has(pid))
  const cancers = mine.filter(({ malignant }) => malignant === 1)
  return {
    patients: new Set(mine.map(({ pid }) => pid)).size,
    malignantPatients: new Set(cancers.map(({ pid }) => pid)).size,
    nodules: mine.length,
    malignantNodules: cancers.length,
  }
}

/** Of nodules, not patients: a batch is made of nodules, and a patient with both kinds gives both. */
function bothClasses(count: PartCount, where: string): PartCount {
  if (count.nodules === 0)
    throw new SpiculaError('training/splits', `${where} has no labelled nodule of the cohort`, {
      hint: "Are the splits those of another cohort? Their pid must equal the cohort's to the letter.",
    })
  if (count.malignantNodules > 0 && count.malignantNodules < count.nodules) return count
  const only = count.malignantNodules > 0 ? 'malignant' : 'benign'
  throw new SpiculaError('training/one-class', `${where} has ${only} nodules only (${count.nodules})`, {
    hint: 'Make stratified splits with `spicula split`, with fewer folds where a class is small.',
  })
}

function notesOn({ test, folds }: Splits, rows: readonly LocatedLabel[], testCount: PartCount): Note[] {
  const notes: Note[] = []
  const note = (code: string, message: string) => notes.push({ code: `training/${code}`, message })
  const known = new Set(rows.map(({ pid }) => pid))
  const placed = new Set([...test, ...folds.flatMap(({ train, val }) => [...train, ...val])])
  const strangers = [...placed].filter((pid) => !known.has(pid))
  if (strangers.length > 0) {
    const forms = new Set([...known].map(numberForm))
    const alike = strangers.filter((pid) => forms.has(numberForm(pid))).length
    const why = alike > 0 ? `; ${alike} of them but for leading zeros or a ".0": were identifiers read as numbers?` : ''
    note('unknown-patient', `${people(strangers.length)} of the splits not in the cohort${why}`)
  }
  const unlabelled = rows.filter(({ malignant }) => malignant === null)
  if (unlabelled.length > 0)
    note(
      'unlabelled',
      `${unlabelled.length} ${unlabelled.length === 1 ? 'row' : 'rows'} of the cohort without a label (malignant): not counted`,
    )
  const left = rows.filter(({ pid, malignant }) => malignant !== null && !placed.has(pid))
  if (left.length > 0) {
    const lines = lineList(left.map(({ line }) => line))
    note('unplaced', `${people(new Set(left.map(({ pid }) => pid)).size)} of the cohort in no split (${lines})`)
  }
  if (test.length > 0 && (testCount.malignantNodules === 0 || testCount.malignantNodules === testCount.nodules))
    note('one-class', 'the test set has nodules of one class only: no AUROC can be told from it')
  return notes
}

const people = (count: number): string => (count === 1 ? '1 patient' : `${count} patients`)

/** What a spreadsheet or pandas makes of an identifier of digits: "0042" and "42.0" become "42". */
const numberForm = (pid: string): string =>
  /^\d+(\.0)?$/.test(pid) ? pid.replace(/\.0$/, '').replace(/^0+(?=\d)/, '') : pid
