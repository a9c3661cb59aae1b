/** The bootstrap over several threads: the same numbers, whatever their count. */
import { availableParallelism } from 'node:os'
import { openPool, type WorkerPool } from '../../worker-pool.node.ts'
import type { Sample } from '../metrics/metrics.ts'
import { type AurocPlan, type Design, replicateAurocs, replicateMetrics } from './bootstrap.ts'
import type { BootstrapTask } from './bootstrap.worker.node.ts'

/** Below this much work (rows x replicates) threads take longer to start than to do it. */
const WORTH_THREADS = 5e6

export interface BootstrapOptions {
  readonly seed: number
  readonly replicates: number
  /** Threads; all cores by default. */
  readonly threads?: number | undefined
}

/**
 * AUROC of every replicate.
 * @example intervalOf(await bootstrapAuroc(aurocPlan(sample.ranking, design), { seed: 1, replicates: 2000 }))
 */
export async function bootstrapAuroc(plan: AurocPlan, options: BootstrapOptions): Promise<Float64Array> {
  const { seed, replicates } = options
  return inThreads(plan.design.unitOfRow.length, options, {
    here: () => replicateAurocs(plan, { seed, to: replicates }),
    task: (from, to) => ({ kind: 'auroc', plan, seed, from, to }),
  })
}

/**
 * Metrics of every replicate, [replicates][K].
 * @param keys of the catalogue
 */
export async function bootstrapMetrics(
  sample: Sample,
  design: Design,
  keys: readonly string[],
  options: BootstrapOptions,
): Promise<Float64Array> {
  const { seed, replicates } = options
  return inThreads(sample.labels.length * 4, options, {
    here: () => replicateMetrics(sample, design, keys, { seed, to: replicates }),
    task: (from, to) => ({ kind: 'metrics', sample, design, keys, seed, from, to }),
  })
}

async function inThreads(
  rows: number,
  { replicates, threads = availableParallelism() }: BootstrapOptions,
  work: { here: () => Float64Array; task: (from: number, to: number) => BootstrapTask },
): Promise<Float64Array> {
  if (rows * replicates < WORTH_THREADS || threads < 2) return work.here()
  const pool: WorkerPool<BootstrapTask, Float64Array> = openPool(
    new URL('./bootstrap.worker.node.ts', import.meta.url),
    threads,
  )
  try {
    const share = Math.ceil(replicates / threads)
    const parts = await Promise.all(
      Array.from({ length: threads }, (_, t) =>
        pool.run(work.task(Math.min(replicates, t * share), Math.min(replicates, (t + 1) * share))),
      ),
    )
    const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0))
    let at = 0
    for (const part of parts) {
      all.set(part, at)
      at += part.length
    }
    return all
  } finally {
    await pool.close()
  }
}
