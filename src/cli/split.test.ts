import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkSplits } from '../training/check-splits.ts'
import { readSplits } from '../training/splits.node.ts'
import { HEADER, type Ran, runner } from './shared/cli.fixture.ts'

let folder = ''
let spicula: (...args: string[]) => Promise<Ran>
const pids = Array.from({ length: 50 }, (_, i) => `P-${String(i).padStart(3, '0')}`)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-split-'))
  spicula = runner(folder)
  // Of every patient two nodules; of every fifth one of them is malignant. The scans are not looked at.
  const rows = pids.flatMap((pid, i) => [
    `${pid},1,${pid}.nii.gz,0,0,0,0`,
    `${pid},2,${pid}.nii.gz,1,1,1,${i % 5 ? 0 : 1}`,
  ])
  await writeFile(join(folder, 'cohort.csv'), [`${HEADER},malignant`, ...rows, ''].join('\n'))
  await writeFile(join(folder, 'bare.csv'), `${HEADER}\na,1,a.nii,0,0,0\n`)
  await writeFile(
    join(folder, 'faulty.csv'),
    [`${HEADER},malignant`, ...rows, 'x,1,,0,0,0,1', 'y,1,y.nii,0,0,0,', ''].join('\n'),
  )
})
afterAll(() => rm(folder, { recursive: true }))

const rows = pids.flatMap((pid, i) => [
  { pid, malignant: 0 as const, line: 2 * i + 2 },
  { pid, malignant: i % 5 ? (0 as const) : (1 as const), line: 2 * i + 3 },
])

describe('spicula split', () => {
  it('writes folds and a test set, and tells their counts', async () => {
    const { status, stdout, stderr } = await spicula(
      'split',
      'cohort.csv',
      '--out',
      'a',
      '--test',
      '0.2',
      '--seed',
      '3',
    )
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout.split('\n').map((line) => line.trim().replace(/ +/g, ' '))).toEqual([
      'fold patients malignant benign nodules malignant benign',
      ...[0, 1].flatMap((k) => [`${k} training 32 7 25 64 7 57`, 'validation 8 1 7 16 1 15']),
      ...[2, 3, 4].flatMap((k) => [`${k} training 32 6 26 64 6 58`, 'validation 8 2 6 16 2 14']),
      'test 10 2 8 20 2 18',
      '5 stratified folds, by patient, seed 3 -> a (spicula, for research use)',
      '',
    ])
    const splits = await readSplits(join(folder, 'a'))
    expect(checkSplits(splits, rows).notes).toEqual([])
    expect([...splits.test, ...splits.folds.flatMap(({ val }) => val)].sort()).toEqual(pids)
    const about = JSON.parse(await readFile(join(folder, 'a/about.json'), 'utf8'))
    expect(about).toMatchObject({ use: 'for research use', cohort: 'cohort.csv', seed: 3, testShare: 0.2 })
  })

  it('makes the published shuffles, the same for the same seed', async () => {
    const made = await spicula('split', 'cohort.csv', '--out', 'b', '--published')
    expect(made.stdout).toMatch(/^five stratified shuffles, 60 % for training, by patient, seed 0 -> b/m)
    await spicula('split', 'cohort.csv', '--out', 'c', '--published')
    const splits = await readSplits(join(folder, 'b'))
    expect(splits.folds.map(({ train, val }) => [train.length, val.length])).toEqual(Array(5).fill([30, 20]))
    expect(await readSplits(join(folder, 'c'))).toEqual(splits)
    expect(await readdir(join(folder, 'b'))).not.toContain('test_pid.csv')
  })

  it('goes on without rows that are faulty or have no label, and says so', async () => {
    const { status, stderr } = await spicula('split', 'faulty.csv', '--out', 'd')
    expect(stderr).toMatch(/^note, row 1: 1 rows? of the cohort without a label/m)
    expect(stderr).toMatch(/^row 102: image_path is empty \[cohort\/image-path\]/m)
    expect(status).toBe(2)
    expect((await readSplits(join(folder, 'd'))).folds.length).toBe(5)
  })

  it.each<[string, string[], RegExp]>([
    ['no labels', ['bare.csv', '--out', 'x'], /bare\.csv: no row has a label \[training\/label\]/],
    [
      'too many folds',
      ['cohort.csv', '--out', 'x', '--folds', '11'],
      /11 folds need 11 malignant patients, there are 10/,
    ],
    [
      'a share above 1',
      ['cohort.csv', '--out', 'x', '--test', '20'],
      /'20' is not a share from 0 to below 1, e\.g\. 0\.2/,
    ],
    [
      'both ways at once',
      ['cohort.csv', '--out', 'x', '--published', '--folds', '3'],
      /cannot be used with option '--folds/,
    ],
    ['a folder that is not empty', ['cohort.csv', '--out', '.'], /\. is there already: nothing is overwritten/],
  ])('with %s ends with status 1 and a sentence that helps', async (_, args, message) => {
    const { status, stdout, stderr } = await spicula('split', ...args)
    expect(stderr).toMatch(message)
    expect([status, stdout]).toEqual([1, ''])
    expect(await readdir(folder)).not.toContain('x')
  })
})
