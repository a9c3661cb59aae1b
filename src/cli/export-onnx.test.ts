import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeNpy } from '../files/npy.ts'
import { parseTable } from '../files/table.ts'
import { parseInitConfig } from '../model/config.ts'
import { initModel } from '../model/init.node.ts'
import { SMALL } from '../model/model.fixture.node.ts'
import { AT, makeModel, makeScans, type Ran, runner, writeCohort } from './shared/cli.fixture.ts'

let folder = ''
let spicula: (...args: string[]) => Promise<Ran>
beforeAll(async () => {
  folder = await makeScans()
  spicula = runner(folder)
  await makeModel(folder)
})
afterAll(() => rm(folder, { recursive: true }))

describe('spicula export onnx', () => {
  it('writes a file that a runtime opens, and says what goes in and out', async () => {
    const { status, stdout, stderr } = await spicula('export', 'onnx', 'model', '--out', 'to/model.onnx')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^to\/model\.onnx: \d+\.\d MB\n/)
    expect(stdout).toMatch(/^in {3}views \[nodules, 9, 224, 224\]$/m)
    expect(stdout).toMatch(/^out {2}probability \[nodules\], raw_fold_probability \[nodules, 5\], /m)
    expect(stdout).toMatch(/^model random-tiny 0, spicula [\d.]+, for research use$/m)
    expect(await readdir(join(folder, 'to'))).toEqual(['model.onnx'])
    const session = await InferenceSession.create(join(folder, 'to/model.onnx'))
    expect(session.inputNames).toEqual(['views'])
  })

  it('is fed with what `spicula views --model` writes, and answers as `spicula predict` does', async () => {
    // A resolution and a geometry of its own.
    const config = { ...SMALL, preprocessing: { ...SMALL.preprocessing, geometry: 'published', shifted: true } }
    await initModel(join(folder, 'own'), parseInitConfig(JSON.stringify(config), 'own'), 3)
    await writeCohort(folder, 'cohort.csv', [`P-001,1,scan.nii.gz,${AT}`, 'P-002,1,scan.nii.gz,-60,-80,-250'])
    for (const args of [
      ['export', 'onnx', 'own', '--out', 'own.onnx'],
      ['views', 'cohort.csv', '--model', 'own', '--out', 'views'],
      ['predict', 'cohort.csv', '--model', 'own', '--out', 'results.csv'],
    ])
      expect(await spicula(...args)).toMatchObject({ status: 0 })
    expect(JSON.parse(await readFile(join(folder, 'views/about.json'), 'utf8'))).toMatchObject({
      geometry: 'published',
      resolution: 16,
      model: 'small 3',
    })
    const session = await InferenceSession.create(join(folder, 'own.onnx'))
    const { records } = parseTable(await readFile(join(folder, 'results.csv'), 'utf8'), 'results.csv')
    expect(records).toHaveLength(2)
    for (const { values } of records) {
      const { shape, data } = decodeNpy(await readFile(join(folder, `views/${values.pid}_1.npy`)), 'views')
      const views = new Tensor('float32', data as Float32Array, [1, ...shape])
      const { probability } = await session.run({ views })
      expect(Math.abs(Number(probability.data[0]) - Number(values.ensemble))).toBeLessThan(1e-6)
    }
  })

  it.each<[string, string[], RegExp]>([
    ['no folder', ['--out', 'x.onnx', 'nowhere'], /nowhere is not a model folder/],
    ['another ending', ['--out', 'x.onx', 'model'], /x\.onx does not end in \.onnx/],
    ['a checkpoint that is not there', ['--out', 'x.onnx', '--checkpoint', 'clip', 'model'], /best for clip/],
  ])('refuses %s', async (_, args, message) => {
    const { status, stderr } = await spicula('export', 'onnx', ...args)
    expect(stderr).toMatch(message)
    expect(status).toBe(1)
    expect(await readdir(folder)).not.toContain('x.onnx')
  })
})
