import { inflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { grayPng } from './png.ts'

/** Size and pixels of a gray PNG; every part checked by Node's zlib. */
function decode(png: Uint8Array): { size: number[]; pixels: number[] } {
  const bytes = Buffer.from(png)
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n')
  const size = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
  expect([...bytes.subarray(24, 29)]).toEqual([8, 0, 0, 0, 0])
  const length = bytes.readUInt32BE(33)
  expect(bytes.subarray(37, 41).toString()).toBe('IDAT')
  const raw = inflateSync(bytes.subarray(41, 41 + length))
  expect(raw.length).toBe((size[0] + 1) * size[1])
  return { size, pixels: [...raw].filter((_, i) => i % (size[0] + 1) !== 0) }
}

describe('grayPng', () => {
  it('holds every pixel, also in images of several blocks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 400 }), (width, height) => {
        const gray = Float32Array.from({ length: width * height }, (_, i) => ((i * 7) % 256) / 255)
        const { size, pixels } = decode(grayPng(gray, [width, height]))
        expect(size).toEqual([width, height])
        expect(pixels.every((pixel, i) => pixel === (i * 7) % 256)).toBe(true)
      }),
      { numRuns: 20 },
    )
  })

  it('clamps overshoot, and draws what is no number black', () => {
    const gray = Float32Array.of(-0.2, 0, 0.5, 1, 1.3, Number.NaN, Number.POSITIVE_INFINITY)
    expect(decode(grayPng(gray, [7, 1])).pixels).toEqual([0, 0, 128, 255, 255, 0, 255])
  })

  it('has the checksums of the standard', () => {
    // The end chunk is the same in every PNG.
    expect(
      Buffer.from(grayPng(new Float32Array(1), [1, 1]))
        .subarray(-12)
        .toString('hex'),
    ).toBe('0000000049454e44ae426082')
  })

  it('refuses a size that is not the data’s', () => {
    expect(() => grayPng(new Float32Array(3), [2, 2])).toThrow(RangeError)
    expect(() => grayPng(new Float32Array(0), [0, 0])).toThrow(RangeError)
  })
})
