import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FoldedProbability } from '../../predict/answers.ts'
import { predictNodule } from '../../predict/nodule.node.ts'
import { openScan } from '../../scan/open.node.ts'
import { VERSION } from '../../version.ts'
import { AT, makeModel, makeScans, PROGRAM, type Ran, runner, writeCohort } from '../shared/cli.fixture.ts'

let folder = ''
let spicula: (...args: string[]) => Promise<Ran>
const text = (name: string) => readFile(join(folder, name), 'utf8')
const json = async (name: string) => JSON.parse(await text(name))
/** The numbers of one nodule, by `--out`. */
const raw = async (...args: string[]): Promise<{ raw: number[]; views: string[] }> => {
  const { status, stderr } = await spicula('predict', '--model', 'model', '--quiet', '--out', 'one.json', ...args)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return (await json('one.json')).nodules[0]
}

/** The model with calibrations. */
async function calibratedModel(): Promise<void> {
  await cp(join(folder, 'model'), join(folder, 'calibrated'), { recursive: true })
  const config = await json('calibrated/config.json')
  for (const fold of config.folds) fold.calibration = { a: 1, b: 1, c: 1 }
  await writeFile(join(folder, 'calibrated/config.json'), JSON.stringify(config))
}

const good = [`P-001,1,scan.nii.gz,${AT}`, `P-002,a,slice.nii,${AT}`, 'P-001,2,scan.nii.gz,-60,-80,-250']
const columns = 'pid,nodule_id,raw_0,raw_1,raw_2,raw_3,raw_4,ensemble'
const stamp = { model: 'random-tiny', model_version: '0', software: `spicula ${VERSION}`, use: 'for research use' }

beforeAll(async () => {
  folder = await makeScans()
  spicula = runner(folder)
  await makeModel(folder)
  await writeCohort(folder, 'good.csv', good)
  await writeCohort(folder, 'bad.csv', [`P,1,gone.nii,${AT}`, 'P,2,scan.nii.gz,0,0,0'])
})
afterAll(() => rm(folder, { recursive: true }))

describe('spicula predict --ct --at', () => {
  it('prints a probability, the folds, the views that weigh most, and model, version and use', async () => {
    const { status, stdout, stderr } = await spicula('predict', '--ct', 'scan.nii.gz', '--at', AT, '--model', 'model')
    const [probability, views, model, ...rest] = stdout.split('\n')
    expect(probability).toMatch(/^malignancy probability 0\.\d{4} \(5 folds: 0\.\d{4} to 0\.\d{4}\)$/)
    expect(views).toMatch(/^views by weight: \S+ 0\.\d\d, \S+ 0\.\d\d, \S+ 0\.\d\d$/)
    expect(model).toBe(`model random-tiny 0, spicula ${VERSION}, for research use`)
    expect([rest, stderr, status]).toEqual([[''], '', 0])
  })

  it("prints the library's own answer: of a calibrated model the calibrated probability first", async () => {
    await calibratedModel()
    for (const model of ['model', 'calibrated']) {
      const { stdout } = await spicula('predict', '--ct', 'scan.nii.gz', '--at', AT, '--model', model)
      const scan = await openScan(join(folder, 'scan.nii.gz'))
      const answer = await predictNodule(scan, [-64, -84, -252], { model: join(folder, model) })
      const told = ({ probability, range: [least, greatest] }: FoldedProbability, kind: string) =>
        `malignancy probability ${probability.toFixed(4)} ${kind}(5 folds: ${least.toFixed(4)} to ${greatest.toFixed(4)})`
      expect(answer.calibrated).toBe(model === 'calibrated')
      expect(stdout.split('\n')).toEqual([
        ...(answer.calibrated ? [told(answer, 'calibrated '), told(answer.raw, 'raw ')] : [told(answer, '')]),
        `views by weight: ${answer.views
          .slice(0, 3)
          .map(({ name, weight }) => `${name} ${weight.toFixed(2)}`)
          .join(', ')}`,
        `model ${answer.model} ${answer.modelVersion}, ${answer.software}, ${answer.use}`,
        '',
      ])
      expect((await raw('--ct', 'scan.nii.gz', '--at', AT)).raw).toEqual(answer.prediction.raw)
    }
  })

  it('gives the same number in every frame, and another at another point', async () => {
    const lps = await raw('--ct', 'scan.nii.gz', '--at', AT)
    expect(await raw('--ct', 'scan.nii.gz', '--at', '64, 84, -252', '--frame', 'ras')).toEqual(lps)
    expect(await raw('--ct', 'scan.nii.gz', '--at', '24,24,24', '--frame', 'voxel')).toEqual(lps)
    expect((await raw('--ct', 'scan.nii.gz', '--at', '-60,-80,-250')).raw).not.toEqual(lps.raw)
  })

  it('makes the views that are asked for', async () => {
    const axial = await raw('--ct', 'scan.nii.gz', '--at', AT, '--views', 'axial')
    const planes = await raw('--ct', 'scan.nii.gz', '--at', AT, '--views', 'planes')
    expect([axial.views, planes.views]).toEqual([['axial'], ['axial', 'coronal', 'sagittal']])
    expect(axial.raw).not.toEqual(planes.raw)
  })

  it('predicts a scan of one slice from its axial view, and says so', async () => {
    const { status, stdout, stderr } = await spicula('predict', '--ct', 'slice.nii', '--at', AT, '--model', 'model')
    expect(stdout).toContain('views by weight: axial 1.00\n')
    expect(stderr).toMatch(/^note: slice\.nii has a single slice: .*\[nodule\/single-slice\]\n$/)
    expect(status).toBe(0)
  })

  it('says of a point with the signs of x and y flipped that it looks like RAS', async () => {
    const args = ['--ct', 'scan.nii.gz', '--at', '64,84,-252', '--model', 'model']
    const { status, stdout, stderr } = await spicula('predict', ...args)
    expect(stderr).toMatch(/^spicula: scan\.nii\.gz: .*92\.7 mm .*beyond the last voxel.*\[nodule\/outside\]\n/)
    expect(stderr).toContain('the coordinates look like RAS (--frame ras)')
    expect([status, stdout]).toEqual([1, ''])
  })

  it('writes beside what it prints, into folders that it makes', async () => {
    const args = ['--ct', 'scan.nii.gz', '--at', AT, '--model', 'model', '--out', 'new/sub/one.csv']
    expect((await spicula('predict', ...args)).status).toBe(0)
    expect(await text('new/sub/one.csv')).toMatch(new RegExp(`^${columns}\n,1(,0\\.\\d+){6}\n$`))
    expect(await json('new/sub/one.csv.about.json')).toEqual({ ...stamp, nodules: 1, failed: 0 })
  })
})

