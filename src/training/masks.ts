/** Masks of dropout: many random bits, fast. */
import type { Random } from '../random.ts'

const BYTES = 0x01010101

/**
 * A mask of elements to keep, each dropped with probability `rate`, independently.
 * @param length rounded up to whole words
 * @param rate share dropped, in [0, 1)
 * @returns bool as bytes, 1 where kept
 * @example const mask = dropoutMask(1800 * 768, 0.25, seededRandom(1, 'step/7'))
 */
export function dropoutMask(length: number, rate: number, random: Random): Uint8Array {
  if (rate === 0) return new Uint8Array(length).fill(1)
  const steps = rate * 256
  if (Number.isInteger(steps) && steps <= 128) return maskByBytes(length, steps, random)
  return Uint8Array.from({ length }, () => (random.uniform() < rate ? 0 : 1))
}

/**
 * Four elements at a time: a random byte below `threshold` drops its element. For each byte b of a word, the high bit
 * of (b & 127) + 128 - threshold, or of b itself, says whether b >= threshold.
 */
function maskByBytes(length: number, threshold: number, random: Random): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4))
  random.fill(words)
  const offset = (128 - threshold) * BYTES
  for (let i = 0; i < words.length; i++) {
    const r = words[i]
    words[i] = ((((r & 0x7f7f7f7f) + offset) | r) & 0x80808080) >>> 7
  }
  return new Uint8Array(words.buffer, 0, length)
}
