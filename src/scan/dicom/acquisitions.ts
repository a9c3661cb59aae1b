/**
 * The slices of one series told into acquisitions. A series may hold two passes over the same place, the phases of a
 * contrast agent or of the heart, two kernels: slices of one shape, that interleave. Their even spacing proves nothing, so
 * what each image says of its acquisition decides.
 */
import type { Triple } from '../scan.ts'
import { dot, markOf, type Slice, varying } from './slice.ts'
import { medianGap, SAME_PLACE, spacingOf } from './spacing.ts'
import type { Keyword } from './tags.ts'

/** A slice and its place along the normal, mm. */
export interface Placed {
  readonly slice: Slice
  readonly at: number
}

/** Slices told apart. */
export interface Acquisitions {
  /** Each in the order of its places. */
  readonly passes: readonly (readonly Placed[])[]
  /** The attributes that told them apart, none where there is one pass. */
  readonly by: readonly Keyword[]
  /** An attribute that alternates among the slices of one pass, which fill each other's gaps. */
  readonly alternates: Keyword | undefined
}

/** Equal among the images of an acquisition, phase or reconstruction, by how much they prove. */
const SAME_WITHIN: readonly Keyword[] = [
  'FrameOfReferenceUID',
  'AcquisitionNumber',
  'FrameAcquisitionNumber',
  'AcquisitionUID',
  'IrradiationEventUID',
  'TemporalPositionIdentifier',
  'TemporalPositionIndex',
  'TemporalPositionTimeOffset',
  'StackID',
  'NominalPercentageOfCardiacPhase',
  'NominalPercentageOfRespiratoryPhase',
  'TriggerTime',
  'DiffusionBValue',
  'ContrastBolusAgent',
  'ContrastBolusAgentNumber',
  'ContrastBolusStartTime',
  'ImageType',
  'FrameType',
  'KVP',
  'ConvolutionKernel',
  'FilterType',
  'ScanOptions',
  'SliceThickness',
  'SpacingBetweenSlices',
  'ProtocolName',
  'SeriesDescription',
  'ImageComments',
  'SeriesDate',
  'SeriesTime',
  'AcquisitionDate',
  'ContentDate',
]

/** Growing from image to image of a pass: a second pass begins where the places jump back. */
const GROWING: readonly Keyword[] = [
  'AcquisitionDateTime',
  'AcquisitionTime',
  'FrameAcquisitionDateTime',
  'FrameReferenceDateTime',
  'ContentTime',
  'InstanceNumber',
]

/** Passes of more kinds than this are no passes: the attribute counts something else. */
const MOST_PASSES = 64
/** Attributes that may be needed one after the other: a phase, then a kernel. */
const MOST_DEPTH = 3

/**
 * Tells slices into acquisitions: by the first attribute whose values alternate along the normal, each value's slices
 * being evenly spaced by themselves. Values that follow each other, block by block, are one volume.
 * @param placed slices of one shape, ascending
 * @example acquisitionsOf(placed).by // ['AcquisitionNumber']
 */
export function acquisitionsOf(placed: readonly Placed[]): Acquisitions {
  const keywords = varying(
    placed.map(({ slice }) => slice),
    [...SAME_WITHIN, ...GROWING],
  )
  return tellApart(placed, keywords, 0)
}

function tellApart(placed: readonly Placed[], keywords: readonly Keyword[], depth: number): Acquisitions {
  const whole = isSound(placed)
  const one: Acquisitions = { passes: [placed], by: [], alternates: undefined }
  if (depth >= MOST_DEPTH) return one
  let alternates: Keyword | undefined
  let half: Acquisitions | undefined
  for (const keyword of keywords) {
    const groups = GROWING.includes(keyword) ? sweeps(placed, keyword) : byValue(placed, keyword)
    if (groups.length < 2 || groups.length > MOST_PASSES || !interleave(placed, groups)) continue
    // A few slices are evenly spaced by chance.
    const isLarge = groups.every(({ length }) => length >= (groups.length === 2 ? 2 : 3))
    const told = isLarge ? groups.map((group) => tellApart(group, keywords, depth + 1)) : []
    const passes = isLarge ? told.flatMap((part) => part.passes) : groups
    const by = [keyword, ...new Set(told.flatMap((part) => part.by))]
    if (isLarge && passes.every((pass) => isSound(pass))) return { passes, by, alternates: undefined }
    if (GROWING.includes(keyword)) continue
    if (whole) alternates ??= keyword
    // A sound half of the slices is worth more than a whole that is not: the rest is a bolus, or strays.
    else if (passes.some((pass) => 2 * pass.length >= placed.length && pass.length > 2 && isSound(pass))) {
      half ??= { passes, by, alternates: undefined }
    }
  }
  return half ?? { ...one, alternates }
}

