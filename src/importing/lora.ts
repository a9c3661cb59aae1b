/**
 * Telling whether the weights of checkpoints hold their low-rank updates already. The published training saves in
 * evaluation mode: what is stored as W is W + s B A, with A and B beside it (docs/method.md M17.1). Counted once, the
 * update must be taken out again, and then the folds share what they were trained from.
 */

import { LORA_A, LORA_B } from '../clip/weight-names.ts'
import { SpiculaError } from '../error.ts'
import { narrowToHalf, widenHalf } from '../weights/float16.ts'
import { asFloat32 } from '../weights/folds.ts'
import type { WeightData } from './read.ts'

/** `merged`: stored is W + s B A; `separate`: stored is W. */
export type LoraState = 'merged' | 'separate'
export const LORA_STATES = ['merged', 'separate'] as const satisfies readonly LoraState[]

/** One checkpoint's weight [out, in] with its update's factors [rank, in] and [out, rank]. */
export interface LoraWeight {
  readonly stored: WeightData
  readonly a: WeightData
  readonly b: WeightData
}

/** What one weight tells, seen in all checkpoints. */
export interface LoraEvidence {
  /** Stored numbers are the same in all. */
  readonly storedAgree: boolean
  /** They are the same once the updates are taken out, within rounding. */
  readonly unmergedAgree: boolean
  /** Stored numbers are exactly those of half precision, as OpenAI's weights are. */
  readonly storedHalf: boolean
  /** They are once the updates are taken out, within rounding. */
  readonly unmergedHalf: boolean
  /** Largest |s B A| of the first checkpoint, by the largest |W|. */
  readonly largestUpdate: number
}

/**
 * Adding and taking out an update rounds the weight to float32 each time, and a training does so twice an epoch: 64
 * half spacings of float32 cover hundreds of them, and are a hundredth of the spacing of half precision.
 */
const WEIGHT_ROUNDING = 64 * 2 ** -24
/** What a product of matrices on a graphics card may round away (TF32 keeps 10 bits of either factor): little. */
const UPDATE_ROUNDING = 2 ** -9

interface Update {
  /** s B A, [out * in], in double precision. */
  readonly numbers: Float64Array
  /** The same of the factors' magnitudes: what rounding is relative to, where terms cancel. */
  readonly magnitudes: Float64Array
}

/** @param scale the s of W + s B A */
export function lowRankUpdate({ a, b }: Pick<LoraWeight, 'a' | 'b'>, scale: number): Update {
  const [rank, width] = a.shape
  const [height] = b.shape
  const [down, up] = [asFloat32(LORA_A, a), asFloat32(LORA_B, b)]
  const numbers = new Float64Array(height * width)
  const magnitudes = new Float64Array(height * width)
  for (let y = 0; y < height; y++)
    for (let r = 0; r < rank; r++) {
      const factor = scale * up[y * rank + r]
      for (let x = 0; x < width; x++) {
        const term = factor * down[r * width + x]
        numbers[y * width + x] += term
        magnitudes[y * width + x] += Math.abs(term)
      }
    }
  return { numbers, magnitudes }
}

interface Unmerged {
  readonly numbers: Float64Array
  /** How far rounding may have moved each of them. */
  readonly tolerance: Float64Array
}

function unmerge(weight: LoraWeight, scale: number): Unmerged {
  const stored = asFloat32('weight', weight.stored)
  const update = lowRankUpdate(weight, scale)
  const numbers = new Float64Array(stored.length)
  const tolerance = new Float64Array(stored.length)
  for (let n = 0; n < stored.length; n++) {
    numbers[n] = stored[n] - update.numbers[n]
    tolerance[n] = WEIGHT_ROUNDING * Math.abs(stored[n]) + UPDATE_ROUNDING * update.magnitudes[n]
  }
  return { numbers, tolerance }
}

