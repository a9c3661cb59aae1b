/** Weights in what PyTorch's files hold. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ops } from '../files/pickle/pickle.fixture.ts'
import { dictOps, stateOps, torchScript, torchZip, type WrittenTensor } from '../files/torch/torch.fixture.ts'
import { openTorchWeights, torchNumbers } from './torch-weights.node.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'torch-weights-'))
})
afterAll(() => rm(folder, { recursive: true }))

const two: WrittenTensor = { dtype: 'float32', shape: [2], bytes: new Uint8Array(Float32Array.of(1.5, -2).buffer) }
let count = 0
async function open(bytes: Uint8Array) {
  const path = join(folder, `${count++}.pt`)
  await writeFile(path, bytes)
  return openTorchWeights(path)
}
const state = (...names: string[]) => new Map(names.map((name) => [name, two]))
const zip = (pickle: Uint8Array, tensors = 2) => torchZip(pickle, new Array(tensors).fill(two))

describe('openTorchWeights', () => {
  it.each<[string, () => Uint8Array, readonly string[], readonly string[]]>([
    ['a state dictionary', () => zip(stateOps(state('a', 'b.c'))), ['a', 'b.c'], []],
    ['of DataParallel', () => zip(stateOps(state('module.a', 'module.b.c'))), ['a', 'b.c'], []],
    ['of torch.compile', () => zip(stateOps(state('_orig_mod.a', '_orig_mod.b'))), ['a', 'b'], []],
    ['where one is called module', () => zip(stateOps(state('b', 'module.a'))), ['b', 'module.a'], []],
    [
      'beside numbers',
      () => zip(dictOps({ state_dict: stateOps(state('a', 'b')), epoch: ops('K\x07') })),
      ['a', 'b'],
      ['epoch'],
    ],
    [
      'under another key',
      () => zip(dictOps({ best: ops('N'), model_state_dict: stateOps(state('a')) }), 1),
      ['a'],
      ['best'],
    ],
    ['a compiled module', () => torchScript(state('a.b.c', 'd'), new Map([['a.n', 3]])), ['a.b.c', 'd'], []],
  ])('%s', async (_, bytes, names, beside) => {
    const file = await open(bytes())
    expect([...file.tensors.keys()].sort()).toEqual(names)
    expect(file.beside).toEqual(beside)
    expect(await file.read(names[0])).toEqual({ dtype: 'float32', shape: [2], data: Float32Array.of(1.5, -2) })
    await expect(file.read('nothing')).rejects.toMatchObject({ code: 'clip/missing' })
    await file.close()
  })

  it('numbers of a compiled module come by their names', async () => {
    const { values } = await open(torchScript(state('a.w'), new Map([['a.heads', 12]])))
    expect(Object.fromEntries(values)).toEqual({ 'a.heads': 12 })
  })

  it.each([
    ['a number', () => zip(ops('K\x01'))],
    ['a list', () => zip(ops(']'))],
    ['an empty dict', () => zip(ops('}'))],
    ['a dict of numbers', () => zip(dictOps({ epoch: ops('K\x01') }))],
    ['a compiled module without tensors', () => torchScript(new Map())],
    // Objects that hold each other twice, sixty deep: 2^60 of them, were they counted out.
    ['objects without end', () => script(`c__torch__\nM\n)\x81}X\x01\0\0\0aNsb${doubled(60)}`)],
    ['an object that holds itself', () => script('c__torch__\nM\n)\x81q\0}X\x01\0\0\0ah\0sb')],
  ])('%s holds no weights', async (_, bytes) => {
    await expect(open(bytes())).rejects.toMatchObject({ code: 'clip/state-dict' })
  })
})

const doubled = (times: number): string =>
  `q\0${'c__torch__\nM\n)\x81}(X\x01\0\0\0ah\0X\x01\0\0\0bh\0ubq\0'.repeat(times)}`

/** A compiled module whose pickle is this. */
const script = (pickle: string): Uint8Array => torchScript(new Map(), new Map(), ops('\x80\x02', pickle, '.'))

describe('torchNumbers', () => {
  it('widens, rounds and keeps', () => {
    const of = (dtype: Parameters<typeof torchNumbers>[1], array: ArrayBufferView) =>
      torchNumbers('w', dtype, [2], new Uint8Array(array.buffer.slice(0) as ArrayBuffer)).data
    expect(of('bfloat16', Uint16Array.of(0x3f80, 0xc000))).toEqual(Float32Array.of(1, -2))
    expect(of('float16', Uint16Array.of(0x3c00, 0xc000))).toEqual(Uint16Array.of(0x3c00, 0xc000))
    expect(of('float64', Float64Array.of(0.1, -2))).toEqual(Float32Array.of(0.1, -2))
    expect(of('int64', BigInt64Array.of(1n, -2n))).toEqual(BigInt64Array.of(1n, -2n))
    expect(of('int32', Int32Array.of(1, -2))).toEqual(Int32Array.of(1, -2))
    expect(() => of('bool', Uint8Array.of(1, 0))).toThrow(expect.objectContaining({ code: 'clip/dtype' }))
  })

  it('copies bytes that lie within others', () => {
    const bytes = ops('x', new Uint8Array(Float32Array.of(1.5, 2).buffer)).subarray(1)
    expect(torchNumbers('w', 'float32', [2], bytes).data).toEqual(Float32Array.of(1.5, 2))
  })
})
