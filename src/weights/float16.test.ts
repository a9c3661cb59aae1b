import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { narrowToHalf, widenBfloat, widenHalf } from './float16.ts'

const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits)
const half = (value: number): number => widenHalf(narrowToHalf(Float32Array.of(value)))[0]
const bits = (value: number): number => narrowToHalf(Float32Array.of(value))[0]
const sha256 = (data: ArrayBufferView): string =>
  createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex')
/** The neighbour of a positive float32, `step` places on. */
const neighbour = (value: number, step: number): number =>
  new Float32Array(Uint32Array.of(new Uint32Array(Float32Array.of(value).buffer)[0] + step).buffer)[0]

/*
 * What NumPy 1.24 makes of the same numbers:
 *   import hashlib, numpy as np
 *   halves = np.arange(0x7c01, dtype=np.uint16).view(np.float16)
 *   wide = halves.astype(np.float32)
 *   middle = np.append((wide[:-2] + wide[1:-1]) / 2, np.float32(65520))
 *   near = np.stack([np.nextafter(middle, np.float32(0)), middle, np.nextafter(middle, np.float32(np.inf))], 1).ravel()
 *   narrow = np.concatenate([near, -near]).astype(np.float16)
 *   for x in wide, narrow: print(hashlib.sha256(x.tobytes()).hexdigest())
 */
const NUMPY = {
  wide: '41169a956067313f00e5094feed08cc43273547cae32e4a2e8bdf71088cbef38',
  narrow: 'dde0b3252f428f533286690e2f8cd982e2ea7def858917c876f56e057684a464',
}

describe('halves', () => {
  it('widen as in NumPy, from 0 to infinity', () => {
    expect(sha256(widenHalf(all.subarray(0, 0x7c01)))).toBe(NUMPY.wide)
  })

  it('are rounded as in NumPy at and beside every middle between two of them', () => {
    const wide = widenHalf(all.subarray(0, 0x7c00))
    const middles = [...wide.subarray(1)].map((value, i) => (value + wide[i]) / 2)
    const near = [...middles, 65520].flatMap((middle) => [neighbour(middle, -1), middle, neighbour(middle, 1)])
    expect(near).toHaveLength(3 * 0x7c00)
    expect(sha256(narrowToHalf(Float32Array.from([...near, ...near.map((x) => -x)])))).toBe(NUMPY.narrow)
  })

  it('come back from float32, all 65,536', () => {
    const wide = widenHalf(all)
    const back = narrowToHalf(wide)
    const different = [...all].filter((h) => (Number.isNaN(wide[h]) ? !Number.isNaN(half(wide[h])) : back[h] !== h))
    expect(different).toEqual([])
    expect(wide.filter(Number.isNaN)).toHaveLength(2 * 1023)
  })

  it('keep the sign of zero, NaN, and infinity for what is too large', () => {
    expect([0, -0, Number.POSITIVE_INFINITY, 65504, 65519.99, 65520, -1e30].map(bits)).toEqual([
      0, 0x8000, 0x7c00, 0x7bff, 0x7bff, 0x7c00, 0xfc00,
    ])
    expect(bits(Number.NaN) & 0x7fff).toBeGreaterThan(0x7c00)
  })

  it('go to the even one from the middle, also below the smallest normal', () => {
    expect([1.5, 2.5, 3.5].map((x) => bits(x * 2 ** -24))).toEqual([2, 2, 4])
    expect(bits(2 ** -25)).toBe(0)
    expect(bits(1023.5 * 2 ** -24)).toBe(1024)
  })

  it('are never further than half a spacing away, and never change order', () => {
    const finite = fc.float({ min: -65504, max: 65504, noNaN: true })
    fc.assert(
      fc.property(finite, finite, (a, b) => {
        const spacing = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(a))), -14) - 10)
        expect(Math.abs(half(a) - a)).toBeLessThanOrEqual(spacing / 2)
        expect(half(Math.min(a, b))).toBeLessThanOrEqual(half(Math.max(a, b)))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('bfloat16', () => {
  it('is the upper half of a float32', () => {
    expect([...widenBfloat(Uint16Array.of(0x3f80, 0xc000, 0x7f80, 0x0001, 0x8000))]).toEqual([
      1,
      -2,
      Number.POSITIVE_INFINITY,
      2 ** -133,
      -0,
    ])
    const upper = new Uint32Array(widenBfloat(all).buffer)
    expect(all.every((h) => Number.isNaN(widenBfloat(Uint16Array.of(h))[0]) || upper[h] === (h << 16) >>> 0)).toBe(true)
  })
})
