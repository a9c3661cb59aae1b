/** Releases of CLIP_nodule, merged and not, imported and run: the numbers are PyTorch's (make_containers.py). */
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ops } from '../files/pickle/pickle.fixture.ts'
import { stateOps, torchZip, type WrittenTensor } from '../files/torch/torch.fixture.ts'
import type { TensorData } from '../graph/tensor.ts'
import { calibrate } from '../model/calibration.ts'
import { inspectModel } from '../model/inspect.node.ts'
import { openPredictor } from '../predict/predictor.node.ts'
import { asFloat32 } from '../weights/folds.ts'
import { encodeSafetensors } from '../weights/safetensors.ts'
import { openTorchWeights } from '../weights/torch-weights.node.ts'
import { importRelease } from './clip-nodule.node.ts'
import {
  type Expected,
  expectedNumbers,
  largestDifference,
  unpackRelease,
  weightsOf,
  writeVocabulary,
} from './import.fixture.node.ts'

let root = ''
let expected: Expected
let count = 0
const fresh = (): string => join(root, `made-${count++}`)

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'release-'))
  expected = await expectedNumbers()
})
afterAll(() => rm(root, { recursive: true }))

/** The views of the fixture are normalised already: the model must not do it again. */
async function predictions(out: string) {
  const path = join(out, 'config.json')
  const config = JSON.parse(await readFile(path, 'utf8'))
  const plain = fresh()
  await mkdir(plain)
  for (const name of await readdir(out)) await copyFile(join(out, name), join(plain, name))
  config.preprocessing = { ...config.preprocessing, mean: [0, 0, 0], std: [1, 1, 1] }
  await writeFile(join(plain, 'config.json'), JSON.stringify(config))
  const predictor = await openPredictor(plain)
  try {
    return await predictor.predict(
      expected.views.map((views) => ({ pixels: Float32Array.from(views.flat(2)), count: views.length })),
    )
  } finally {
    await predictor.close()
  }
}

const raw = async (out: string): Promise<number[][]> => (await predictions(out)).map((one) => [...one.raw])

const probabilities = (folds: readonly number[], which: 'probability' | 'twice' = 'probability'): number[][] =>
  expected.views.map((_, nodule) => folds.map((fold) => expected.folds[fold][which][nodule]))