/**
 * The weight that several checkpoints were trained from, out of their merged ones: the mean of what is left when each
 * update is taken out, in half precision where that is as near as rounding.
 * @returns undefined where they do not agree: then they were trained from different weights
 */
export function sharedWeight(weights: readonly LoraWeight[], scale: number): WeightData | undefined {
  const parts = weights.map((weight) => unmerge(weight, scale))
  const { shape } = weights[0].stored
  const [first] = parts
  const mean: Unmerged = {
    numbers: new Float64Array(first.numbers.length),
    tolerance: new Float64Array(first.numbers.length),
  }
  for (const { numbers, tolerance } of parts)
    for (let n = 0; n < numbers.length; n++) {
      if (Math.abs(numbers[n] - first.numbers[n]) > tolerance[n] + first.tolerance[n]) return undefined
      mean.numbers[n] += numbers[n] / parts.length
      mean.tolerance[n] += tolerance[n] / parts.length
    }
  return snapped(mean, shape)
}

/** One checkpoint's weight without its update. */
export function unmergedWeight(weight: LoraWeight, scale: number): WeightData {
  return snapped(unmerge(weight, scale), weight.stored.shape)
}

/** Half precision where every number is one within its tolerance, else float32. */
function snapped({ numbers, tolerance }: Unmerged, shape: readonly number[]): WeightData {
  const data = Float32Array.from(numbers)
  const half = narrowToHalf(data)
  return isNear(widenHalf(half), numbers, tolerance)
    ? { dtype: 'float16', shape, data: half }
    : { dtype: 'float32', shape, data }
}

const isNear = (a: Float32Array, b: Float64Array, tolerance: Float64Array): boolean =>
  a.every((value, n) => Math.abs(value - b[n]) <= tolerance[n])

/** What a weight tells of all checkpoints. */
export function loraEvidence(weights: readonly LoraWeight[], scale: number): LoraEvidence {
  const [first] = weights
  const stored = weights.map((weight) => asFloat32('weight', weight.stored))
  const halves = widenHalf(narrowToHalf(stored[0]))
  const shared = sharedWeight(weights, scale)
  const own = shared ?? unmergedWeight(first, scale)
  return {
    storedAgree: stored.every((one) => one.every((value, n) => value === stored[0][n])),
    unmergedAgree: shared !== undefined,
    storedHalf: stored[0].every((value, n) => value === halves[n]),
    unmergedHalf: own.dtype === 'float16',
    largestUpdate: largest(lowRankUpdate(first, scale).numbers) / Math.max(largest(stored[0]), Number.MIN_VALUE),
  }
}

/**
 * Whether the stored weights hold their updates. Several checkpoints of one base tell it: either what is stored is the
 * same in all, or what is left without the updates. One alone tells it where the base was in half precision.
 * @param evidence of every weight that has an update
 * @throws SpiculaError `inference/import-lora` where neither can be seen
 */
export function loraState(evidence: readonly LoraEvidence[]): LoraState {
  const all = (fact: 'storedAgree' | 'unmergedAgree' | 'storedHalf' | 'unmergedHalf') =>
    evidence.every((one) => one[fact])
  if (all('storedAgree') !== all('unmergedAgree')) return all('storedAgree') ? 'separate' : 'merged'
  if (evidence.every(({ largestUpdate }) => largestUpdate === 0)) return 'separate'
  if (all('storedAgree') && all('storedHalf') !== all('unmergedHalf')) return all('storedHalf') ? 'separate' : 'merged'
  throw new SpiculaError(
    'inference/import-lora',
    'nothing tells whether the weights hold their low-rank updates already',
    {
      hint:
        'Several folds of one base would tell it, or a base in half precision. The published training saves them ' +
        'merged: say --lora merged, or --lora separate.',
    },
  )
}

function largest(values: Float32Array | Float64Array): number {
  let most = 0
  for (const value of values) most = Math.max(most, Math.abs(value))
  return most
}
