import { serveTasks } from '../../worker-pool.node.ts'
import { type ExportOutcome, type ExportTask, exportNodules } from './write-nodules.node.ts'

serveTasks<ExportTask, ExportOutcome[]>(async (task) => ({ result: await exportNodules(task), transfer: [] }))
