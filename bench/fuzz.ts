/**
 * `npm run bench -- bench/fuzz.ts [COUNT] [SEED]`: COUNT mutated files (5,000) over all formats, and every attack, in a
 * process that is watched: nothing but a SpiculaError, nothing over 5 s, not over 1 GB of memory.
 */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attacks, attempt, place, seeds } from '../src/annotations/fuzz.fixture.node.ts'
import { seededRandom } from '../src/random.ts'
import { peakMemoryMb } from './timing.ts'

const SLOWEST_MS = 5000

interface Message {
  readonly next?: string
  readonly outcome?: string
  readonly defect?: string
  readonly peakMb?: number
}

const [count, seed] = [Number(process.argv[2] ?? 5000), Number(process.argv[3] ?? 1)]
if (process.send === undefined) watch()
else await run((message) => process.send?.(message))

/** Starts the work in a process of its own, and ends that when it hangs. */
function watch(): void {
  const child = fork(import.meta.filename, [String(count), String(seed)], { execArgv: ['--import', 'tsx'] })
  let [last, label, slowest, slowestLabel, done, peak] = [performance.now(), '', 0, '', 0, 0]
  const outcomes = new Map<string, number>()
  child.on('message', ({ next, outcome, defect, peakMb }: Message) => {
    if (defect !== undefined) {
      console.log(`DEFECT ${label}\n${defect}`)
      process.exitCode = 1
    }
    if (outcome !== undefined) {
      const took = performance.now() - last
      if (took > slowest) [slowest, slowestLabel] = [took, label]
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      done++
    }
    if (next !== undefined) [last, label] = [performance.now(), next]
    if (peakMb !== undefined) peak = peakMb
  })
  const timer = setInterval(() => {
    if (performance.now() - last < SLOWEST_MS || label === '') return
    console.log(`HANG ${label}: over ${SLOWEST_MS} ms`)
    process.exitCode = 1
    child.kill('SIGKILL')
  }, 250)
  child.on('exit', (status) => {
    clearInterval(timer)
    for (const [code, times] of [...outcomes].sort((a, b) => b[1] - a[1])) console.log(String(times).padStart(6), code)
    console.log(`${done} files, slowest ${slowest.toFixed(0)} ms (${slowestLabel}), peak memory ${peak.toFixed(0)} MB`)
    console.log('limits: no defect, 5000 ms, 1024 MB')
    if (status !== 0) console.log(`CRASH ${label}: exit status ${status}`)
    if (status !== 0 || peak > 1024 || slowest > SLOWEST_MS) process.exitCode = 1
  })
}

async function run(tell: (message: Message) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'spicula-fuzz-'))
  const random = seededRandom(seed)
  const [sound, hostile] = [seeds(), attacks()]
  const total = count + hostile.length
  for (let n = 0; n < total; n++) {
    const attack = n < hostile.length
    const input = attack ? hostile[n] : sound[random.integer(sound.length)]
    place(input, folder, attack ? undefined : random)
    tell({ next: `${n}: ${input.format}` })
    try {
      tell({ outcome: await attempt(input, folder) })
    } catch (error) {
      tell({ outcome: 'defect', defect: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  }
  rmSync(folder, { recursive: true })
  tell({ peakMb: peakMemoryMb() })
  process.disconnect()
}
