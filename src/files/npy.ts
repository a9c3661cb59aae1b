/** NumPy's array file, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html (versions 1.0 to 3.0). */
import { SpiculaError } from '../error.ts'

/** Element types that are read, by NumPy's descriptor. */
const elementTypes = {
  '<f4': Float32Array,
  '<f8': Float64Array,
  '<i2': Int16Array,
  '<i4': Int32Array,
  '|u1': Uint8Array,
} as const

export type NpyType = keyof typeof elementTypes

/** An array in C order, whatever the file's: the last axis varies fastest. */
export interface NpyArray {
  readonly type: NpyType
  readonly shape: readonly number[]
  /** Length: the product of the shape. */
  readonly data: Float32Array | Float64Array | Int16Array | Int32Array | Uint8Array
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] // \x93NUMPY

/**
 * Writes float32 as NPY 1.0, byte for byte as `numpy.save` does.
 * @param data C order
 * @param shape its product is the length of data
 * @throws SpiculaError `npy/shape` where it is not
 * @example encodeNpy(new Float32Array(6), [2, 3]).length // 152
 */
export function encodeNpy(data: Float32Array, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const count = shape.reduce((product, size) => product * size, 1)
  if (count !== data.length || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw new SpiculaError('npy/shape', `shape [${shape.join(', ')}] does not hold ${data.length} values`)
  }
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`
  // Magic, version and length take 10 bytes; data begins at a multiple of 64 after spaces and a newline.
  const start = Math.ceil((10 + header.length + 1) / 64) * 64
  const bytes = new Uint8Array(start + data.length * 4).fill(0x20, 0, start)
  bytes.set([...magic, 1, 0, (start - 10) & 255, (start - 10) >> 8])
  bytes.set(new TextEncoder().encode(header), 10)
  bytes[start - 1] = 0x0a
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start)
  return bytes
}

/**
 * Reads an NPY file of float32, float64, int16, int32 or uint8, little-endian, in C or Fortran order.
 * @param bytes the whole file
 * @param name of the file, for messages
 * @throws SpiculaError `npy/magic`, `npy/version`, `npy/header`, `npy/object` (pickles are never opened), `npy/type`,
 *   `npy/truncated`, `npy/size`
 * @example decodeNpy(encodeNpy(new Float32Array([1, 2]), [2]), 'a.npy').shape // [2]
 */
export function decodeNpy(bytes: Uint8Array, name: string): NpyArray {
  const { header, start } = readHeader(bytes, name)
  const type = elementType(header, name)
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(header)?.[1]
  const tuple = /'shape'\s*:\s*\(([\dL,\s]*)\)/.exec(header)?.[1]
  if (order === undefined || tuple === undefined) {
    throw new SpiculaError('npy/header', `${name}: its header names no order or no shape`)
  }
  const shape = [...tuple.matchAll(/\d+/g)].map(([size]) => Number(size))
  const count = shape.reduce((product, size) => product * size, 1)
  const ElementArray = elementTypes[type]
  const expected = count * ElementArray.BYTES_PER_ELEMENT
  const found = bytes.length - start
  // Compared before anything is allocated: a header may claim any size.
  if (expected !== found) {
    throw new SpiculaError(
      found < expected ? 'npy/truncated' : 'npy/size',
      `${name}: its header says [${shape.join(', ')}], ${expected} bytes; ${found} follow`,
      { hint: 'The file was cut short or altered: copy or make it again.' },
    )
  }
  // A copy: elements must be aligned, the file's bytes need not be. (slice() would not do: a Buffer's copies nothing.)
  const data = new ElementArray(new Uint8Array(bytes.subarray(start)).buffer)
  return { type, shape, data: order === 'True' ? inCOrder(data, shape) : data }
}

/** Elements of a Fortran-ordered array, first axis fastest, in C order: what NumPy saves of a transposed array. */
function inCOrder<Data extends NpyArray['data']>(data: Data, shape: readonly number[]): Data {
  const out = data.slice() as Data
  const index = shape.map(() => 0)
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1))
  let from = 0
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from]
    // Counts up in C order, the last axis first, carrying over.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]
      if (++index[axis] < shape[axis]) break
      from -= strides[axis] * shape[axis]
      index[axis] = 0
    }
  }
  return out
}

function readHeader(bytes: Uint8Array, name: string): { header: string; start: number } {
  if (bytes.length < 10 || !magic.every((byte, i) => bytes[i] === byte)) {
    throw new SpiculaError('npy/magic', `${name}: not an NPY file`)
  }
  const version = bytes[6]
  if (version < 1 || version > 3) throw new SpiculaError('npy/version', `${name}: NPY version ${version} is not known`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const prefix = version === 1 ? 10 : 12
  const length = bytes.length < prefix ? 0 : version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (prefix + length > bytes.length) throw new SpiculaError('npy/truncated', `${name}: the file ends in its header`)
  const header = new TextDecoder('utf-8').decode(bytes.subarray(prefix, prefix + length))
  return { header, start: prefix + length }
}

function elementType(header: string, name: string): NpyType {
  const type = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1]
  if (type === undefined) {
    throw new SpiculaError('npy/header', `${name}: its header names no plain element type`, {
      hint: 'Structured arrays are not read: save one field.',
    })
  }
  if (type.includes('O')) {
    throw new SpiculaError('npy/object', `${name}: it holds pickled Python objects, which are never opened`, {
      hint: 'Save a numeric array.',
    })
  }
  if (isKnown(type)) return type
  throw new SpiculaError('npy/type', `${name}: elements of type "${type}" are not read`, {
    hint: `Known are ${Object.keys(elementTypes).join(', ')}: save a.astype("<f4").`,
  })
}

const isKnown = (type: string): type is NpyType => Object.hasOwn(elementTypes, type)
