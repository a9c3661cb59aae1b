import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { featureRows } from '../features/feature-rows.ts'
import { parseTable } from '../files/table.ts'
import { checkReport } from '../report/check-report.ts'
import { type FakeModel, fakeModel, honestAnswer, type Reply } from '../report/llm-server.fixture.node.ts'
import { readReports } from '../report/reports-folder.node.ts'
import { runner } from './shared/cli.fixture.ts'

const COHORT = `pid,nodule_id,coordX,longest_axial_diameter_(mm),nodule_consistency,nodule_margins,necrosis,level_of_suspicion_of_lung_cancer
SECRET-1,7,-38.5,12.3,PSN,lobular,no,moderately high
SECRET-2,7,-39.5,5.4,Solid,Smooth,Absent,Low
SECRET-3,7,-40.5,18.1,GGO,spiculated,yes,Intermediate
SECRET-4,7,-41.5,9,Sollid,Smooth,Absent,Low
`
const { rows } = featureRows(parseTable(COHORT, 'cohort.csv'))

let folder = ''
let spicula = runner('')
const servers: FakeModel[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'report-'))
  spicula = runner(folder)
  await writeFile(join(folder, 'cohort.csv'), COHORT)
})
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})
afterAll(() => rm(folder, { recursive: true }))

const textOf = (out: string, pid: string) => readFile(join(folder, out, `${pid}_7.txt`), 'utf8')

/** Runs with the language model of a server. */
async function withModel(out: string, reply: (prompt: string, request: number) => Reply, ...more: string[]) {
  const server = await fakeModel('openai', reply)
  servers.push(server)
  const options = ['--writer', 'llm', '--base-url', server.url, '--model', 'm', '--back-off', '1', '--rpm', '100000']
  return { server, ran: await spicula('report', 'cohort.csv', '--out', out, ...options, ...more) }
}

