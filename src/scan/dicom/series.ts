/** Series of a heap of files: sorted out, told into volumes, and judged. */
import { SpiculaError } from '../../error.ts'
import type { Note } from '../scan.ts'
import type { ReadFile, SeriesFacts, Slice } from './slice.ts'
import type { Stack } from './stack.ts'
import { volumesOf } from './volumes.ts'

/** One volume of a series, sound or not; mostly a series is one. */
export interface Series extends SeriesFacts {
  /** Where a series holds several volumes: which of them, from 1, of how many, and what tells them apart. */
  readonly part: { readonly nth: number; readonly of: number; readonly by: string } | undefined
  /** Number of images that are slices. */
  readonly sliceCount: number
  /** Scouts set aside. */
  readonly localizers: number
  readonly thicknessMm: number | undefined
  readonly stack: Stack | undefined
  /** Why it is not a volume. */
  readonly problem: SpiculaError | undefined
  /** What of its files is odd but was read. */
  readonly notes: readonly Note[]
}

/**
 * Sorts files into series, and those into volumes, and judges each.
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
  const series = (await Promise.all([...groups.values()].map(judge))).flat()
  const order = ({ seriesNumber = Number.POSITIVE_INFINITY, seriesUid }: Series) => ({ seriesNumber, seriesUid })
  return series.sort((a, b) => {
    const [x, y] = [order(a), order(b)]
    if (x.seriesNumber !== y.seriesNumber) return x.seriesNumber - y.seriesNumber
    return x.seriesUid === y.seriesUid ? (a.part?.nth ?? 0) - (b.part?.nth ?? 0) : x.seriesUid < y.seriesUid ? -1 : 1
  })
}

/** Files that may hold slices of the volume which nobody has read: without them it would have a hole, or end too early. */
const BROKEN = new Set(['volume/truncated', 'volume/corrupt', 'volume/transfer-syntax'])

async function judge(files: readonly ReadFile[]): Promise<Series[]> {
  const all = files.flatMap(({ slices }) => slices)
  const slices = all.filter(({ localizer }) => !localizer)
  const problems = files.flatMap(({ problem }) => problem ?? [])
  const broken = problems.filter(({ code }) => BROKEN.has(code))
  const localizers = all.length - slices.length
  const unsound = (problem: SpiculaError): Series[] => [
    {
      ...factsOfAll(files),
      part: undefined,
      sliceCount: slices.length,
      localizers,
      thicknessMm: slices[0]?.thicknessMm,
      stack: undefined,
      problem: withMessage(problem, inSecondary(problem.message, files[0].facts)),
      notes: [],
    },
  ]
  if (broken.length > 0) return unsound(brokenFiles(broken))
  if (problems.length > slices.length) return unsound(brokenFiles(problems))
  if (slices.length === 0)
    return unsound(new SpiculaError('volume/dicom-localizer', 'only localisers (scouts), no slices'))
  const fileOf = new Map(files.flatMap((file) => file.slices.map((slice) => [slice, file] as const)))
  const volumes = await volumesOf(slices, samePixels)
  return volumes.map(({ slices: own, stack, problem, by }, n) => {
    const facts = factsOfAll([...new Set(own.flatMap((slice) => fileOf.get(slice) ?? []))])
    const strays = n === 0 ? strayNotes(problems) : []
    const why = [problem?.message, ...strays.map(({ message }) => message)].join('; ')
    return {
      ...facts,
      part: volumes.length > 1 ? { nth: n + 1, of: volumes.length, by: by.join(', ') } : undefined,
      sliceCount: own.length,
      localizers: n === 0 ? localizers : 0,
      thicknessMm: own[0].thicknessMm,
      stack,
      problem: problem && withMessage(problem, inSecondary(why, facts)),
      notes: strays,
    }
  })
}

/** What a Secondary Capture lacks is no wonder, once it is known to be one. */
const inSecondary = (message: string, { secondaryCapture }: SeriesFacts): string =>
  secondaryCapture ? `${message}; its slices are Secondary Capture objects` : message

/** The first file's facts, and what is true of all or of some. */
function factsOfAll(files: readonly ReadFile[]): SeriesFacts {
  const all = files.map(({ facts }) => facts)
  const odd = all.flatMap((one) => one.odd ?? [])
  const count = odd.length === all.length ? 'its' : `${odd.length} of its ${all.length}`
  return {
    ...all[0],
    lossy: all.map(({ lossy }) => lossy).find((one) => one !== undefined),
    derived: all.every(({ derived }) => derived),
    monochrome1: all.some(({ monochrome1 }) => monochrome1),
    odd:
      odd.length === 0
        ? undefined
        : `${count} files are not as the standard has them (${[...new Set(odd)].join('; ')})`,
  }
}

/** Images of a sound series that are no slices: colours, no place. */
function strayNotes(problems: readonly SpiculaError[]): Note[] {
  if (problems.length === 0) return []
  const message = `${problems.length === 1 ? '1 image that is' : `${problems.length} images that are`} no slice set aside: ${problems[0].message}`
  return [{ code: 'volume/dicom-stray', message }]
}

const withMessage = ({ code, hint, cause }: SpiculaError, message: string): SpiculaError =>
  new SpiculaError(code, message, { ...(hint === undefined ? {} : { hint }), cause })

function brokenFiles(problems: readonly SpiculaError[]): SpiculaError {
  const [first] = problems
  if (problems.length === 1) return first
  return withMessage(first, `${first.message} (and ${problems.length - 1} files more cannot be used)`)
}

async function samePixels(a: Slice, b: Slice): Promise<boolean> {
  if (a.format.bitsAllocated !== b.format.bitsAllocated) return false
  if (a.rescale?.slope !== b.rescale?.slope || a.rescale?.intercept !== b.rescale?.intercept) return false
  const [x, y] = await Promise.all([a, b].map((one) => one.frames.read(one.frame, 0, one.format.rows)))
  return x.bytes.length === y.bytes.length && x.bytes.every((byte, n) => byte === y.bytes[n])
}
