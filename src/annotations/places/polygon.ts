/** Outlines as polygons in space: what they enclose, and where its middle is. */
import { cross, dot } from '../../scan/dicom/slice.ts'
import type { Triple } from '../../scan/scan.ts'

/** A point in a plane, mm. */
export type Point2 = readonly [x: number, y: number]

/** A plane's axes: two at right angles in it, and its normal. */
export interface PlaneAxes {
  readonly u: Triple
  readonly v: Triple
  readonly normal: Triple
}

/** A polygon's area (mm2) and the centre of what it encloses; of a line or a point the middle of its length. */
export interface Enclosed {
  readonly area: number
  readonly centreLps: Triple
}

/** Below this part of the square of its length round, a polygon is a line. */
const FLAT = 1e-4

/** Points without repetitions: a closed outline's last point is often its first, and clicks come twice. */
export function distinctPoints(points: readonly Triple[]): readonly Triple[] {
  const kept = points.filter((point, n) => n === 0 || distance(point, points[n - 1]) > 1e-6)
  while (kept.length > 1 && distance(kept[0], kept[kept.length - 1]) <= 1e-6) kept.pop()
  return kept
}

export const distance = (a: Triple, b: Triple): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])

/** A line whose ends are nearer to each other than this part of its length goes round something. */
const OPEN = 0.3

/**
 * Whether a line of points goes round something: its last point is its first, or near it, for some programs write
 * outlines without the last point: no farther than the longest step between two points, or than a part of the whole.
 */
export function isClosed(points: readonly Triple[]): boolean {
  if (points.length < 3) return false
  const steps = points.slice(1).map((point, n) => distance(point, points[n]))
  const longestStep = steps.reduce((most, step) => Math.max(most, step), 0)
  const length = steps.reduce((sum, step) => sum + step, 0)
  return distance(points[0], points[points.length - 1]) <= Math.max(longestStep * (1 + 1e-9), OPEN * length)
}

/**
 * Axes of the plane in which an outline lies: the normal is that of its vector area (Newell).
 * @example planeOf([[0, 0, 5], [2, 0, 5], [2, 2, 5]]).normal // [0, 0, 1]
 */
export function planeOf(points: readonly Triple[]): PlaneAxes {
  const sum = [0, 0, 0]
  const [origin] = points
  for (const [n, a] of points.entries()) {
    const part = cross(minus(a, origin), minus(points[(n + 1) % points.length], origin))
    for (const axis of [0, 1, 2]) sum[axis] += part[axis]
  }
  const normal = unit([sum[0], sum[1], sum[2]]) ?? [0, 0, 1]
  const far: Triple = Math.abs(normal[0]) < 0.9 ? [1, 0, 0] : [0, 1, 0]
  const u = unit(cross(normal, far)) ?? far
  return { u, v: cross(normal, u), normal }
}

const minus = (a: Triple, b: Triple): Triple => [a[0] - b[0], a[1] - b[1], a[2] - b[2]]

function unit(vector: Triple): Triple | undefined {
  const length = Math.hypot(...vector)
  return length > 1e-9 ? [vector[0] / length, vector[1] / length, vector[2] / length] : undefined
}

/** Points in the plane's own axes, from an origin in space. */
export const flatten = (points: readonly Triple[], origin: Triple, { u, v }: PlaneAxes): Point2[] =>
  points.map((point) => {
    const offset = minus(point, origin)
    return [dot(offset, u), dot(offset, v)]
  })

/**
 * What a closed polygon encloses, by the shoelace formula in its plane; a hole that is joined to the outside by a
 * channel (a keyhole) counts off by itself.
 * @param points without repetitions
 * @example enclosed([[0, 0, 0], [6, 0, 0], [6, 3, 0], [0, 3, 0]], axes) // { area: 18, centreLps: [3, 1.5, 0] }
 */
