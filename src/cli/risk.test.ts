import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runner } from './shared/cli.fixture.ts'

let folder = ''
let run: ReturnType<typeof runner>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'risk-'))
  run = runner(folder)
})
afterAll(() => rm(folder, { recursive: true }))

describe('spicula risk', () => {
  it('answers for one nodule, and says what is missing', async () => {
    const { status, stdout } = await run(
      'risk',
      '--age',
      '68',
      '--sex',
      'female',
      '--diameter',
      '10',
      '--consistency',
      'solid',
      '--lobe',
      'RUL',
      '--count',
      '2',
      '--spiculation',
      'no',
      '--family-history',
      'yes',
      '--emphysema',
      'no',
    )
    expect(status).toBe(0)
    for (const words of [
      'Brock 2a: 17.04 %',
      'Brock 2b: 14.59 %',
      'Mayo: none (ever_smoker is not given)',
      ': 4A',
      'compiled from secondary sources',
      'for research use',
    ]) {
      expect(stdout).toContain(words)
    }
  })

  it('answers for a table, row by row, with reasons', async () => {
    await writeFile(
      join(folder, 'a.csv'),
      'pid,nodule_id,age,diameter_mm,ever_smoker,years_since_quitting,extrathoracic_cancer,spiculation,lobe\n007,1,65,15,yes,0,no,no,RLL\n008,1,650,15,yes,0,no,no,RLL\n',
    )
    expect((await run('risk', 'a.csv', '--out', 'out/risk.csv')).status).toBe(0)
    const [header, first, second] = (await readFile(join(folder, 'out', 'risk.csv'), 'utf8')).split('\n')
    expect(header).toBe('pid,nodule_id,brock_2a,brock_2b,mayo,va,lung_rads,missing,notes')
    expect(first).toMatch(/^007,1,,,0\.17\d+,0\.5988\d+,,/)
    expect(second).toContain('va: age is 650 years; from 18 to 120 makes sense')
    expect(await readFile(join(folder, 'out', 'risk.csv.about.json'), 'utf8')).toContain('for research use')
  })

  it('tells ranges in its help, and what is wrong with its use', async () => {
    expect((await run('risk', '--help')).stdout).toContain('age: 18 to 120 years')
    expect((await run('risk')).stderr).toContain('nothing to judge')
    expect((await run('risk', 'a.csv', '--age', '5')).stderr).toContain('without the inputs of one nodule')
    expect((await run('risk', '--age', '68')).status).toBe(1)
  })
})
