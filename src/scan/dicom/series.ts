/** Series of a heap of files: sorted out, judged, and the best for a chest nodule chosen where there is no doubt. */
import { SpiculaError } from '../../error.ts'
import type { Note } from '../scan.ts'
import { cross, type ReadFile, type SeriesFacts, type Slice } from './slice.ts'
import { type Stack, stackSlices } from './stack.ts'

/** One series, sound or not. */
export interface Series extends SeriesFacts {
  /** Number of images that are slices. */
  readonly sliceCount: number
  /** Scouts set aside. */
  readonly localizers: number
  readonly thicknessMm: number | undefined
  readonly stack: Stack | undefined
  /** Why it is not a volume. */
  readonly problem: SpiculaError | undefined
}

/**
 * Sorts files into series and judges each.
 * @param files whatever was read, in any order
 * @returns series with images, by series number and UID
 */
export async function seriesOf(files: readonly ReadFile[]): Promise<Series[]> {
  const groups = new Map<string, ReadFile[]>()
  for (const file of files) {
    if (file.slices.length === 0 && file.problem === undefined) continue
    const group = groups.get(file.facts.seriesUid)
    if (group) group.push(file)
    else groups.set(file.facts.seriesUid, [file])
  }
  const series = await Promise.all([...groups.values()].map(judge))
  const order = ({ seriesNumber = Number.POSITIVE_INFINITY, seriesUid }: Series) => ({ seriesNumber, seriesUid })
  return series.sort((a, b) => {
    const [x, y] = [order(a), order(b)]
    return x.seriesNumber === y.seriesNumber ? (x.seriesUid < y.seriesUid ? -1 : 1) : x.seriesNumber - y.seriesNumber
  })
}

async function judge(files: readonly ReadFile[]): Promise<Series> {
  const { facts } = files[0]
  const all = files.flatMap(({ slices }) => slices)
  const slices = all.filter(({ localizer }) => !localizer)
  const lossy = files.map((file) => file.facts.lossy).find((one) => one !== undefined)
  const base = {
    ...facts,
    lossy,
    derived: files.every((file) => file.facts.derived),
    monochrome1: files.some((file) => file.facts.monochrome1),
    sliceCount: slices.length,
    localizers: all.length - slices.length,
    thicknessMm: slices[0]?.thicknessMm,
  }
  const broken = files.flatMap(({ problem }) => problem ?? [])
  if (broken.length > 0) return { ...base, stack: undefined, problem: brokenFiles(broken) }
  if (slices.length === 0) {
    const problem = new SpiculaError('volume/dicom-localizer', 'only localisers (scouts), no slices')
    return { ...base, stack: undefined, problem }
  }
  try {
    return { ...base, stack: await stackSlices(slices, samePixels), problem: undefined }
  } catch (error) {
    if (!(error instanceof SpiculaError)) throw error
    return { ...base, stack: undefined, problem: error }
  }
}

function brokenFiles(problems: readonly SpiculaError[]): SpiculaError {
  const [first] = problems
  if (problems.length === 1) return first
  const message = `${first.message} (and ${problems.length - 1} files more cannot be used)`
  return new SpiculaError(first.code, message, first.hint === undefined ? {} : { hint: first.hint })
}

async function samePixels(a: Slice, b: Slice): Promise<boolean> {
  if (a.format.bitsAllocated !== b.format.bitsAllocated) return false
  if (a.rescale?.slope !== b.rescale?.slope || a.rescale?.intercept !== b.rescale?.intercept) return false
  const [x, y] = await Promise.all([a, b].map((one) => one.frames.read(one.frame, 0, one.format.rows)))
  return x.bytes.length === y.bytes.length && x.bytes.every((byte, n) => byte === y.bytes[n])
}

/** The chosen series, and what to tell about it. */
export interface Choice {
  readonly series: Series
  readonly stack: Stack
  readonly notes: readonly Note[]
}

/** Fewer slices than this are a test, a bolus, or a part. */
const FEW_SLICES = 8
/** Spacings nearer to each other than this are equal for the eye. */
const THINNER = 0.9
/** What the thinner series must cover of the longest. */
const COVERED = 0.9

/**
 * Chooses the series for a chest nodule. One sound CT series is chosen. Among several, axial ones go before
 * reformations, acquired before derived ones, whole before tiny ones; of what is left the thinnest is chosen, if it is
 * of the same study and frame of reference as the others and covers the same length: then a place in one is the same
 * place in the other. Everything else is refused, listing what there is.
 * @param wanted a Series Instance UID or its ending
 * @throws SpiculaError `volume/dicom-series`, or the problem of the only series
 */
