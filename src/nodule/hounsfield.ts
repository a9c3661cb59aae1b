import { SpiculaError } from '../error.ts'
import type { Box, Note } from '../scan/scan.ts'

/** HU that become 0 and 1: what is below and above is cut (docs/method.md M2). */
export const HU_WINDOW: readonly [number, number] = [-1000, 500]

/**
 * HU as a view's intensity: `HU_WINDOW` to [0, 1], cut at both ends.
 * @example unitIntensity(-250) // 0.5
 */
export function unitIntensity(hu: number): number {
  const [low, high] = HU_WINDOW
  if (hu <= low) return 0
  return hu >= high ? 1 : (hu - low) / (high - low)
}

/** No chest CT lacks air: in the lung round a nodule some voxels are below this. */
const AIR_HU = -300

/**
 * Looks at the voxels that a crop reads: all must be numbers, and they should look like Hounsfield units.
 * @param name of the scan, for messages
 * @param hu voxels of the box, i fastest
 * @returns a note `nodule/not-hu` with the range seen and the likely cause, or none
 * @throws SpiculaError `nodule/non-finite` for NaN or infinite voxels, with their number and the first one's index
 */
export function huNotes(name: string, hu: Float32Array, box: Box): Note[] {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  let sum = 0
  for (let v = 0; v < hu.length; v++) {
    const value = hu[v]
    sum += value - value // NaN as soon as one voxel is NaN or infinite
    if (value < low) low = value
    if (value > high) high = value
  }
  if (sum !== 0) throw nonFinite(name, hu, box)
  const cause = notHuCause(low, high)
  if (cause === undefined) return []
  const range = low === high ? `all are ${round(low)}` : `they run from ${round(low)} to ${round(high)}`
  return [
    { code: 'nodule/not-hu', message: `${name}: the voxels round the nodule do not look like HU: ${range}. ${cause}` },
  ]
}

const round = (value: number): number => Number(value.toPrecision(6))

function notHuCause(low: number, high: number): string | undefined {
  if (low < AIR_HU) return low === high ? 'There is nothing to see there: is it padding?' : undefined
  if (low === high) return 'There is nothing to see there: is the scan empty or masked?'
  if (low >= 0 && high <= 1) return 'They look scaled to [0, 1]: give the scan in HU.'
  if (low >= -1 && high <= 1) return 'They look scaled to [-1, 1]: give the scan in HU.'
  if (low >= 0 && high <= 255) return 'They look like 8-bit grey values: give the scan in HU.'
  if (low >= -10) return 'Is the rescale intercept (often -1024) missing? The probability would not be valid.'
  return `Nothing is below ${AIR_HU} HU, though lung is mostly air: is the nodule's place right, and are these HU?`
}

function nonFinite(name: string, hu: Float32Array, { startIjk, sizeIjk }: Box): SpiculaError {
  const [ni, nj] = sizeIjk
  const first = hu.findIndex((value) => !Number.isFinite(value))
  const count = hu.reduce((sum, value) => sum + (Number.isFinite(value) ? 0 : 1), 0)
  const offset = [first % ni, Math.floor(first / ni) % nj, Math.floor(first / (ni * nj))]
  const index = offset.map((value, axis) => value + startIjk[axis])
  return new SpiculaError(
    'nodule/non-finite',
    `${name}: ${count} of the ${hu.length} voxels round the nodule are not finite numbers; ` +
      `the first, ${hu[first]}, is voxel (${index.join(', ')})`,
    { hint: 'Often padding written by a resampling tool: replace it by -1000 HU (air) before predicting.' },
  )
}
