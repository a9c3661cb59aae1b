import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeNpy, encodeNpy } from './npy.ts'

const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'))

/** By NumPy: f = io.BytesIO(); np.save(f, a); base64.b64encode(f.getvalue()). */
const byNumPy = {
  // np.arange(6, dtype='<f4').reshape(2, 3) / 4
  float32:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAACAPgAAAD8AAEA/AACAPwAAoD8=',
  // np.arange(3, dtype='<f4')
  vector:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAACAPwAAAEA=',
  // np.float32(2.5)
  scalar:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAACBA',
  // np.array([[0.1, -2.5]])
  float64:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqamZmZmZm5PwAAAAAAAATA',
  // np.array([-2048, 3071], dtype='<i2')
  int16:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGkyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoA+P8L',
  // np.array([-70000, 70000], dtype='<i4')
  int32:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGk0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqQ7v7/cBEBAA==',
  // np.array([0, 255], dtype='u1')
  uint8:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnfHUxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoA/w==',
  // np.asfortranarray(np.arange(24, dtype='<f4').reshape(2, 3, 4))
  fortran:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMywgNCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAABAQQAAgEAAAIBBAAAAQQAAoEEAAIA/AABQQQAAoEAAAIhBAAAQQQAAqEEAAABAAABgQQAAwEAAAJBBAAAgQQAAsEEAAEBAAABwQQAA4EAAAJhBAAAwQQAAuEE=',
  // np.array([{}], dtype=object)
  object:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMSwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqAA2Mu',
  // np.array([1], dtype='>f4')
  bigEndian:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPmY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo/gAAA',
  // np.array([(1, 2.)], dtype=[('a', '<i4'), ('b', '<f4')])
  structured:
    'k05VTVBZAQB2AHsnZGVzY3InOiBbKCdhJywgJzxpNCcpLCAoJ2InLCAnPGY0JyldLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMSwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAAAAAAAAQA==',
}

/** A file with a header of the test's making. */
function made(header: string, data: Uint8Array, version = 1): Uint8Array {
  const text = new TextEncoder().encode(header)
  const length = version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0]
  return new Uint8Array([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0, ...length, ...text, ...data])
}

describe('encodeNpy', () => {
  it.each([
    ['float32', [0, 0.25, 0.5, 0.75, 1, 1.25], [2, 3]],
    ['vector', [0, 1, 2], [3]],
    ['scalar', [2.5], []],
  ] as const)('writes what NumPy writes: %s', (name, values, shape) => {
    expect(encodeNpy(Float32Array.from(values), shape)).toEqual(bytes(byNumPy[name]))
  })

  it('refuses a shape that is not the data’s', () => {
    for (const shape of [[2, 4], [-2, -3], [1.5, 4], []]) {
      expect(() => encodeNpy(new Float32Array(6), shape)).toThrow(expect.objectContaining({ code: 'npy/shape' }))
    }
  })

  it('writes only the view it is given', () => {
    const view = new Float32Array([9, 1, 2, 9]).subarray(1, 3)
    expect([...decodeNpy(encodeNpy(view, [2]), 'a').data]).toEqual([1, 2])
  })
})

describe('decodeNpy', () => {
  it.each([
    ['float32', '<f4', [2, 3], [0, 0.25, 0.5, 0.75, 1, 1.25]],
    ['scalar', '<f4', [], [2.5]],
    ['float64', '<f8', [1, 2], [0.1, -2.5]],
    ['int16', '<i2', [2], [-2048, 3071]],
    ['int32', '<i4', [2], [-70000, 70000]],
    ['uint8', '|u1', [2], [0, 255]],
    ['fortran', '<f4', [2, 3, 4], Array.from({ length: 24 }, (_, i) => i)],
  ] as const)('reads what NumPy wrote: %s', (name, type, shape, values) => {
    const array = decodeNpy(bytes(byNumPy[name]), 'a.npy')
    expect([array.type, array.shape, [...array.data]]).toEqual([type, shape, values])
  })

  it('gives back what encodeNpy wrote, from any alignment and from a Buffer', () => {
    const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })
    fc.assert(
      fc.property(shape, fc.integer({ min: 0, max: 3 }), fc.boolean(), (size, shift, asBuffer) => {
        const data = Float32Array.from({ length: size.reduce((a, b) => a * b, 1) }, (_, i) => Math.fround(i / 3))
        const file = encodeNpy(data, size)
        const moved = new Uint8Array(file.length + shift)
        moved.set(file, shift)
        const view = moved.subarray(shift)
        const input = asBuffer ? Buffer.from(view.buffer, view.byteOffset, view.length) : view
        expect(decodeNpy(input, 'a.npy')).toEqual({ type: '<f4', shape: size, data })
      }),
    )
  })

  it('reads version 2 and old Python’s long integers', () => {
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1L, 1L), }\n"
    expect(decodeNpy(made(header, new Uint8Array(4), 2), 'a.npy').shape).toEqual([1, 1])
  })

  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
  it.each([
    ['nothing', new Uint8Array(), 'npy/magic'],
    ['another format', new TextEncoder().encode('not an array at all'), 'npy/magic'],
    ['version 9', made(header, new Uint8Array(8), 9), 'npy/version'],
    ['a header longer than the file', bytes(byNumPy.float32).slice(0, 60), 'npy/truncated'],
    ['a version 2 file of 11 bytes', made('', new Uint8Array(), 2).slice(0, 11), 'npy/truncated'],
    ['data cut short', bytes(byNumPy.float32).slice(0, -1), 'npy/truncated'],
    ['data in excess', made(header, new Uint8Array(9)), 'npy/size'],
    [
      'a size that no memory holds',
      made(header.replace('2,', '30000, 30000, 30000'), new Uint8Array(8)),
      'npy/truncated',
    ],
    [
      'a size beyond all numbers',
      made(header.replace('2,', `${'9'.repeat(400)},`), new Uint8Array(8)),
      'npy/truncated',
    ],
    ['a negative size', made(header.replace('2,', '-2,'), new Uint8Array(8)), 'npy/header'],
    ['no shape', made("{'descr': '<f4', 'fortran_order': False}", new Uint8Array(8)), 'npy/header'],
    ['pickled objects', bytes(byNumPy.object), 'npy/object'],
    ['big-endian numbers', bytes(byNumPy.bigEndian), 'npy/type'],
    ['records', bytes(byNumPy.structured), 'npy/header'],
    ['a type named like an object’s member', made(header.replace('<f4', 'constructor'), new Uint8Array(8)), 'npy/type'],
  ])('refuses %s', (_, file, code) => {
    expect(() => decodeNpy(file, 'a.npy')).toThrow(expect.objectContaining({ code }))
  })

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (noise, known) => {
        const file = known ? new Uint8Array([...bytes(byNumPy.float32).slice(0, 10), ...noise]) : noise
        try {
          decodeNpy(file, 'a.npy')
        } catch (error) {
          expect(error).toMatchObject({ name: 'SpiculaError' })
        }
      }),
    )
  })
})
