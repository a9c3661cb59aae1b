import { describe, expect, it } from 'vitest'
import { seededRandom } from './random.ts'

const draws = 40_000
const many = (next: () => number): number[] => Array.from({ length: draws }, next)
const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length

describe('a seeded generator', () => {
  it('gives the same numbers for ever: models and runs are named by their seeds', () => {
    const random = seededRandom(1)
    expect([random.uniform(), random.normal(), random.integer(1000), random.fork('a').uniform()]).toEqual([
      0.9574553584679961, -2.4022948613013235, 679, 0.9179976938758045,
    ])
  })

  it('gives other numbers for another seed or key, and none twice in a row of forks', () => {
    const random = seededRandom(1)
    const firsts = [
      random,
      seededRandom(2),
      seededRandom(-1),
      seededRandom(1, 'a'),
      random.fork('b'),
      random.fork('b/b'),
    ]
    const forks = Array.from({ length: 1000 }, (_, i) => random.fork(`fold ${i}`))
    expect(new Set([...firsts, ...forks].map((one) => one.uniform())).size).toBe(1006)
  })

  it('forks the same child whatever was drawn before, and draws on undisturbed', () => {
    const [drawn, fresh] = [seededRandom(3), seededRandom(3)]
    for (let i = 0; i < 10; i++) drawn.normal()
    expect(drawn.fork('x').fork('y').uniform()).toBe(fresh.fork('x').fork('y').uniform())
    for (let i = 0; i < 10; i++) fresh.normal()
    expect(drawn.uniform()).toBe(fresh.uniform())
  })

  it('is uniform in [0, 1)', () => {
    const random = seededRandom(5)
    const values = many(random.uniform)
    expect(values.every((x) => x >= 0 && x < 1)).toBe(true)
    const bins = new Array<number>(100).fill(0)
    for (const x of values) bins[Math.floor(100 * x)]++
    // Chi-squared with 99 degrees of freedom: its 0.1 % and 99.9 % quantiles.
    const chi = bins.reduce((sum, n) => sum + (n - draws / 100) ** 2 / (draws / 100), 0)
    expect(chi).toBeGreaterThan(61)
    expect(chi).toBeLessThan(149)
  })

  it('is normal with mean 0, deviation 1, no skew, and the tails of a normal', () => {
    const values = many(seededRandom(6).normal)
    expect(Math.abs(mean(values))).toBeLessThan(0.02)
    expect(Math.abs(mean(values.map((x) => x ** 2)) - 1)).toBeLessThan(0.03)
    expect(Math.abs(mean(values.map((x) => x ** 3)))).toBeLessThan(0.06)
    expect(Math.abs(mean(values.map((x) => x ** 4)) - 3)).toBeLessThan(0.2)
    // One number tells nothing of the next.
    expect(Math.abs(mean(values.slice(1).map((x, i) => x * values[i])))).toBeLessThan(0.02)
  })

  it('gives every integer below n its share', () => {
    const random = seededRandom(7)
    const counts = [0, 0, 0]
    for (let i = 0; i < 3000; i++) counts[random.integer(3)]++
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(100)
  })
})
