/**
 * Where the frames of a segmentation lie: each by its own functional groups (PS3.3 C.7.6.16), in whatever order and
 * spacing.
 */
import { SpiculaError } from '../../error.ts'
import type { Dataset } from '../../scan/dicom/dataset.ts'
import { cross, dot } from '../../scan/dicom/slice.ts'
import type { Keyword } from '../../scan/dicom/tags.ts'
import { items, number, numbers } from '../../scan/dicom/values.ts'
import type { Affine, Triple } from '../../scan/scan.ts'
import { planesOf } from './bodies.ts'
import { type ImageReference, imageReference } from './image-reference.ts'

/** The plane of a frame. */
export interface FramePlane {
  /** Centre of its first pixel. */
  readonly positionLps: Triple
  readonly rowLps: Triple
  readonly columnLps: Triple
  /** Between columns and between rows, mm. */
  readonly spacingMm: readonly [number, number]
}

/** The slice of an image that a frame was made from, where the scan has it. */
export type SourcePlane = (image: ImageReference) => FramePlane | undefined

export interface SegFrame {
  readonly index: number
  /** 0 in a label map, whose samples are the segments. */
  readonly segment: number
  /** Number of its plane, from 0: planes with empty slices between them are two numbers apart. */
  readonly slot: number
}

export interface SegPlanes {
  readonly frames: readonly SegFrame[]
  /** One more than the highest slot. */
  readonly slots: number
  /** Columns, rows and planes to mm: sizes and directions; where a plane lies is told by `originOf`. */
  readonly affineLps: Affine
  readonly originOf: (slot: number) => Triple
}

/** Frames nearer to each other than this lie on one plane, mm. */
const SAME_PLANE_MM = 0.01
const MOST_PLANES = 1 << 14

/**
 * Places of all frames.
 * @param sourcePlane for frames that have no place of their own but name the image that they were made from
 * @throws SpiculaError `datasets/seg` where a frame has no place, or they lie in several directions
 */
