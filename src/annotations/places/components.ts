/** Connected parts of a label volume, found slice by slice: the volume is never in memory as a whole. */
import { spacingMm } from '../../scan/affine.ts'
import type { Affine, Triple } from '../../scan/scan.ts'

/** One connected part of one label. */
export interface Component {
  readonly label: number
  readonly voxels: number
  /** Mean of its voxels' indices. */
  readonly centreIjk: Triple
  /** The longest distance within one slice, mm, from edge to edge of the outermost voxels along rows. */
  readonly longestInSliceMm: number
  /** First and last slice. */
  readonly slices: readonly [number, number]
  /** Its part in each slice: voxels, and the mean of their indices. */
  readonly inSlices: readonly { readonly k: number; readonly voxels: number; readonly i: number; readonly j: number }[]
}

/** Voxels of one label side by side in a row: `from` to `to - 1`. */
interface Run {
  readonly from: number
  readonly to: number
  readonly label: number
  readonly part: number
}

interface Part {
  parent: number
  readonly label: number
  voxels: number
  i: number
  j: number
  k: number
  first: number
  last: number
  /** Ends of its runs in the slice being read, mm along i and j. */
  ends: [number, number][]
  longest: number
}

/** More parts than this are noise, or not a mask of nodules at all. */
export const MOST_PARTS = 100_000

/**
 * Finds parts whose voxels touch by a face, an edge or a corner (26 neighbours), label by label. Feed the slices in
 * ascending order; slices left out are empty.
 * @example
 * const parts = componentFinder([512, 512, 300], affineLps)
 * for (...) parts.addSlice(k, labels)
 * const nodules = parts.finish()
 */
export function componentFinder(shapeIjk: Triple, affineLps: Affine) {
  const [ni, nj] = shapeIjk
  const [di, dj] = spacingMm(affineLps)
  const parts: Part[] = []
  let above: Run[][] = []
  let aboveK = -2

  const root = (part: number): number => {
    let at = part
    while (parts[at].parent !== at) {
      parts[at].parent = parts[parts[at].parent].parent
      at = parts[at].parent
    }
    return at
  }
  const join = (a: number, b: number): void => {
    const [x, y] = [root(a), root(b)]
    if (x !== y) parts[Math.max(x, y)].parent = Math.min(x, y)
  }
  const touch = (run: Run, row: readonly Run[] | undefined): void => {
    for (const other of row ?? []) {
      if (other.from > run.to) break
      if (other.label === run.label && other.to >= run.from) join(run.part, other.part)
    }
  }

  return {
    /** @returns false where there are more parts than {@link MOST_PARTS} */
    addSlice(k: number, labels: ArrayLike<number>): boolean {
      const rows: Run[][] = []
      for (let j = 0; j < nj; j++) {
        const row: Run[] = []
        for (let i = 0, at = j * ni; i < ni; ) {
          const label = labels[at + i]
          if (label === 0) {
            i++
            continue
          }
          const from = i
          while (i < ni && labels[at + i] === label) i++
          const part = parts.length
          const count = i - from
          const middle = (from + i - 1) / 2
          const ends: [number, number][] = [
            [(from - 0.5) * di, j * dj],
            [(i - 0.5) * di, j * dj],
          ]
          parts.push({
            parent: part,
            label,
            voxels: count,
            i: count * middle,
            j: count * j,
            k: count * k,
            first: k,
            last: k,
            ends,
            longest: 0,
          })
          const run = { from, to: i, label, part }
          row.push(run)
          touch(run, rows[j - 1])
          if (aboveK === k - 1) for (const near of [j - 1, j, j + 1]) touch(run, above[near])
        }
        rows.push(row)
        if (parts.length > MOST_PARTS * 50) return false
      }
      above = rows
      aboveK = k
      return true
    },

    /** The parts, largest first. */
    finish(): Component[] {
      const whole = new Map<number, Part & { bySlice: Map<number, Pick<Part, 'voxels' | 'i' | 'j' | 'ends'>> }>()
      for (const [n, part] of parts.entries()) {
        const to = root(n)
        let sum = whole.get(to)
        if (!sum) {
          sum = {
            ...parts[to],
            voxels: 0,
            i: 0,
            j: 0,
            k: 0,
            first: part.first,
            last: part.last,
            ends: [],
            bySlice: new Map(),
          }
          whole.set(to, sum)
        }
        sum.voxels += part.voxels
        sum.i += part.i
        sum.j += part.j
        sum.k += part.k
        sum.first = Math.min(sum.first, part.first)
        sum.last = Math.max(sum.last, part.last)
        const slice = sum.bySlice.get(part.first)
        if (slice) {
          slice.voxels += part.voxels
          slice.i += part.i
          slice.j += part.j
          slice.ends.push(...part.ends)
        } else sum.bySlice.set(part.first, { ...part, ends: [...part.ends] })
      }
      return [...whole.values()]
        .map(({ label, voxels, i, j, k, first, last, bySlice }) => ({
          label,
          voxels,
          centreIjk: [i / voxels, j / voxels, k / voxels] as const,
          longestInSliceMm: Math.max(...[...bySlice.values()].map(({ ends }) => longestDistance(ends))),
          slices: [first, last] as const,
          inSlices: [...bySlice].map(([slice, one]) => ({
            k: slice,
            voxels: one.voxels,
            i: one.i / one.voxels,
            j: one.j / one.voxels,
          })),
        }))
        .sort((a, b) => b.voxels - a.voxels)
    },
  }
}

/** The largest distance between points, over the corners of their convex hull. */
function longestDistance(points: readonly [number, number][]): number {
  const hull = convexHull(points)
  let longest = 0
  for (const [n, a] of hull.entries())
    for (const b of hull.slice(n + 1)) longest = Math.max(longest, Math.hypot(a[0] - b[0], a[1] - b[1]))
  return longest
}

/** Andrew's monotone chain (1979). */
function convexHull(points: readonly [number, number][]): [number, number][] {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1])
  const half = (ordered: readonly [number, number][]): [number, number][] => {
    const chain: [number, number][] = []
    for (const point of ordered) {
      while (chain.length > 1) {
        const [a, b] = chain.slice(-2)
        if ((b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]) > 0) break
        chain.pop()
      }
      chain.push(point)
    }
    return chain.slice(0, -1)
  }
  return [...half(sorted), ...half(sorted.reverse())]
}
