/**
 * Readings to lesions: which marks of different radiologists are one nodule. Nothing in the XML says so; the way is
 * the one that pylidc documents (Hancock & Magnan 2016): readings belong together when their outlines come closer than
 * a tolerance, the pixel spacing, and where more than four, the number of readers, would be one lesion, the tolerance
 * shrinks. pylidc's code compares distances in voxels with the slice thickness instead, and differs in four series.
 */
import type { Reading } from './xml.ts'

/** No lesion has more readings than the archive has readers. */
const READERS = 4
/** By how much a tolerance shrinks that joined too much, and where it ends, mm: pylidc's values. */
const SHRINK = 0.9
const LEAST_TOLERANCE_MM = 0.1

/** Stands in for a pixel spacing that is not known: the archive's is 0.46 to 0.98 mm, 0.7 in the middle. */
export const USUAL_SPACING_MM = 0.7

/**
 * Clusters the readings of one series.
 * @param spacingMm width of a pixel; also the first tolerance
 * @returns lesions in the order of their first readings, each with its readings in order
 * @example clusterReadings(readings, 0.703125).map((lesion) => lesion.length) // [4, 2, 1]
 */
export function clusterReadings(readings: readonly Reading[], spacingMm: number): Reading[][] {
  const clouds = readings.map((reading) => pointCloud(reading, spacingMm))
  const pairs: { a: number; b: number; distance: number }[] = []
  for (let a = 0; a < clouds.length; a++)
    for (let b = a + 1; b < clouds.length; b++) {
      const distance = closest(clouds[a], clouds[b], spacingMm)
      if (distance <= spacingMm) pairs.push({ a, b, distance })
    }
  let groups: number[][] = []
  for (let tolerance = spacingMm; tolerance >= LEAST_TOLERANCE_MM; tolerance *= SHRINK) {
    groups = connected(
      clouds.length,
      pairs.filter(({ distance }) => distance <= tolerance),
    )
    if (groups.every((group) => group.length <= READERS)) break
  }
  return groups.map((group) => group.map((index) => readings[index]))
}

interface Cloud {
  /** x, y, z of each point in turn, mm. */
  readonly points: Float64Array
  readonly least: readonly number[]
  readonly most: readonly number[]
}

function pointCloud({ contours }: Reading, spacingMm: number): Cloud {
  const points = new Float64Array(contours.reduce((sum, contour) => sum + (3 * contour.points.length) / 2, 0))
  const least = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  const most = least.map((x) => -x)
  let at = 0
  for (const { zMm, points: outline } of contours)
    for (let i = 0; i < outline.length; i += 2) {
      const point = [outline[i] * spacingMm, outline[i + 1] * spacingMm, zMm]
      for (let axis = 0; axis < 3; axis++) {
        points[at++] = point[axis]
        least[axis] = Math.min(least[axis], point[axis])
        most[axis] = Math.max(most[axis], point[axis])
      }
    }
  return { points, least, most }
}

/** The smallest distance between two outlines, or infinity where it is certainly above `limit`. */
function closest(a: Cloud, b: Cloud, limit: number): number {
  for (let axis = 0; axis < 3; axis++)
    if (a.least[axis] - b.most[axis] > limit || b.least[axis] - a.most[axis] > limit) return Number.POSITIVE_INFINITY
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < a.points.length; i += 3)
    for (let j = 0; j < b.points.length; j += 3) {
      const x = a.points[i] - b.points[j]
      const y = a.points[i + 1] - b.points[j + 1]
      const z = a.points[i + 2] - b.points[j + 2]
      const square = x * x + y * y + z * z
      if (square < best) best = square
    }
  return Math.sqrt(best)
}

/** Connected components, each in ascending order, in the order of their first members. */
function connected(count: number, edges: readonly { a: number; b: number }[]): number[][] {
  const parent = Array.from({ length: count }, (_, i) => i)
  const rootOf = (i: number): number => {
    let root = i
    while (parent[root] !== root) root = parent[root]
    parent[i] = root
    return root
  }
  for (const { a, b } of edges) {
    const [first, second] = [rootOf(a), rootOf(b)].sort((x, y) => x - y)
    parent[second] = first
  }
  const groups = new Map<number, number[]>()
  for (let i = 0; i < count; i++) groups.set(rootOf(i), [...(groups.get(rootOf(i)) ?? []), i])
  return [...groups.values()]
}
