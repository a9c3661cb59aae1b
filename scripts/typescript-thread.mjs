// A worker thread that can import TypeScript: runs the module that its `workerData` names. src/worker-pool.node.ts starts
// it where it runs as TypeScript itself; nothing compiled does.
import { workerData } from 'node:worker_threads'
import { register } from 'tsx/esm/api'

register()
await import(workerData)
