import { inflateSync } from 'node:zlib'
import { Resvg } from '@resvg/resvg-js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { grayPng, smallGrayPng } from './png.ts'
import { pngDataUri } from './svg.ts'

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

  it('clamps overshoot, and draws NaN black', () => {
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

describe('smallGrayPng', () => {
  it('is read by another decoder as the same pixels', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer(),
        (width, height, seed) => {
          const pixels = Uint8Array.from({ length: width * height }, (_, i) => Math.imul(i + seed, 2654435761) >>> 24)
          const png = smallGrayPng(
            Float32Array.from(pixels, (p) => p / 255),
            [width, height],
          )
          const box = `width="${width}" height="${height}"`
          const svg = `<svg xmlns="http://www.w3.org/2000/svg" ${box}><image ${box} href="${pngDataUri(png)}"/></svg>`
          const shown = new Resvg(svg).render().pixels
          expect([...pixels].every((pixel, i) => shown[4 * i] === pixel && shown[4 * i + 3] === 255)).toBe(true)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('has fewer bytes for a smooth image', () => {
    const gray = Float32Array.from({ length: 10_000 }, (_, i) => ((i % 100) + Math.floor(i / 100)) / 200)
    expect(smallGrayPng(gray, [100, 100]).length).toBeLessThan(grayPng(gray, [100, 100]).length / 10)
  })
})
