/**
 * Outlines drawn slice by slice as bodies: what touches from slice to slice is one, outlines within outlines are holes.
 */
import { dot } from '../../scan/dicom/slice.ts'
import type { Triple } from '../../scan/scan.ts'
import {
  distinctPoints,
  enclosed,
  flatten,
  isInside,
  longest,
  overlap,
  type PlaneAxes,
  type Point2,
  planeOf,
  thinned,
} from './polygon.ts'

/** One connected body. */
export interface Body {
  /** Centre of what its outlines enclose. */
  readonly centreLps: Triple
  /** undefined for outlines on one plane, where nothing tells how thick it is. */
  readonly volumeMm3: number | undefined
  /** The longest distance between two points of an outline, mm. */
  readonly longestMm: number
  /** The larger of that and the distance from its first to its last plane, mm. */
  readonly extentMm: number
  /** Whether a point lies in it: within an outline of the plane that is nearest. */
  readonly holds: (pointLps: Triple) => boolean
}

/** Outlines nearer than this are on one plane: coordinates come with one decimal, or two, mm. */
const SAME_PLANE_MM = 0.1
/** A step longer than this many of those beside it leaps over a slice without an outline. */
const REACH = 1.5
/** Nobody draws outlines of a lesion farther apart than this, mm. */
const FARTHEST_MM = 30
/** More than these, in all and on a plane, are not outlines of lesions. */
const MOST_OUTLINES = 5000
const MOST_ON_A_PLANE = 200
/** Points of an outline that are looked at to see which outlines touch. */
const MOST_POINTS = 64

interface Outline {
  readonly points: readonly Triple[]
  readonly area: number
  readonly centreLps: Triple
  readonly plane: number
  readonly flat: readonly Point2[]
  /** How many outlines of its plane it lies in; an odd number makes it a hole. */
  depth: number
  /** Outlines that are cut out of it. */
  readonly holes: Outline[]
}

/**
 * The bodies of a region's closed outlines, largest first. An outline that stands twice counts once.
 * @param contours points of each outline in LPS mm, in planes that are parallel
 * @param sliceMm distance of the slices, where it is known
 * @returns undefined where there are too many outlines
 * @example bodiesOf([[[0, 0, 1], [2, 0, 1], [2, 2, 1], [0, 2, 1]]])?.[0].centreLps // [1, 1, 1]
 */
export function bodiesOf(contours: readonly (readonly Triple[])[], sliceMm?: number): Body[] | undefined {
  const polygons = withoutCopies(contours.map(distinctPoints).filter(({ length }) => length > 0))
  if (polygons.length === 0) return []
  if (polygons.length > MOST_OUTLINES) return undefined
  const axes = planeOf(polygons.reduce((a, b) => (b.length > a.length ? b : a)))
  const [[origin]] = polygons
  const at = polygons.map((points) => points.reduce((sum, point) => sum + dot(point, axes.normal), 0) / points.length)
  const planesAt = planesOf(at, SAME_PLANE_MM)
  const outlines = polygons.map((points, n): Outline => {
    const plane = planesAt.findLastIndex((one) => one <= at[n])
    const flat = flatten(thinned(points, MOST_POINTS), origin, axes)
    return { points, ...enclosed(points, axes), plane, flat, depth: 0, holes: [] }
  })
  const byPlane = planesAt.map((_, plane) => outlines.filter((one) => one.plane === plane))
  if (byPlane.some(({ length }) => length > MOST_ON_A_PLANE)) return undefined
  return connected(byPlane, planesAt, sliceMm)
    .map((those) => measure(those, { planesAt, sliceMm, origin, axes }))
    .sort((a, b) => (b.volumeMm3 ?? 0) - (a.volumeMm3 ?? 0) || b.longestMm - a.longestMm)
}

/** Where planes lie, from the lowest: positions that are next to each other are one plane, named by its lowest. */
export function planesOf(at: readonly number[], sameMm: number): number[] {
  const sorted = [...at].sort((a, b) => a - b)
  return sorted.filter((here, n) => n === 0 || here - sorted[n - 1] > sameMm)
}

function withoutCopies(polygons: readonly (readonly Triple[])[]): (readonly Triple[])[] {
  const seen = new Map<string, readonly Triple[]>()
  for (const points of polygons) {
    const key = points.map((point) => point.map((x) => x.toFixed(3)).join()).join(' ')
    if (!seen.has(key)) seen.set(key, points)
  }
  return [...seen.values()]
}

/** Outlines by body. */
function connected(
  byPlane: readonly (readonly Outline[])[],
  planesAt: readonly number[],
  sliceMm: number | undefined,
): Outline[][] {
  const bodies = unions(byPlane.flat())
  for (const here of byPlane) {
    for (const one of here) {
      const around = here.filter((other) => other.area > one.area && liesIn(one, other))
      one.depth = around.length
      // A hole belongs to what it is cut out of; an island within a hole is a body of its own.
      if (around.length % 2 === 0) continue
      const whole = around.reduce((a, b) => (b.area < a.area ? b : a))
      whole.holes.push(one)
      bodies.join(one, whole)
    }
  }
  const solid = byPlane.map((here) => here.filter(({ depth }) => depth % 2 === 0))
  for (const here of solid)
    for (const [n, one] of here.entries())
      for (const other of here.slice(n + 1)) if (one.depth === other.depth && touch(one, other)) bodies.join(one, other)
  for (const [below, above] of steps(solid, planesAt, sliceMm)) bodies.join(below, above)
  return bodies.groups()
}

