/** NumPy's arrays and scalars in pickles (numpy/core/src/multiarray/methods.c: array_reduce; descriptor.c). */
import { SpiculaError } from '../../error.ts'
import { damagedPickle, isCounts, isObject, type PickleObject, type PickleType, type PickleValue } from './value.ts'

/** The type of an array's elements. */
export interface NumpyDtype extends PickleObject {
  readonly kind: 'dtype'
  /** NumPy's code without byte order: f8, i4, b1. */
  readonly code: string
  littleEndian: boolean
}

/** An array as stored. */
export interface NumpyArray extends PickleObject {
  readonly kind: 'ndarray'
  shape: readonly number[]
  dtype: NumpyDtype | undefined
  bytes: Uint8Array
}

type Reader = (view: DataView, at: number, littleEndian: boolean) => number
const READERS: Readonly<Record<string, readonly [width: number, read: Reader]>> = {
  f8: [8, (v, at, le) => v.getFloat64(at, le)],
  f4: [4, (v, at, le) => v.getFloat32(at, le)],
  i8: [8, (v, at, le) => Number(v.getBigInt64(at, le))],
  i4: [4, (v, at, le) => v.getInt32(at, le)],
  i2: [2, (v, at, le) => v.getInt16(at, le)],
  i1: [1, (v, at) => v.getInt8(at)],
  u8: [8, (v, at, le) => Number(v.getBigUint64(at, le))],
  u4: [4, (v, at, le) => v.getUint32(at, le)],
  u2: [2, (v, at, le) => v.getUint16(at, le)],
  u1: [1, (v, at) => v.getUint8(at)],
  b1: [1, (v, at) => v.getUint8(at)],
}

/**
 * Names of NumPy that pickles of arrays and scalars ask for, by either name that its modules have had.
 * @example numpyType('numpy', 'dtype')
 */
export function numpyType(module: string, name: string): PickleType | undefined {
  return TYPES[`${module.replace(/^numpy\._core\b/, 'numpy.core')}.${name}`]
}

const TYPES: Readonly<Record<string, PickleType>> = {
  'numpy.ndarray': {},
  'numpy.dtype': { call: ([code]) => dtype(code) },
  'numpy.core.multiarray._reconstruct': { call: () => emptyArray() },
  'numpy.core.multiarray.scalar': { call: ([type, bytes]) => scalar(type, bytes) },
  'numpy.core.numeric._frombuffer': {
    call: ([bytes, type, shape]) => filled(emptyArray(), { shape, type, bytes }),
  },
  // Protocol 2 writes bytes as a text and its encoding.
  '_codecs.encode': { call: ([text, encoding]) => encodeLatin1(text, encoding) },
}

function dtype(code: PickleValue | undefined): NumpyDtype {
  const [, order, known] = (typeof code === 'string' ? /^([<>=|]?)([a-z]\d{1,3}|O|O8)$/.exec(code) : null) ?? []
  if (known === undefined) throw damagedPickle('an array of a type that has no code')
  return {
    kind: 'dtype',
    code: known,
    littleEndian: order !== '>',
    // (version, byte order, ...): numpy pickles '<f8' as 'f8' with the state '<'.
    setState(state) {
      if (Array.isArray(state) && typeof state[1] === 'string') this.littleEndian = state[1] !== '>'
      return this
    },
  }
}

/** The type of an array by its code, e.g. `<f8`. */
export const numpyDtype = (code: string): NumpyDtype => dtype(code)

export const isDtype = (value: PickleValue | undefined): value is NumpyDtype =>
  isObject(value) && value.kind === 'dtype'
export const isArray = (value: PickleValue | undefined): value is NumpyArray =>
  isObject(value) && value.kind === 'ndarray'

function emptyArray(): NumpyArray {
  return {
    kind: 'ndarray',
    shape: [0],
    dtype: undefined,
    bytes: new Uint8Array(0),
    // (version, shape, dtype, is Fortran-ordered, bytes)
    setState(state) {
      if (!Array.isArray(state) || state.length !== 5) throw damagedPickle('an array without its numbers')
      const [, shape, type, , bytes] = state
      return filled(this, { shape, type, bytes })
    },
  }
}

/**
 * Gives an array its shape and numbers.
 * @throws SpiculaError `pickle/damaged` where shape, type and bytes do not fit each other, `pickle/global` for objects
 */
export function filled(
  array: NumpyArray,
  content: {
    readonly shape: PickleValue | undefined
    readonly type: PickleValue | undefined
    readonly bytes: PickleValue | undefined
  },
): NumpyArray {
  const { shape, type, bytes } = content
  if (!isCounts(shape) || !isDtype(type)) throw damagedPickle('an array without shape and type')
  const width = widthOf(type)
  const stored = typeof bytes === 'string' ? encodeLatin1(bytes, 'latin1') : bytes
  const size = shape.reduce((product, n) => product * n, width)
  if (!(stored instanceof Uint8Array) || stored.length !== size)
    throw damagedPickle(`an array of ${shape.join(' x ')} without as many numbers`)
  array.shape = shape
  array.dtype = type
  array.bytes = stored
  return array
}

/** A new array of these bytes. */
export const numpyArray = (shape: readonly number[], type: NumpyDtype, bytes: Uint8Array): NumpyArray =>
  filled(emptyArray(), { shape: [...shape], type, bytes })

/** Bytes of one element. */
export function widthOf({ code }: NumpyDtype): number {
  const known = READERS[code]
  if (known) return known[0]
  throw new SpiculaError('pickle/array', `an array of type ${code}: only numbers are read`, {
    hint: 'An array of objects or texts can hold anything: save numbers instead.',
  })
}

/**
 * The numbers of an array in the order in which they are stored.
 * @example numbersOf(array) // [0.5, 1.25]
 */
export function numbersOf({ dtype: type, bytes }: NumpyArray): number[] {
  if (!type) return []
  const [width, read] = READERS[type.code]
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / width }, (_, n) => read(view, n * width, type.littleEndian))
}

/** `numpy.float64(0.5)` as the number that it is. */
function scalar(type: PickleValue | undefined, bytes: PickleValue | undefined): PickleValue {
  if (!isDtype(type)) throw damagedPickle('a scalar without a type')
  const [value] = numbersOf(filled(emptyArray(), { shape: [], type, bytes }))
  return type.code === 'b1' ? value !== 0 : value
}

function encodeLatin1(text: PickleValue | undefined, encoding: PickleValue | undefined): Uint8Array {
  if (typeof text !== 'string' || !/^latin-?1$/.test(String(encoding)))
    throw damagedPickle('bytes that are not Latin-1')
  const bytes = new Uint8Array(text.length)
  for (let n = 0; n < text.length; n++) {
    const code = text.charCodeAt(n)
    if (code > 0xff) throw damagedPickle('bytes that are not Latin-1')
    bytes[n] = code
  }
  return bytes
}
