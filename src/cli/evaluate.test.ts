import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeCohort } from './evaluate.fixture.ts'
import { runner } from './shared/cli.fixture.ts'

let folder = ''
let run: ReturnType<typeof runner>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evaluate-'))
  run = runner(folder)
  await makeCohort(folder, 'near', 240, 2.5)
  await makeCohort(folder, 'far', 80, 1.2)
  await writeFile(join(folder, 'near.csv.about.json'), '{"model": "made", "model_version": "7"}')
})
afterAll(() => rm(folder, { recursive: true }))

const FAST = ['--replicates', '200']
const read = (...path: string[]) => readFile(join(folder, ...path), 'utf8')

describe('spicula evaluate', () => {
  it('writes the report, the numbers, the figures, and names no patient', async () => {
    const ran = await run(
      'evaluate',
      'near.csv',
      'far.csv',
      '--truth',
      'near-truth.csv',
      '--truth',
      'far-truth.csv',
      '--name',
      'NEAR',
      '--name',
      'FAR',
      '--choose-on',
      'NEAR',
      '--compare',
      'tool=near-other.csv:score',
      '--zero-shot',
      'near-features.csv',
      '--zero-shot',
      'far-features.csv',
      '--time',
      'days',
      '--remark',
      'Made labels.',
      '--out',
      'report',
      ...FAST,
    )
    expect(ran.stderr).toBe('')
    expect(ran.status).toBe(0)
    expect(ran.stdout).toMatch(/NEAR: 240 nodules, \d+ labelled 1, ensemble: AUROC 0\.9\d+ \(0\.\d+ to 0?1?\.\d+\)/)
    const html = await read('report', 'report.html')
    const json = await read('report', 'metrics.json')
    for (const text of [html, json]) {
      expect(text).not.toMatch(/NaN|undefined|Infinity|SECRET/)
      expect(text).toContain('for research use')
      expect(text).toContain('made')
    }
    // One file: nothing is fetched.
    expect(html).not.toMatch(/(?:src|href)="(?!data:)/)
    expect(html).not.toMatch(/url\((?!#)/)
    for (const words of [
      'model: made',
      'model version: 7',
      'Brock 2b',
      'diameter alone',
      'tool',
      'Made labels.',
      'manufacturer',
      'p, Holm',
      'C-index',
      'nodule_margins',
      'frozen',
    ]) {
      expect(html).toContain(words)
    }
    const figures = await readdir(join(folder, 'report', 'figures'))
    for (const kind of ['roc', 'precision-recall', 'reliability', 'decision', 'histogram', 'subgroups', 'zero-shot']) {
      expect(figures).toContain(`1-NEAR-${kind}.svg`)
      expect(figures).toContain(`2-FAR-${kind}.png`)
    }
    const { cohorts } = JSON.parse(json)
    expect(cohorts.map(({ name, rows }: { name: string; rows: number }) => [name, rows])).toEqual([
      ['NEAR', 240],
      ['FAR', 80],
    ])
    expect(
      cohorts[1].points.every(
        ({ sameRows, chosenOn }: { sameRows: boolean; chosenOn: string }) => !sameRows && chosenOn === 'NEAR',
      ),
    ).toBe(true)
    expect(cohorts[1].subgroups.some(({ warning }: { warning: string | null }) => warning?.startsWith('only'))).toBe(
      true,
    )
  })

  it('freezes operating points for another cohort, and the seed tells every number', async () => {
    const far = [
      'evaluate',
      'far.csv',
      '--truth',
      'far-truth.csv',
      '--operating-points',
      'report/operating-points.json',
      ...FAST,
    ]
    expect((await run(...far, '--out', 'a')).status).toBe(0)
    expect((await run(...far, '--out', 'b')).status).toBe(0)
    const a = await read('a', 'metrics.json')
    expect(await read('b', 'metrics.json')).toBe(a)
    const { points } = JSON.parse(await read('report', 'operating-points.json'))
    expect(JSON.parse(a).cohorts[0].points.map(({ threshold }: { threshold: number }) => threshold)).toEqual(
      points.map(({ threshold }: { threshold: number }) => threshold),
    )
  })
})

describe('bad input', () => {
  const put = (name: string, text: string) => writeFile(join(folder, name), text)
  const TRUTH = 'pid,nodule_id,malignant\nA,1,1\nA,2,0\nB,1,0\nC,1,1\nD,1,\n'
  const PREDICTIONS = 'pid,nodule_id,ensemble\nA,1,0.9\nA,2,0.2\nB,1,0.4\nC,1,0.3\nD,1,0.5\n'

  it.each([
    [
      'ids that do not match',
      TRUTH,
      PREDICTIONS.replace('B,1', 'X,9'),
      'evaluation/ids',
      '1 nodule of t.csv without a prediction (B/1); 1 nodule of p.csv not in t.csv (X/9)',
    ],
    [
      'labels not 0 or 1',
      TRUTH.replace('B,1,0', 'B,1,2'),
      PREDICTIONS,
      'evaluation/label',
      'neither 0 nor 1 on line 4 ("2")',
    ],
    [
      'probabilities outside [0, 1]',
      TRUTH,
      PREDICTIONS.replace('0.4', '1.4').replace('0.3', '-1'),
      'evaluation/probability',
      'lies outside [0, 1] on lines 4, 5',
    ],
    ['no numbers', TRUTH, PREDICTIONS.replace('0.4', 'high'), 'evaluation/score', 'not a number on line 4'],
    ['a gap in the predictions', TRUTH, PREDICTIONS.replace('0.4', 'NaN'), 'evaluation/ids', 'without a prediction'],
    ['rows that contradict each other', TRUTH, `${PREDICTIONS}A,1,0.8\n`, 'evaluation/duplicate', 'line 7'],
    ['labels that contradict each other', `${TRUTH}A,1,0\n`, PREDICTIONS, 'evaluation/duplicate', 'line 7'],
    ['missing columns', TRUTH.replace('malignant', 'label'), PREDICTIONS, 'evaluation/columns', 'malignant missing'],
    [
      'a column of predictions of no known name',
      TRUTH,
      PREDICTIONS.replace('ensemble', 'sybil'),
      'evaluation/columns',
      'none of its columns',
    ],
    ['fields in excess', TRUTH, `${PREDICTIONS}E,1,0,8\n`, 'evaluation/rows', 'line 7'],
    ['no rows', 'pid,nodule_id,malignant\n', PREDICTIONS, 'evaluation/empty', 'no row'],
  ])('%s: named', async (_, truth, predictions, code, words) => {
    await put('t.csv', truth)
    await put('p.csv', predictions)
    const { status, stderr } = await run('evaluate', 'p.csv', '--truth', 't.csv', '--out', 'bad', ...FAST)
    expect(status).toBe(1)
    expect(stderr).toContain(code)
    expect(stderr).toContain(words)
  })

  it.each([
    ['one class only', 'A,1,0\nA,2,0\nB,1,0\n', 'no cancer among the rows'],
    ['one event', 'A,1,1\nA,2,0\nB,1,0\n', 'fewer than two patients of a class: no interval'],
    ['one row', 'A,1,1\n', 'only cancers among the rows'],
  ])('%s: honest blanks with their reason', async (_, truth, reason) => {
    await put('t.csv', `pid,nodule_id,malignant\n${truth}`)
    await put('p.csv', PREDICTIONS)
    const ran = await run('evaluate', 'p.csv', '--truth', 't.csv', '--allow-missing', '--out', 'blank', ...FAST)
    expect(ran.status).toBe(0)
    expect(ran.stderr).toContain('not in t.csv, left out')
    const html = await read('blank', 'report.html')
    expect(html).toContain(reason)
    expect(html).not.toMatch(/NaN|Infinity|undefined/)
    expect(await read('blank', 'metrics.json')).not.toMatch(/NaN|Infinity/)
  })

  it('rows alike to the letter count once, with a note; rows without a label are counted', async () => {
    await put('t.csv', `${TRUTH}A,1,1\n`)
    await put('p.csv', PREDICTIONS)
    const { status, stderr } = await run('evaluate', 'p.csv', '--truth', 't.csv', '--out', 'twice', ...FAST)
    expect([status, stderr]).toEqual([0, 'note: t.csv: line 7: the same as an earlier row, left out\n'])
    expect(JSON.parse(await read('twice', 'metrics.json')).cohorts[0].leftOut).toEqual({
      unlabelled: 1,
      unpredicted: 0,
      unknown: 0,
    })
  })

  it('the command line itself', async () => {
    const one = ['evaluate', 'near.csv', '--truth', 'near-truth.csv', '--out', 'x']
    for (const [args, words] of [
      [['evaluate', 'near.csv', '--out', 'x'], '1 tables of predictions, but 0 of --truth'],
      [[...one, '--subgroup', 'nothing'], 'no column nothing'],
      [[...one, '--subgroup', 'age:70,60'], 'rising numbers'],
      [[...one, '--choose-on', 'nobody'], 'the cohorts are near-truth'],
      [[...one, '--compare', 'near-other.csv'], 'write NAME=FILE'],
      [[...one, '--operating-points', 'near.csv'], 'near.csv: it is not JSON'],
    ] as const) {
      const { status, stderr } = await run(...args, ...FAST)
      expect([status, stderr]).toEqual([1, expect.stringContaining(words)])
    }
    // What stands beside a table may be missing, but not damaged.
    await writeFile(join(folder, 'torn.csv'), await readFile(join(folder, 'near.csv')))
    await writeFile(join(folder, 'torn.csv.about.json'), '{"model": ')
    const { status, stderr } = await run('evaluate', 'torn.csv', '--truth', 'near-truth.csv', '--out', 'x', ...FAST)
    expect([status, stderr]).toEqual([1, expect.stringContaining('torn.csv.about.json: it is not JSON')])
  })
})

const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find((name) => {
  try {
    execFileSync('which', [name], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})

describe.skipIf(chromium === undefined)(
  `in Chromium${chromium === undefined ? ' (skipped: no chromium here)' : ''}`,
  () => {
    it('the report opens without an error and without a request', async () => {
      const profile = join(folder, 'profile')
      const args = [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--no-first-run',
        `--user-data-dir=${profile}`,
        '--enable-logging=stderr',
        '--window-size=1150,3000',
        `--screenshot=${join(folder, 'report.png')}`,
        `file://${join(folder, 'report', 'report.html')}`,
      ]
      const stderr = await new Promise<string>((resolve) => {
        execFile(chromium ?? '', args, { timeout: 50_000 }, (_, __, text) => resolve(text))
      })
      expect(stderr.split('\n').filter((line) => line.includes('CONSOLE'))).toEqual([])
      expect((await readFile(join(folder, 'report.png'))).length).toBeGreaterThan(50_000)
    })
  },
)
