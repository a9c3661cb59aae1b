import { execFileSync } from 'node:child_process'
import type { FileHandle } from 'node:fs/promises'
import * as fs from 'node:fs/promises'
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SpiculaError } from '../error.ts'
import type { TensorData } from '../graph/tensor.ts'
import { openSafetensors } from './safetensors.node.ts'
import { encodeSafetensors } from './safetensors.ts'

vi.mock('node:fs/promises', { spy: true })

let folder = ''
let path = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'safetensors-'))
  path = join(folder, 'a.safetensors')
})
afterEach(() => rm(folder, { recursive: true }))

const floats = (length: number, value: number): TensorData => ({
  dtype: 'float32',
  shape: [length],
  data: new Float32Array(length).fill(value),
})
const odd: TensorData = { dtype: 'float16', shape: [3], data: Uint16Array.of(1, 2, 3) }
const tensors = new Map([
  ['big', floats(100_000, 1)],
  ['odd', odd],
  ['small', floats(5, 2)],
])

describe('openSafetensors', () => {
  it('reads the header, then of the numbers only what is asked for', async () => {
    const bytes = encodeSafetensors(tensors, { format: 'pt' })
    await writeFile(path, bytes)
    const file = await openSafetensors(path)
    const handle = await (vi.mocked(fs.open).mock.results.at(-1)?.value as Promise<FileHandle>)
    const read = vi.spyOn(handle, 'read')
    expect(await file.read('small')).toEqual(tensors.get('small'))
    // (buffer, offset, length, position)
    expect(read.mock.calls.map((call: unknown[]) => call.slice(2))).toEqual([[20, bytes.length - 20]])
    expect(await file.read('odd')).toEqual(odd)
    expect(await file.read('big')).toEqual(tensors.get('big'))
    expect([file.name, file.metadata]).toEqual(['a.safetensors', { format: 'pt' }])
    await file.close()
  })

  it('opens a file of 8 GB that holds next to nothing, by its header alone', async () => {
    const size = 2 ** 33
    const header = JSON.stringify({
      big: { dtype: 'F32', shape: [size / 4 - 1], data_offsets: [0, size - 4] },
      last: { dtype: 'F32', shape: [1], data_offsets: [size - 4, size] },
    })
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(header.length))
    await writeFile(path, Buffer.concat([length, Buffer.from(header)]))
    await truncate(path, 8 + header.length + size)
    const before = process.memoryUsage().arrayBuffers
    const file = await openSafetensors(path)
    expect((await file.read('last')).data[0]).toBe(0)
    await file.close()
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6)
  })

  it('names a tensor that is not there', async () => {
    await writeFile(path, encodeSafetensors(tensors))
    const file = await openSafetensors(path)
    await expect(file.read('bias')).rejects.toMatchObject({
      code: 'clip/missing',
      message: expect.stringContaining('no tensor bias'),
    })
    await file.close()
  })

  it('says so when the file shrinks under its reader', async () => {
    await writeFile(path, encodeSafetensors(tensors))
    const file = await openSafetensors(path)
    await truncate(path, 1000)
    await expect(file.read('big')).rejects.toMatchObject({ code: 'clip/safetensors' })
    await file.close()
  })

  it('refuses a file cut anywhere, and leaves none open', async () => {
    const bytes = encodeSafetensors(new Map([['a', odd]]))
    for (let length = 0; length < bytes.length; length++) {
      await writeFile(path, bytes.subarray(0, length))
      const error = await openSafetensors(path).catch((thrown: unknown) => thrown)
      expect(error, `${length} bytes`).toBeInstanceOf(SpiculaError)
      const handle = await (vi.mocked(fs.open).mock.results.at(-1)?.value as Promise<FileHandle>)
      expect(handle.fd).toBe(-1)
    }
  })

  it('refuses what is not a file: nothing, a folder, a pipe that would be waited on', async () => {
    await mkdir(join(folder, 'folder'))
    execFileSync('mkfifo', [join(folder, 'pipe')])
    for (const name of ['nothing', 'folder', 'pipe'])
      await expect(openSafetensors(join(folder, name))).rejects.toMatchObject({
        code: 'clip/missing',
        message: expect.stringContaining(name),
      })
  })
})
