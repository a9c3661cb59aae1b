import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { VERSION } from '../version.ts'
import { AT, makeScans, type Ran, runner, writeCohort } from './shared/cli.fixture.ts'

let folder = ''
let spicula: (...args: string[]) => Promise<Ran>
beforeAll(async () => {
  folder = await makeScans()
  spicula = runner(folder)
  await writeCohort(folder, 'good.csv', [`P-001,1,scan.nii.gz,${AT}`])
  await writeFile(join(folder, 'columns.csv'), 'pid,nodule,image_path,coordX,coordY,coordZ\na,1,scan.nii.gz,0,0,0\n')
  await mkdir(join(folder, 'empty'))
})
afterAll(() => rm(folder, { recursive: true }))

const one = ['predict', '--ct', 'scan.nii.gz', '--at', AT]

describe('a wrong command', () => {
  it.concurrent.each<[string, string[], RegExp]>([
    ['nothing', [], /^Usage: spicula \[options\] \[command\]/],
    ['another word', ['frobnicate'], /^spicula: unknown command 'frobnicate'/],
    ['an unknown option', [...one, '--view', 'axial'], /^spicula: unknown option '--view'\n\(Did you mean --views\?\)/],
    ['an unknown device', [...one, '--device', 'tpu'], /'tpu' is invalid\. Allowed choices are cpu, webgpu, cuda/],
    ['no cohort and no scan', ['predict'], /^spicula: nothing to predict .*\n {2}Give a cohort CSV, or --ct SCAN --at/],
    ['a cohort and a scan', [...one, 'good.csv'], /^spicula: a cohort goes without --ct, --at and --points/],
    ['a scan and no place', ['predict', '--ct', 'scan.nii.gz'], /^spicula: --ct needs either --at x,y,z or --points/],
    ['two places', [...one, '--points', 'p.json'], /^spicula: --ct needs either --at x,y,z or --points/],
    [
      'two numbers',
      ['predict', '--ct', 'a', '--at', '1,2'],
      /'1,2' is not a point: write three numbers, e\.g\. --at -38\.0/,
    ],
    ['NaN as a coordinate', ['predict', '--ct', 'a', '--at', '1,2,NaN'], /'1,2,NaN' is not a point/],
    [
      'points in another frame',
      ['predict', '--ct', 'a', '--points', 'p', '--frame', 'ras'],
      /LUNA25 points are LPS mm/,
    ],
    ['no threads', [...one, '--threads', '0'], /'0' is not a whole number from 1/],
    [
      'a folder that holds no model',
      [...one, '--model', 'empty'],
      /^spicula: empty is not a model folder.*config\.json/,
    ],
    ['a cohort that is not there', ['check', 'none.csv'], /^spicula: none\.csv: no such file/],
    ['a scan for a cohort', ['views', 'scan.nii.gz', '--out', 'x'], /gzip file, not a table.*\n.*goes to --ct/],
    ['columns missing', ['crop', 'columns.csv', '--out', 'x'], /nodule_id \(is "nodule" meant\?\)/],
    ['no place for the files', ['crop', 'good.csv'], /required option '--out <folder>' not specified/],
    ['a file for a folder', ['crop', 'good.csv', '--out', 'good.csv'], /good\.csv cannot be made: a file has its name/],
    ['no size', ['crop', 'good.csv', '--out', 'x', '--size', '0'], /'0' is not a whole number from 1/],
    ['a folder for results', [...one, '--model', 'm', '--out', 'empty'], /--out empty is a folder/],
    [
      'an unknown preset',
      ['model', 'init', '--config', 'constructor', '--out', 'x'],
      /constructor is neither a readable/,
    ],
    ['a preset that is not JSON', ['model', 'init', '--config', 'good.csv', '--out', 'x'], /good\.csv: it is not JSON/],
    ['a model that exists', ['model', 'init', '--config', 'tiny', '--out', 'empty'], /nothing is overwritten/],
  ])('with %s ends with status 1 and a sentence that helps', async (_, args, message) => {
    const { status, stdout, stderr } = await spicula(...args)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/\n +at |a defect in spicula/)
    expect([status, stdout]).toEqual([1, ''])
  })
})

describe('spicula', () => {
  it.concurrent.each([['--version'], ['-V']])('%s is its name and version', async (option) => {
    expect(await spicula(option)).toEqual({ status: 0, stdout: `spicula ${VERSION}\n`, stderr: '' })
  })

  it.concurrent.each([[['--help']], [['help', 'predict']], [['model', 'init', '--help']]])(
    '%j is answered on standard output',
    async (args) => {
      const { status, stdout, stderr } = await spicula(...args)
      expect(stdout).toMatch(/^Usage: spicula /)
      expect([status, stderr]).toEqual([0, ''])
    },
  )
})

describe('spicula model', () => {
  it('makes a random model and tells what is in it', async () => {
    const made = await spicula('model', 'init', '--config', 'tiny', '--seed', '7', '--out', 'made')
    expect(made).toEqual({ status: 0, stdout: 'made: random-tiny, 5 folds, random weights (seed 7)\n', stderr: '' })
    const inspected = await spicula('model', 'inspect', 'made')
    expect(inspected.stdout).toMatch(/^model +random-tiny 0$/m)
    expect(inspected.stdout).toMatch(/^provenance +random weights, trained on nothing/m)
    expect(inspected.stdout).toMatch(/^folds +5, not calibrated$/m)
    expect(inspected.stdout).toMatch(/^parameters +0\.83 M image side$/m)
    const { config, files } = JSON.parse((await spicula('model', 'inspect', 'made', '--json')).stdout)
    expect(config).toMatchObject({ name: 'random-tiny', folds: { length: 5 } })
    expect(files.map(({ file }: { file: string }) => file).sort()).toEqual(
      (await readdir(join(folder, 'made'))).filter((name) => name !== 'config.json').sort(),
    )
    await rm(join(folder, 'made/fold_3.safetensors'))
    const broken = await spicula('model', 'inspect', 'made')
    expect(broken).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('fold_3.safetensors') })
  })
})