describe('spicula predict COHORT', () => {
  it('writes the published columns, and beside them what made them; quiet, it prints nothing', async () => {
    const ran = await spicula('predict', 'good.csv', '--model', 'model', '--out', 'good/r.csv', '--quiet')
    expect(ran).toEqual({ status: 0, stdout: '', stderr: '' })
    const [header, ...lines] = (await text('good/r.csv')).trim().split('\n')
    expect(header).toBe(columns)
    expect(lines.map((line) => line.split(',').slice(0, 2))).toEqual([
      ['P-001', '1'],
      ['P-002', 'a'],
      ['P-001', '2'],
    ])
    for (const line of lines) {
      const numbers = line.split(',').slice(2).map(Number)
      const mean = numbers.slice(0, 5).reduce((sum, p) => sum + p, 0) / 5
      expect(numbers.every((p) => p > 0 && p < 1)).toBe(true)
      expect(Math.abs(numbers[5] - mean)).toBeLessThan(1e-12)
    }
    expect(await json('good/r.csv.about.json')).toEqual({ ...stamp, nodules: 3, failed: 0 })
    expect(existsSync(join(folder, 'good/errors.csv'))).toBe(false)
  })

  it('gives the same bits again, with one thread or two, and to a pipe', async () => {
    const args = ['predict', 'good.csv', '--model', 'model']
    const runs = await Promise.all([
      spicula(...args),
      spicula(...args, '--threads', '1'),
      spicula(...args, '--threads', '2'),
    ])
    expect(runs[0].stdout).toMatch(new RegExp(`^${columns}\nP-001,1,`))
    expect(runs[0].stderr).toMatch(/3 nodules predicted {2}\(model random-tiny 0, spicula .*, for research use\)\n$/)
    expect(runs.map(({ stdout }) => stdout)).toEqual(new Array(3).fill(runs[0].stdout))
  })

  it('writes JSON with notes and the weight of every view', async () => {
    await spicula('predict', 'good.csv', '--model', 'model', '--out', 'r.json')
    const { nodules, ...rest } = await json('r.json')
    expect(rest).toEqual({ ...stamp, failed: 0 })
    expect(nodules.map((n: { pid: string; nodule_id: string }) => [n.pid, n.nodule_id])).toEqual([
      ['P-001', '1'],
      ['P-002', 'a'],
      ['P-001', '2'],
    ])
    const [nine, one] = nodules
    expect(nine.views).toHaveLength(9)
    expect(nine.attention.map((row: number[]) => row.length)).toEqual([9, 9, 9, 9, 9])
    expect(one).toMatchObject({ views: ['axial'], attention: [[1], [1], [1], [1], [1]] })
    expect(one.notes[0].code).toBe('nodule/single-slice')
  })

  it('loses no row to bad ones: each is told with its line and code, and never by its patient', async () => {
    await writeCohort(folder, 'mixed.csv', [
      good[0],
      `PAT-77,1,gone-PAT-77.nii.gz,${AT}`,
      'PAT-78,1,scan.nii.gz,64,84,-252',
      `PAT-79,1,cut.nii.gz,${AT}`,
      good[1],
      `PAT-80,1,lost.nii,${AT}`,
      `PAT-81,1,colour.nii,${AT}`,
      '"PAT-82",1,scan.nii.gz,-64,,-252',
      'PAT-83,1,scan.nii.gz',
      good[2],
    ])
    const { status, stderr } = await spicula('predict', 'mixed.csv', '--model', 'model', '--out', 'mixed/r.csv')
    expect(status).toBe(2)
    expect((await text('mixed/r.csv')).match(/^P-00\d,.,/gm)).toEqual(['P-001,1,', 'P-002,a,', 'P-001,2,'])
    expect(await json('mixed/r.csv.about.json')).toMatchObject({ nodules: 3, failed: 7 })
    const errors = await text('mixed/errors.csv')
    expect(errors.split('\n')[0]).toBe('row,code,message')
    expect(errors.match(/^\d+,[\w/-]+/gm)).toEqual([
      '3,volume/missing',
      '4,nodule/outside',
      '5,volume/truncated',
      '7,volume/orientation',
      '8,volume/datatype',
      '9,cohort/coordinate',
      '10,cohort/fields',
    ])
    expect(errors).toContain('the coordinates look like RAS')
    expect(errors + stderr).not.toContain('PAT-')
    expect(stderr).toContain('7 rows without a result: see mixed/errors.csv')
  })

  it('answers nothing, honestly, where no row is good; calibrated columns stay', async () => {
    await calibratedModel()
    const header = `${columns}${[0, 1, 2, 3, 4].map((k) => `,calibrated_${k}`).join('')},calibrated_ensemble\n`

    const { status, stderr } = await spicula('predict', 'bad.csv', '--model', 'calibrated', '--out', 'bad/r.csv')
    expect([status, await text('bad/r.csv')]).toEqual([2, header])
    expect(await json('bad/r.csv.about.json')).toMatchObject({ nodules: 0, failed: 2 })
    expect(stderr).toContain('0 nodules predicted')

    const { stdout } = await spicula('predict', 'good.csv', '--model', 'calibrated', '--quiet')
    expect(stdout.startsWith(header)).toBe(true)
    const [p, , , , , ensemble, q, , , , , calibrated] = stdout.split('\n')[1].split(',').slice(2).map(Number)
    // a = b = c = 1: the odds times e.
    expect(Math.abs(q / (1 - q) / (p / (1 - p)) - Math.E)).toBeLessThan(1e-9)
    expect(calibrated).toBeGreaterThan(ensemble)
  })

  it("takes an earlier run's errors.csv away, and leaves a file of that name that is not its own", async () => {
    const run = () => spicula('predict', 'good.csv', '--model', 'model', '--out', 'stale/r.csv')
    await spicula('predict', 'bad.csv', '--model', 'model', '--out', 'stale/r.csv')
    expect(existsSync(join(folder, 'stale/errors.csv'))).toBe(true)
    await run()
    expect(existsSync(join(folder, 'stale/errors.csv'))).toBe(false)
    await writeFile(join(folder, 'stale/errors.csv'), 'my,own,errors\n')
    await run()
    expect(await text('stale/errors.csv')).toBe('my,own,errors\n')
  })

  it('goes on when the reader of its output stops early', async () => {
    const child = spawn(process.execPath, [...PROGRAM, 'predict', 'good.csv', '--model', 'model'], { cwd: folder })
    child.stdout.destroy()
    let stderr = ''
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    const status = await new Promise((resolve) => child.on('close', resolve))
    expect(stderr).toMatch(/3 nodules predicted.*\n$/)
    expect([stderr.includes('EPIPE'), status]).toEqual([false, 0])
  })
})