describe('importRelease', () => {
  it.each(['merged', 'separate'] as const)(
    'updates %s: each fold gives its probabilities, LoRA counted once',
    async (state) => {
      const out = fresh()
      const report = await importRelease(await unpackRelease(fresh(), state), out)
      expect(report).toMatchObject({ lora: state, checkpoints: ['both'], weights: { shared: 61, own: 35 } })
      expect(report.notes.map(({ code }) => code)).toEqual(['inference/import-vocabulary'])
      const { config } = await inspectModel(out)
      expect(config).toMatchObject({
        preprocessing: { geometry: 'published' },
        architecture: {
          lora: {
            rank: 4,
            alpha: 1,
            scaling: 'rank-stabilised',
            targets: ['q', 'k', 'v'],
            imageLayers: [0, 1],
            textLayers: [0],
          },
          pooling: { embedDim: 256, attentionWidth: 128 },
        },
        folds: [{ both: 'fold_0_both.safetensors' }, { both: 'fold_1_both.safetensors' }],
      })
      expect(largestDifference((await raw(out)).flat(), probabilities([0, 1]).flat())).toBeLessThan(1e-5)
    },
  )

  it('finds the very weights that both were trained from, in half precision', async () => {
    const [merged, separate] = [fresh(), fresh()]
    await importRelease(await unpackRelease(fresh(), 'merged'), merged)
    await importRelease(await unpackRelease(fresh(), 'separate'), separate)
    for (const file of ['base.safetensors', 'fold_0_both.safetensors', 'fold_1_both.safetensors']) {
      const [found, known] = [await weightsOf(merged, file), await weightsOf(separate, file)]
      expect([...found.keys()]).toEqual([...known.keys()])
      // 0 and -0 are one number: adding an update and taking it out again loses the sign.
      const differs = (name: string) => {
        const theirs = known.get(name)
        const ours = found.get(name)
        return !ours || !theirs || largestDifference(asFloat32('', ours), asFloat32('', theirs)) !== 0
      }
      expect([...found.keys()].filter(differs)).toEqual([])
    }
    const base = await weightsOf(merged)
    expect([...base.values()].every(({ dtype }) => dtype === 'float16')).toBe(true)
    expect([...base.keys()].some((name) => /lora|classifier|image_projection/.test(name))).toBe(false)
  })

  it('differs from the published evaluation by what it adds twice', async () => {
    const out = fresh()
    const { largestUpdate } = await importRelease(await unpackRelease(fresh(), 'merged'), out)
    expect(largestUpdate).toBeGreaterThan(0)
    // raw_0 of the published evaluation: W + 2 s B A.
    const folder = fresh()
    await mkdir(folder)
    for (const name of await readdir(out)) await copyFile(join(out, name), join(folder, name))
    const twice = new Map<string, TensorData>()
    for (const [name, tensor] of await weightsOf(out, 'fold_0_both.safetensors'))
      twice.set(
        name,
        name.endsWith('w_lora_B')
          ? { dtype: 'float32', shape: tensor.shape, data: asFloat32(name, tensor).map((x) => 2 * x) }
          : tensor,
      )
    await writeFile(join(folder, 'fold_0_both.safetensors'), encodeSafetensors(twice))
    const [once, published] = [await raw(out), await raw(folder)]
    const first = (rows: readonly number[][]) => rows.map(([p]) => p)
    expect(largestDifference(first(published), expected.folds[0].twice)).toBeLessThan(1e-5)
    expect(largestDifference(first(once), first(published))).toBeGreaterThan(1e-4)
    expect(once.map(([, p]) => p)).toEqual(published.map(([, p]) => p))
  })

  it('takes the calibrations over: calibrated numbers are those of betacal', async () => {
    const out = fresh()
    await importRelease(await unpackRelease(fresh(), 'merged'), out)
    const { config } = await inspectModel(out)
    for (const [fold, { at, calibrated }] of expected.calibrations.entries()) {
      const calibration = config.folds[fold].calibration
      if (!calibration) throw new Error('no calibration')
      expect(
        largestDifference(
          at.map((p) => calibrate(p, calibration)),
          calibrated,
        ),
      ).toBeLessThan(1e-14)
    }
    const made = await predictions(out)
    const own = made.map(({ calibrated }) => [...(calibrated ?? [])])
    const theirs = made.map((_, nodule) => expected.calibrations.map(({ calibrated }) => calibrated[nodule]))
    expect(largestDifference(own.flat(), theirs.flat())).toBeLessThan(1e-5)
  })

  it('knows one fold alone only where its base tells, or the user does', async () => {
    const alone = await unpackRelease(fresh(), 'merged', [1])
    // Every number of this fixture is one of half precision, merged or not.
    await expect(importRelease(alone, fresh())).rejects.toMatchObject({ code: 'inference/import-lora' })
    const [merged, separate] = [fresh(), fresh()]
    await importRelease(alone, merged, { lora: 'merged' })
    expect(largestDifference((await raw(merged)).flat(), probabilities([1]).flat())).toBeLessThan(1e-5)
    await importRelease(alone, separate, { lora: 'separate' })
    expect(largestDifference((await raw(separate)).flat(), probabilities([1], 'twice').flat())).toBeLessThan(1e-5)
  })

  it('takes vocabulary, name and licence', async () => {
    const folder = await unpackRelease(fresh(), 'merged')
    await writeVocabulary(join(folder, 'tokenizer.json'))
    const out = fresh()
    const { config, notes } = await importRelease(folder, out, { name: 'published', license: 'theirs' })
    expect([config.name, config.license, config.tokenizer, notes]).toEqual([
      'published',
      'theirs',
      'tokenizer.json',
      [],
    ])
    expect(await readdir(out)).toContain('tokenizer.json')
  })
})

