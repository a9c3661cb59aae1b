import { describe, expect, it } from 'vitest'
import { parseTable } from '../files/table.ts'
import { seededRandom } from '../random.ts'
import { designOf, drawUnits } from './intervals/bootstrap.ts'
import { withInterval } from './intervals/estimate.ts'
import { parseTruth } from './labels.ts'
import { weightedAuroc } from './metrics/multiclass.ts'
import { zeroShotResults } from './zero-shot.ts'

const OPTIONS = { seed: 4, replicates: 80 }
const VALUES = ['Smooth', 'Lobulated', 'Spiculated/Serrated']
/** Thirty nodules of twenty patients; every tenth has no reading. */
const NODULES = Array.from({ length: 30 }, (_, i) => {
  const truth = VALUES[(i * 7) % 5 < 3 ? 0 : (i % 2) + 1]
  const weights = VALUES.map((value, v) => ((i * (v + 3) * 11) % 17) + (value === truth ? 8 : 1))
  const sum = weights.reduce((a, b) => a + b, 0)
  return {
    pid: `P${Math.min(i, 19)}`,
    id: String(i),
    truth,
    reading: i % 10 === 9 ? '' : truth,
    p: weights.map((w) => w / sum),
  }
})
const truthText = `pid,nodule_id,malignant,nodule_margins\n${NODULES.map(({ pid, id, reading }) => `${pid},${id},0,${reading}`).join('\n')}\n`
const truth = parseTruth(parseTable(truthText, 't.csv')).rows
const long = (nodules: readonly (typeof NODULES)[number][], values = VALUES) =>
  nodules.flatMap(({ pid, id, p }) => values.map((value, v) => `${pid},${id},nodule_margins,${value},${p[v]}`))
const table = (lines: readonly string[]) =>
  parseTable(`pid,nodule_id,feature,value,probability\n${lines.join('\n')}\n`, 'z.csv')

describe('zero-shot results', () => {
  const known = NODULES.filter(({ reading }) => reading !== '')
  const probabilities = (nodules: typeof NODULES) =>
    Object.fromEntries(VALUES.map((value, v) => [value, nodules.map(({ p }) => p[v])]))

  it('are the weighted AUROC of the nodules that a radiologist read', () => {
    const [result] = zeroShotResults(table(long(NODULES)), truth, OPTIONS)
    const expected = weightedAuroc(
      probabilities(known),
      known.map((one) => one.truth),
    )
    expect(result).toMatchObject({ feature: 'nodule_margins', rows: 27, byValue: expected?.byValue })
    expect(result.auroc.value).toBe(expected?.weighted)
    expect(result.byValue.map(({ value }) => value)).toEqual(VALUES)
  })

  it('have intervals over patients, those with other than the commonest value apart', () => {
    const [{ auroc }] = zeroShotResults(table(long(NODULES)), truth, OPTIONS)
    const design = designOf(
      known.map(({ pid }) => pid),
      known.map((one) => Number(one.truth !== 'Smooth')),
    )
    const values = Float64Array.from({ length: 80 }, (_, replicate) => {
      const drawn = drawUnits(design, seededRandom(4, `bootstrap/${replicate}`))
      const taken = known.flatMap((one, i) => new Array<typeof one>(drawn[design.unitOfRow[i]]).fill(one))
      return (
        weightedAuroc(
          probabilities(taken),
          taken.map((one) => one.truth),
        )?.weighted ?? Number.NaN
      )
    })
    const expected = withInterval(auroc.value ?? 0, values, design)
    if (expected.value === null || expected.interval === null) throw new Error('no interval')
    expect(auroc).toEqual({
      value: expected.value,
      interval: { low: expect.closeTo(expected.interval.low, 10), high: expect.closeTo(expected.interval.high, 10) },
    })
  })

  it('leave out a nodule without every probability, or with a reading that is no value', () => {
    const lines = long(NODULES).filter((line) => !line.startsWith('P3,3,nodule_margins,Lobulated'))
    expect(zeroShotResults(table(lines), truth, OPTIONS)[0].rows).toBe(26)
    const odd = truth.map((row, i) => (i === 0 ? { ...row, values: { ...row.values, nodule_margins: 'fuzzy' } } : row))
    expect(zeroShotResults(table(long(NODULES)), odd, OPTIONS)[0].rows).toBe(26)
    const stranger = [...long(NODULES), 'P99,1,nodule_margins,Smooth,0.5']
    expect(zeroShotResults(table(stranger), truth, OPTIONS)[0].rows).toBe(27)
  })

  it('are of each feature of the table, in its order', () => {
    const two = [...long(NODULES), ...NODULES.map(({ pid, id }) => `${pid},${id},other,a,0.5`)]
    expect(
      zeroShotResults(table(two), truth, OPTIONS).map(({ feature, rows, auroc }) => [
        feature,
        rows,
        auroc.value === null,
      ]),
    ).toEqual([
      ['nodule_margins', 27, false],
      ['other', 0, true],
    ])
  })

  it('say why there is none', () => {
    const few = NODULES.slice(0, 3)
    const [result] = zeroShotResults(table(long(few)), truth, OPTIONS)
    expect(result.rows).toBe(3)
    expect(result.auroc).toMatchObject({ interval: null, why: 'fewer than two patients of a class: no interval' })
    const none = zeroShotResults(table(long(NODULES.slice(9, 10))), truth, OPTIONS)[0]
    expect(none).toEqual({
      feature: 'nodule_margins',
      rows: 0,
      auroc: { value: null, why: 'no nodule with a reading and a prediction' },
      byValue: [],
    })
  })

  it('refuse what cannot be read', () => {
    const refused = (lines: readonly string[], code: string) =>
      expect(() => zeroShotResults(table(lines), truth, OPTIONS)).toThrow(expect.objectContaining({ code }))
    for (const p of ['', 'x', '-0.1', '1.1', 'NaN'])
      refused([`P0,0,nodule_margins,Smooth,${p}`], 'evaluation/probability')
    refused(['P0,0,nodule_margins,Smooth,0,5'], 'evaluation/rows')
    expect(() => zeroShotResults(parseTable('pid,nodule_id,feature\na,1,x\n', 'z.csv'), truth, OPTIONS)).toThrow(
      expect.objectContaining({
        code: 'evaluation/columns',
        message: 'z.csv: value, probability missing; a table of zero-shot features needs it',
      }),
    )
    expect(
      zeroShotResults(table(['P0,0,nodule_margins,Smooth,0', 'P1,1,nodule_margins,Smooth,1']), truth, OPTIONS),
    ).toHaveLength(1)
  })
})
