import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SpiculaError } from '../error.ts'
import type { TensorData } from '../graph/tensor.ts'
import { decodeSafetensors, encodeSafetensors, headerLength, parseHeader, toHalf } from './safetensors.ts'

/** A file as the format describes it: length, header, numbers. */
function fileOf(header: unknown, numbers: ArrayLike<number> = [], length?: bigint): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + json.length + numbers.length)
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true)
  bytes.set(json, 8)
  bytes.set(numbers, 8 + json.length)
  return bytes
}

const decode = (bytes: Uint8Array) => decodeSafetensors(bytes, 'a.safetensors')
const tensor = (offsets: unknown, more: object = {}) => ({ dtype: 'F32', shape: [1], data_offsets: offsets, ...more })
const zeros = (count: number): number[] => new Array<number>(count).fill(0)

const every = new Map<string, TensorData>([
  ['half', { dtype: 'float16', shape: [3], data: Uint16Array.of(1, 0x3c00, 0xfc00) }],
  ['float', { dtype: 'float32', shape: [2, 1], data: Float32Array.of(1.5, -0) }],
  ['int', { dtype: 'int32', shape: [], data: Int32Array.of(-7) }],
  ['long', { dtype: 'int64', shape: [1], data: BigInt64Array.of(-(2n ** 63n)) }],
  ['none', { dtype: 'float32', shape: [0, 4], data: new Float32Array(0) }],
])

describe('a safetensors file', () => {
  it('comes back as it was written, every type, and its metadata', () => {
    const { tensors, metadata } = decode(encodeSafetensors(every, { format: 'pt', 'a "name"': 'é' }))
    expect(tensors).toEqual(every)
    expect([...tensors.keys()]).toEqual([...every.keys()])
    expect(metadata).toEqual({ format: 'pt', 'a "name"': 'é' })
  })

  it('is laid out as the format says: length, header padded to eight bytes, then the numbers, packed', () => {
    const bytes = encodeSafetensors(every)
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true))
    const json = new TextDecoder().decode(bytes.subarray(8, 8 + length))
    expect(length % 8).toBe(0)
    expect(JSON.parse(json)).toEqual({
      half: { dtype: 'F16', shape: [3], data_offsets: [0, 6] },
      float: { dtype: 'F32', shape: [2, 1], data_offsets: [6, 14] },
      int: { dtype: 'I32', shape: [], data_offsets: [14, 18] },
      long: { dtype: 'I64', shape: [1], data_offsets: [18, 26] },
      none: { dtype: 'F32', shape: [0, 4], data_offsets: [26, 26] },
    })
    // Little-endian: halves 1, 1.0, -inf; floats 1.5, -0; int -7; long -2^63.
    const numbers = '01 00 00 3c 00 fc 00 00 c0 3f 00 00 00 80 f9 ff ff ff 00 00 00 00 00 00 00 80'
    expect(Buffer.from(bytes.subarray(8 + length)).toString('hex')).toBe(numbers.replaceAll(' ', ''))
  })

  it('made by hand is read, bfloat16 widened', () => {
    const header = '{"b":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"__metadata__":{"k":"v"}}   '
    const { tensors, metadata } = decode(fileOf(header, [0x80, 0x3f, 0x20, 0xc1]))
    expect(tensors.get('b')).toEqual({ dtype: 'float32', shape: [2], data: Float32Array.of(1, -10) })
    expect(metadata).toEqual({ k: 'v' })
  })

  it('may lie anywhere in memory, also in a Buffer', () => {
    for (let shift = 0; shift < 8; shift++) {
      const shifted = Buffer.concat([Buffer.alloc(shift), encodeSafetensors(every)]).subarray(shift)
      expect(decode(shifted).tensors, `shift ${shift}`).toEqual(every)
    }
  })

  it('may hold nothing', () => {
    expect(decode(encodeSafetensors(new Map())).tensors.size).toBe(0)
  })

  it.each(['__proto__', 'constructor', '', '0', 'a"b\\c\u0000é'])('may have a tensor called %j', (name) => {
    const one: TensorData = { dtype: 'float32', shape: [1], data: Float32Array.of(4) }
    const more = new Map([[name, one]]).set('z', { ...one, data: Float32Array.of(5) })
    expect(decode(encodeSafetensors(more)).tensors).toEqual(more)
  })

  it('takes no tensor that it cannot hold', () => {
    const bool: TensorData = { dtype: 'bool', shape: [1], data: Uint8Array.of(1) }
    expect(() => encodeSafetensors(new Map([['b', bool]]))).toThrow(expect.objectContaining({ code: 'clip/dtype' }))
    expect(() => encodeSafetensors(new Map([['__metadata__', bool]]))).toThrow(SpiculaError)
  })

  it('is read back whatever floats and names it holds', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.float32Array({ maxLength: 5 })), (content) => {
        const tensors = new Map<string, TensorData>()
        for (const [name, data] of Object.entries(content))
          if (name !== '__metadata__') tensors.set(name, { dtype: 'float32', shape: [data.length], data })
        expect(decode(encodeSafetensors(tensors)).tensors).toEqual(tensors)
      }),
    )
  })
})

