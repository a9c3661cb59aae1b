/** What a fold's folder tells of its training: a line of numbers a step, TensorBoard's events, the picture of curves. */
import { join } from 'node:path'
import { rasterise } from '../drawing/rasterise.node.ts'
import { writeFileAtomic } from '../files/atomic.node.ts'
import { isCurveRecord, trainingCurveSvg } from './curves.ts'
import type { EpochRecord, StepRecord, TrainState } from './loop.ts'
import { appendMetrics, readMetrics, truncateMetricsAfter } from './metrics-log.ts'
import type { LossWeights } from './objective.ts'
import { type EventWriter, openEvents } from './tensorboard.ts'

const METRICS = 'metrics.jsonl'

export interface FoldLogOptions {
  /** Of the picture of curves. */
  readonly title: string
  readonly lossWeights: LossWeights
}

export interface FoldLog extends FoldLogOptions {
  readonly folder: string
  readonly events: EventWriter
  /** When the last step was logged, ms. */
  last: number
}

/** @param step at which the fold goes on; 0 where it begins */
export async function openFoldLog(
  folder: string,
  step: number,
  { title, lossWeights }: FoldLogOptions,
): Promise<FoldLog> {
  const events = await openEvents(join(folder, 'events'), step > 0 ? { purgeStep: step + 1 } : {})
  return { folder, title, lossWeights, events, last: performance.now() }
}

/** Cuts the lines of a stopped run back to its checkpoint; the events are purged by {@link openFoldLog}. */
export const cutLogs = (folder: string, { step, epoch }: { step: number; epoch: number }): Promise<void> =>
  truncateMetricsAfter(join(folder, METRICS), step, { epochs: epoch })

export async function logStep(
  log: FoldLog,
  { optimizer: { step }, epoch }: TrainState,
  { losses, learningRate, gradientNorm, samples }: StepRecord,
): Promise<void> {
  const seconds = (performance.now() - log.last) / 1000
  log.last = performance.now()
  const line = { kind: 'step', step, epoch, ...losses, learningRate, gradientNorm } as const
  await appendMetrics(join(log.folder, METRICS), line)
  await log.events.scalars(step, {
    ...prefixed('train', losses),
    learningRate,
    gradientNorm,
    samplesPerSecond: samples / seconds,
  })
}

export async function logEpoch(log: FoldLog, { optimizer: { step } }: TrainState, record: EpochRecord): Promise<void> {
  await appendMetrics(join(log.folder, METRICS), { kind: 'epoch', step, ...record })
  await log.events.scalars(step, {
    ...prefixed('epoch', record.train),
    ...prefixed('validation', record.val),
    ...(record.auroc === null ? {} : { 'validation/auroc': record.auroc }),
    ...(record.auprc === null ? {} : { 'validation/auprc': record.auprc }),
  })
  await drawCurves(log)
}

const prefixed = (prefix: string, values: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}/${name}`, value]))

async function drawCurves({ folder, title, lossWeights }: FoldLog): Promise<void> {
  const lines: readonly unknown[] = await readMetrics(join(folder, METRICS))
  const records = lines.filter(isCurveRecord)
  const svg = trainingCurveSvg(records, { title, lossWeights })
  await writeFileAtomic(join(folder, 'curves.svg'), svg)
  await writeFileAtomic(join(folder, 'curves.png'), rasterise(svg))
}