export function segPlanes(
  dataset: Dataset,
  { name, count, isLabelMap }: { name: string; count: number; isLabelMap: boolean },
  sourcePlane?: SourcePlane,
): SegPlanes {
  const refuse = (what: string): never => {
    throw new SpiculaError('datasets/seg', `${name}: ${what}`)
  }
  const [shared] = items(dataset, 'SharedFunctionalGroupsSequence')
  const own = items(dataset, 'PerFrameFunctionalGroupsSequence')
  if (own.length !== count) refuse(`${count} frames, but functional groups for ${own.length}`)
  const group = (frame: Dataset, keyword: Keyword): Dataset | undefined =>
    items(frame, keyword)[0] ?? (shared && items(shared, keyword)[0])
  const read = (frame: Dataset, sequence: Keyword, keyword: Keyword, length: number): readonly number[] => {
    const holder = group(frame, sequence)
    const values = holder && numbers(holder, keyword)
    return values?.length === length && values.every(Number.isFinite)
      ? values
      : refuse(`${keyword} is missing or broken`)
  }
  const planeOf = (frame: Dataset): FramePlane => {
    const derivation = group(frame, 'DerivationImageSequence')
    const [source] = derivation ? items(derivation, 'SourceImageSequence') : []
    const image = source && imageReference(source)
    if (group(frame, 'PlanePositionSequence') === undefined && image !== undefined) {
      return sourcePlane?.(image) ?? refuse('its frames have no place but that of images which the scan does not have')
    }
    const [x, y, z] = read(frame, 'PlanePositionSequence', 'ImagePositionPatient', 3)
    const [a, b, c, d, e, f] = read(frame, 'PlaneOrientationSequence', 'ImageOrientationPatient', 6)
    const [betweenRows, betweenColumns] = read(frame, 'PixelMeasuresSequence', 'PixelSpacing', 2)
    return {
      positionLps: [x, y, z],
      rowLps: [a, b, c],
      columnLps: [d, e, f],
      spacingMm: [betweenColumns, betweenRows],
    }
  }
  const planes = own.map(planeOf)
  const [{ rowLps, columnLps, spacingMm }] = planes
  const normal = cross(rowLps, columnLps)
  if (!(Math.abs(Math.hypot(...normal) - 1) < 0.02 && Math.min(...spacingMm) > 0)) {
    refuse('its ImageOrientationPatient or PixelSpacing cannot be right')
  }
  const isAlike = (one: FramePlane): boolean =>
    [...one.rowLps, ...one.columnLps].every((value, n) => Math.abs(value - [...rowLps, ...columnLps][n]) < 1e-3) &&
    one.spacingMm.every((value, n) => Math.abs(value - spacingMm[n]) < 1e-3 * spacingMm[n])
  if (!planes.every(isAlike)) refuse('its frames lie in several directions, or have pixels of several sizes')

  const at = planes.map(({ positionLps }) => dot(positionLps, normal))
  const planesAt = planesOf(at, SAME_PLANE_MM)
  if (planesAt.length > MOST_PLANES) refuse(`its frames are on ${planesAt.length} planes`)
  const measures = group(own[0], 'PixelMeasuresSequence')
  const [between, thickness] = (['SpacingBetweenSlices', 'SliceThickness'] as const).map((keyword) => {
    const mm = measures && number(measures, keyword)
    return mm !== undefined && mm > 0 ? mm : undefined
  })
  const slotOf = numbered(planesAt, between)
  const origins = new Map<number, Triple>()
  const frames = own.map((frame, index): SegFrame => {
    const slot = slotOf[planesAt.findLastIndex((one) => one <= at[index])]
    const { positionLps } = planes[index]
    const first = origins.get(slot) ?? positionLps
    if (positionLps.some((value, axis) => Math.abs(value - first[axis]) > 2 * SAME_PLANE_MM))
      refuse('frames of one plane begin at different places')
    origins.set(slot, first)
    const identification = group(frame, 'SegmentIdentificationSequence')
    const segment = isLabelMap ? 0 : ((identification && number(identification, 'ReferencedSegmentNumber')) ?? 1)
    return { index, segment, slot }
  })
  const step = sliceStep(planesAt, between) ?? thickness ?? 1
  const lowest = origins.get(0) ?? planes[0].positionLps
  return {
    frames,
    slots: Math.max(...slotOf) + 1,
    affineLps: [0, 1, 2].flatMap((axis) => [
      rowLps[axis] * spacingMm[0],
      columnLps[axis] * spacingMm[1],
      normal[axis] * step,
      lowest[axis],
    ]),
    originOf: (slot) => origins.get(slot) ?? lowest,
  }
}

/** Numbers of planes: one more where the next is a neighbour. Frames without a pixel of a segment may be left out. */
function numbered(planesAt: readonly number[], between: number | undefined): number[] {
  const isRegular = between !== undefined && planesAt.every((at, n) => n === 0 || at - planesAt[n - 1] > 0.5 * between)
  const beside = isRegular ? planesAt.slice(1).map((at, n) => at - planesAt[n] < 1.5 * between) : neighbouring(planesAt)
  const slots = [0]
  for (const isNext of beside) slots.push(slots[slots.length - 1] + (isNext ? 1 : 2))
  return slots
}

/** The distance that a voxel stands for: as told, else the least between planes; undefined for one plane. */
function sliceStep(planesAt: readonly number[], between: number | undefined): number | undefined {
  const least = Math.min(...planesAt.slice(1).map((at, n) => at - planesAt[n]))
  if (!Number.isFinite(least)) return between
  return between !== undefined && least > 0.5 * between ? between : least
}

/**
 * Whether each gap parts neighbours: a slice left out makes it stand out from those beside it, a coarser stack does
 * not.
 */
function neighbouring(planesAt: readonly number[]): boolean[] {
  const gaps = planesAt.slice(1).map((at, n) => at - planesAt[n])
  return gaps.map((gap, n) => {
    const beside = [gaps[n - 1], gaps[n + 1]].filter((one) => one !== undefined)
    return beside.length === 0 || gap <= 1.5 * Math.max(...beside)
  })
}
