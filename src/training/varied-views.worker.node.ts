/** The worker thread that prepares samples while the model trains. */
import type { PreparedViews } from '../nodule/prepare.ts'
import { serveTasks } from '../worker-pool.node.ts'
import { prepareVaried, type VariedTask } from './varied-views.ts'

serveTasks<VariedTask, PreparedViews>(async (task) => {
  const result = await prepareVaried(task)
  return { result, transfer: [result.pixels.buffer as ArrayBuffer] }
})
