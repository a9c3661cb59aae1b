import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../random.ts'
import { compareAuroc, deLong } from './delong.ts'
import { normalTail } from './normal.ts'

const { delong: made } = JSON.parse(readFileSync(new URL('../fixtures/sklearn.json', import.meta.url), 'utf8'))

/**
 * The ovarian cancer patients of DeLong, DeLong and Clarke-Pearson (1988) as SAS/STAT's documentation of PROC LOGISTIC
 * prints them ("Comparing Receiver Operating Characteristic Curves"): albumin, total protein, 10 - K-G score, benefit.
 */
const OVARIAN = `3.0 5.8 10 0 3.2 6.3 5 1 3.9 6.8 3 1 2.8 4.8 6 0 3.2 5.8 3 1 0.9 4.0 5 0 2.5 5.7 8 0 1.6 5.6 5 1
3.8 5.7 5 1 3.7 6.7 6 1 3.2 5.4 4 1 3.8 6.6 6 1 4.1 6.6 5 1 3.6 5.7 5 1 4.3 7.0 4 1 3.6 6.7 4 0
2.3 4.4 6 1 4.2 7.6 4 0 4.0 6.6 6 0 3.5 5.8 6 1 3.8 6.8 7 1 3.0 4.7 8 0 4.5 7.4 5 1 3.7 7.4 5 1
3.1 6.6 6 1 4.1 8.2 6 1 4.3 7.0 5 1 4.3 6.5 4 1 3.2 5.1 5 1 2.6 4.7 6 1 3.3 6.8 6 0 1.7 4.0 7 0
3.7 6.1 5 1 3.3 6.3 7 1 4.2 7.7 6 1 3.5 6.2 5 1 2.9 5.7 9 0 2.1 4.8 7 1 2.8 6.2 8 0 4.0 7.0 7 1
3.3 5.7 6 1 3.7 6.9 5 1 3.6 6.6 5 1`
  .split(/\s+/)
  .map(Number)
const column = (at: number): number[] => OVARIAN.filter((_, i) => i % 4 === at)
const albumin = column(0).map((x) => -x)
const protein = column(1).map((x) => -x)
const kg = column(2)
const event = column(3).map((x) => 1 - x)

describe('the worked example of DeLong et al.', () => {
  it('has the published areas and standard errors', () => {
    const { areas, covariance } = deLong([kg, protein, albumin], event) ?? { areas: [], covariance: [] }
    expect(areas.map((area) => area.toFixed(4))).toEqual(['0.7258', '0.6478', '0.7366'])
    expect(covariance.map((row, i) => Math.sqrt(row[i]).toFixed(4))).toEqual(['0.1028', '0.1000', '0.0927'])
  })

  it('has the published comparisons with the K-G score', () => {
    const withProtein = compareAuroc(protein, kg, event)
    const withAlbumin = compareAuroc(albumin, kg, event)
    expect([
      withProtein?.difference.toFixed(4),
      withProtein?.standardError.toFixed(4),
      withProtein?.p.toFixed(4),
    ]).toEqual(['-0.0780', '0.1046', '0.4561'])
    expect([
      withAlbumin?.difference.toFixed(4),
      withAlbumin?.standardError.toFixed(4),
      withAlbumin?.p.toFixed(4),
    ]).toEqual(['0.0108', '0.0953', '0.9102'])
    // Both at once: chi-square of the two differences, 2 degrees of freedom, of which p = exp(-chi2 / 2).
    const { areas, covariance: v } = deLong([kg, protein, albumin], event) ?? { areas: [], covariance: [] }
    const [a, b] = [areas[1] - areas[0], areas[2] - areas[0]]
    const vaa = v[1][1] + v[0][0] - 2 * v[0][1]
    const vbb = v[2][2] + v[0][0] - 2 * v[0][2]
    const vab = v[1][2] - v[0][1] - v[0][2] + v[0][0]
    const chi2 = (a * a * vbb - 2 * a * b * vab + b * b * vaa) / (vaa * vbb - vab * vab)
    expect(chi2.toFixed(4)).toBe('2.5340')
    expect(Math.exp(-chi2 / 2).toFixed(4)).toBe('0.2817')
  })
})

describe('DeLong', () => {
  it('is its definition, the mean over all pairs, to 1e-9, ties among them', () => {
    const found = deLong(made.scores, made.labels)
    for (const [i, area] of made.areas.entries()) expect(Math.abs((found?.areas[i] ?? 0) - area)).toBeLessThan(1e-12)
    for (const [i, row] of made.covariance.entries())
      for (const [j, value] of row.entries())
        expect(Math.abs((found?.covariance[i][j] ?? 0) - value)).toBeLessThan(1e-12)
    expect(Math.abs((compareAuroc(made.scores[0], made.scores[1], made.labels)?.p ?? 0) - made.p01)).toBeLessThan(1e-9)
  })

  it('has no variance for a class of one, and p = 1 for predictors that rank alike', () => {
    expect(deLong([[0.1, 0.2, 0.3]], [0, 0, 1])).toBeNull()
    expect(compareAuroc([0.1, 0.2, 0.3, 0.4], [1, 2, 3, 4], [0, 1, 0, 1])).toMatchObject({ difference: 0, p: 1 })
    expect(deLong([[0.5, 0.5, 0.5, 0.5]], [0, 1, 0, 1])?.covariance).toEqual([[0]])
    // Separated by one, reversed by the other: a difference of 1 without spread has no test.
    expect(compareAuroc([1, 2, 3, 4], [4, 3, 2, 1], [0, 0, 1, 1])).toBeNull()
  })

  it('takes nodules of one patient together: twice the rows alike are no more evidence', () => {
    const once = deLong([made.scores[0]], made.labels)?.covariance[0][0] ?? 0
    const scores = [...made.scores[0], ...made.scores[0]]
    const labels = [...made.labels, ...made.labels]
    const patients = labels.map((_: number, i: number) => i % made.labels.length)
    const naive = deLong([scores], labels)?.covariance[0][0] ?? 0
    const together = deLong([scores], labels, patients)?.covariance[0][0] ?? 0
    expect(naive / once).toBeCloseTo(0.5, 1)
    expect(together / once).toBeCloseTo(1, 6)
  })

  it('finds a difference that is not there in one test of twenty', () => {
    const random = seededRandom(7)
    let found = 0
    for (let trial = 0; trial < 1000; trial++) {
      const labels = Array.from({ length: 80 }, (_, i) => Number(i % 3 === 0))
      const shared = labels.map((label) => label + random.normal())
      const noisy = () => shared.map((s) => s + random.normal())
      if ((compareAuroc(noisy(), noisy(), labels)?.p ?? 1) < 0.05) found++
    }
    expect(found).toBeGreaterThan(30)
    expect(found).toBeLessThan(70)
  })

  it('its interval by the normal distribution', () => {
    expect(2 * normalTail(1.959963984540054)).toBeCloseTo(0.05, 12)
  })
})