export function chooseSeries(all: readonly Series[], wanted?: string): Choice {
  const named = wanted === undefined ? all : all.filter(({ seriesUid }) => seriesUid.endsWith(wanted))
  if (wanted !== undefined && named.length !== 1) {
    const message = `${named.length === 0 ? 'no series has' : `${named.length} series have`} a UID that ends in #${wanted}`
    throw refuse(message, all)
  }
  if (named.length === 0) {
    throw new SpiculaError('volume/dicom-series', 'there are no CT slices among its files', {
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
  const best = bestOf(sound)
  if (best?.stack === undefined) throw refuse(`${sound.length} series could be meant`, all)
  // A few odd slices are not what a folder is kept for, when the many others are the ones with a fault.
  const larger = all.find((one) => one.problem !== undefined && one.sliceCount > best.sliceCount)
  if (wanted === undefined && best.sliceCount < FEW_SLICES && larger?.problem) {
    throw refuse(`the largest series is not sound (${larger.problem.message})`, all)
  }
  const notes: Note[] = [...best.stack.notes]
  if (all.length > 1 && wanted === undefined) {
    const message = `of ${all.length} series, ${describeSeries(best)} was taken`
    notes.push({ code: 'volume/dicom-series', message })
  }
  if (best.localizers > 0) {
    notes.push({ code: 'volume/dicom-localizer', message: `localisers left out: ${best.localizers}` })
  }
  if (best.lossy !== undefined) {
    notes.push({ code: 'volume/lossy', message: `its pixels were compressed with loss (${best.lossy})` })
  }
  if (best.monochrome1) {
    const message = 'MONOCHROME1: for display only, its HU are as stored'
    notes.push({ code: 'volume/dicom-monochrome1', message })
  }
  return { series: best, stack: best.stack, notes }
}

/** The best of sound series; undefined where two could be. */
export function bestOf(sound: readonly Series[]): Series | undefined {
  const prefer = (series: readonly Series[], good: (one: Series) => boolean): readonly Series[] => {
    const those = series.filter(good)
    return those.length > 0 ? those : series
  }
  let left = prefer(sound, isAxial)
  left = prefer(left, ({ derived }) => !derived)
  left = prefer(left, ({ sliceCount }) => sliceCount >= FEW_SLICES)
  if (left.length <= 1) return left[0]
  const spacing = (one: Series): number => one.stack?.spacingMm ?? Number.POSITIVE_INFINITY
  const extent = (one: Series): number => spacing(one) * one.sliceCount
  const [thinnest, ...others] = [...left].sort((a, b) => spacing(a) - spacing(b))
  const isSafe = others.every(
    (other) =>
      other.studyUid === thinnest.studyUid &&
      other.frameOfReferenceUid === thinnest.frameOfReferenceUid &&
      thinnest.frameOfReferenceUid !== '' &&
      spacing(thinnest) < THINNER * spacing(other) &&
      extent(thinnest) >= COVERED * extent(other),
  )
  return isSafe ? thinnest : undefined
}

/** Slices across the body's axis, within 45 degrees: gantries tilt by 30 at most. */
function isAxial({ stack }: Series): boolean {
  const [first] = stack?.slices ?? []
  return first !== undefined && Math.abs(cross(first.rowLps, first.columnLps)[2]) > Math.SQRT1_2
}

/** A series in words without free text: number, slices, spacing. */
export const describeSeries = ({ seriesNumber, sliceCount, stack, seriesUid }: Series): string =>
  `series ${seriesNumber ?? '?'} (#${seriesEnding(seriesUid)}: ${sliceCount} slices${stack ? `, ${stack.spacingMm.toFixed(2)} mm` : ''})`

/** The last digits of a UID, enough to tell the series of a folder apart, and to name one in a path. */
export const seriesEnding = (uid: string): string => uid.replace(/[^0-9.]/g, '').slice(-8)

function refuse(message: string, all: readonly Series[]): SpiculaError {
  const shown = all.slice(0, 8).map(describeSeries).join('; ')
  const more = all.length > 8 ? `; and ${all.length - 8} more` : ''
  return new SpiculaError('volume/dicom-series', `${message}: ${shown}${more}`, {
    hint: 'Look at them with "spicula check", and name one: write its #number behind the path, or give its folder alone.',
  })
}
