import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseTable } from '../files/table.ts'
import { AT, makeScans, runner, writeCohort } from './shared/cli.fixture.ts'

let folder = ''
let spicula = runner('')
beforeAll(async () => {
  folder = await makeScans()
  spicula = runner(folder)
  await writeCohort(folder, 'cohort.csv', [
    `007,1,scan.nii.gz,${AT}`,
    `P2,a,scan.nii.gz,-60,-80,-250`,
    `P3,1,none.nii,${AT}`,
  ])
  await spicula('model', 'init', '--config', 'tiny-text', '--out', 'words')
})
afterAll(() => rm(folder, { recursive: true }))

const table = async (name: string) =>
  parseTable(await readFile(join(folder, name), 'utf8'), name).records.map(({ values }) => values)

describe('spicula zero-shot', () => {
  it('gives every feature of every nodule in long form, and names the row that failed', async () => {
    const { status, stderr } = await spicula('zero-shot', 'cohort.csv', '--model', 'words', '--out', 'features.csv')
    expect(status).toBe(2)
    expect(stderr).toContain('row 4')
    const rows = await table('features.csv')
    expect(Object.keys(rows[0])).toEqual(['pid', 'nodule_id', 'feature', 'value', 'probability'])
    expect([...new Set(rows.map(({ pid }) => pid))]).toEqual(['007', 'P2'])
    const margins = rows.filter(({ pid, feature }) => pid === '007' && feature === 'nodule_margins')
    expect(margins.map(({ value }) => value)).toEqual(['Smooth', 'Lobulated', 'Spiculated/Serrated'])
    expect(margins.reduce((sum, { probability }) => sum + Number(probability), 0)).toBeCloseTo(1, 9)
    const about = JSON.parse(await readFile(join(folder, 'features.csv.about.json'), 'utf8'))
    expect(about).toMatchObject({ model: 'random-tiny-text', use: 'for research use', nodules: 2, failed: 1 })
  })

  it('adds folds, whose mean is the probability', async () => {
    await spicula('zero-shot', 'cohort.csv', '--model', 'words', '--out', 'folds.csv', '--folds')
    const rows = await table('folds.csv')
    for (const row of rows) {
      const folds = [0, 1, 2, 3, 4].map((fold) => Number(row[`fold_${fold}`]))
      expect(folds.reduce((sum, p) => sum + p, 0) / 5).toBeCloseTo(Number(row.probability), 12)
    }
    expect(rows.map(({ probability }) => probability)).toEqual(
      (await table('features.csv')).map((row) => row.probability),
    )
  })

  it('answers questions of the user’s own', async () => {
    const ask = ['--prompt', 'The nodule is spiculated.', '--against', 'The nodule is smooth.']
    const { stdout } = await spicula('zero-shot', 'cohort.csv', '--model', 'words', ...ask)
    expect(
      parseTable(stdout, 'out')
        .records.slice(0, 2)
        .map(({ values }) => [values.feature, values.value]),
    ).toEqual([
      ['prompt', 'The nodule is spiculated.'],
      ['prompt', 'The nodule is smooth.'],
    ])
  })

  it('says what is missing', async () => {
    const alone = await spicula('zero-shot', 'cohort.csv', '--model', 'words', '--prompt', 'a')
    expect(alone).toMatchObject({ status: 1, stderr: expect.stringContaining('belong together') })
    await spicula('model', 'init', '--config', 'tiny', '--out', 'wordless')
    const wordless = await spicula('zero-shot', 'cohort.csv', '--model', 'wordless')
    expect(wordless).toMatchObject({ status: 1, stderr: expect.stringContaining('[clip/no-text]') })
  })
})
