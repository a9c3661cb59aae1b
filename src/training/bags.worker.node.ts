/** The worker thread that prepares samples while the model trains. */
import { serveTasks } from '../worker-pool.node.ts'
import { type Bag, type BagTask, prepareBag } from './bags.ts'

serveTasks<BagTask, Bag>(async (task) => {
  const result = await prepareBag(task)
  return { result, transfer: [result.pixels.buffer as ArrayBuffer] }
})
