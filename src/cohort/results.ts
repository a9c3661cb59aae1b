/** Tables that Spicula writes: predictions as published, and the rows that got none. Text only. */
import { SpiculaError } from '../error.ts'
import { csvText } from '../files/csv.ts'
import type { RowProblem } from './problem.ts'

/** The probabilities of one nodule. */
export interface Prediction {
  readonly pid: string
  readonly noduleId: string
  /** Probability of malignancy by each fold, [F]. */
  readonly raw: readonly number[]
  /** Their mean. */
  readonly ensemble: number
  /** The same after each fold's calibration, [F], where the model has calibrations. */
  readonly calibrated?: readonly number[] | undefined
  readonly calibratedEnsemble?: number | undefined
}

/**
 * The predictions table: pid, nodule_id, raw_0 .. raw_{F-1}, ensemble, and with calibration calibrated_0 ..,
 * calibrated_ensemble. Numbers have as many digits as it takes to read the same double back. Identifiers are written
 * verbatim, also where a spreadsheet would take them for a formula: they must join with the user's tables.
 * @param folds how many folds the model has
 * @param calibrated whether the model's folds are calibrated
 * @throws SpiculaError `cohort/predictions` where a prediction has other columns or a number that is not finite
 * @example predictionsCsv([{ pid: '007', noduleId: '1', raw: [0.25], ensemble: 0.25 }], { folds: 1 })
 * // 'pid,nodule_id,raw_0,ensemble\n007,1,0.25,0.25\n'
 */
export function predictionsCsv(
  predictions: readonly Prediction[],
  { folds, calibrated = false }: { folds: number; calibrated?: boolean },
): string {
  const numbered = (name: string): string[] => Array.from({ length: folds }, (_, fold) => `${name}_${fold}`)
  const header = ['pid', 'nodule_id', ...numbered('raw'), 'ensemble']
  if (calibrated) header.push(...numbered('calibrated'), 'calibrated_ensemble')
  const records = predictions.map((prediction, row) => {
    const numbers = [...prediction.raw, prediction.ensemble]
    if (calibrated) numbers.push(...(prediction.calibrated ?? []), prediction.calibratedEnsemble ?? Number.NaN)
    if (numbers.length !== header.length - 2 || !numbers.every(Number.isFinite)) {
      throw new SpiculaError(
        'cohort/predictions',
        `prediction ${row}: ${numbers.length} numbers (${numbers.join(', ')}), ${header.length - 2} finite ones expected`,
      )
    }
    return [prediction.pid, prediction.noduleId, ...numbers.map(String)]
  })
  return csvText([header, ...records])
}

/**
 * The table of rows without a result: row (its line in the manifest), code, message with its hint. It bears no patient
 * identifier, so that it may be sent to whoever can help; `row` finds the patient in the user's own table.
 * @example errorsCsv([{ line: 3, code: 'cohort/coordinate', message: 'coordX is empty' }])
 * // 'row,code,message\n3,cohort/coordinate,coordX is empty\n'
 */
export function errorsCsv(problems: readonly RowProblem[]): string {
  const sorted = [...problems].sort((a, b) => a.line - b.line)
  const text = ({ message, hint }: RowProblem): string => (hint === undefined ? message : `${message}. ${hint}`)
  return csvText([['row', 'code', 'message'], ...sorted.map((one) => [String(one.line), one.code, text(one)])])
}