describe('a release that does not fit together', () => {
  const spoilt = async (spoil: (folder: string) => Promise<unknown>): Promise<string> => {
    const folder = await unpackRelease(fresh(), 'merged')
    await spoil(folder)
    return folder
  }
  const args = (text: string) => (folder: string) => writeFile(join(folder, 'args.txt'), text)

  it.each<[string, string, (folder: string) => Promise<unknown>]>([
    ['a fold without its checkpoint', 'inference/import-release', (f) => rm(join(f, 'fold_1/best_both.pt'))],
    [
      'no folds',
      'inference/import-release',
      async (f) => {
        for (const k of [0, 1]) await rm(join(f, `fold_${k}`), { recursive: true })
      },
    ],
    ['no folder', 'inference/import-release', (f) => rm(f, { recursive: true })],
    ['a calibration for one fold of two', 'inference/import-release', (f) => rm(join(f, 'cal_0.pkl'))],
    ['arguments of another rank', 'inference/import-args', args('Namespace(r=2, alpha=1)')],
    ['an alpha that is not a number', 'inference/import-args', args("Namespace(r=4, alpha='one')")],
    ['arguments that are code', 'inference/import-args', args('__import__("os").system("id")')],
    [
      'a hostile calibration',
      'pickle/global',
      (f) => writeFile(join(f, 'cal_1.pkl'), ops('cos\nsystem\n(X\x02\0\0\0idtR.')),
    ],
    [
      'a file that is not a calibration',
      'inference/import-calibration',
      (f) => writeFile(join(f, 'cal_1.pkl'), ops('K\x01.')),
    ],
    [
      'a bomb for a calibration',
      'inference/import-release',
      (f) => writeFile(join(f, 'cal_1.pkl'), deflateSync(new Uint8Array(1 << 25))),
    ],
    [
      'a hostile checkpoint',
      'pickle/global',
      (f) => writeFile(join(f, 'fold_1/best_both.pt'), torchZip(ops('cbuiltins\neval\n'), [])),
    ],
    [
      'checkpoints of two models',
      'inference/import-weights',
      async (f) => changeFold(f, (t) => t.delete('classifier_text.bias')),
    ],
    [
      'an unknown tensor',
      'inference/import-names',
      async (f) => changeFold(f, (t) => t.set('mystery', written([1], 0))),
    ],
  ])('%s', async (_, code, spoil) => {
    const before = (await readdir(root)).length
    const folder = await spoilt(spoil)
    const out = fresh()
    await expect(importRelease(folder, out)).rejects.toMatchObject({ code })
    expect((await readdir(root)).length).toBeLessThanOrEqual(before + 1)
  })

  it('is read without its arguments and calibrations, with a word about it', async () => {
    const folder = await spoilt(async (f) => {
      for (const name of ['args.txt', 'cal_0.pkl', 'cal_1.pkl']) await rm(join(f, name))
      await copyFile(join(f, 'fold_0/best_both.pt'), join(f, 'fold_0/best_pred.pt'))
    })
    const out = fresh()
    const { config, notes, checkpoints } = await importRelease(folder, out)
    expect(notes.map(({ code }) => code)).toEqual([
      'inference/import-partial',
      'inference/import-args',
      'inference/import-vocabulary',
    ])
    expect([checkpoints, config.folds[0].calibration]).toEqual([['both'], undefined])
    expect(largestDifference((await raw(out)).flat(), probabilities([0, 1]).flat())).toBeLessThan(1e-5)
  })

  it.each([
    ['zlib', deflateSync],
    ['gzip', gzipSync],
  ] as const)('calibrations compressed with %s are read', async (_, compress) => {
    const folder = await spoilt(async (f) => {
      for (const k of [0, 1])
        await writeFile(join(f, `cal_${k}.pkl`), compress(await readFile(join(f, `cal_${k}.pkl`))))
    })
    const plain = await importRelease(await unpackRelease(fresh(), 'merged'), fresh())
    const { config } = await importRelease(folder, fresh())
    expect(config.folds.map(({ calibration }) => calibration)).toEqual(
      plain.config.folds.map(({ calibration }) => calibration),
    )
  })

  it('keeps in every fold what was trained there', async () => {
    const folder = await spoilt((f) =>
      changeFold(f, (t) => {
        const bias = t.get('vision_model.ln_pre.bias')
        if (bias)
          t.set('vision_model.ln_pre.bias', { ...bias, bytes: new Uint8Array(new Float32Array(64).fill(1 / 3).buffer) })
      }),
    )
    const out = fresh()
    const { weights } = await importRelease(folder, out)
    expect(weights).toEqual({ shared: 60, own: 36 })
    const own = (await weightsOf(out, 'fold_1_both.safetensors')).get('vision_model.ln_pre.bias')
    expect(own && Array.from(asFloat32('', own))).toEqual(new Array(64).fill(Math.fround(1 / 3)))
    expect((await weightsOf(out, 'fold_0_both.safetensors')).get('vision_model.ln_pre.bias')?.dtype).toBe('float16')
  })
})

const written = (shape: readonly number[], value: number): WrittenTensor => ({
  dtype: 'float32',
  shape,
  bytes: new Uint8Array(new Float32Array(shape.reduce((product, n) => product * n, 1)).fill(value).buffer),
})

/** Writes the second fold anew. */
async function changeFold(folder: string, change: (tensors: Map<string, WrittenTensor>) => unknown): Promise<void> {
  const path = join(folder, 'fold_1/best_both.pt')
  const file = await openTorchWeights(path)
  const tensors = new Map<string, WrittenTensor>()
  for (const name of file.tensors.keys()) {
    const tensor = await file.read(name)
    const data = asFloat32(name, tensor)
    tensors.set(name, {
      dtype: 'float32',
      shape: tensor.shape,
      bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    })
  }
  change(tensors)
  await writeFile(path, torchZip(stateOps(tensors), tensors.values()))
}
