/** The worker thread that prepares views while the model runs. */
import { serveTasks } from '../worker-pool.node.ts'
import { type NoduleOutcome, prepareScan, type ScanTask } from './prepare-scan.node.ts'

serveTasks<ScanTask, NoduleOutcome[]>(async (task) => {
  const result = await prepareScan(task)
  const transfer = result.flatMap((outcome) =>
    'prepared' in outcome ? [outcome.prepared.pixels.buffer as ArrayBuffer] : [],
  )
  return { result, transfer }
})