/** Whether slices are evenly spaced, each at a place of its own, on one line. */
function isSound(placed: readonly Placed[]): boolean {
  const at = placed.map((one) => one.at)
  const apart = Math.max(1e-3, SAME_PLACE * medianGap(at))
  if (at.some((here, n) => n > 0 && here - at[n - 1] <= apart) || spacingOf(at, toldSpacingMm(placed[0].slice)).fault)
    return false
  const [first, last] = [placed[0].slice, placed[placed.length - 1].slice]
  return (
    sidewaysMm(
      placed.map(({ slice }) => slice),
      stepBetween(first, last, placed.length - 1),
    ) <= sidewaysLimit(first)
  )
}

/** SpacingBetweenSlices, mm. */
export const toldSpacingMm = (slice: Slice): number | undefined => {
  const told = Number(markOf(slice, 'SpacingBetweenSlices') ?? Number.NaN)
  return Number.isFinite(told) ? Math.abs(told) : undefined
}

/** From slice to slice in the mean, mm LPS. */
export function stepBetween(first: Slice, last: Slice, count: number): Triple {
  const [x, y, z] = [0, 1, 2].map((n) => (last.positionLps[n] - first.positionLps[n]) / Math.max(1, count))
  return [x, y, z]
}

/** How far slices lie beside the line of their first positions, mm, along their rows and columns. */
export function sidewaysMm(slices: readonly Slice[], step: Triple): number {
  const [first] = slices
  return slices.reduce((most, { positionLps }, k) => {
    const [x, y, z] = [0, 1, 2].map((n) => positionLps[n] - first.positionLps[n] - k * step[n])
    return Math.max(most, Math.abs(dot([x, y, z], first.rowLps)), Math.abs(dot([x, y, z], first.columnLps)))
  }, 0)
}

/** What rounding may shift. */
export const sidewaysLimit = ({ spacingMm }: Slice): number => Math.max(0.12, 0.5 * Math.min(...spacingMm))

function byValue(placed: readonly Placed[], keyword: Keyword): Placed[][] {
  const groups = new Map<string, Placed[]>()
  for (const one of placed) {
    const value = markOf(one.slice, keyword) ?? ''
    const group = groups.get(value)
    if (group) group.push(one)
    else groups.set(value, [one])
  }
  return [...groups.values()]
}

/** Runs of images, in the order of an attribute, whose places go one way; empty where an image has no value. */
function sweeps(placed: readonly Placed[], keyword: Keyword): Placed[][] {
  const valued = placed.map((one) => ({ one, value: markOf(one.slice, keyword) }))
  if (valued.some(({ value }) => value === undefined)) return []
  const isNumber = keyword === 'InstanceNumber'
  const order = (a: string, b: string): number => (isNumber ? Number(a) - Number(b) : a < b ? -1 : a > b ? 1 : 0)
  const ordered = valued.sort((a, b) => order(a.value ?? '', b.value ?? '') || a.one.at - b.one.at)
  const runs: Placed[][] = []
  let direction = 0
  for (const { one } of ordered) {
    const run = runs.at(-1)
    const last = run?.at(-1)
    const way = last === undefined ? 0 : Math.sign(one.at - last.at)
    if (run === undefined || way === 0 || (direction !== 0 && way !== direction)) {
      runs.push([one])
      direction = 0
    } else {
      run.push(one)
      direction = way
    }
  }
  return runs.map((run) => run.sort((a, b) => a.at - b.at))
}

/** Whether groups alternate along the normal: then there are more changes of group than groups. */
function interleave(placed: readonly Placed[], groups: readonly (readonly Placed[])[]): boolean {
  const groupOf = new Map(groups.flatMap((group, n) => group.map((one) => [one, n] as const)))
  const runs = placed.reduce(
    (count, one, n) => count + Number(n === 0 || groupOf.get(one) !== groupOf.get(placed[n - 1])),
    0,
  )
  return runs > groups.length
}
