/** How voxels are stored in a file. */
export type StoredType =
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float32'
  | 'float64'

/** Bytes of one stored voxel. */
export const BYTES_PER_VOXEL: Readonly<Record<StoredType, number>> = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float32: 4,
  float64: 8,
}

/** Whether typed arrays on this machine keep the lowest byte first. */
export const HOST_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** How stored bytes become HU. */
export interface StoredScale {
  readonly type: StoredType
  readonly littleEndian: boolean
  /** HU = stored * slope + intercept */
  readonly slope: number
  readonly intercept: number
}

/**
 * Stored bytes to HU, computed in double precision and rounded once.
 * @param raw the voxels' bytes, alone in their buffer; they may be changed in place
 * @returns float32, one a voxel; not-a-number and infinities as stored
 * @example storedToHu(raw, { type: 'int16', littleEndian: true, slope: 1, intercept: -1024 })
 */
export function storedToHu(raw: Uint8Array<ArrayBuffer>, scale: StoredScale): Float32Array<ArrayBuffer> {
  const { type, littleEndian, slope, intercept } = scale
  if (littleEndian !== HOST_LITTLE_ENDIAN) swapBytes(raw, BYTES_PER_VOXEL[type])
  const stored = widen(raw.buffer, type)
  const hu = stored instanceof Float32Array ? stored : new Float32Array(stored.length)
  if (slope === 1 && intercept === 0) {
    if (stored !== hu) hu.set(stored)
    return hu
  }
  for (let n = 0; n < hu.length; n++) hu[n] = stored[n] * slope + intercept
  return hu
}

/** Stored numbers as float32 where it holds every number of the type, else as float64. */
function widen(buffer: ArrayBuffer, type: StoredType): Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer> {
  switch (type) {
    case 'int8':
      return asFloat32(new Int8Array(buffer))
    case 'uint8':
      return asFloat32(new Uint8Array(buffer))
    case 'int16':
      return asFloat32(new Int16Array(buffer))
    case 'uint16':
      return asFloat32(new Uint16Array(buffer))
    case 'float32':
      return new Float32Array(buffer)
    case 'int32':
      return new Float64Array(new Int32Array(buffer))
    case 'uint32':
      return new Float64Array(new Uint32Array(buffer))
    case 'float64':
      return new Float64Array(buffer)
    case 'int64':
      return Float64Array.from(new BigInt64Array(buffer), Number)
    case 'uint64':
      return Float64Array.from(new BigUint64Array(buffer), Number)
  }
}

/** `set`, because V8 fills an array from another type six times slower in its constructor. */
function asFloat32(values: Int8Array | Uint8Array | Int16Array | Uint16Array): Float32Array<ArrayBuffer> {
  const wide = new Float32Array(values.length)
  wide.set(values)
  return wide
}

/** Reverses the bytes of every item of `width` bytes, in place. */
function swapBytes(raw: Uint8Array, width: number): void {
  for (let item = 0; item < raw.length; item += width) {
    for (let low = item, high = item + width - 1; low < high; low++, high--) {
      const byte = raw[low]
      raw[low] = raw[high]
      raw[high] = byte
    }
  }
}