describe('spicula predict --points', () => {
  const points = [
    { name: 'a', point: [-64, -84, -252], more: 1 },
    { name: 'b', point: [64, 84, -252] },
    { name: 'c', point: [-60, -80, -250] },
  ]
  it("answers LUNA25's document, all else in it as it came, null where a point has no answer", async () => {
    await writeFile(join(folder, 'points.json'), JSON.stringify({ points, version: { major: 1 } }))
    const args = ['predict', '--ct', 'scan.nii.gz', '--points', 'points.json', '--model', 'model']
    const { status, stdout, stderr } = await spicula(...args)
    const answer = JSON.parse(stdout)
    const [a, b, c] = answer.points.map(({ probability }: { probability: number | null }) => probability)
    expect(answer).toEqual({
      points: points.map((point, i) => ({ ...point, probability: [a, b, c][i] })),
      version: { major: 1 },
    })
    expect(b).toBeNull()
    const alone = await raw('--ct', 'scan.nii.gz', '--at', AT)
    expect(Math.abs(a - alone.raw.reduce((sum, p) => sum + p, 0) / 5)).toBeLessThan(1e-6)
    expect(c).not.toBe(a)
    expect(status).toBe(2)
    expect(stderr).toMatch(/^row 2: scan\.nii\.gz: .*\[nodule\/outside\]$/m)

    expect((await spicula(...args, '--out', 'points/answer.json', '--quiet')).status).toBe(2)
    expect(await text('points/answer.json')).toBe(stdout)
    expect(await json('points/answer.json.about.json')).toEqual({ ...stamp, nodules: 2, failed: 1 })
    expect(await text('points/errors.csv')).toMatch(/^row,code,message\n2,nodule\/outside,/)
  })
})
