/**
 * Slices to a volume: ordered by their positions along the normal (never by names or numbers), with one affine; or the
 * reason why they do not make one.
 */
import { SpiculaError } from '../../error.ts'
import type { Affine, Note, Triple } from '../scan.ts'
import { cross, dot, type Slice } from './slice.ts'

/** A regular stack. */
export interface Stack {
  /** In the order of k. */
  readonly slices: readonly Slice[]
  readonly affineLps: Affine
  /** Distance between the planes of neighbouring slices; the thickness where there is one slice. */
  readonly spacingMm: number
  readonly notes: readonly Note[]
}

/** Slices nearer than this part of the spacing are at one place. */
const SAME_PLACE = 0.1
/** Positions may be rounded to 0.1 mm by their writer. */
const ROUNDED_MM = 0.06
/** A larger part of the spacing off its place, and a slice is not where it should be. */
const UNEVEN = 0.1
/** Below this the unevenness is rounding, and nobody needs to know. */
const UNEVEN_NOTED = 0.01
/** Leaning of the stack that is noted, degrees. */
const TILT_NOTED = 0.1

/**
 * Orders slices and places them.
 * @param all slices of one series, in any order
 * @param samePixels whether two slices at one place are copies of each other
 * @throws SpiculaError `volume/dicom-mixed` (orientation, spacing or size differ), `volume/dicom-duplicate`,
 *   `volume/dicom-missing`, `volume/dicom-uneven`, `volume/dicom-rescale`
 * @example const { slices, affineLps } = await stackSlices(slices, samePixels)
 */
export async function stackSlices(
  all: readonly Slice[],
  samePixels: (a: Slice, b: Slice) => Promise<boolean>,
): Promise<Stack> {
  const [first] = all
  checkAlike(all)
  const normal = cross(first.rowLps, first.columnLps)
  const placed = all.map((slice) => ({ slice, at: dot(slice.positionLps, normal) })).sort((a, b) => a.at - b.at)
  const gaps = placed.slice(1).map(({ at }, n) => at - placed[n].at)
  const { kept, copies } = await withoutCopies(placed, medianGap(gaps), samePixels)
  const notes: Note[] = []
  if (copies > 0) {
    const message = `${slicesInWords(copies)} stored twice, with equal pixels: counted once`
    notes.push({ code: 'volume/dicom-duplicate', message })
  }
  const slices = kept.map(({ slice }) => slice)
  const rescaled = slices.filter(({ rescale }) => rescale !== undefined).length
  if (rescaled < slices.length) notes.push(...noRescale(slices, rescaled))
  const worst = checkSpacing(kept.map(({ at }) => at))
  const step = stepOf(slices, normal, notes)
  const spacingMm = Math.abs(dot(step, normal))
  checkSideways(slices, step)
  if (worst > UNEVEN_NOTED * spacingMm) {
    const message = `slices up to ${worst.toFixed(3)} mm off an even spacing of ${spacingMm.toFixed(3)} mm: taken as even`
    notes.push({ code: 'volume/dicom-uneven', message })
  }
  const tilt = (Math.acos(Math.min(1, spacingMm / Math.hypot(...step))) * 180) / Math.PI
  if (tilt > TILT_NOTED) {
    const message = `the gantry was tilted by ${tilt.toFixed(1)} degrees: the views are interpolated from where the slices lie`
    notes.push({ code: 'volume/dicom-tilt', message })
  }
  return { slices, affineLps: affine(slices[0], step), spacingMm, notes }
}

/** The affine of C.7.6.2.1.1 with the step from slice to slice as its third column. */
function affine({ rowLps, columnLps, spacingMm: [di, dj], positionLps }: Slice, step: Triple): Affine {
  return [0, 1, 2].flatMap((axis) => [rowLps[axis] * di, columnLps[axis] * dj, step[axis], positionLps[axis]])
}

function checkAlike(all: readonly Slice[]): void {
  const [first] = all
  const differ = (what: string, isOther: (slice: Slice) => boolean): void => {
    const count = all.filter(isOther).length
    if (count === 0) return
    const message = `${slicesInWords(count)} of ${all.length} with another ${what} than the rest`
    throw new SpiculaError('volume/dicom-mixed', message, {
      hint: 'The series holds more than one volume, or pictures that are not slices: move those elsewhere.',
    })
  }
  const near = (a: readonly number[], b: readonly number[], tolerance: number): boolean =>
    a.every((value, n) => Math.abs(value - b[n]) <= tolerance)
  differ('orientation', (s) => !near(s.rowLps, first.rowLps, 1e-3) || !near(s.columnLps, first.columnLps, 1e-3))
  differ('pixel spacing', (s) => !near(s.spacingMm, first.spacingMm, 1e-3 * first.spacingMm[0]))
  differ('size', ({ format: { rows, columns } }) => rows !== first.format.rows || columns !== first.format.columns)
}

interface Placed {
  readonly slice: Slice
  readonly at: number
}

const medianGap = (gaps: readonly number[]): number => {
  const apart = gaps.filter((gap) => gap > 1e-3).sort((a, b) => a - b)
  return apart[apart.length >> 1] ?? 0
}

