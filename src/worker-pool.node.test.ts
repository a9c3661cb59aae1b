import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { SpiculaError } from './error.ts'
import { inOrder, openPool, toWire, type WorkerPool } from './worker-pool.node.ts'

type Task = {
  do: 'double' | 'exit' | 'throw' | 'escape' | 'fill' | 'uncloneable' | 'hang' | 'thread'
  value?: number
  ms?: number
}

const url = (file: string) => JSON.stringify(new URL(file, import.meta.url).href)
/** A thread's module. */
const MODULE = `
import { threadId } from 'node:worker_threads'
import { serveTasks } from ${url('worker-pool.node.ts')}
import { SpiculaError } from ${url('error.ts')}
serveTasks(async ({ do: what, value, ms = 0 }) => {
  await new Promise((resolve) => setTimeout(resolve, ms))
  if (what === 'exit') process.exit(3)
  if (what === 'throw') throw value === 1 ? new SpiculaError('test/code', 'told', { hint: 'so' }) : new TypeError('odd')
  if (what === 'escape') { setImmediate(() => { throw new Error('loose') }); await new Promise(() => {}) }
  if (what === 'uncloneable') return { result: () => 1, transfer: [] }
  if (what === 'hang') await new Promise(() => {})
  if (what === 'fill') { const data = new Float32Array(1000).fill(value); return { result: data, transfer: [data.buffer] } }
  return { result: what === 'thread' ? threadId : 2 * value, transfer: [] }
})`
const entry = (source: string) => new URL(`data:text/javascript,${encodeURIComponent(source)}`)

let pool: WorkerPool<Task, unknown> | undefined
const open = (threads: number, source = MODULE) => {
  pool = openPool<Task, unknown>(entry(source), threads)
  return pool
}
afterEach(async () => {
  await pool?.close()
  pool = undefined
})

const died = { code: 'internal/worker', message: expect.stringContaining('died') }

