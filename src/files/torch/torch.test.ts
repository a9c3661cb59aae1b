/** Files that PyTorch 1.13 and 2.15 wrote, and files made to read what they do not hold. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync, gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cropNodule } from '../../nodule/crop.ts'
import { openScan } from '../../scan/open.node.ts'
import { memorySource } from '../bytes.ts'
import { ops } from '../pickle/pickle.fixture.ts'
import { isRecord, type PickleValue } from '../pickle/value.ts'
import { type ZipEntry, zipFile } from '../zip.fixture.ts'
import { openTorch, type TorchFile } from './file.ts'
import { isTensor, type TorchTensor } from './tensor.ts'
import { stateOps, tensorOps, torchLegacy, torchZip, type WrittenTensor } from './torch.fixture.ts'

interface Numbers {
  readonly shape: readonly number[]
  readonly dtype: string
  readonly numbers: readonly number[]
}
interface Stored {
  readonly torch: string
  readonly files: Readonly<Record<string, string>>
  readonly tensors: Readonly<Record<string, Numbers>>
  readonly state: Readonly<Record<string, Numbers>>
  readonly crop: Numbers
}

const fixtures = new URL('./fixtures/', import.meta.url)
const versions = readdirSync(fixtures)
  .filter((name) => /^torch-.*\.json\.gz$/.test(name))
  .map((name): Stored => JSON.parse(gunzipSync(readFileSync(new URL(name, fixtures))).toString()))
const open = (bytes: Uint8Array, name = 'weights.pt'): Promise<TorchFile> => openTorch(memorySource(name, bytes))
const fileOf = ({ files }: Stored, name: string): Uint8Array => new Uint8Array(Buffer.from(files[name], 'base64'))

const READ: Readonly<Record<string, (view: DataView, at: number) => number>> = {
  float64: (v, n) => v.getFloat64(8 * n, true),
  float32: (v, n) => v.getFloat32(4 * n, true),
  // An exact half or bfloat16 of the fixtures, by its bits.
  float16: (v, n) => {
    const bits = v.getUint16(2 * n, true)
    return bits === 0 ? 0 : (1024 + (bits & 1023)) * 2 ** ((bits >> 10) - 25)
  },
  bfloat16: (v, n) => new Float32Array(Uint32Array.of(v.getUint16(2 * n, true) << 16).buffer)[0],
  int64: (v, n) => Number(v.getBigInt64(8 * n, true)),
  int32: (v, n) => v.getInt32(4 * n, true),
  int16: (v, n) => v.getInt16(2 * n, true),
  int8: (v, n) => v.getInt8(n),
  uint8: (v, n) => v.getUint8(n),
  bool: (v, n) => v.getUint8(n),
}

async function numbersOf(file: TorchFile, value: PickleValue | undefined): Promise<Numbers> {
  if (!isTensor(value)) throw new Error('no tensor')
  const bytes = await file.read(value)
  const { dtype } = value.storage
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = value.shape.reduce((product, n) => product * n, 1)
  return { shape: value.shape, dtype, numbers: Array.from({ length: count }, (_, n) => READ[dtype](view, n)) }
}

it('knows two generations of PyTorch', () => {
  expect(versions.map(({ torch }) => torch.split('.')[0])).toEqual(['1', '2'])
})

describe.each(versions.map((stored) => [stored.torch, stored] as const))('PyTorch %s', (_, stored) => {
  it.each(['tensors, zip', 'tensors, legacy'])('%s: every type, stride and sharing, number by number', async (name) => {
    const file = await open(fileOf(stored, name))
    expect(file.kind).toBe(name.endsWith('zip') ? 'PyTorch zip' : 'PyTorch, legacy')
    const value = file.value as Map<string, PickleValue>
    expect([...value.keys()]).toEqual(Object.keys(stored.tensors))
    for (const [key, expected] of Object.entries(stored.tensors))
      expect(await numbersOf(file, value.get(key)), key).toEqual(expected)
    const [a, b] = ['float32', 'transposed'].map((key) => (value.get(key) as TorchTensor).storage.key)
    expect(a).toBe(b)
  })

  it('a checkpoint: its weights, and what stands beside them', async () => {
    const file = await open(fileOf(stored, 'checkpoint'))
    const value = file.value as Map<string, PickleValue>
    expect([value.get('epoch'), value.get('best'), value.get('size')]).toEqual([3, 0.25, [2, 3]])
    const state = value.get('state_dict') as Map<string, PickleValue>
    expect([...state.keys()]).toEqual(Object.keys(stored.state))
    for (const [key, expected] of Object.entries(stored.state))
      expect(await numbersOf(file, state.get(key)), key).toEqual(expected)
  })

  it('a compiled module: its tensors and numbers, object within object', async () => {
    const file = await open(fileOf(stored, 'script'))
    expect(file.kind).toBe('TorchScript')
    const at = (name: string): PickleValue | undefined =>
      name.split('.').reduce<PickleValue | undefined>((value, part) => {
        if (!isRecord(value) || !(value.state instanceof Map)) throw new Error(`${name}: no object`)
        return value.state.get(part)
      }, file.value)
    for (const [key, expected] of Object.entries(stored.state))
      expect(await numbersOf(file, at(key)), key).toEqual(expected)
    expect(at('blocks.1.attn.num_heads')).toBe(2)
  })

  it('a whole module is refused by the first class that it needs', async () => {
    await expect(open(fileOf(stored, 'whole module'))).rejects.toMatchObject({
      code: 'pickle/global',
      message: 'weights.pt: the file asks Python for torch.nn.modules.linear.Linear, which no weights need: refused',
    })
  })

  it('a file cut anywhere is refused', async () => {
    for (const name of ['checkpoint', 'tensors, legacy']) {
      const bytes = fileOf(stored, name)
      for (let cut = 0; cut < 40; cut++) {
        const length = Math.floor((bytes.length * cut) / 40)
        await expect(open(bytes.slice(0, length)), `${length} bytes`).rejects.toMatchObject({
          code: expect.stringMatching(/^(pickle|torch|volume)\//),
        })
      }
    }
  })
})

it('files changed anywhere give numbers or an error of ours, never anything else', async () => {
  const [{ files }] = versions
  const places = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('tensors, zip', 'tensors, legacy', 'script'), places, async (name, changes) => {
      const bytes = new Uint8Array(Buffer.from(files[name], 'base64'))
      for (const [at, value] of changes) bytes[at % bytes.length] = value
      try {
        const file = await open(bytes)
        const tensors = file.value instanceof Map ? [...file.value.values()].filter(isTensor) : []
        for (const tensor of tensors) await file.read(tensor)
      } catch (error) {
        expect((error as { code?: string }).code, String(error)).toMatch(/^(pickle|torch|volume)\//)
      }
    }),
    { numRuns: 600 },
  )
})

const four: WrittenTensor = { dtype: 'float32', shape: [4], bytes: new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer) }
const state = (tensor: WrittenTensor) => stateOps(new Map([['w', tensor]]))
const readW = async (bytes: Uint8Array): Promise<readonly number[]> => {
  const file = await open(bytes)
  return (await numbersOf(file, (file.value as Map<string, PickleValue>).get('w'))).numbers
}

describe('a file that lies', () => {
  it('is read where it does not', async () => {
    expect(await readW(torchZip(state(four), [four]))).toEqual([1, 2, 3, 4])
    expect(await readW(torchLegacy(stateOps(new Map([['w', four]]), { legacy: true }), [four]))).toEqual([1, 2, 3, 4])
    const reversed = { ...four, shape: [2, 2], stride: [1, 2] }
    expect(await readW(torchZip(state(reversed), [four]))).toEqual([1, 3, 2, 4])
  })

  it.each<[string, Partial<WrittenTensor>]>([
    ['a shape beyond the storage', { shape: [5] }],
    ['an offset beyond it', { shape: [2], offset: 3 }],
    ['strides beyond it', { shape: [2, 2], stride: [3, 1] }],
    ['a shape of 2^60', { shape: [2 ** 30, 2 ** 30], stride: [0, 0] }],
    ['numbers repeated without end', { shape: [2 ** 20, 2 ** 20], stride: [0, 0] }],
    ['a stride of 2^53', { shape: [2], stride: [Number.MAX_SAFE_INTEGER] }],
    ['an offset of 2^53', { shape: [2], offset: Number.MAX_SAFE_INTEGER }],
  ])('%s', async (_, lie) => {
    await expect(open(torchZip(state({ ...four, ...lie }), [four]))).rejects.toMatchObject({ code: 'torch/tensor' })
  })

  it.each<[string, Partial<WrittenTensor>]>([
    ['a negative offset', { offset: -1 }],
    ['a negative size', { shape: [-4] }],
    ['more strides than axes', { stride: [1, 1] }],
    ['a hundred axes', { shape: new Array(100).fill(1), stride: new Array(100).fill(0) }],
    ['a negative storage', { count: -4 }],
  ])('%s', async (_, lie) => {
    await expect(open(torchZip(state({ ...four, ...lie }), [four]))).rejects.toMatchObject({ code: 'pickle/damaged' })
  })

  it('about the size of a storage', async () => {
    const more = { ...four, shape: [1000], count: 1000 }
    await expect(readW(torchZip(state(more), [four]))).rejects.toMatchObject({ code: 'torch/storage' })
    await expect(readW(torchLegacy(stateOps(new Map([['w', more]]), { legacy: true }), [four]))).rejects.toMatchObject({
      code: 'torch/storage',
    })
    await expect(readW(torchZip(state(four), []))).rejects.toMatchObject({ code: 'torch/storage' })
  })

  it('about the name of a storage', async () => {
    const bytes = ops(state(four))
    const evil = Uint8Array.from(
      Buffer.from(Buffer.from(bytes).toString('latin1').replace('X\x01\0\0\x000', 'X\x02\0\0\0..'), 'latin1'),
    )
    expect(evil.length).toBe(bytes.length + 1)
    await expect(readW(torchZip(evil, [four]))).rejects.toMatchObject({ code: 'torch/storage' })
  })

  const pickle = { path: 'archive/data.pkl', bytes: ops('\x80\x02', state(four), '.') }
  const archive = (entries: readonly ZipEntry[], deflate?: (bytes: Uint8Array) => Uint8Array) =>
    readW(zipFile(entries, deflate))

  it('about what its archive holds', async () => {
    const storage = { path: 'archive/data/0', bytes: four.bytes }
    expect(await archive([pickle, storage])).toEqual([1, 2, 3, 4])
    for (const entries of [
      [pickle, { ...storage, claimed: 1 << 30 }],
      [{ ...pickle, claimed: 1 << 30 }, storage],
      [pickle, storage, storage],
      [pickle, pickle, storage],
      [{ ...pickle, bytes: ops(pickle.bytes, 'N.') }, storage],
    ])
      await expect(archive(entries)).rejects.toMatchObject({ code: 'torch/storage' })
    await expect(archive([storage])).rejects.toMatchObject({ code: 'torch/format' })
    await expect(archive([pickle, { ...storage, path: '../data/0' }])).rejects.toMatchObject({ code: 'volume/zip' })
  })

  it('a bomb: compressed members are refused unread', async () => {
    const bomb = { path: 'archive/data/0', bytes: new Uint8Array(1 << 24) }
    const big = { ...four, bytes: bomb.bytes, shape: [1 << 22] }
    const entries = [{ ...pickle, bytes: ops('\x80\x02', state(big), '.') }, bomb]
    await expect(archive(entries, deflateRawSync)).rejects.toMatchObject({
      code: 'torch/storage',
      message: expect.stringContaining('compressed, which PyTorch never does'),
    })
  })

  it('members that lie over each other are refused', async () => {
    const bytes = zipFile([
      pickle,
      ...Array.from({ length: 9 }, (_, n) => ({ path: `archive/data/${n}`, bytes: four.bytes })),
    ])
    // The directory's entries of the storages claim the whole file each.
    const view = new DataView(bytes.buffer)
    for (let p = 0; p + 46 < bytes.length; p++) {
      if (view.getUint32(p, true) !== 0x02014b50) continue
      view.setUint32(p + 20, bytes.length - 100, true)
      view.setUint32(p + 24, bytes.length - 100, true)
    }
    await expect(readW(bytes)).rejects.toMatchObject({ code: 'torch/storage' })
  })

  it('big-endian files, old archives and other pickles are named', async () => {
    const order = (text: string) =>
      archive([pickle, { path: 'archive/data/0', bytes: four.bytes }, { path: 'archive/byteorder', bytes: ops(text) }])
    expect(await order('little')).toEqual([1, 2, 3, 4])
    await expect(order('big')).rejects.toMatchObject({ code: 'torch/byte-order' })
    const legacy = Buffer.from(torchLegacy(stateOps(new Map([['w', four]]), { legacy: true }), [four]))
    legacy[legacy.indexOf('little_endian') + 13] = 0x89
    await expect(open(Uint8Array.from(legacy))).rejects.toMatchObject({ code: 'torch/byte-order' })
    const tar = new Uint8Array(1024)
    tar.set(ops('ustar'), 257)
    await expect(open(tar)).rejects.toMatchObject({ code: 'torch/format', message: expect.stringContaining('tar') })
    for (const text of ['hello\n', '<!DOCTYPE html>', 'version https://git-lfs.github.com/spec/v1\n'])
      await expect(open(ops(text))).rejects.toMatchObject({ code: 'torch/format' })
    await expect(open(ops('\x80\x02K\x01.'))).rejects.toMatchObject({ code: 'torch/format' })
    await expect(open(ops('cos\nsystem\n(X\x02\0\0\0idtR.'))).rejects.toMatchObject({
      code: 'pickle/global',
      message: expect.stringContaining('os.system'),
    })
    await expect(readW(torchZip(ops('cposix\nsystem\n)R'), []))).rejects.toMatchObject({ code: 'pickle/global' })
  })
})

describe('cropped_img/{pid}_{nodule_id}.pt', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spicula-torch-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const at = (name: string) => join(folder, name)
  const hu = Float32Array.from({ length: 100 ** 3 }, (_, n) => ((n * 7919) % 1400) - 1000)
  const cube: WrittenTensor = { dtype: 'float32', shape: [100, 100, 100], bytes: new Uint8Array(hu.buffer) }

  beforeAll(() => {
    for (const stored of versions)
      for (const name of ['crop', 'crop with channel', 'checkpoint'])
        writeFileSync(at(`${stored.torch} ${name}.pt`), fileOf(stored, name))
    writeFileSync(at('cube.pt'), torchZip(tensorOps('0', cube), [cube]))
  })

  it.each(versions.map(({ torch, crop }) => [torch, crop] as const))(
    'PyTorch %s: voxels and place',
    async (version, crop) => {
      for (const name of ['crop', 'crop with channel']) {
        const scan = await openScan(at(`${version} ${name}.pt`))
        expect(scan.shapeIjk).toEqual([5, 4, 3])
        expect(scan.affineLps).toEqual([1, 0, 0, -2, 0, 1, 0, -2, 0, 0, 1, -1])
        const voxels = await scan.readHu({ startIjk: [0, 0, 0], sizeIjk: scan.shapeIjk })
        expect([...voxels]).toEqual(crop.numbers)
      }
    },
  )

  it('anything else is refused', async () => {
    await expect(openScan(at(`${versions[0].torch} checkpoint.pt`))).rejects.toMatchObject({ code: 'volume/crop' })
  })

  it.each(['exact', 'published'] as const)(
    '%s geometry takes the cube as it is, its nodule at 0, 0, 0',
    async (geometry) => {
      const scan = await openScan(at('cube.pt'))
      const crop = await cropNodule(scan, [0, 0, 0], { geometry })
      expect(crop.shapeZyx).toEqual([100, 100, 100])
      // The published sampling divides by 99 and multiplies by it again.
      expect(crop.hu.reduce((most, value, n) => Math.max(most, Math.abs(value - hu[n])), 0)).toBeLessThan(1e-9)
    },
  )
})
