/** Half-precision numbers as bit patterns (IEEE 754-2019 binary16, and bfloat16: the upper half of a binary32). */

const scratch = new Float32Array(1)
const scratchBits = new Uint32Array(scratch.buffer)

/** All 65,536 halves, made on first use: widening is then a look-up. */
let table: Float32Array | undefined

function halfTable(): Float32Array {
  table ??= Float32Array.from({ length: 65536 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1
    const exponent = (bits >> 10) & 31
    const fraction = bits & 1023
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25)
  })
  return table
}

/**
 * binary16 bit patterns to float32; exact.
 * @example widenHalf(Uint16Array.of(0x3c00))[0] // 1
 */
export function widenHalf(halves: Uint16Array): Float32Array {
  const values = halfTable()
  const result = new Float32Array(halves.length)
  for (let i = 0; i < halves.length; i++) result[i] = values[halves[i]]
  return result
}

/** bfloat16 bit patterns to float32; exact. */
export function widenBfloat(bits: Uint16Array): Float32Array {
  const result = new Float32Array(bits.length)
  const view = new Uint32Array(result.buffer)
  for (let i = 0; i < bits.length; i++) view[i] = bits[i] << 16
  return result
}

/**
 * float32 to binary16 bit patterns, to nearest, ties to even; what is too large becomes infinity.
 * @example narrowToHalf(Float32Array.of(1))[0] // 0x3c00
 */
export function narrowToHalf(values: Float32Array): Uint16Array {
  const result = new Uint16Array(values.length)
  for (let i = 0; i < values.length; i++) result[i] = halfBits(values[i])
  return result
}

function halfBits(value: number): number {
  scratch[0] = value
  const bits = scratchBits[0]
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00 // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00 // rounds to 2^16 or more: infinity
  if (magnitude < 0x38800000) {
    // Below 2^-14 halves are multiples of 2^-24; Math.abs keeps the sum exact in double precision.
    const scaled = Math.abs(value) * 2 ** 24
    const floor = Math.floor(scaled)
    const rest = scaled - floor
    return sign | (rest > 0.5 || (rest === 0.5 && floor & 1) ? floor + 1 : floor)
  }
  const odd = (magnitude >>> 13) & 1
  return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13)
}
