/** The series that is meant: the best for a chest nodule, where there is no doubt; else a refusal that lists them. */
import { SpiculaError } from '../../error.ts'
import { applyAffine, invertAffine } from '../affine.ts'
import { insideScan } from '../box.ts'
import type { Note, Triple } from '../scan.ts'
import type { Series } from './series.ts'
import { cross, dot } from './slice.ts'
import type { Stack } from './stack.ts'
import { FEW_SLICES } from './volumes.ts'

/** The chosen series, and what to tell about it. */
export interface Choice {
  readonly series: Series
  readonly stack: Stack
  readonly notes: readonly Note[]
  /** Which other series hold a point, in words. */
  readonly elsewhere: (pointLps: Triple) => string | undefined
}

/** Spacings nearer to each other than this are equal for the eye. */
const THINNER = 0.9
/** What the thinner series must cover of each other one. */
const COVERED = 0.9
/** A nodule's views show this much to each side of its point, mm. */
const SHOWN_MM = 25

/** What is known of the series that is meant. */
export interface Wanted {
  /** A Series Instance UID or its ending; behind a colon the number of its volume, where it holds several. */
  readonly series?: string | undefined
  /** A nodule's place, mm LPS. */
  readonly pointLps?: Triple | undefined
}

/**
 * Chooses the series for a chest nodule. One sound CT series is chosen. Among several those that hold the point go
 * first, with its surroundings where one has them; then axial ones before reformations, acquired before derived ones,
 * whole before tiny ones, those of the chest before those of another part of the body. Of what is left the thinnest is chosen, if it
 * is of the same study and frame of reference as the others and holds the point, or without one what they cover: then a
 * place in one is the same place in the other. Everything else is refused, listing what there is.
 * @param found the series, and what was left out on the way, which a refusal tells where nothing else is there
 * @throws SpiculaError `volume/dicom-series`, `volume/dicom-acquisitions` where volumes of one series could be meant, or
 *   the problem of the only series
 */
export function chooseSeries(
  { series: all, notes: left = [] }: { readonly series: readonly Series[]; readonly notes?: readonly Note[] },
  { series: wanted, pointLps }: Wanted = {},
): Choice {
  const named = wanted === undefined ? all : all.filter((one) => isNamed(one, wanted))
  if (wanted !== undefined && new Set(named.map(({ seriesUid }) => seriesUid)).size !== 1) {
    const message = `${named.length === 0 ? 'no series has' : `${named.length} series have`} a UID that ends in #${wanted}`
    throw refuse(message, all)
  }
  if (named.length === 0) {
    const others = left.length > 0 ? ` (${left.map(({ message }) => message).join('; ')})` : ''
    throw new SpiculaError('volume/dicom-series', `there are no CT slices among its files${others}`, {
      hint: 'Give the folder of the CT series.',
    })
  }
  const sound = named.filter(({ stack }) => stack !== undefined)
  if (sound.length === 0) {
    const real = named.filter(({ problem }) => problem?.code !== 'volume/dicom-localizer')
    const [{ problem }] = real.length > 0 ? real : named
    if (real.length <= 1 && problem) throw problem
    throw refuse(`none of its ${named.length} series is a sound volume`, all)
  }
  const candidates = candidatesOf(sound, pointLps)
  const best = safest(candidates, pointLps)
  if (best?.stack === undefined) throw ambiguous(candidates, all, pointLps)
  const faulty = named.filter((one) => one.problem !== undefined && one.sliceCount >= FEW_SLICES)
  // A few odd slices are not what a folder is kept for, when the many others are the ones with a fault.
  const larger = faulty.find((one) => one.sliceCount > best.sliceCount)
  if (wanted === undefined && best.sliceCount < FEW_SLICES && larger?.problem) {
    throw refuse(`the largest series is not sound (${larger.problem.message})`, all)
  }
  const notes: Note[] = [...best.stack.notes, ...best.notes]
  if (named.length > 1) {
    const why = pointLps !== undefined && sound.some((one) => !holds(one, pointLps)) ? ', which holds the point' : ''
    const unsound = faulty.length > 0 ? `; not sound: ${faulty.map(describeSeries).join(', ')}` : ''
    const message = `of ${named.length} ${isOneSeries(named) ? 'volumes' : 'series'}, ${describeSeries(best)} was taken${why}${unsound}`
    notes.push({ code: 'volume/dicom-series', message })
  }
  if (best.localizers > 0) {
    notes.push({ code: 'volume/dicom-localizer', message: `localisers left out: ${best.localizers}` })
  }
  if (best.odd !== undefined) notes.push({ code: 'volume/dicom-odd', message: `${best.odd}: read as other readers do` })
  if (best.lossy !== undefined) {
    notes.push({ code: 'volume/lossy', message: `its pixels were compressed with loss (${best.lossy})` })
  }
  if (best.monochrome1) {
    const message = 'MONOCHROME1: for display only, its HU are as stored'
    notes.push({ code: 'volume/dicom-monochrome1', message })
  }
  return { series: best, stack: best.stack, notes, elsewhere: (point) => elsewhere(all, best, point) }
}

const isNamed = ({ seriesUid, part }: Series, wanted: string): boolean => {
  const [ending, nth] = wanted.split(':')
  return seriesUid.endsWith(ending) && (nth === undefined || part?.nth === Number(nth))
}

const isOneSeries = (all: readonly Series[]): boolean => new Set(all.map(({ seriesUid }) => seriesUid)).size === 1

/** The best of sound series, without a point; undefined where two could be. */
export const bestOf = (sound: readonly Series[]): Series | undefined => safest(candidatesOf(sound))

