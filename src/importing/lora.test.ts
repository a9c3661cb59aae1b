/** Telling merged updates from separate ones. */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { narrowToHalf, widenHalf } from '../weights/float16.ts'
import { asFloat32 } from '../weights/folds.ts'
import { type LoraWeight, loraEvidence, loraState, lowRankUpdate, sharedWeight, unmergedWeight } from './lora.ts'
import type { WeightData } from './read.ts'

const SCALE = 1 / Math.SQRT2
const [HEIGHT, WIDTH, RANK] = [48, 32, 2]
const random = seededRandom(5)
const draw = (deviation: number, ...shape: number[]): WeightData => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => deviation * random.normal()),
})
const halved = (weight: WeightData): WeightData => ({
  dtype: 'float32',
  shape: weight.shape,
  data: widenHalf(narrowToHalf(asFloat32('', weight))),
})
const base = draw(0.05, HEIGHT, WIDTH)

/** A checkpoint of `weight`; merged in float32, as PyTorch adds. */
function checkpoint(weight: WeightData, { merge, size = 0.02 }: { merge: boolean; size?: number }): LoraWeight {
  const [a, b] = [draw(0.3, RANK, WIDTH), draw(size, HEIGHT, RANK)]
  const update = lowRankUpdate({ a, b }, SCALE).numbers
  const stored: WeightData = merge
    ? {
        dtype: 'float32',
        shape: weight.shape,
        data: asFloat32('', weight).map((w, n) => Math.fround(w + Math.fround(update[n]))),
      }
    : weight
  return { stored, a, b }
}
const several = (weight: WeightData, merge: boolean) => [1, 2, 3].map(() => checkpoint(weight, { merge }))
const stateOf = (weights: readonly LoraWeight[]) => loraState([loraEvidence(weights, SCALE)])

describe('loraState', () => {
  it.each([
    ['float32', base],
    ['half precision', halved(base)],
  ])('is told by several checkpoints of one base in %s', (_, weight) => {
    expect(stateOf(several(weight, true))).toBe('merged')
    expect(stateOf(several(weight, false))).toBe('separate')
  })

  it('is told by one checkpoint where its base is in half precision', () => {
    expect(stateOf([checkpoint(halved(base), { merge: true })])).toBe('merged')
    expect(stateOf([checkpoint(halved(base), { merge: false })])).toBe('separate')
  })

  it('is not guessed', () => {
    const own = [1, 2].map(() => checkpoint(draw(0.05, HEIGHT, WIDTH), { merge: true }))
    for (const weights of [[checkpoint(base, { merge: true })], [checkpoint(base, { merge: false })], own])
      expect(() => stateOf(weights)).toThrow(expect.objectContaining({ code: 'inference/import-lora' }))
  })

  it('does not matter where there is no update yet', () => {
    expect(stateOf([checkpoint(base, { merge: true, size: 0 })])).toBe('separate')
  })

  it('needs all weights to agree', () => {
    const [merged, separate] = [true, false].map((merge) => loraEvidence(several(base, merge), SCALE))
    expect(() => loraState([merged, separate])).toThrow(expect.objectContaining({ code: 'inference/import-lora' }))
  })
})

describe('sharedWeight', () => {
  it('is the very base in half precision', () => {
    const found = sharedWeight(several(halved(base), true), SCALE)
    expect(found?.dtype).toBe('float16')
    expect(found && asFloat32('', found)).toEqual(asFloat32('', halved(base)))
  })

  it('is found where a graphics card rounded the product, and where its terms cancel', () => {
    const weights = several(halved(base), true).map(({ a, b }) => {
      // Two terms that nearly cancel, in 10 bits: an error far beyond float32's of their sum.
      const [down, up] = [asFloat32('', a), asFloat32('', b)]
      for (let x = 0; x < WIDTH; x++) down[WIDTH + x] = -down[x] * 1.001
      for (let y = 0; y < HEIGHT; y++) up[2 * y + 1] = up[2 * y]
      const tf32 = (value: number) => {
        const bits = new Uint32Array(Float32Array.of(value).buffer)
        bits[0] = (bits[0] + 0x1000) & 0xffffe000
        return new Float32Array(bits.buffer)[0]
      }
      const data = asFloat32('', halved(base)).map((w, n) => {
        const [y, x] = [Math.floor(n / WIDTH), n % WIDTH]
        return w + SCALE * (tf32(up[2 * y]) * tf32(down[x]) + tf32(up[2 * y + 1]) * tf32(down[WIDTH + x]))
      })
      return { stored: { dtype: 'float32', shape: base.shape, data } as const, a, b }
    })
    expect(stateOf(weights)).toBe('merged')
    const found = sharedWeight(weights, SCALE)
    expect(found?.dtype).toBe('float16')
    const numbers = found ? asFloat32('', found) : []
    // Small weights may be the neighbouring half: what the card rounded away is not known any more.
    expect(asFloat32('', halved(base)).every((w, n) => Math.abs(w - numbers[n]) < 5e-5)).toBe(true)
  })

  it('is within a rounding of the base in float32', () => {
    const found = sharedWeight(several(base, true), SCALE)
    expect(found?.dtype).toBe('float32')
    const numbers = found ? asFloat32('', found) : []
    const known = asFloat32('', base)
    expect(known.every((w, n) => Math.abs(w - numbers[n]) <= 2 ** -24)).toBe(true)
  })

  it('is undefined where one number differs by more than rounding', () => {
    const weights = several(base, true)
    const moved = asFloat32('', weights[2].stored).slice()
    moved[700] += 1e-4
    const last = { ...weights[2], stored: { dtype: 'float32', shape: base.shape, data: moved } as const }
    expect(sharedWeight([...weights.slice(0, 2), last], SCALE)).toBeUndefined()
    const [alone, kept] = [asFloat32('', unmergedWeight(last, SCALE)), asFloat32('', base)]
    expect(Math.abs(alone[700] - kept[700] - 1e-4)).toBeLessThan(1e-7)
  })

  it('says how large the updates are', () => {
    const one = checkpoint(base, { merge: false })
    const update = lowRankUpdate(one, SCALE).numbers
    const largest = (values: Iterable<number>) => Math.max(...[...values].map(Math.abs))
    expect(loraEvidence([one], SCALE).largestUpdate).toBe(largest(update) / largest(asFloat32('', base)))
    // s B A by hand.
    const [a, b] = [asFloat32('', one.a), asFloat32('', one.b)]
    expect(Math.abs(update[3 * WIDTH + 5] - SCALE * (b[6] * a[5] + b[7] * a[WIDTH + 5]))).toBeLessThan(1e-15)
  })
})
