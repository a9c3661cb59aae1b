/** Whether slices lie evenly along their normal, or why not. */
import { SpiculaError } from '../../error.ts'

/** Slices nearer than this part of the spacing are at one place. */
export const SAME_PLACE = 0.1
/** Positions may be rounded to 0.1 mm by their writer. */
const ROUNDED_MM = 0.06
/** A larger part of the spacing off its place, and a slice is not where it should be. */
const UNEVEN = 0.1

/** The usual distance of neighbours, mm: their median, copies at one place left out. */
export function medianGap(at: readonly number[]): number {
  const gaps = at.slice(1).map((here, n) => here - at[n])
  const apart = gaps.filter((gap) => gap > 1e-3).sort((a, b) => a - b)
  return apart[apart.length >> 1] ?? 0
}

/** An even spacing, or what is wrong with it. */
export type Spacing =
  /** The largest distance of a slice from its place in an even stack, mm. */
  { readonly worstMm: number; readonly rounded: boolean; readonly fault?: undefined } | { readonly fault: SpiculaError }

/**
 * Judges a spacing.
 * @param at places along the normal, mm, ascending
 * @param toldMm what the file says of the spacing (SpacingBetweenSlices): it proves that uneven places were rounded
 * @example spacingOf([0, 2.5, 5]) // { worstMm: 0, rounded: false }
 */
export function spacingOf(at: readonly number[], toldMm?: number): Spacing {
  if (at.length < 3) return { worstMm: 0, rounded: false }
  const gaps = at.slice(1).map((here, n) => here - at[n])
  const typical = medianGap(at)
  const tolerance = Math.max(ROUNDED_MM, UNEVEN * typical)
  const odd = gaps.flatMap((gap, n) => (Math.abs(gap - typical) > 2 * tolerance ? [n] : []))
  const even = (at[at.length - 1] - at[0]) / (at.length - 1)
  const worstMm = at.reduce((most, here, n) => Math.max(most, Math.abs(here - at[0] - n * even)), 0)
  if (odd.length === 0 && worstMm <= Math.max(2 * ROUNDED_MM, UNEVEN * even)) return { worstMm, rounded: false }
  const grid = roundedTo(at)
  if (grid !== undefined && isRounding(gaps, grid) && worstMm <= grid) {
    if (toldMm !== undefined && Math.abs(toldMm - even) <= grid / gaps.length) return { worstMm, rounded: true }
    return { fault: roundedPlaces(grid, gaps) }
  }
  return { fault: missing(at, gaps, odd, typical) ?? uneven(gaps) }
}

/** The whole or half millimetres to which all places are rounded; undefined where they are not. */
const roundedTo = (at: readonly number[]): number | undefined =>
  [1, 0.5].find((grid) => at.every((here) => Math.abs(here / grid - Math.round(here / grid)) < 1e-4))

/** Rounded places are a whole number of steps apart or one more, and both often: a single gap is a missing slice. */
function isRounding(gaps: readonly number[], grid: number): boolean {
  const [least, most] = [Math.min(...gaps), Math.max(...gaps)]
  const longer = gaps.filter((gap) => gap - least > grid / 2).length
  const rarer = Math.min(longer, gaps.length - longer)
  return most - least < 1.5 * grid && rarer >= Math.max(2, OFTEN * gaps.length)
}

/** Share of the rarer gap from which on gaps of two lengths are taken for rounding. */
const OFTEN = 0.1

function roundedPlaces(grid: number, gaps: readonly number[]): SpiculaError {
  const between = `${mm(Math.min(...gaps))} to ${mm(Math.max(...gaps))}`
  const what = grid === 1 ? 'whole millimetres' : 'half millimetres'
  const message = `slices ${between} apart, at places in ${what}: rounded by the program that wrote them, or slices are missing`
  return new SpiculaError('volume/dicom-rounded', message, {
    hint: 'The files do not tell which (SpacingBetweenSlices would): export the series again from the archive.',
  })
}

function missing(
  at: readonly number[],
  gaps: readonly number[],
  odd: readonly number[],
  typical: number,
): SpiculaError | undefined {
  const counts = odd.map((k) => Math.round(gaps[k] / typical) - 1)
  const whole =
    odd.length > 0 && odd.every((k, n) => counts[n] > 0 && Math.abs(gaps[k] / typical - counts[n] - 1) < 0.2)
  if (!whole) return undefined
  const count = counts.reduce((sum, one) => sum + one, 0)
  const [n] = odd
  const places = `between ${mm(at[n])} and ${mm(at[n + 1])}${odd.length > 1 ? ` and at ${odd.length - 1} more places` : ''}`
  const message = `${count === 1 ? '1 slice' : `${count} slices`} missing: ${places}, at a spacing of ${typical.toFixed(2)} mm`
  return new SpiculaError('volume/dicom-missing', message, {
    hint: 'Copy the series again from the archive: a slice that is not there cannot be looked at.',
  })
}

function uneven(gaps: readonly number[]): SpiculaError {
  const [least, most] = [Math.min(...gaps), Math.max(...gaps)]
  const message = `unevenly spaced slices, ${least.toFixed(2)} to ${most.toFixed(2)} mm apart`
  return new SpiculaError('volume/dicom-uneven', message, {
    hint: 'The series is put together from several, or slices are missing: give one acquisition.',
  })
}

const mm = (at: number): string => `${at.toFixed(1)} mm`
