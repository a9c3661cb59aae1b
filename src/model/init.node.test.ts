import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asFloat32 } from '../weights/folds.ts'
import { decodeSafetensors } from '../weights/safetensors.ts'
import { initModel } from './init.node.ts'
import { inspectModel } from './inspect.node.ts'
import { SMALL } from './model.fixture.node.ts'

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'init-'))
})
afterAll(() => rm(root, { recursive: true }))

/** Every file of a folder by its SHA-256. */
async function digests(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort()
  const hash = async (name: string) =>
    createHash('sha256')
      .update(await readFile(join(folder, name)))
      .digest('hex')
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await hash(name)])))
}

describe('initModel', () => {
  it('gives the same bytes for the same seed, others for another, and each fold its own', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => join(root, name))
    await initModel(a, SMALL, 1)
    await initModel(b, SMALL, 1)
    await initModel(c, SMALL, 2)
    const [first, same, other] = await Promise.all([a, b, c].map(digests))
    expect(Object.keys(first)).toEqual(['base.safetensors', 'config.json', 'fold_0.safetensors', 'fold_1.safetensors'])
    expect(same).toEqual(first)
    expect(Object.keys(first).filter((name) => other[name] === first[name])).toEqual(['config.json'])
    expect(first['fold_0.safetensors']).not.toBe(first['fold_1.safetensors'])
  })

  it('makes a sound folder: halves in the base, floats in the folds, all finite, LoRA not idle', async () => {
    const folder = join(root, 'sound')
    await initModel(folder, SMALL, 3)
    await inspectModel(folder)
    for (const [file, dtype] of [
      ['base.safetensors', 'float16'],
      ['fold_0.safetensors', 'float32'],
    ] as const) {
      const { tensors } = decodeSafetensors(await readFile(join(folder, file)), file)
      expect(tensors.size).toBeGreaterThan(5)
      for (const [name, tensor] of tensors) {
        expect(tensor.dtype, name).toBe(dtype)
        const values = asFloat32(name, tensor)
        expect(values.every(Number.isFinite), name).toBe(true)
        if (name.endsWith('w_lora_B')) expect(values.every((x) => x !== 0)).toBe(true)
      }
    }
  })

  it('overwrites nothing, and makes no parents', async () => {
    await writeFile(join(root, 'file'), 'mine')
    for (const name of ['.', 'file', 'no/parent'])
      await expect(initModel(join(root, name), SMALL, 1)).rejects.toMatchObject({ code: 'inference/exists' })
    expect(await readFile(join(root, 'file'), 'utf8')).toBe('mine')
  })

  it('makes a model without text side and LoRA too', async () => {
    const { text, lora, ...architecture } = SMALL.architecture
    await initModel(join(root, 'plain'), { ...SMALL, folds: 1, architecture }, 1)
    expect((await inspectModel(join(root, 'plain'))).parameters.text).toBe(0)
  })
})
