/** A short run of the fuzzing; `npm run bench -- bench/fuzz.ts` is the long one. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { attacks, attempt, place, seeds } from './fuzz.fixture.node.ts'

const folder = mkdtempSync(join(tmpdir(), 'spicula-fuzz-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Mutations of each sound input; SPICULA_FUZZ asks for more. */
const EACH = Number(process.env.SPICULA_FUZZ ?? 24)
const SLOWEST_MS = 5000

describe('mutated files', () => {
  const all = seeds()
  it.each(all.map((seed, n) => ({ ...seed, n })))('$format $n: opens, or is refused', async (seed) => {
    const random = seededRandom(20260601, `${seed.n}`)
    place(seed, folder)
    expect(await attempt(seed, folder)).toMatch(/^(read|datasets\/mask)$/) // opened; a CT is not a mask
    for (let trial = 0; trial < EACH; trial++) {
      place(seed, folder, random)
      const started = performance.now()
      expect(await attempt(seed, folder)).toMatch(/^(read|volume\/|datasets\/|cohort\/quote)/)
      expect(performance.now() - started).toBeLessThan(SLOWEST_MS)
    }
  })
})

describe('bombs and climbing paths', () => {
  it.each(attacks())('$format: refused', async (attack) => {
    place(attack, folder)
    const started = performance.now()
    expect(await attempt(attack, folder)).toMatch(/^(volume|datasets)\//)
    expect(performance.now() - started).toBeLessThan(SLOWEST_MS)
  })
})
