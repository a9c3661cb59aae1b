import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession } from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeModel, type Ran, runner } from './shared/cli.fixture.ts'

let folder = ''
let spicula: (...args: string[]) => Promise<Ran>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-export-'))
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

  it.each<[string, string[], RegExp]>([
    ['no folder', ['--out', 'x.onnx', 'nowhere'], /nowhere is no model folder/],
    ['another ending', ['--out', 'x.onx', 'model'], /x\.onx does not end in \.onnx/],
    ['a checkpoint that is not there', ['--out', 'x.onnx', '--checkpoint', 'clip', 'model'], /best for clip/],
  ])('refuses %s', async (_, args, message) => {
    const { status, stderr } = await spicula('export', 'onnx', ...args)
    expect(stderr).toMatch(message)
    expect(status).toBe(1)
    expect(await readdir(folder)).not.toContain('x.onnx')
  })
})
