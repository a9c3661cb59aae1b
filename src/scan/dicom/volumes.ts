/** The slices of one series as volumes: told apart by shape and by acquisition, strays set aside, each stacked. */
import { SpiculaError } from '../../error.ts'
import type { Note } from '../scan.ts'
import { acquisitionsOf, type Placed } from './acquisitions.ts'
import { cross, dot, type Slice } from './slice.ts'
import { medianGap, SAME_PLACE } from './spacing.ts'
import { type Stack, stackSlices } from './stack.ts'
import type { Keyword } from './tags.ts'

/** Slices that are one volume, or the reason why they are none. */
export interface Volume {
  readonly slices: readonly Slice[]
  readonly stack: Stack | undefined
  readonly problem: SpiculaError | undefined
  /** The attributes that tell it from the other volumes of its series. */
  readonly by: readonly (Keyword | 'shape')[]
}

/** Fewer slices than this are a test, a bolus, or a part. */
export const FEW_SLICES = 8
/** Images of another shape, or far from the others, are strays where those are this many times as many. */
const STRAYS = 3
/** Spacings beyond which an image belongs to no stack. */
const FAR = 10

/**
 * Makes volumes of the slices of a series.
 * @param all in any order
 * @param samePixels whether two slices at one place are copies of each other
 * @returns the largest first
 * @example const [{ stack, problem }] = await volumesOf(slices, samePixels)
 */
export async function volumesOf(
  all: readonly Slice[],
  samePixels: (a: Slice, b: Slice) => Promise<boolean>,
): Promise<Volume[]> {
  const shapes = byShape(all)
  const isStray = (group: readonly Slice[]): boolean =>
    group.length < FEW_SLICES && STRAYS * group.length <= shapes[0].length
  const strays = shapes.filter(isStray).flat()
  const kept = shapes.filter((group) => !isStray(group))
  const volumes = await Promise.all(kept.map((group) => volumesOfShape(group, samePixels)))
  return volumes
    .flatMap((group, n) => group.map((one) => (n === 0 ? withStrays(one, strays) : one)))
    .map((one) => (kept.length > 1 ? { ...one, by: ['shape' as const, ...one.by] } : one))
    .sort((a, b) => b.slices.length - a.slices.length)
}

/** Groups of one orientation, pixel spacing and size, the largest first. */
function byShape(all: readonly Slice[]): Slice[][] {
  const groups: Slice[][] = []
  for (const slice of all) {
    const group = groups.find(([first]) => isAlike(first, slice))
    if (group) group.push(slice)
    else groups.push([slice])
  }
  return groups.sort((a, b) => b.length - a.length)
}

function isAlike(a: Slice, b: Slice): boolean {
  const near = (x: readonly number[], y: readonly number[], tolerance: number): boolean =>
    x.every((value, n) => Math.abs(value - y[n]) <= tolerance)
  return (
    near(a.rowLps, b.rowLps, 1e-3) &&
    near(a.columnLps, b.columnLps, 1e-3) &&
    near(a.spacingMm, b.spacingMm, 1e-3 * a.spacingMm[0]) &&
    a.format.rows === b.format.rows &&
    a.format.columns === b.format.columns
  )
}

/** What differs first between a stray and the others. */
function difference(a: Slice, b: Slice): string {
  if (a.format.rows !== b.format.rows || a.format.columns !== b.format.columns) return 'size'
  return Math.abs(dot(cross(a.rowLps, a.columnLps), cross(b.rowLps, b.columnLps))) < 0.999
    ? 'orientation'
    : 'pixel spacing or direction'
}

async function volumesOfShape(
  all: readonly Slice[],
  samePixels: (a: Slice, b: Slice) => Promise<boolean>,
): Promise<Volume[]> {
  const normal = cross(all[0].rowLps, all[0].columnLps)
  const placed = all.map((slice) => ({ slice, at: dot(slice.positionLps, normal) })).sort((a, b) => a.at - b.at)
  const { near, far } = withoutFar(placed)
  const { kept, copies } = await withoutCopies(near, samePixels)
  const { passes, by, alternates } = acquisitionsOf(kept)
  const notes: Note[] = []
  if (copies > 0) {
    const message = `${copies === 1 ? '1 slice' : `${copies} slices`} stored twice, with equal pixels: counted once`
    notes.push({ code: 'volume/dicom-duplicate', message })
  }
  if (far > 0) {
    const message = `${far === 1 ? '1 image' : `${far} images`} far from the others set aside`
    notes.push({ code: 'volume/dicom-stray', message })
  }
  if (alternates) {
    const message = `${alternates} changes among its slices, which fill each other's gaps: taken as one acquisition`
    notes.push({ code: 'volume/dicom-acquisitions', message })
  }
  return passes.map((pass) => ({ ...stacked(pass, notes), by }))
}

function stacked(placed: readonly Placed[], notes: readonly Note[]): Omit<Volume, 'by'> {
  const slices = placed.map(({ slice }) => slice)
  try {
    const stack = stackSlices(placed)
    return { slices, stack: { ...stack, notes: [...notes, ...stack.notes] }, problem: undefined }
  } catch (error) {
    if (!(error instanceof SpiculaError)) throw error
    return { slices, stack: undefined, problem: error }
  }
}

/** A few images far from all others are no end of their stack. */
function withoutFar(placed: readonly Placed[]): { near: readonly Placed[]; far: number } {
  const limit = FAR * medianGap(placed.map(({ at }) => at))
  const blocks: Placed[][] = []
  for (const one of placed) {
    const block = blocks.at(-1)
    if (block && one.at - block[block.length - 1].at <= limit) block.push(one)
    else blocks.push([one])
  }
  const near = blocks.reduce((most, block) => (block.length > most.length ? block : most), [])
  const far = placed.length - near.length
  return far < FEW_SLICES && STRAYS * far <= near.length ? { near, far } : { near: placed, far: 0 }
}

/** Slices at one place with equal pixels are copies, of which one counts. */
async function withoutCopies(
  placed: readonly Placed[],
  samePixels: (a: Slice, b: Slice) => Promise<boolean>,
): Promise<{ kept: Placed[]; copies: number }> {
  const apart = Math.max(1e-3, SAME_PLACE * medianGap(placed.map(({ at }) => at)))
  const kept: Placed[] = []
  let [copies, differ] = [0, false]
  for (const one of placed) {
    const last = kept.at(-1)
    const isCopy =
      last !== undefined && one.at - last.at <= apart && !differ && (await samePixels(last.slice, one.slice))
    if (isCopy) copies++
    else {
      // Phases lie at the same places: after the first of them no pixels are compared.
      differ ||= last !== undefined && one.at - last.at <= apart
      kept.push(one)
    }
  }
  return { kept, copies }
}

/** Strays are noted, and named where the volume has a fault, for which they may be the reason. */
function withStrays(volume: Volume, strays: readonly Slice[]): Volume {
  if (strays.length === 0) return volume
  const what = [...new Set(strays.map((one) => difference(volume.slices[0], one)))].join(', ')
  const message = `${strays.length === 1 ? '1 image' : `${strays.length} images`} of another ${what} set aside`
  const { stack, problem } = volume
  if (stack) return { ...volume, stack: { ...stack, notes: [...stack.notes, { code: 'volume/dicom-mixed', message }] } }
  if (problem === undefined) return volume
  const told = new SpiculaError(problem.code, `${problem.message}; ${message}`, {
    ...(problem.hint && { hint: problem.hint }),
  })
  return { ...volume, problem: told }
}