/** Those that are best by all that can be said of one alone. */
function candidatesOf(sound: readonly Series[], pointLps?: Triple): readonly Series[] {
  const prefer = (series: readonly Series[], good: (one: Series) => boolean): readonly Series[] => {
    const those = series.filter(good)
    return those.length > 0 ? those : series
  }
  let left = sound
  if (pointLps) {
    left = prefer(left, (one) => holds(one, pointLps))
    left = prefer(left, (one) => holds(one, pointLps, SHOWN_MM))
  }
  left = prefer(left, isAxial)
  left = prefer(left, ({ derived }) => !derived)
  left = prefer(left, ({ sliceCount }) => sliceCount >= FEW_SLICES)
  return prefer(left, ({ bodyPart }) => bodyPart === '' || CHEST.test(bodyPart))
}

/** Codes of BodyPartExamined (PS3.16 L) with the chest in them: CHEST, CHESTABDPELVIS, WHOLEBODY. */
const CHEST = /CHEST|THORAX|THX|LUNG|TORSO|BODY/i

/** The thinnest, where a place in any other is the same place in it. */
function safest(candidates: readonly Series[], pointLps?: Triple): Series | undefined {
  if (candidates.length <= 1) return candidates[0]
  const spacing = (one: Series): number => one.stack?.spacingMm ?? Number.POSITIVE_INFINITY
  const [thinnest, ...others] = [...candidates].sort((a, b) => spacing(a) - spacing(b))
  const holdsPoint = pointLps !== undefined && candidates.every((one) => holds(one, pointLps))
  const isSafe = others.every(
    (other) =>
      other.studyUid === thinnest.studyUid &&
      other.frameOfReferenceUid === thinnest.frameOfReferenceUid &&
      thinnest.frameOfReferenceUid !== '' &&
      spacing(thinnest) < THINNER * spacing(other) &&
      (holdsPoint || covers(thinnest, other)),
  )
  return isSafe ? thinnest : undefined
}

/** Whether a series holds a point, or a point and all that lies within some millimetres of it along its slices' normal. */
function holds({ stack }: Series, pointLps: Triple, roundMm = 0): boolean {
  if (stack === undefined) return false
  const { shapeIjk, affineLps } = stack
  const indexIjk = applyAffine(invertAffine(affineLps), pointLps)
  const round = roundMm / stack.spacingMm
  return [-round, round].every((k) => insideScan(shapeIjk, [indexIjk[0], indexIjk[1], indexIjk[2] + k]))
}

/** Whether the planes of a series reach over those of another, as far as they do along its own normal. */
function covers(series: Series, other: Series): boolean {
  const extent = ({ stack }: Series): readonly [number, number] => {
    const ends = stack ? [stack.slices[0], stack.slices[stack.slices.length - 1]] : []
    const at = ends.map(({ positionLps }) => dot(positionLps, normalOf(series)))
    const half = (stack?.spacingMm ?? 0) / 2
    return [Math.min(...at) - half, Math.max(...at) + half]
  }
  const [from, to] = extent(series)
  const [low, high] = extent(other)
  return Math.min(to, high) - Math.max(from, low) >= COVERED * (high - low)
}

const normalOf = ({ stack }: Series): Triple => {
  const [first] = stack?.slices ?? []
  return first ? cross(first.rowLps, first.columnLps) : [0, 0, 1]
}

/** The sound series other than the chosen one that hold a point: `series 2 (#48283260: 12 slices, 5.00 mm)`. */
function elsewhere(all: readonly Series[], chosen: Series, pointLps: Triple): string | undefined {
  const others = all.filter((one) => one !== chosen && holds(one, pointLps))
  return others.length > 0 ? others.slice(0, 3).map(describeSeries).join(', ') : undefined
}

function ambiguous(candidates: readonly Series[], all: readonly Series[], pointLps: Triple | undefined): SpiculaError {
  const [{ part }] = candidates
  const point = pointLps?.map((x) => Number(x.toFixed(1))).join(', ')
  const held =
    pointLps && !candidates.some((one) => holds(one, pointLps)) ? `; (${point}) mm LPS lies in none of them` : ''
  if (part && isOneSeries(candidates)) {
    const message = `${candidates.length} volumes of one series could be meant, told apart by ${part.by}${held}`
    return refuse(message, all, 'volume/dicom-acquisitions')
  }
  return refuse(`${candidates.length} series could be meant${held}`, all)
}

/** Slices across the body's axis, within 45 degrees: gantries tilt by 30 at most. */
function isAxial({ stack }: Series): boolean {
  const [first] = stack?.slices ?? []
  return first !== undefined && Math.abs(cross(first.rowLps, first.columnLps)[2]) > Math.SQRT1_2
}

/** A series in words without free text: number, slices, spacing. */
export const describeSeries = (one: Series): string => {
  const { seriesNumber, sliceCount, stack } = one
  const spacing = stack ? `, ${stack.spacingMm.toFixed(2)} mm` : ''
  return `series ${seriesNumber ?? '?'} (#${seriesEnding(one)}: ${sliceCount} slices${spacing})`
}

/** The last digits of a UID, enough to tell the series of a folder apart, and the volume: what names one in a path. */
export const seriesEnding = ({ seriesUid, part }: Pick<Series, 'seriesUid' | 'part'>): string =>
  `${seriesUid.replace(/[^0-9.]/g, '').slice(-8)}${part ? `:${part.nth}` : ''}`

function refuse(message: string, all: readonly Series[], code = 'volume/dicom-series'): SpiculaError {
  const shown = all.slice(0, 8).map(describeSeries).join('; ')
  const more = all.length > 8 ? `; and ${all.length - 8} more` : ''
  return new SpiculaError(code, `${message}: ${shown}${more}`, {
    hint: 'Look at them with "spicula check", and name one: write its #number behind the path, or give its folder alone.',
  })
}
