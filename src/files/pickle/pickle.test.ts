/** Pickles that Python wrote, in every protocol, and pickles that are made to do harm. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { torchTypes } from '../torch/types.ts'
import { isArray, numbersOf, numpyType } from './numpy.ts'
import { ops, u32, u64 } from './pickle.fixture.ts'
import { type PickleOptions, readPickle } from './pickle.ts'
import { plainType } from './plain.ts'
import { inertType, isRecord, type PickleValue } from './value.ts'

const stored: { pickles: Record<string, string> } = JSON.parse(
  gunzipSync(readFileSync(new URL('./fixtures/pickle.json.gz', import.meta.url))).toString(),
)
const bytesOf = (name: string): Uint8Array => new Uint8Array(Buffer.from(stored.pickles[name], 'base64'))
const allowed: PickleOptions['allowed'] = (module, name) => numpyType(module, name) ?? plainType(module, name)
const read = (bytes: Uint8Array, more: Partial<PickleOptions> = {}): PickleValue =>
  readPickle(bytes, { allowed, name: 'weights.pt', ...more }).value
const codeOf = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    return { code: (error as { code?: string }).code, message: (error as Error).message }
  }
  return 'nothing was thrown'
}
const refusal = (bytes: Uint8Array) => codeOf(() => read(bytes, { allowed: torchTypes({ script: true }) }))

/** What make_pickle.py wrote. */
const shared = [1, 2]
const EXPECTED: Record<string, unknown> = {
  none: null,
  flags: [true, false],
  integers: [
    0,
    1,
    -1,
    255,
    256,
    65535,
    65536,
    2 ** 31 - 1,
    -(2 ** 31),
    2 ** 53 - 1,
    2n ** 62n,
    -(2n ** 70n),
    2n ** 200n,
  ],
  floats: [0, -2.5, 1e300, 5e-324, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  texts: ['', 'nodule', 'Lunge', '\u00e4\u00f6\u00fc \u80ba \u{1fac1}', 'it\'s "quoted"\n\\'],
  bytes: Uint8Array.of(0, 255, 10),
  long: 'x'.repeat(300),
  'long bytes': new TextEncoder().encode('y'.repeat(300)),
  empty: [[], [], new Map()],
  tuples: [[1], [1, 2], [1, 2, 3], [1, 2, 3, 4]],
  shared: [shared, shared],
  ordered: new Map([
    ['b', 1],
    ['a', 2],
  ]),
  sets: [new Set(), new Set([1, 2]), new Set([3])],
  scalars: [0.125, -7, true, 0.5],
}

describe('readPickle', () => {
  it.each([0, 1, 2, 3, 4, 5])('reads protocol %d as Python wrote it', (protocol) => {
    const value = read(bytesOf(String(protocol))) as Map<string, PickleValue>
    expect(value).toBeInstanceOf(Map)
    for (const [name, expected] of Object.entries(EXPECTED)) {
      if (name === 'sets' && protocol < 4) continue
      const found = value.get(name)
      const plain = found instanceof Uint8Array ? Uint8Array.from(found) : found
      expect(plain, name).toEqual(expected)
    }
    const lists = value.get('shared') as PickleValue[]
    expect(lists[0]).toBe(lists[1])
    const namespace = value.get('namespace')
    expect(isRecord(namespace) && [namespace.type, namespace.state]).toEqual([
      'argparse.Namespace',
      new Map([
        ['r', 2],
        ['alpha', 1],
      ]),
    ])
    const [array, swapped] = ['array', 'big-endian'].map((name) => value.get(name))
    expect(isArray(array) && [array.shape, numbersOf(array)]).toEqual([
      [2, 3],
      [0, 0.125, 0.25, 0.375, 0.5, 0.625],
    ])
    expect(isArray(swapped) && numbersOf(swapped)).toEqual([1.5, -2])
  })

  it('holds what contains itself, and what is nested without end', () => {
    const cycle = read(bytesOf('cycle')) as PickleValue[]
    expect(cycle[0]).toBe(cycle)
    let deep = read(bytesOf('deep')) as PickleValue[]
    let depth = 1
    for (; deep.length > 0; depth++) deep = deep[0] as PickleValue[]
    expect(depth).toBe(100_000)
  })

  it('tells where the pickle ends', () => {
    expect(readPickle(ops('K', 7, '.', 'K', 8, '.'), { allowed, name: 'x' })).toEqual({ value: 7, end: 3 })
    expect(readPickle(ops('K', 7, '.', 'K', 8, '.'), { allowed, name: 'x', at: 3 })).toEqual({ value: 8, end: 6 })
  })
})

describe('a pickle that asks for more than weights need', () => {
  it.each([
    ['os.system', 'cos\nsystem\n(X', u32(2), 'id', 'tR.'],
    ['posix.system', 'cposix\nsystem\n(X', u32(2), 'id', 'tR.'],
    ['builtins.eval', '\x80\x04\x8c\x08builtins\x8c\x04eval\x93(X', u32(1), '1', 'tR.'],
    ['__builtin__.eval', "c__builtin__\neval\n(S'1'\ntR."],
    ['builtins.getattr', 'cbuiltins\ngetattr\n.'],
    ['builtins.exec', '(ibuiltins\nexec\n.'],
    ['subprocess.Popen', '(csubprocess\nPopen\nX', u32(2), 'id', 'o.'],
    ['torch.load', 'ctorch\nload\n.'],
    ['torch.hub.load', '\x80\x04\x8c\x09torch.hub\x8c\x04load\x93.'],
    ['numpy.load', 'cnumpy\nload\n.'],
    ['__torch__x.system', 'c__torch__x\nsystem\n.'],
    ['collections.OrderedDict.__class__', 'ccollections\nOrderedDict.__class__\n.'],
    ['builtins.object()', '\x80\x02cbuiltins\nobject\n)\x81.'],
    ['"evil\\u0000\\n.x"', '\x80\x04\x8c\x06evil\0\n\x8c\x01x\x93.'],
  ])('%s is refused by its name', (name, ...program) => {
    expect(refusal(ops(...program))).toEqual({
      code: 'pickle/global',
      message: `weights.pt: the file asks Python for ${name}, which no weights need: refused`,
    })
  })

  it('cannot call what an object of the allow-list is, nor give it items or a state', () => {
    for (const program of [
      ['ccollections\nOrderedDict\n)R)R.'], // calls a dict
      ['ctorch\nFloatStorage\n}b.'], // gives a type a state
      ['ctorch\nSize\n]K\x01a\x85RK\x01K\x02s.'], // sets an item of a list
      ['K\x01K\x02a.'],
      ['K\x01(K\x02e.'],
      ['K\x01(K\x02\x90.'],
      ['K\x01)R.'],
      ['ccollections\nOrderedDict\nK\x01R.'],
      ['ccollections\nOrderedDict\n)}K\x01K\x02s\x92.'],
    ])
      expect(refusal(ops(...program)), JSON.stringify(program)).toMatchObject({ code: 'pickle/damaged' })
  })

  it('cannot use extension codes nor buffers of another place', () => {
    for (const program of ['\x82\x01.', '\x83\x01\x01.', '\x84\x01\x01\x01\x01.', '\x97.', 'N\x98.'])
      expect(refusal(ops(program))).toMatchObject({ code: 'pickle/opcode' })
    expect(refusal(ops('K\x01Q.'))).toMatchObject({ code: 'pickle/damaged' })
  })
})

describe('a pickle that lies about its lengths', () => {
  it.each([
    ['BINUNICODE', 'X', u32(0xffffffff), 'abc.'],
    ['BINUNICODE8', '\x8d', u64(2n ** 62n), 'abc.'],
    ['BINBYTES', 'B', u32(0xfffffff0), 'abc.'],
    ['BINBYTES8', '\x8e', u64(2n ** 64n - 1n), '.'],
    ['BYTEARRAY8', '\x96', u64(2n ** 40n), '.'],
    ['FRAME', '\x80\x04\x95', u64(2n ** 50n), 'N.'],
    ['BINSTRING', 'T', u32(1000), 'abc.'],
    ['a line without an end', 'cos'],
    ['nothing', ''],
    ['no end', 'K\x01'],
  ])('%s', (_, ...program) => {
    expect(refusal(ops(...program))).toMatchObject({ code: 'pickle/truncated' })
  })

  it.each([
    ['LONG4 of a negative length', '\x8b', u32(0xffffffff), '.'],
    ['LONG4 of a million bytes', '\x8b', u32(1_000_000), '.'],
    ['an integer of a thousand digits', `L${'9'.repeat(1000)}L\n.`],
    ['a memo that was never kept', 'j', u32(0xffffffff), '.'],
    ['a negative place in the memo', 'K\x01p-1\n.'],
    ['an empty stack', '.'],
    ['an empty stack below a mark', 'K\x01(.'],
    ['no mark', 'K\x01t.'],
    ['a key without a value', '}(K\x01u.'],
    ['an unknown protocol', '\x80\x06N.'],
    ['an unknown instruction', '\xff.'],
    ['a string without quotes', 'Sabc\n.'],
    ['a float that cannot be read', 'Fone\n.'],
  ])('%s', (_, ...program) => {
    expect(refusal(ops(...program))).toMatchObject({ code: 'pickle/damaged' })
  })

  it('a place in the memo of four billion costs nothing', () => {
    expect(read(ops('K\x05r', u32(0xffffffff), '0j', u32(0xffffffff), '.'))).toBe(5)
  })

  it('an array whose shape is larger than its bytes', () => {
    const array = (shape: string) =>
      ops(
        'cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tC\x01btR(K\x01(',
        shape,
        'tcnumpy\ndtype\n(X\x02\x00\x00\x00f8\x89\x88tR(K\x03X\x01\x00\x00\x00<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb',
        '\x89C\x08\0\0\0\0\0\0\0\0tb.',
      )
    expect(isArray(read(array('K\x01'))) && true).toBe(true)
    for (const shape of ['K\x02', 'J\xff\xff\xff\x7fJ\xff\xff\xff\x7f', 'J\xff\xff\xff\xff', 'G\x3f\xf8\0\0\0\0\0\0'])
      expect(codeOf(() => read(array(shape)))).toMatchObject({ code: 'pickle/damaged' })
  })
})

describe('a pickle that grows', () => {
  it('by doubling lists holds only references', () => {
    // Each list holds the one before it twice: 2^5000 numbers, were they counted out.
    const value = read(ops(']K\x01a', ...Array.from({ length: 5000 }, () => 'q\x00]h\x00ah\x00a'), '.'))
    expect((value as PickleValue[]).length).toBe(2)
  })

  it('by millions of dicts is stopped', () => {
    expect(refusal(ops('}'.repeat(2_000_000), '.'))).toMatchObject({ code: 'pickle/size' })
  })

  it('by calls that copy one long list again and again is stopped', () => {
    const list = `](${'K\x01K\x01\x86'.repeat(10_000)}e\x85q\x000`
    expect(refusal(ops(list, 'ccollections\nOrderedDict\nq\x010', 'h\x01h\x00R0'.repeat(1000), 'N.'))).toMatchObject({
      code: 'pickle/size',
    })
  })

  it('by calls that copy one long text again and again is stopped', () => {
    const text = ['(X', u32(1_000_000), 'x'.repeat(1_000_000), 'X', u32(6), 'latin1', 'tq\x000'] as const
    expect(refusal(ops(...text, 'c_codecs\nencode\nq\x010', 'h\x01h\x00R0'.repeat(1000), 'N.'))).toMatchObject({
      code: 'pickle/size',
    })
  })
})

describe('any bytes', () => {
  it('give a value or an error of ours, never anything else', () => {
    const everything = (module: string, name: string) =>
      torchTypes({ script: true })(module, name) ?? inertType(`${module}.${name}`)
    const codes = '(01234.FIJKLMNPQRSTUVXabcd}egh ijl]opqrstu)GBC'
    const instruction = fc.oneof(
      fc.constantFrom(...[...codes].map((c) => c.charCodeAt(0))),
      fc.integer({ min: 0x80, max: 0x98 }),
      fc.integer({ min: 0, max: 255 }),
    )
    const mutation = fc.tuple(fc.constantFrom('0', '1', '2', '4', '5'), fc.nat(), instruction)
    const check = (bytes: Uint8Array) => {
      try {
        readPickle(bytes, { allowed: everything, persistent: (id) => id, name: 'x' })
      } catch (error) {
        expect((error as { code?: string }).code).toMatch(/^(pickle|torch)\//)
      }
    }
    fc.assert(
      fc.property(fc.array(instruction, { maxLength: 60 }), (program) => check(Uint8Array.from(program))),
      { numRuns: 3000 },
    )
    fc.assert(
      fc.property(mutation, ([protocol, at, byte]) => {
        const bytes = bytesOf(protocol)
        bytes[at % bytes.length] = byte
        check(bytes)
        check(bytes.subarray(0, at % bytes.length))
      }),
      { numRuns: 1000 },
    )
  })
})
