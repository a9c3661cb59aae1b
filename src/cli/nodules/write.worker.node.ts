import { serveTasks } from '../../worker-pool.node.ts'
import { type WriteOutcome, type WriteTask, writeNodules } from './write-nodules.node.ts'

serveTasks<WriteTask, WriteOutcome[]>(async (task) => ({ result: await writeNodules(task), transfer: [] }))
