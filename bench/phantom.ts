/**
 * `npm run bench -- bench/phantom.ts [ROUNDS]`: a phantom of the whole chest (512x512x280 voxels of 0.7x0.7x1.25 mm) on
 * one thread and on all, and a member of a cohort (72 mm), its chest and place included.
 */

import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { cohortMember } from '../src/datasets/phantom/cohort.ts'
import { buildPhantom, drawNodules, phantomSpec, renderPhantom } from '../src/datasets/phantom/phantom.ts'
import { renderOnThreads } from '../src/datasets/phantom/threads.node.ts'
import { median, peakMemoryMb, timeInTurn } from './timing.ts'

const rounds = Number(process.argv[2] ?? 3)
// Threads run the compiled code.
execFileSync(process.execPath, [fileURLToPath(new URL('../scripts/build.mjs', import.meta.url))], { stdio: 'inherit' })

const whole = buildPhantom(phantomSpec({ seed: 1, nodules: drawNodules(1, 3) }))
const threads = availableParallelism()
const scans = await timeInTurn(rounds, {
  one: () => renderOnThreads(whole, 1),
  all: () => renderOnThreads(whole, threads),
})
const memory = peakMemoryMb()
const options = {
  seed: 1,
  sizeMm: 72,
  spacingMm: [0.7, 0.7, 1.25],
  thicknessMm: 1.25,
  dose: 'low',
  kernel: 'soft',
} as const
let index = 0
let member = cohortMember(options, 0)
const crops = await timeInTurn(10 * rounds, {
  place: () => {
    member = cohortMember(options, index++)
  },
  draw: () => renderPhantom(member),
})
const seconds = (times: readonly number[]): string => `${(median(times) / 1000).toFixed(1)} s`
console.log(`512x512x280, one thread      ${seconds(scans.one)}`)
console.log(`512x512x280, ${threads} threads       ${seconds(scans.all)}, ${memory.toFixed(0)} MB`)
console.log(`72 mm: chest and place       ${median(crops.place).toFixed(0)} ms`)
console.log(`72 mm: drawing               ${median(crops.draw).toFixed(0)} ms`)
