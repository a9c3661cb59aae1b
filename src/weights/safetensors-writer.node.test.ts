import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TensorData } from '../graph/tensor.ts'
import { decodeSafetensors } from './safetensors.ts'
import { createSafetensors } from './safetensors-writer.node.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'writer-'))
})
afterAll(() => rm(folder, { recursive: true }))

const float = (...values: number[]): TensorData => ({
  dtype: 'float32',
  shape: [values.length],
  data: Float32Array.from(values),
})

it('writes what the reader reads, whatever of the plan is left out', async () => {
  const half: TensorData = { dtype: 'float16', shape: [3], data: Uint16Array.of(0x3c00, 0, 0xc000) }
  const planned = new Map<string, number[]>([
    ['a', [2]],
    ['left out', [1000, 1000]],
    ['"half"\u00e4', [3]],
    ['scalar', []],
  ])
  const path = join(folder, 'some.safetensors')
  const file = await createSafetensors(path, planned, { format: 'pt' })
  await file.write('a', float(1.5, -2))
  await file.write('"half"\u00e4', half)
  await file.write('scalar', { dtype: 'float32', shape: [], data: Float32Array.of(7) })
  const { tensors, bytes } = await file.finish()
  await file.close()
  const written = await readFile(path)
  expect([tensors, bytes]).toEqual([3, written.length])
  const { tensors: read, metadata } = decodeSafetensors(written, 'some')
  expect(metadata).toEqual({ format: 'pt' })
  expect(Object.fromEntries(read)).toEqual({
    a: float(1.5, -2),
    '"half"\u00e4': half,
    scalar: { dtype: 'float32', shape: [], data: Float32Array.of(7) },
  })
})

it('overwrites nothing, and takes floats only', async () => {
  const path = join(folder, 'mine.safetensors')
  await writeFile(path, 'mine')
  await expect(createSafetensors(path, new Map())).rejects.toMatchObject({ code: 'file/unwritable' })
  const file = await createSafetensors(join(folder, 'floats.safetensors'), new Map([['n', [1]]]))
  const integers: TensorData = { dtype: 'int64', shape: [1], data: BigInt64Array.of(1n) }
  await expect(file.write('n', integers)).rejects.toMatchObject({ code: 'clip/dtype' })
  await file.close()
})