/** Slices at one place are copies, of which one counts, or different pictures, between which nobody can choose. */
async function withoutCopies(
  placed: readonly Placed[],
  spacing: number,
  samePixels: (a: Slice, b: Slice) => Promise<boolean>,
): Promise<{ kept: Placed[]; copies: number }> {
  const kept: Placed[] = []
  const different: number[] = []
  let copies = 0
  for (const one of placed) {
    const last = kept.at(-1)
    if (last === undefined || one.at - last.at > Math.max(1e-3, SAME_PLACE * spacing)) kept.push(one)
    else if (different.length === 0 && (await samePixels(last.slice, one.slice))) copies++
    else different.push(one.at)
  }
  if (different.length === 0) return { kept, copies }
  const message = `${slicesInWords(different.length)} at a place where there is another, different one, first at ${mm(different[0])}`
  throw new SpiculaError('volume/dicom-duplicate', message, {
    hint: 'The series holds several acquisitions or phases: keep one of them in a folder of its own.',
  })
}

/** @returns the largest distance of a slice from its place in an even stack, mm */
function checkSpacing(at: readonly number[]): number {
  if (at.length < 3) return 0
  const gaps = at.slice(1).map((here, n) => here - at[n])
  const typical = medianGap(gaps)
  const tolerance = Math.max(ROUNDED_MM, UNEVEN * typical)
  const odd = gaps.flatMap((gap, n) => (Math.abs(gap - typical) > 2 * tolerance ? [n] : []))
  if (odd.length > 0) {
    const [n] = odd
    const missing = odd.map((k) => Math.round(gaps[k] / typical) - 1)
    const whole = odd.every((k, i) => missing[i] > 0 && Math.abs(gaps[k] / typical - missing[i] - 1) < 0.2)
    if (whole) {
      const count = missing.reduce((sum, one) => sum + one, 0)
      const message = `${slicesInWords(count)} missing: between ${mm(at[n])} and ${mm(at[n + 1])}${odd.length > 1 ? ` and at ${odd.length - 1} more places` : ''}, at a spacing of ${typical.toFixed(2)} mm`
      throw new SpiculaError('volume/dicom-missing', message, {
        hint: 'Copy the series again from the archive: a slice that is not there cannot be looked at.',
      })
    }
    throw uneven(Math.min(...gaps), Math.max(...gaps))
  }
  const even = (at[at.length - 1] - at[0]) / (at.length - 1)
  const worst = at.reduce((most, here, n) => Math.max(most, Math.abs(here - at[0] - n * even)), 0)
  if (worst > Math.max(2 * ROUNDED_MM, UNEVEN * even)) throw uneven(Math.min(...gaps), Math.max(...gaps))
  return worst
}

const uneven = (least: number, most: number): SpiculaError =>
  new SpiculaError(
    'volume/dicom-uneven',
    `unevenly spaced slices, ${least.toFixed(2)} to ${most.toFixed(2)} mm apart`,
    {
      hint: 'The series is put together from several, or slices are missing: give one acquisition.',
    },
  )

/** From slice to slice: the mean over the stack; the thickness along the normal where there is one slice only. */
function stepOf(slices: readonly Slice[], normal: Triple, notes: Note[]): Triple {
  const [first, last] = [slices[0], slices[slices.length - 1]]
  if (slices.length > 1) {
    const step = [0, 1, 2].map((n) => (last.positionLps[n] - first.positionLps[n]) / (slices.length - 1))
    return [step[0], step[1], step[2]]
  }
  const thickness = first.thicknessMm ?? 1
  const told = first.thicknessMm === undefined ? 'taken as 1 mm thick' : `${thickness} mm thick`
  notes.push({ code: 'volume/dicom-single', message: `a series of one slice, ${told}` })
  return [normal[0] * thickness, normal[1] * thickness, normal[2] * thickness]
}

/** Slices that do not lie on one line cannot be one volume: a table that moved sideways, or positions of two series. */
function checkSideways(slices: readonly Slice[], step: Triple): void {
  const [first] = slices
  const tolerance = Math.max(2 * ROUNDED_MM, 0.5 * Math.min(...first.spacingMm))
  for (const [k, { positionLps }] of slices.entries()) {
    const off = [0, 1, 2].map((n) => positionLps[n] - first.positionLps[n] - k * step[n])
    const sideways = Math.max(
      Math.abs(dot([off[0], off[1], off[2]], first.rowLps)),
      Math.abs(dot([off[0], off[1], off[2]], first.columnLps)),
    )
    if (sideways <= tolerance) continue
    throw new SpiculaError(
      'volume/dicom-mixed',
      `slices shifted sideways against each other by ${sideways.toFixed(1)} mm`,
      {
        hint: 'The series is put together from several: give one acquisition.',
      },
    )
  }
}

/** C.8.2.1: slope and intercept are required; signed numbers without them are HU as some exporters write them. */
function noRescale(slices: readonly Slice[], rescaled: number): Note[] {
  if (rescaled > 0 || !slices.every(({ format }) => format.signed)) {
    const message = `${slicesInWords(slices.length - rescaled)} without rescale slope and intercept: its numbers have no HU`
    throw new SpiculaError('volume/dicom-rescale', message, { hint: 'Give the original CT images.' })
  }
  return [
    { code: 'volume/dicom-rescale', message: 'no rescale slope and intercept: the signed numbers are taken as HU' },
  ]
}

const slicesInWords = (count: number): string => (count === 1 ? '1 slice' : `${count} slices`)
const mm = (at: number): string => `${at.toFixed(1)} mm`
