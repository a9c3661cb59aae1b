/** A cohort through the model: worker threads prepare views while the model runs, one bad row loses no other. */
import { availableParallelism } from 'node:os'
import type { Frame } from '../cohort/frame.ts'
import { groupByScan } from '../cohort/group.ts'
import type { LocatedRow } from '../cohort/manifest.node.ts'
import { problemOf, type RowProblem } from '../cohort/problem.ts'
import { SpiculaError } from '../error.ts'
import { type Failed, failure } from '../nodule/failure.ts'
import type { NoduleOutcome, ScanTask } from '../nodule/prepare-scan.node.ts'
import type { NoduleViews, ViewSet } from '../nodule/views.ts'
import type { Note, Triple } from '../scan/scan.ts'
import { inOrder, openPool } from '../worker-pool.node.ts'
import type { NodulePrediction, Predictor } from './predictor.node.ts'

/** A row's answer, or why it has none. */
export type RowResult<Prediction = NodulePrediction, Drawn = undefined> =
  | {
      readonly row: LocatedRow
      readonly prediction: Prediction
      /** Names of the views that were made, in the order of the attention weights. */
      readonly views: readonly string[]
      readonly pointLps: Triple
      readonly notes: readonly Note[]
      /** What the worker drew beside preparing the views. */
      readonly drawn: Drawn
    }
  | { readonly row: LocatedRow; readonly problem: RowProblem }

export interface CohortOptions {
  /** Of the rows' points. */
  readonly frame: Frame
  /** Which to make. */
  readonly views: ViewSet
  /** A worker module in the place of nodule/prepare.worker.node.ts: it prepares the same, and draws beside it. */
  readonly worker?: URL | undefined
}

/** What a worker that draws answers of each nodule. */
export type DrawnOutcome<Drawn> = Failed | (Extract<NoduleOutcome, { prepared: unknown }> & { readonly drawn: Drawn })

/** Whatever makes an answer of each nodule's views: a predictor, or one that answers otherwise. */
export type ViewReader<Prediction> = Pick<Predictor, 'config'> & {
  predict(nodules: readonly NoduleViews[]): Promise<Prediction[]>
}

/** Nodules that go through the model at once. */
const BATCH = 4

const PREPARE = new URL('../nodule/prepare.worker.node.ts', import.meta.url)

/**
 * Predicts every row. Nodules of one scan are prepared together, so the order is that of the scans' first rows; it and
 * the batches depend on the rows alone, so the same rows give the same bits whatever the threads do.
 * @example for await (const result of predictCohort(rows, predictor, { frame: 'lps', views: 'nine' })) console.log(result)
 */
export async function* predictCohort<Prediction = NodulePrediction, Drawn = undefined>(
  rows: readonly LocatedRow[],
  predictor: ViewReader<Prediction>,
  { frame, views, worker = PREPARE }: CohortOptions,
): AsyncGenerator<RowResult<Prediction, Drawn>> {
  const scans = groupByScan(rows, ({ imageFile }) => imageFile)
  const threads = Math.max(1, Math.min(scans.length, availableParallelism()))
  const pool = openPool<ScanTask, DrawnOutcome<Drawn>[]>(worker, threads)
  const preprocessing = { ...predictor.config.preprocessing, views }
  try {
    let batch: Ready<Drawn>[] = []
    const prepared = inOrder(scans, 2 * threads + 2, async (group) => {
      const points = group.map(({ point }) => point)
      try {
        return { group, outcomes: await pool.run({ imageFile: group[0].imageFile, frame, points, preprocessing }) }
      } catch (error) {
        // The thread died, of memory say: that scan's rows fail, the others go on.
        return { group, outcomes: group.map(() => failure(error)) }
      }
    })
    for await (const { group, outcomes } of prepared) {
      for (const [i, outcome] of outcomes.entries()) {
        if ('failed' in outcome) {
          const { code, message, hint } = outcome.failed
          const error = new SpiculaError(code, message, hint === undefined ? {} : { hint })
          yield { row: group[i], problem: problemOf(group[i], error) }
          continue
        }
        batch.push({ row: group[i], outcome })
        if (batch.length < BATCH) continue
        yield* await runBatch(predictor, batch)
        batch = []
      }
    }
    yield* await runBatch(predictor, batch)
  } finally {
    await pool.close()
  }
}

interface Ready<Drawn> {
  readonly row: LocatedRow
  readonly outcome: Exclude<DrawnOutcome<Drawn>, Failed>
}

async function runBatch<Prediction, Drawn>(
  predictor: ViewReader<Prediction>,
  batch: readonly Ready<Drawn>[],
): Promise<RowResult<Prediction, Drawn>[]> {
  try {
    const predictions = await predictor.predict(batch.map(({ outcome }) => outcome.prepared))
    return batch.map(({ row, outcome }, i) => {
      const { prepared, pointLps, notes, drawn } = outcome
      const views = prepared.views.map(({ name }) => name)
      return { row, prediction: predictions[i], views, pointLps, notes, drawn }
    })
  } catch (error) {
    if (!(error instanceof SpiculaError && error.code === 'inference/not-finite')) throw error
    const [{ row }, ...others] = batch
    if (others.length === 0) return [{ row, problem: problemOf(row, error) }]
    // One of them spoils the batch: alone, the others get their numbers.
    const results: RowResult<Prediction, Drawn>[] = []
    for (const one of batch) results.push(...(await runBatch(predictor, [one])))
    return results
  }
}