export function enclosed(points: readonly Triple[], axes: PlaneAxes): Enclosed {
  const [origin] = points
  const { u, v } = axes
  const flat = flatten(points, origin, axes)
  let [area, x, y, round] = [0, 0, 0, 0]
  for (const [n, a] of flat.entries()) {
    const b = flat[(n + 1) % flat.length]
    const part = a[0] * b[1] - b[0] * a[1]
    area += part / 2
    x += ((a[0] + b[0]) * part) / 6
    y += ((a[1] + b[1]) * part) / 6
    round += Math.hypot(a[0] - b[0], a[1] - b[1])
  }
  const middle = middleOfLine([...points, origin])
  if (!(Math.abs(area) > FLAT * round ** 2)) return { area: 0, centreLps: middle }
  const at = (axis: number): number => origin[axis] + (x / area) * u[axis] + (y / area) * v[axis]
  const centreLps: Triple = [at(0), at(1), at(2)]
  // Loops of an outline that crosses itself cancel each other, and the quotient runs away from them.
  return { area: Math.abs(area), centreLps: distance(centreLps, middle) < round / 2 ? centreLps : middle }
}

/** The middle of a line's length, so that many points at one end count no more than few. */
export function middleOfLine(points: readonly Triple[]): Triple {
  const [sum, total] = [[0, 0, 0], [0]]
  for (let n = 1; n < points.length; n++) {
    const [a, b] = [points[n - 1], points[n]]
    const length = distance(a, b)
    total[0] += length
    for (const axis of [0, 1, 2]) sum[axis] += (length * (a[axis] + b[axis])) / 2
  }
  return total[0] > 0 ? [sum[0] / total[0], sum[1] / total[0], sum[2] / total[0]] : points[0]
}

/** Whether a point lies within a polygon (even-odd). */
export function isInside([x, y]: Point2, polygon: readonly Point2[]): boolean {
  let inside = false
  for (const [n, [ax, ay]] of polygon.entries()) {
    const [bx, by] = polygon[(n + 1) % polygon.length]
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside
  }
  return inside
}

/** Whether two polygons overlap. */
export function overlap(a: readonly Point2[], b: readonly Point2[]): boolean {
  const [p, q] = [boxOf(a), boxOf(b)]
  if ([0, 1].some((axis) => p[axis] > q[axis + 2] || q[axis] > p[axis + 2])) return false
  const middle: Point2 = [(p[0] + p[2]) / 2, (p[1] + p[3]) / 2]
  return (
    a.some((point) => isInside(point, b)) ||
    b.some((point) => isInside(point, a)) ||
    // Equal outlines on two planes have all their corners on each other's edges.
    (isInside(middle, a) && isInside(middle, b)) ||
    a.some((c, n) => b.some((d, m) => crosses(c, a[(n + 1) % a.length], d, b[(m + 1) % b.length])))
  )
}

/** Least x and y, greatest x and y. */
const boxOf = (points: readonly Point2[]): readonly number[] => [
  ...[0, 1].map((axis) => points.reduce((least, point) => Math.min(least, point[axis]), Number.POSITIVE_INFINITY)),
  ...[0, 1].map((axis) => points.reduce((most, point) => Math.max(most, point[axis]), Number.NEGATIVE_INFINITY)),
]

/** Whether two segments cross; such as only touch, or lie on one line, do not. */
function crosses(a: Point2, b: Point2, c: Point2, d: Point2): boolean {
  const side = (p: Point2, q: Point2, r: Point2): number =>
    (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0
}

/** The longest distance between two points. Outlines of thousands are thinned: that changes a thousandth. */
export function longest(points: readonly Triple[]): number {
  const some = thinned(points, 400)
  let most = 0
  for (const [n, a] of some.entries())
    for (let m = n + 1; m < some.length; m++) most = Math.max(most, distance(a, some[m]))
  return most
}

/** Every so many points, so that fewer than twice `most` are left. */
export function thinned<P>(points: readonly P[], most: number): readonly P[] {
  const step = Math.max(1, Math.floor(points.length / most))
  return step === 1 ? points : points.filter((_, n) => n % step === 0)
}