describe('a pool of worker threads', () => {
  it('answers every task with its own result', async () => {
    const { run } = open(2)
    const values = Array.from({ length: 30 }, (_, i) => i)
    const answers = await Promise.all(values.map((value) => run({ do: 'double', value, ms: value % 3 })))
    expect(answers).toEqual(values.map((value) => 2 * value))
  })

  it('shares tasks out among its threads, each working on one at a time', async () => {
    const { run } = open(3)
    const threads = await Promise.all(Array.from({ length: 9 }, () => run({ do: 'thread', ms: 20 })))
    expect(new Set(threads).size).toBe(3)
    expect(threads.slice(0, 3)).toEqual(threads.slice(3, 6))
  })

  it('hands large results over', async () => {
    expect(await open(1).run({ do: 'fill', value: 7 })).toEqual(new Float32Array(1000).fill(7))
  })

  it('revives errors of our own with code and hint, others with their stack', async () => {
    const { run } = open(1)
    const ours = await run({ do: 'throw', value: 1 }).catch((error) => error)
    expect(ours).toBeInstanceOf(SpiculaError)
    expect(ours).toMatchObject({ code: 'test/code', message: 'told', hint: 'so' })
    const other: unknown = await run({ do: 'throw' }).catch((error) => error)
    expect(other).not.toBeInstanceOf(SpiculaError)
    expect(String(other)).toMatch(/TypeError: odd\n +at /)
    await expect(run({ do: 'uncloneable' })).rejects.toThrow(/could not be cloned/)
    expect(await run({ do: 'double', value: 4 })).toBe(8)
  })

  it.each(['exit', 'escape'] as const)(
    'loses to a dying thread (%s) the task that it worked on, no other',
    async (how) => {
      const { run } = open(1)
      const answers = await Promise.allSettled([
        run({ do: 'double', value: 1 }),
        run({ do: how, ms: 5 }),
        run({ do: 'double', value: 2 }),
        run({ do: how }),
        run({ do: 'double', value: 3 }),
      ])
      const loss = { status: 'rejected', reason: died }
      expect(answers).toMatchObject([{ value: 2 }, loss, { value: 4 }, loss, { value: 6 }])
      expect(await run({ do: 'double', value: 5 })).toBe(10)
    },
  )

  it('goes on when a thread died between two tasks', async () => {
    const dying = `import { parentPort } from 'node:worker_threads'
      parentPort.once('message', () => setTimeout(() => process.exit(0), 50))`
    const { run } = open(1, `${MODULE}\n${dying}`)
    const first = await run({ do: 'thread' })
    await vi.waitFor(async () => expect(await run({ do: 'thread' })).not.toBe(first), { timeout: 20_000 })
  })

  it('rejects every task when its module cannot start', async () => {
    const { run } = open(2, 'throw new Error("at the top")')
    const answers = await Promise.allSettled([1, 2, 3, 4, 5].map((value) => run({ do: 'double', value })))
    for (const answer of answers) expect(answer).toMatchObject({ status: 'rejected', reason: died })
    expect(answers[4]).toMatchObject({ reason: { message: expect.stringContaining('at the top') } })
  })

  it('rejects a task that cannot be sent, and does not wait for it', async () => {
    const { run } = open(1)
    await expect(run({ do: 'double', value: Symbol('no') as never })).rejects.toThrow(/could not be cloned/)
    expect(await run({ do: 'double', value: 1 })).toBe(2)
  })

  it('ends its threads when closed, and rejects what they have not answered', async () => {
    const { run, close } = open(2)
    const hanging = [1, 2, 3].map(() => run({ do: 'hang' }).catch((error) => error.code))
    await delay(50)
    await close()
    expect(await Promise.all(hanging)).toEqual(['internal/worker', 'internal/worker', 'internal/worker'])
    await expect(run({ do: 'double', value: 1 })).rejects.toMatchObject({ code: 'internal/worker' })
  })

  it('does not keep a process alive that forgot to close it', async () => {
    const program = `
      import { openPool } from ${url('worker-pool.node.ts')}
      const pool = openPool(new URL(${JSON.stringify(entry(MODULE).href)}), 2)
      await Promise.all([1, 2, 3].map((value) => pool.run({ do: 'double', value })))`
    const runsTypeScript = new URL('../scripts/typescript-thread.mjs', import.meta.url)
    const outer = new Worker(runsTypeScript, { workerData: entry(program).href })
    expect(await new Promise((resolve) => outer.on('exit', resolve))).toBe(0)
  })
})

describe('inOrder', () => {
  it('yields in the order of the items, with no more of them under way than asked for', async () => {
    let running = 0
    let most = 0
    const started: number[] = []
    const work = async (i: number) => {
      started.push(i)
      most = Math.max(most, ++running)
      await delay((7 * i) % 5)
      running--
      return i
    }
    const seen: number[] = []
    for await (const i of inOrder([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 3, work)) {
      seen.push(i)
      // Back-pressure: items are not begun while nobody takes the results.
      expect(started.length).toBeLessThanOrEqual(i + 3)
    }
    expect(seen).toEqual(started)
    expect(most).toBe(3)
  })

  it('throws an error in its turn, after the results before it', async () => {
    const seen: number[] = []
    const all = async () => {
      const work = async (i: number) => {
        if (i === 2) throw new Error('two')
        await delay(5)
        return i
      }
      for await (const i of inOrder([0, 1, 2, 3], 4, work)) seen.push(i)
    }
    await expect(all()).rejects.toThrow('two')
    expect(seen).toEqual([0, 1])
  })

  it('yields nothing for nothing', async () => {
    for await (const _ of inOrder([], 2, async () => 1)) expect.unreachable()
  })
})

describe('toWire', () => {
  it('makes plain data of whatever is thrown', () => {
    expect(toWire(new SpiculaError('a/b', 'm'))).toEqual({ code: 'a/b', message: 'm', hint: undefined })
    expect(toWire('text')).toEqual({ code: undefined, message: 'text', hint: undefined })
  })
})
