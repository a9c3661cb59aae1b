/** From a cohort's results to what a page shows of them. */
import type { LocatedRow } from '../cohort/manifest.node.ts'
import type { RowProblem } from '../cohort/problem.ts'
import type { CasePictures } from '../pictures/pictures.ts'
import type { RowResult } from '../predict/cohort.node.ts'
import { RISK_MODELS } from '../risk/table.ts'
import type { Note } from '../scan/scan.ts'
import { anonymous } from './anonymous.ts'
import type { CaseFailure, CaseNodule, CasePage, CaseReading } from './content.ts'

/** The worker module that prepares and draws the nodules of a page: `predictCohort`'s `worker`. */
export const DRAW_WORKER: URL = new URL('./draw.worker.node.ts', import.meta.url)

/** A row with its answer and its pictures. */
export type CaseResult = Extract<RowResult<CaseReading, CasePictures>, { prediction: unknown }>

export interface CaseResults {
  readonly results: readonly CaseResult[]
  readonly problems: readonly RowProblem[]
  /** On the table as a whole. */
  readonly notes: readonly Note[]
}

export interface CaseOptions {
  /** Whether the page names pid and nodule_id; else it numbers nodules by row, and remarks name no file. */
  readonly showIds: boolean
  /** What the line of a row is called. */
  readonly labelOf: (line: number) => string
}

/**
 * @example composePage(caseOf(reader, { results, problems, notes: [] }, { showIds: false, labelOf: (line) => `Row ${line}` }))
 */
export function caseOf(
  { stamp, config }: Pick<CasePage, 'stamp' | 'config'>,
  { results, problems, notes }: CaseResults,
  { showIds, labelOf }: CaseOptions,
): CasePage {
  const nodule = ({ row, prediction, pointLps, notes: own, drawn }: CaseResult): CaseNodule => {
    const clean = (text: string): string => (showIds ? text : anonymous(text, row))
    return {
      label: labelOf(row.line),
      identifiers: identifiersOf(row, showIds),
      pointLps,
      reading: prediction,
      pictures: 'why' in drawn.overview ? { ...drawn, overview: { why: clean(drawn.overview.why) } } : drawn,
      risks: risksOf(row),
      notes: own.map(({ code, message }) => ({ code, message: clean(message) })),
    }
  }
  const failure = ({ line, pid, noduleId, code, message, hint }: RowProblem): CaseFailure => ({
    label: labelOf(line),
    identifiers: identifiersOf({ pid: pid ?? '', noduleId: noduleId ?? '' }, showIds),
    code,
    message,
    hint,
  })
  return { stamp, config, nodules: results.map(nodule), failures: problems.map(failure), notes }
}

const identifiersOf = ({ pid, noduleId }: Pick<LocatedRow, 'pid' | 'noduleId'>, shown: boolean) =>
  shown && pid !== '' ? { pid, noduleId } : undefined

/** A place that no table names has no columns to ask. */
const risksOf = ({ values }: LocatedRow): CaseNodule['risks'] =>
  Object.keys(values).length === 0 ? [] : RISK_MODELS.map((model) => ({ model, answer: model.answer(values) }))
