/** `spicula weights import` and `import-clip-nodule` from outside: what they print, and what can be done with the result. */
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ops } from '../../files/pickle/pickle.fixture.ts'
import { tensorOps, torchZip, type WrittenTensor } from '../../files/torch/torch.fixture.ts'
import { unpack, unpackRelease, writeVocabulary } from '../../importing/import.fixture.node.ts'
import { cropNodule } from '../../nodule/crop.ts'
import { openScan } from '../../scan/open.node.ts'
import { AT, HEADER, makeScans, type Ran, runner, writeCohort } from '../shared/cli.fixture.ts'

let folder = ''
let spicula: (...args: string[]) => Promise<Ran>
const at = (...parts: string[]): string => join(folder, ...parts)
beforeAll(async () => {
  folder = await makeScans()
  spicula = runner(folder)
  await unpack('openai-script.pt', at('clip/ViT-S.pt'))
  await writeVocabulary(at('clip/tokenizer.json'))
  await unpackRelease(at('release'), 'merged')
})
afterAll(() => rm(folder, { recursive: true }))

describe('spicula weights import', () => {
  it('tells what it read and what the folder is good for', async () => {
    const { status, stdout, stderr } = await spicula('weights', 'import', 'clip/ViT-S.pt', '--out', 'base')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout.split('\n')).toEqual([
      'base: ViT-S, a base for `spicula train --base`  (for research use)',
      'read         TorchScript, OpenAI names',
      'image tower  2 layers, width 64, 1 heads, quickGelu, patches of 8 in 16x16',
      'text tower   1 layers, width 64, 1 heads, quickGelu, 514 tokens',
      "activation   as in all of OpenAI's models",
      expect.stringMatching(/^weights {6}\d+, 0\.2 MB: half precision, which holds every number exactly$/),
      expect.stringContaining('sizes, which the shapes of the weights tell too'),
      'not needed   code: compiled code, which is not run',
      'Its heads are random: until it is trained, its malignancy probabilities and features mean nothing.',
      '',
    ])
    expect((await spicula('model', 'inspect', 'base')).status).toBe(0)
    const again = await spicula('weights', 'import', 'clip/ViT-S.pt', '--out', 'base')
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('[inference/exists]')])
  })

  it('makes a base that trains', async () => {
    expect((await spicula('weights', 'import', 'clip', '--out', 'x')).stderr).toContain('[inference/import-missing]')
    const { status } = await spicula(
      'weights',
      'import',
      'clip/ViT-S.pt',
      '--out',
      'trainable',
      '--name',
      'small',
      '--quiet',
    )
    expect(status).toBe(0)
    const [x, y, z] = AT.split(',')
    const rows = Array.from(
      { length: 8 },
      (_, n) => `P${n},1,scan.nii.gz,${x},${y},${z},${n % 2},${n % 2 ? 'Solid' : 'Part-solid'}`,
    )
    await writeFile(at('labelled.csv'), `${[`${HEADER},malignant,nodule_consistency`, ...rows].join('\n')}\n`)
    expect((await spicula('split', 'labelled.csv', '--out', 'splits', '--folds', '2')).status).toBe(0)
    const trained = await spicula(
      ...[
        'train',
        'labelled.csv',
        '--base',
        'trainable',
        '--folds',
        'splits',
        '--out',
        'run',
        '--epochs',
        '1',
        '--quiet',
      ],
    )
    expect([trained.status, trained.stderr]).toEqual([0, ''])
    const config = JSON.parse(await readFile(at('run/model/config.json'), 'utf8'))
    expect(config).toMatchObject({ name: 'small-lora', provenance: expect.stringContaining('SHA-256') })
    // The base's own numbers.
    const base = 'base.safetensors'
    expect((await readFile(at('run/model', base))).equals(await readFile(at('trainable', base)))).toBe(true)
    const predicted = await spicula('predict', '--ct', 'scan.nii.gz', '--at', AT, '--model', 'run/model')
    expect(predicted.stdout).toContain('model small-lora')
  })

  it('refuses a hostile file by what it asks for, and runs nothing', async () => {
    await writeFile(at('hostile.pt'), torchZip(ops('cos\nsystem\n(X\x0c\0\0\0touch gotchatR'), []))
    const { status, stdout, stderr } = await spicula('weights', 'import', 'hostile.pt', '--out', 'never')
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(
      /^spicula: hostile\.pt: the file asks Python for os\.system, .*refused \[pickle\/global\]\n {2}Nothing of the file was run\./,
    )
    const names = await readdir(folder)
    expect(names.filter((name) => /gotcha|never/.test(name))).toEqual([])
  })
})

describe('spicula weights import-clip-nodule', () => {
  it('tells how the updates were stored, and what that changes', async () => {
    const { status, stdout, stderr } = await spicula('weights', 'import-clip-nodule', 'release', '--out', 'published')
    expect(status).toBe(0)
    expect(stderr).toContain('[inference/import-vocabulary]')
    expect(stdout).toContain(
      'published: release, 2 folds, calibrated; ready for `spicula predict --model`  (for research use)',
    )
    expect(stdout).toMatch(/LoRA {9}rank 4, alpha 1 on q, k, v; were merged .* taken out again/)
    expect(stdout).toContain('The published evaluation added it twice')
    await writeCohort(folder, 'cohort.csv', [`7,1,scan.nii.gz,${AT}`, `7,2,scan.nii.gz,-60,-80,-250`])
    const predicted = await spicula('predict', 'cohort.csv', '--model', 'published', '--out', 'results.csv')
    expect(predicted.status).toBe(0)
    expect((await readFile(at('results.csv'), 'utf8')).split('\n')[0]).toBe(
      'pid,nodule_id,raw_0,raw_1,ensemble,calibrated_0,calibrated_1,calibrated_ensemble',
    )
  })

  it("reads the project's crops in place of scans, with the same numbers", async () => {
    await spicula('weights', 'import-clip-nodule', 'release', '--out', 'from-crops', '--quiet')
    const [x, y, z] = AT.split(',').map(Number)
    const { hu } = await cropNodule(await openScan(at('scan.nii.gz')), [x, y, z], { geometry: 'published' })
    const cube: WrittenTensor = { dtype: 'float32', shape: [1, 100, 100, 100], bytes: new Uint8Array(hu.buffer) }
    await mkdir(at('cropped_img'))
    await writeFile(at('cropped_img/7_1.pt'), torchZip(tensorOps('0', cube), [cube]))
    await writeCohort(folder, 'both.csv', [`7,1,scan.nii.gz,${AT}`, '7,2,cropped_img/7_1.pt,0,0,0'])
    const { status, stderr } = await spicula(
      'predict',
      'both.csv',
      '--model',
      'from-crops',
      '--out',
      'both-results.csv',
    )
    expect(stderr).not.toContain('error')
    expect(status).toBe(0)
    const [, scan, crop] = (await readFile(at('both-results.csv'), 'utf8')).split('\n').map((line) => line.split(','))
    expect(crop.slice(2)).toHaveLength(6)
    for (const [n, value] of crop.slice(2).entries())
      expect(Math.abs(Number(value) - Number(scan[2 + n]))).toBeLessThan(1e-6)
  })

  it('names what is missing', async () => {
    await mkdir(at('half/fold_0'), { recursive: true })
    await copyFile(at('release/args.txt'), at('half/args.txt'))
    const { status, stderr } = await spicula('weights', 'import-clip-nodule', 'half', '--out', 'never')
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('fold_0 has no best_both.pt [inference/import-release]'),
    ])
  })
})