describe('spicula report', () => {
  it('writes a report a row by templates, and names the row it cannot write, with the nearest value', async () => {
    const { status, stderr } = await spicula('report', 'cohort.csv', '--out', 'templates', '--seed', '3')
    expect(status).toBe(2)
    expect(stderr).toContain('row 5: nodule_consistency: "Sollid" is not one of Solid, Part-solid, Pure ground glass')
    expect(stderr).toContain('Is "Solid" meant?')
    expect((await readdir(join(folder, 'templates'))).sort()).toEqual([
      'SECRET-1_7.txt',
      'SECRET-2_7.txt',
      'SECRET-3_7.txt',
      'about.json',
      'errors.csv',
    ])
    for (const { pid, features } of rows) expect(checkReport(await textOf('templates', pid), features)).toEqual([])
    const before = await textOf('templates', 'SECRET-2')
    await spicula('report', 'cohort.csv', '--out', 'templates', '--seed', '3')
    expect(await textOf('templates', 'SECRET-2')).toBe(before)
  })

  it('gives training the impressions of its rows', async () => {
    const { reports, problems } = await readReports(join(folder, 'templates'), [
      ...rows,
      { line: 9, pid: 'nobody', noduleId: '1' },
    ])
    expect(reports.map(({ impression }) => impression.slice(0, 12))).toEqual(Array(3).fill('Impression: '))
    expect(problems).toMatchObject([{ line: 9, code: 'report/missing' }])
  })

  it('asks a language model, at once as many as told, and sends features alone', async () => {
    const { server, ran } = await withModel('llm', honestAnswer, '--concurrency', '2')
    expect(ran.status).toBe(2)
    expect(server.received).toHaveLength(3)
    expect(server.mostAtOnce()).toBe(2)
    for (const { pid, features } of rows) expect(checkReport(await textOf('llm', pid), features)).toEqual([])
    const wire = JSON.stringify(server.received)
    for (const hidden of ['SECRET', 'cohort.csv', '38.5', '40.5', folder]) expect(wire).not.toContain(hidden)
    for (const { prompt } of server.received)
      expect(prompt).toMatch(
        /^Features:(\n- (longest axial diameter|consistency|margins|necrosis|suspicion of lung cancer): .*){5}$/,
      )
    expect(await readFile(join(folder, 'llm', 'replaced.csv'), 'utf8')).toBe('row,code,message\n')

    const again = await withModel('llm', () => ({ status: 500 }), '--concurrency', '2')
    // Another port is another endpoint: its cache is its own.
    expect(again.server.received.length).toBeGreaterThan(0)
  })

  it('asks nothing again that it has', async () => {
    const server = await fakeModel('openai', honestAnswer)
    servers.push(server)
    const run = () =>
      spicula(
        'report',
        'cohort.csv',
        '--out',
        'cached',
        '--writer',
        'llm',
        '--base-url',
        server.url,
        '--model',
        'm',
        '--rpm',
        '100000',
      )
    await run()
    const { stderr } = await run()
    expect(server.received).toHaveLength(3)
    expect(stderr).toContain('0 requests, 3 from the cache')
  })

  it.each<[string, (prompt: string, request: number) => Reply]>([
    ['is empty', () => ''],
    ['is 10 MB', () => 'The nodule is solid. '.repeat(500_000)],
    ['is HTML', () => '<!doctype html><title>502</title>'],
    ['refuses', () => 'I am unable to help with that.'],
    ['invents', (prompt) => `${honestAnswer(prompt)} Pleural retraction and vascular convergence are present.`],
    ['leaks another row', (prompt) => honestAnswer(`${prompt}\n- cavitation: Present`)],
  ])('replaces by templates, and lists, what a model writes that %s', async (what, reply) => {
    const out = `hostile ${what}`
    const { ran } = await withModel(out, reply, '--attempts', '2')
    expect(ran.status).toBe(2)
    expect(ran.stderr).toContain("3 reports are templates in the model's place")
    for (const { pid, features } of rows) expect(checkReport(await textOf(out, pid), features)).toEqual([])
    const replaced = (await readFile(join(folder, out, 'replaced.csv'), 'utf8')).trim().split('\n')
    expect(replaced).toHaveLength(4)
    expect(replaced.join()).not.toContain('SECRET')
  })

  it('stops at once where the key is wrong, and soon where nobody answers', async () => {
    const { server, ran } = await withModel('stopped', () => ({ status: 401, body: '{}' }), '--concurrency', '1')
    expect(ran).toMatchObject({ status: 1, stderr: expect.stringContaining('answers 401 [report/llm]') })
    expect(server.received).toHaveLength(1)

    const many =
      COHORT.split('\n')[0] + Array.from({ length: 9 }, (_, i) => `\nP${i},1,0,5,Solid,Smooth,no,low`).join('')
    await writeFile(join(folder, 'many.csv'), many)
    const endpoint = ['--base-url', 'http://127.0.0.1:9/v1', '--model', 'm', '--back-off', '1', '--attempts', '2']
    const dead = await spicula('report', 'many.csv', '--out', 'dead', '--writer', 'llm', ...endpoint, '--rpm', '100000')
    expect(dead).toMatchObject({ status: 1, stderr: expect.stringContaining('5 rows in a row got no answer') })
  })

  it('prints prompts and tokens on a dry run, and sends and writes nothing', async () => {
    const { server, ran } = await withModel('dry', honestAnswer, '--dry-run')
    expect(server.received).toEqual([])
    expect(ran.stdout).toMatch(/row 2, about \d+ tokens/)
    expect(ran.stdout).toMatch(/3 prompts, about \d+ tokens/)
    expect(ran.stdout).toContain('- consistency: Part-solid')
    expect(ran.stdout).not.toContain('SECRET')
    await expect(readdir(join(folder, 'dry'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('says what is missing', async () => {
    const without = await spicula('report', 'none.csv', '--out', 'x')
    expect(without).toMatchObject({ status: 1, stderr: expect.stringContaining('[cohort/not-found]') })
    const nameless = await spicula(
      'report',
      'cohort.csv',
      '--out',
      'x',
      '--writer',
      'llm',
      '--base-url',
      'http://127.0.0.1:9',
    )
    expect(nameless).toMatchObject({ status: 1, stderr: expect.stringContaining('--model NAME') })
  })
})
