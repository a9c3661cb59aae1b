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
  /**
   * Sends a task to the thread with the least to do.
   * @throws what the work throws; `internal/worker` when its thread dies over it, or the pool closes
   */
  run(task: Task): Promise<Result>
  /** Ends the threads; what they have not answered is rejected. */
  close(): Promise<void>
}

interface Waiting<Result> {
  readonly task: unknown
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/**
 * Starts threads that run a module which calls `serveTasks`.
 * @param entry the module, by its name in `src/`; compiled code takes the `.js` beside it
 * @example const pool = openPool<ScanTask, Outcome[]>(new URL('./prepare.worker.node.ts', import.meta.url), 2)
 */
export function openPool<Task, Result>(entry: URL, threads: number): WorkerPool<Task, Result> {
  const members = Array.from({ length: threads }, () => startMember<Result>(entry))
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

/** Tests and tools run TypeScript; Node.js 20 does not, so that their threads are taught to by a development tool. */
const TYPESCRIPT = import.meta.url.endsWith('.ts')
const TYPESCRIPT_THREAD = '../scripts/typescript-thread.mjs'

function startThread(entry: URL): Worker {
  if (TYPESCRIPT) return new Worker(new URL(TYPESCRIPT_THREAD, import.meta.url), { workerData: entry.href })
  return new Worker(new URL(entry.href.replace(/\.ts$/, '.js')))
}

function startMember<Result>(entry: URL) {
  /** What is not answered, in the order in which it was sent: the thread works on the first. */
  const waiting = new Map<number, Waiting<Result>>()
  let worker: Worker | undefined
  let closed = false

  const start = (): Worker => {
    const thread = startThread(entry)
    // A pool that nobody waits for must not keep the process alive.
    thread.unref()
    thread.on('message', (reply: Reply<Result>) => {
      const task = waiting.get(reply.id)
      waiting.delete(reply.id)
      if (waiting.size === 0) thread.unref()
      if ('error' in reply) task?.reject(revive(reply.error))
      else task?.resolve(reply.result)
    })
    let cause: unknown
    thread.on('error', (error) => {
      cause = error
    })
    // Comes after 'error', and after the last answer.
    thread.on('exit', (status) => {
      worker = undefined
      const [first] = waiting
      if (!first) return
      const [id, { reject }] = first
      waiting.delete(id)
      reject(
        new SpiculaError('internal/worker', `a worker thread died: ${cause ?? `exit status ${status}`}`, { cause }),
      )
      // The task that it worked on took the thread down; a fresh one goes on with the others.
      for (const [other, { task }] of waiting) post(other, task)
    })
    return thread
  }
  const post = (id: number, task: unknown): void => {
    // A thread that died is replaced when the next task comes.
    worker ??= start()
    worker.postMessage({ id, task })
    worker.ref()
  }
  return {
    waiting,
    send: (id: number, task: unknown): Promise<Result> =>
      new Promise((resolve, reject) => {
        if (closed) throw closedError()
        post(id, task)
        waiting.set(id, { task, resolve, reject })
      }),
    stop: async () => {
      closed = true
      for (const { reject } of waiting.values()) reject(closedError())
      waiting.clear()
      await worker?.terminate()
    },
  }
}

const closedError = () => new SpiculaError('internal/worker', 'the pool of worker threads is closed')

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
