/** Masks of dropout: many random bits, fast. */
import type { Random } from '../random.ts'

const BYTES = 0x01010101

/**
 * A mask of elements to keep, each dropped with probability `rate`, independently.
 * @param rate share dropped, in [0, 1)
 * @returns bool as bytes, 1 where kept
 * @example const mask = dropoutMask(1800 * 768, 0.25, seededRandom(1, 'step/7'))
 */
export function dropoutMask(length: number, rate: number, random: Random): Uint8Array {
  if (rate === 0) return new Uint8Array(length).fill(1)
  // The fewest random bits an element that tell the rate exactly: 2 for a quarter.
  const bits = [1, 2, 4].find((count) => Number.isInteger(rate * 2 ** count))
  if (bits !== undefined) return maskByBits(length, bits, rate * 2 ** bits, random)
  return Uint8Array.from({ length }, () => (random.uniform() < rate ? 0 : 1))
}

/**
 * Four elements at a time, 32 / (4 bits) times a random word: an element whose bits make a number below `threshold` is
 * dropped. In a byte, the high bit of number + 128 - threshold says whether number >= threshold.
 */
function maskByBits(length: number, bits: number, threshold: number, random: Random): Uint8Array {
  const perWord = 8 / bits
  const source = new Uint32Array(Math.ceil(length / (4 * perWord)))
  random.fill(source)
  const mask = new Uint32Array(source.length * perWord)
  const field = (2 ** bits - 1) * BYTES
  const offset = (128 - threshold) * BYTES
  for (let i = 0, at = 0; i < source.length; i++) {
    const word = source[i]
    for (let shift = 0; shift < 8; shift += bits)
      mask[at++] = ((((word >>> shift) & field) + offset) & 0x80808080) >>> 7
  }
  return new Uint8Array(mask.buffer, 0, length)
}
