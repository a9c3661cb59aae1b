/**
 * Slices to a volume: ordered by their positions along the normal (never by names or numbers), with one affine; or the
 * reason why they do not make one.
 */
import { SpiculaError } from '../../error.ts'
import type { Affine, Note, Triple } from '../scan.ts'
import { type Placed, sidewaysLimit, sidewaysMm, stepBetween, toldSpacingMm } from './acquisitions.ts'
import { paddingHu } from './pixels.ts'
import { cross, dot, type Slice } from './slice.ts'
import { medianGap, SAME_PLACE, spacingOf } from './spacing.ts'

/** A regular stack. */
export interface Stack {
  /** In the order of k. */
  readonly slices: readonly Slice[]
  readonly shapeIjk: Triple
  readonly affineLps: Affine
  /** Distance between the planes of neighbouring slices; the thickness where there is one slice. */
  readonly spacingMm: number
  readonly notes: readonly Note[]
}

/** Below this the unevenness is rounding, and nobody needs to know. */
const UNEVEN_NOTED = 0.01
/** Leaning of the stack that is noted, degrees. */
const TILT_NOTED = 0.1

/**
 * Places slices.
 * @param placed slices of one series, orientation, pixel spacing and size, in the order of their places
 * @throws SpiculaError `volume/dicom-mixed` (shifted sideways), `volume/dicom-duplicate`, `volume/dicom-missing`,
 *   `volume/dicom-uneven`, `volume/dicom-rounded`, `volume/dicom-rescale`
 * @example const { slices, affineLps } = stackSlices(placed)
 */
export function stackSlices(placed: readonly Placed[]): Stack {
  const slices = placed.map(({ slice }) => slice)
  const at = placed.map((one) => one.at)
  const [first] = slices
  const normal = cross(first.rowLps, first.columnLps)
  const notes: Note[] = []
  const rescaled = slices.filter(({ rescale }) => rescale !== undefined).length
  if (rescaled < slices.length) notes.push(...noRescale(slices, rescaled))
  notes.push(...paddingNotes(first))
  checkPlaces(at)
  const spacing = spacingOf(at, toldSpacingMm(first))
  if (spacing.fault) throw spacing.fault
  const step = stepOf(slices, normal, notes, spacing.rounded ? toldSpacingMm(first) : undefined)
  const spacingMm = Math.abs(dot(step, normal))
  checkSideways(slices, step)
  if (spacing.rounded) {
    const message = `its slices' places are rounded by up to ${spacing.worstMm.toFixed(2)} mm: taken as even, ${spacingMm.toFixed(3)} mm apart`
    notes.push({ code: 'volume/dicom-rounded', message })
  } else if (spacing.worstMm > UNEVEN_NOTED * spacingMm) {
    const message = `slices up to ${spacing.worstMm.toFixed(3)} mm off an even spacing of ${spacingMm.toFixed(3)} mm: taken as even`
    notes.push({ code: 'volume/dicom-uneven', message })
  }
  const tilt = (Math.acos(Math.min(1, spacingMm / Math.hypot(...step))) * 180) / Math.PI
  if (tilt > TILT_NOTED) {
    const message = `the gantry was tilted by ${tilt.toFixed(1)} degrees: the views are interpolated from where the slices lie`
    notes.push({ code: 'volume/dicom-tilt', message })
  }
  const { rows, columns } = first.format
  return { slices, shapeIjk: [columns, rows, slices.length], affineLps: affine(first, step), spacingMm, notes }
}

/** The affine of C.7.6.2.1.1 with the step from slice to slice as its third column. */
function affine({ rowLps, columnLps, spacingMm: [di, dj], positionLps }: Slice, step: Triple): Affine {
  return [0, 1, 2].flatMap((axis) => [rowLps[axis] * di, columnLps[axis] * dj, step[axis], positionLps[axis]])
}

/** Slices at one place are different pictures, between which nobody can choose. */
function checkPlaces(at: readonly number[]): void {
  const apart = Math.max(1e-3, SAME_PLACE * medianGap(at))
  const same = at.flatMap((here, n) => (n > 0 && here - at[n - 1] <= apart ? [n] : []))
  if (same.length === 0) return
  // Rounding puts some neighbours at one place; phases are equally many at every place.
  const places = at.length - same.length
  const { fault } = spacingOf(at)
  if (fault?.code === 'volume/dicom-rounded' && at.length % places !== 0) throw fault
  const message = `${slicesInWords(same.length)} at a place where there is another, different one, first at ${at[same[0]].toFixed(1)} mm`
  throw new SpiculaError('volume/dicom-duplicate', message, {
    hint: 'The series holds several acquisitions or phases: keep one of them in a folder of its own.',
  })
}

/**
 * From slice to slice: the mean over the stack, as long as the file says where its places are rounded; the thickness along
 * the normal where there is one slice only.
 */
function stepOf(slices: readonly Slice[], normal: Triple, notes: Note[], toldMm?: number): Triple {
  const [first, last] = [slices[0], slices[slices.length - 1]]
  if (slices.length > 1) {
    const [x, y, z] = stepBetween(first, last, slices.length - 1)
    const scale = toldMm === undefined ? 1 : toldMm / Math.abs(dot([x, y, z], normal))
    return [x * scale, y * scale, z * scale]
  }
  const thickness = first.thicknessMm ?? 1
  const told = first.thicknessMm === undefined ? 'taken as 1 mm thick' : `${thickness} mm thick`
  notes.push({ code: 'volume/dicom-single', message: `a series of one slice, ${told}` })
  return [normal[0] * thickness, normal[1] * thickness, normal[2] * thickness]
}

/** Slices that do not lie on one line cannot be one volume: a table that moved sideways, or positions of two series. */
function checkSideways(slices: readonly Slice[], step: Triple): void {
  const sideways = sidewaysMm(slices, step)
  if (sideways <= sidewaysLimit(slices[0])) return
  const message = `slices shifted sideways against each other by ${sideways.toFixed(1)} mm`
  throw new SpiculaError('volume/dicom-mixed', message, {
    hint: 'The series is put together from several: give one acquisition.',
  })
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

/** Padding that may be tissue as well is never taken out, which is worth knowing. */
function paddingNotes({ format, rescale = { slope: 1, intercept: 0 } }: Slice): Note[] {
  const hu = paddingHu(format, rescale)
  if (hu === undefined) return []
  const value = hu[0] === hu[1] ? `${hu[0]}` : `${hu[0]} to ${hu[1]}`
  const message = `its padding is ${value} HU, which tissue has as well: read as it is stored`
  return [{ code: 'volume/dicom-padding', message }]
}

const slicesInWords = (count: number): string => (count === 1 ? '1 slice' : `${count} slices`)
