/** The worker thread that draws phantoms. */
import { serveTasks } from '../worker-pool.node.ts'
import { answerTask, type PhantomAnswer, type PhantomTask } from './threads.node.ts'

serveTasks<PhantomTask, PhantomAnswer>(async (task) => {
  const result = await answerTask(task)
  return { result, transfer: result.kind === 'slab' ? [result.voxels.buffer as ArrayBuffer] : [] }
})