describe('a damaged or hostile file', () => {
  const refused = (bytes: Uint8Array, message: RegExp, code = 'clip/safetensors') =>
    expect(() => decode(bytes)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }))

  it('is refused at every length but the whole', () => {
    const whole = encodeSafetensors(every, { a: 'b' })
    for (let length = 0; length < whole.length; length++) {
      expect(() => decode(whole.subarray(0, length)), `${length} bytes`).toThrow(SpiculaError)
    }
    refused(Uint8Array.from([...whole, 0]), /end at byte/)
  })

  it('throws nothing but a SpiculaError whichever bytes are changed', () => {
    const whole = encodeSafetensors(every, { a: 'b' })
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length - 1), fc.nat(255), (i, a, j, b) => {
        const bytes = whole.slice()
        bytes[i] = a
        bytes[j] = b
        try {
          decode(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(SpiculaError)
        }
      }),
      { numRuns: 3000 },
    )
  })

  it.each([2n ** 63n, 2n ** 64n - 1n, 100_000_001n, 3n])('claims a header of %d bytes', (length) => {
    refused(fileOf({}, [], length), /header claims \d+ bytes, the file has 10/)
  })

  it('claims a header above what the format allows, though the file may be that long', () => {
    const first = fileOf('', [], 200_000_000n)
    expect(() => headerLength(first, 1e12, 'a')).toThrow(SpiculaError)
  })

  it.each([
    ['no JSON', '{"a":'],
    ['an array', '[]'],
    ['null', 'null'],
    ['a text', '"{}"'],
    ['arrays 200,000 deep', `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
    ['objects 100,000 deep', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
  ])('has a header that is %s', (_, header) => {
    refused(fileOf(header), /./)
  })

  it('has a header that is not UTF-8', () => {
    const bytes = fileOf('{"?":{}}')
    bytes[10] = 0xff
    refused(bytes, /not JSON/)
  })

  it.each([
    ['a number', '1'],
    ['arrays 50,000 deep', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
    ['an object that poses as text', '{"toString":1}'],
  ])('has metadata with %s', (_, value) => {
    refused(fileOf(`{"__metadata__":{"a":${value}}}`), /metadata/)
  })

  it.each([
    ['overlap', { a: tensor([0, 4]), b: tensor([2, 6]) }],
    ['are the same bytes', { a: tensor([0, 4]), b: tensor([0, 4]) }],
    ['leave a hole', { a: tensor([0, 4]), b: tensor([5, 9]) }],
    ['leave the beginning out', { a: tensor([1, 5]) }],
    ['are negative', { a: tensor([-4, 0]) }],
    ['run backwards', { a: tensor([4, 0]) }],
    ['lie beyond the file', { a: tensor([0, 4]), b: tensor([2 ** 40, 2 ** 40 + 4]) }],
    ['are not numbers', { a: tensor([null, 4]) }],
    ['are texts', { a: tensor(['0', '4']) }],
    ['are fractions', { a: tensor([0.5, 4.5]) }],
    ['are beyond exact numbers', { a: tensor([0, 2 ** 60]) }],
    ['are three', { a: tensor([0, 2, 4]) }],
    ['are missing', { a: { dtype: 'F32', shape: [1] } }],
  ])('has offsets that %s', (_, header) => {
    refused(fileOf(header, zeros(4)), /\ba|\bb/)
  })

  it.each([
    ['too many numbers', [2]],
    ['too few', [0]],
    ['a product beyond 2^53', [2 ** 53 - 1, 2 ** 53 - 1]],
    ['a product beyond 2^53 that wraps to its size in 64 bits', [2 ** 32, 2 ** 32, 1]],
    ['an infinite product', zeros(100).map(() => 2 ** 50)],
    ['an infinite product times nothing', [...zeros(100).map(() => 2 ** 50), 0]],
    ['a negative axis', [-1, -1]],
    ['an axis that is not a whole number', [0.5, 2]],
    ['an axis that is null', [null]],
    ['no list', 1],
  ])('has a shape with %s', (_, shape) => {
    refused(fileOf({ a: tensor([0, 4], { shape }) }, zeros(4)), /a is F32|entry of a/)
  })

  it('has a name twice', () => {
    const [first, second] = [JSON.stringify(tensor([0, 4])), JSON.stringify(tensor([4, 8]))]
    refused(fileOf(`{"a":${first},"a":${second}}`, zeros(8)), /twice/)
    refused(fileOf(`{"a":${first},"\\u0061":${first}}`, zeros(4)), /twice/)
    refused(fileOf(`{"__metadata__":{},"a":${first},"__metadata__":{}}`, zeros(4)), /twice/)
  })

  it('has types that are unknown: named at once, refused when read', () => {
    for (const dtype of ['F64', 'F8_E4M3', 'BOOL', 'whatever']) {
      const bytes = fileOf({ a: tensor([0, 4], { dtype }) }, zeros(4))
      const length = headerLength(bytes, bytes.length, 'a')
      const { tensors } = parseHeader(bytes.subarray(8, 8 + length), bytes.length, 'a')
      expect(tensors.get('a')?.dtype).toBe(dtype)
      refused(bytes, new RegExp(`a is stored as ${dtype}`), 'clip/dtype')
    }
    refused(fileOf({ a: tensor([0, 4], { dtype: 'toString' }) }, zeros(4)), /./)
    refused(fileOf({ a: tensor([0, 4], { dtype: 1 }) }, zeros(4)), /no dtype/)
  })
})

describe('toHalf', () => {
  it('halves floats and leaves the others', () => {
    const [float, int] = [every.get('float'), every.get('int')]
    expect(float && toHalf(float)).toEqual({ dtype: 'float16', shape: [2, 1], data: Uint16Array.of(0x3e00, 0x8000) })
    expect(int && toHalf(int)).toBe(int)
  })
})
