/** A thread that measures replicates. */
import { serveTasks } from '../../worker-pool.node.ts'
import type { Sample } from '../metrics/metrics.ts'
import { type AurocPlan, type Design, replicateAurocs, replicateMetrics } from './bootstrap.ts'

export type BootstrapTask =
  | {
      readonly kind: 'auroc'
      readonly plan: AurocPlan
      readonly seed: number
      readonly from: number
      readonly to: number
    }
  | {
      readonly kind: 'metrics'
      readonly sample: Sample
      readonly design: Design
      readonly keys: readonly string[]
      readonly seed: number
      readonly from: number
      readonly to: number
    }

serveTasks<BootstrapTask, Float64Array<ArrayBuffer>>(async (task) => {
  const result = Float64Array.from(
    task.kind === 'auroc'
      ? replicateAurocs(task.plan, task)
      : replicateMetrics(task.sample, task.design, task.keys, task),
  )
  return { result, transfer: [result.buffer] }
})
