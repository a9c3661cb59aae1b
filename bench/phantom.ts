/**
 * `npm run bench -- bench/phantom.ts [ROUNDS]`: a phantom of the whole chest (512x512x280 voxels of 0.7x0.7x1.25 mm) on
 * all cores, and members of a cohort (72 mm) on one; elapsed time, and the processors' time, which other work on the
 * machine disturbs less.
 */
import { availableParallelism } from 'node:os'
import { cohortMember } from '../src/phantom/cohort.ts'
import { buildPhantom, drawNodules, phantomSpec, renderPhantom } from '../src/phantom/phantom.ts'
import { compiled } from './compiled.ts'
import { median, peakMemoryMb } from './timing.ts'

const MEMBERS = 24

const rounds = Number(process.argv[2] ?? 3)
const { renderOnThreads } = await compiled<typeof import('../src/phantom/threads.node.ts')>('phantom/threads.node.js')

interface Taken {
  readonly elapsed: number
  readonly processor: number
}

async function timed(work: () => unknown): Promise<Taken> {
  const [start, before] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(before)
  return { elapsed: performance.now() - start, processor: (user + system) / 1000 }
}

const line = (name: string, taken: readonly Taken[]): string =>
  `${name.padEnd(34)}${[taken.map(({ elapsed }) => elapsed), taken.map(({ processor }) => processor)]
    .map((ms) => median(ms).toFixed(0).padStart(8))
    .join('')}`

const threads = availableParallelism()
const whole = buildPhantom(phantomSpec({ seed: 1, nodules: drawNodules(1, 3) }))
const scans: Taken[] = []
for (let round = 0; round < rounds; round++) scans.push(await timed(() => renderOnThreads(whole, threads)))
const memory = peakMemoryMb()

const options = {
  seed: 1,
  sizeMm: 72,
  spacingMm: [0.7, 0.7, 1.25],
  thicknessMm: 1.25,
  dose: 'low',
  kernel: 'soft',
} as const
const placed: Taken[] = []
const drawn: Taken[] = []
for (let index = 0; index < MEMBERS; index++) {
  let member = whole
  placed.push(
    await timed(() => {
      member = cohortMember(options, index)
    }),
  )
  drawn.push(await timed(() => renderPhantom(member)))
}
console.log(`${'medians, ms'.padEnd(35)}elapsed  of processors`)
console.log(line(`512x512x280, ${threads} threads`, scans))
console.log(line('72 mm: chest, nodule and its place', placed))
console.log(line('72 mm: drawing', drawn))
console.log(`peak memory of the whole scan ${memory.toFixed(0)} MB`)
