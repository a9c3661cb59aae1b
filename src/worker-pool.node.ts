/** Worker threads that answer tasks, and the order in which answers are handed on. */
import { parentPort, type TransferListItem, Worker } from 'node:worker_threads'
import { SpiculaError } from './error.ts'

/** What passes between threads for an error: errors of our own keep code and hint, which a plain clone would lose. */
interface WireError {
  readonly code: string | undefined
  readonly message: string
  readonly hint: string | undefined
}
type Reply<Result> = { readonly id: number } & ({ readonly result: Result } | { readonly error: WireError })

export interface WorkerPool<Task, Result> {
  /** Sends a task to the thread with the least to do. @throws what the work throws; `internal/worker` if a thread dies */
  run(task: Task): Promise<Result>
  close(): Promise<void>
}

interface Waiting<Result> {
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/**
 * Starts threads that run a module which calls `serveTasks`.
 * @param entry the module; a `.ts` file of `src/` stands for its compiled twin in `dist/`
 * @example const pool = openPool<ScanTask, Outcome[]>(new URL('./prepare.worker.node.ts', import.meta.url), 2)
 */
export function openPool<Task, Result>(entry: URL, threads: number): WorkerPool<Task, Result> {
  const members = Array.from({ length: threads }, () => startMember<Result>(compiled(entry)))
  let nextId = 0
  return {
    run: (task) => {
      const member = members.reduce((best, other) => (other.waiting.size < best.waiting.size ? other : best))
      return member.send(nextId++, task)
    },
    close: async () => {
      await Promise.all(members.map((member) => member.stop()))
    },
  }
}

/** Node.js runs JavaScript in its threads: where this module is still TypeScript, the compiled twin is taken. */
function compiled(entry: URL): URL {
  if (!entry.pathname.endsWith('.ts')) return entry
  return new URL(entry.href.replace(/\/src\/(?!.*\/src\/)/, '/dist/').replace(/\.ts$/, '.js'))
}

function startMember<Result>(entry: URL) {
  const waiting = new Map<number, Waiting<Result>>()
  let worker: Worker | undefined
  const start = (): Worker => {
    const thread = new Worker(entry)
    // A pool that nobody waits for must not keep the process alive.
    thread.unref()
    thread.on('message', (reply: Reply<Result>) => {
      const task = waiting.get(reply.id)
      waiting.delete(reply.id)
      if (waiting.size === 0) thread.unref()
      if ('error' in reply) task?.reject(revive(reply.error))
      else task?.resolve(reply.result)
    })
    const lost = (cause: unknown) => {
      worker = undefined
      for (const task of waiting.values())
        task.reject(new SpiculaError('internal/worker', `a worker thread died: ${cause}`, { cause }))
      waiting.clear()
    }
    thread.on('error', lost)
    thread.on('exit', (status) => waiting.size > 0 && lost(`exit status ${status}`))
    return thread
  }
  return {
    waiting,
    send: (id: number, task: unknown): Promise<Result> =>
      new Promise((resolve, reject) => {
        // A thread that died is replaced when the next task comes.
        worker ??= start()
        worker.ref()
        waiting.set(id, { resolve, reject })
        worker.postMessage({ id, task })
      }),
    stop: async () => {
      await worker?.terminate()
    },
  }
}

function revive({ code, message, hint }: WireError): Error {
  if (code === undefined) return new Error(message)
  return new SpiculaError(code, message, hint === undefined ? {} : { hint })
}

/**
 * Answers tasks in a worker thread, one after another.
 * @param work returns the result, and the buffers in it that move to the asking thread instead of being copied
 */
export function serveTasks<Task, Result>(
  work: (task: Task) => Promise<{ result: Result; transfer: readonly ArrayBuffer[] }>,
): void {
  const port = parentPort
  if (!port) throw new Error('serveTasks belongs in a worker thread')
  let last: Promise<void> = Promise.resolve()
  const answer = async (id: number, task: Task) => {
    try {
      const { result, transfer } = await work(task)
      port.postMessage({ id, result } satisfies Reply<Result>, [...transfer] as TransferListItem[])
    } catch (error) {
      port.postMessage({ id, error: toWire(error) })
    }
  }
  port.on('message', ({ id, task }: { id: number; task: Task }) => {
    last = last.then(() => answer(id, task))
  })
}

/** An error as plain data. */
export function toWire(error: unknown): WireError {
  if (error instanceof SpiculaError) return { code: error.code, message: error.message, hint: error.hint }
  return {
    code: undefined,
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    hint: undefined,
  }
}

/**
 * Runs `work` on every item, at most `ahead` at a time, and yields the results in the order of the items.
 * @example for await (const views of inOrder(rows, 4, (row) => pool.run(row))) use(views)
 */
export async function* inOrder<Item, Result>(
  items: Iterable<Item>,
  ahead: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = []
  for (const item of items) {
    const result = work(item)
    // Its error is thrown when its turn comes; until then it is not an unhandled one.
    result.catch(() => undefined)
    running.push(result)
    if (running.length >= ahead) yield await (running.shift() as Promise<Result>)
  }
  for (const result of running) yield await result
}