/**
 * Pairs of outlines that follow each other in one body: each with those that it overlaps on the nearest plane above. A
 * step that is much longer than those below and above it leaps over a slice where nothing was drawn, and parts two
 * bodies.
 */
function steps(
  solid: readonly (readonly Outline[])[],
  planesAt: readonly number[],
  sliceMm: number | undefined,
): (readonly [Outline, Outline])[] {
  const found: { below: Outline; above: Outline; gap: number }[] = []
  for (const [plane, here] of solid.entries())
    for (const below of here)
      for (let next = plane + 1; next < solid.length; next++) {
        const gap = planesAt[next] - planesAt[plane]
        if (gap > FARTHEST_MM) break
        const those = solid[next].filter((above) => touch(below, above))
        found.push(...those.map((above) => ({ below, above, gap })))
        if (those.length > 0) break
      }
  const into = grouped(found, ({ above }) => above)
  const from = grouped(found, ({ below }) => below)
  return found
    .filter(({ below, above, gap }) => {
      const beside = [...(into.get(below) ?? []), ...(from.get(above) ?? [])].map((one) => one.gap)
      const usual = sliceMm === undefined ? beside : [...beside, sliceMm]
      return usual.length === 0 || gap <= REACH * Math.max(...usual)
    })
    .map(({ below, above }) => [below, above] as const)
}

const liesIn = (inner: Outline, outer: Outline): boolean =>
  inner.flat.filter((point) => isInside(point, outer.flat)).length > inner.flat.length / 2

/** Whether what two outlines enclose overlaps: what lies in the other's hole does not. */
const touch = (a: Outline, b: Outline): boolean =>
  overlap(a.flat, b.flat) && !a.holes.some((hole) => liesIn(b, hole)) && !b.holes.some((hole) => liesIn(a, hole))

function grouped<T, K>(all: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const one of all) {
    const group = groups.get(keyOf(one))
    if (group) group.push(one)
    else groups.set(keyOf(one), [one])
  }
  return groups
}

/** Sets that are joined (union-find). */
function unions<T>(all: readonly T[]) {
  const parent = new Map(all.map((one) => [one, one]))
  const root = (one: T): T => {
    let at = one
    for (let up = parent.get(at); up !== undefined && up !== at; up = parent.get(at)) {
      parent.set(at, parent.get(up) ?? up)
      at = up
    }
    return at
  }
  return {
    join: (a: T, b: T): void => {
      parent.set(root(a), root(b))
    },
    groups: (): T[][] => [...grouped(all, root).values()],
  }
}

interface Region {
  readonly planesAt: readonly number[]
  readonly sliceMm: number | undefined
  readonly origin: Triple
  readonly axes: PlaneAxes
}

/** Centre and volume: areas times what of the stack each plane stands for, half of the way to its neighbours. */
function measure(outlines: readonly Outline[], { planesAt, sliceMm, origin, axes }: Region): Body {
  const planes = [...new Set(outlines.map(({ plane }) => plane))].sort((a, b) => a - b)
  const at = planes.map((plane) => planesAt[plane])
  const widths = planes.map((_, n) => {
    const [below, above] = [at[n] - at[n - 1], at[n + 1] - at[n]]
    if (planes.length === 1) return sliceMm
    return n === 0 ? above : n === planes.length - 1 ? below : (below + above) / 2
  })
  const weights = outlines.map(({ area, depth, plane }) => {
    const width = widths[planes.indexOf(plane)] ?? 1
    return depth % 2 === 1 ? -area * width : area * width
  })
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  // Lines and points enclose nothing: then each counts the same.
  const isFlat = !(total > 1e-6)
  const mean = (axis: number): number =>
    outlines.reduce((sum, { centreLps }, n) => sum + centreLps[axis] * (isFlat ? 1 : weights[n]), 0) /
    (isFlat ? outlines.length : total)
  const longestMm = Math.max(...outlines.map(({ points }) => longest(points)))
  return {
    centreLps: [mean(0), mean(1), mean(2)],
    volumeMm3: isFlat || widths.includes(undefined) ? undefined : total,
    longestMm,
    extentMm: Math.max(longestMm, at[at.length - 1] - at[0]),
    holds: (pointLps) => {
      const along = dot(pointLps, axes.normal)
      const nearest = planes.reduce((a, b) => (Math.abs(planesAt[b] - along) < Math.abs(planesAt[a] - along) ? b : a))
      const reach = REACH * Math.max(...widths.map((width) => width ?? 0), SAME_PLANE_MM)
      const [point] = flatten([pointLps], origin, axes)
      const around = outlines.filter(({ plane, flat }) => plane === nearest && isInside(point, flat))
      return Math.abs(planesAt[nearest] - along) <= reach && around.length % 2 === 1
    },
  }
}
