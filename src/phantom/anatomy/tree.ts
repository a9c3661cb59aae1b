/**
 * Trees that fill a lung: the volume-filling growth of Tawhai, Pullan and Hunter 2000 (Ann Biomed Eng 28:793). Points
 * to be supplied are divided by a plane through their centroid; a branch grows part of the way to each half's centroid.
 */
import type { Triple } from '../../scan/scan.ts'
import { mix } from '../scan/hash-noise.ts'
import { type Bead, bent, chain, curve, type Tube } from '../tubes.ts'
import { add, along, cross, distance, dot, length, scale, subtract, unit } from '../vector.ts'

/** A branch from its parent's end to its own. */
export interface Branch {
  readonly from: Triple
  readonly to: Triple
  /** Direction in which the parent arrived. */
  readonly arrival: Triple
  /** How many points it supplies, and how many its parent does. */
  readonly points: number
  readonly parentPoints: number
}

/** Share of the way to a half's centroid that a branch grows. */
const REACH = 0.42
/** No branch turns further than this from its parent's direction: cosine of 62 degrees. */
const SHARPEST = Math.cos((62 * Math.PI) / 180)

/**
 * Grows a tree from its root to all points.
 * @param direction of the trunk where it begins
 */
export function growTree(root: Triple, direction: Triple, points: readonly Triple[]): Branch[] {
  const branches: Branch[] = []
  const grow = (from: Triple, arrival: Triple, group: readonly Triple[], parentPoints: number) => {
    if (group.length === 0) return
    const centroid = meanOf(group)
    const last = group.length === 1
    const wanted = subtract(last ? group[0] : centroid, from)
    const heading = turned(arrival, unit(wanted))
    const to = along(from, heading, Math.max(last ? 2 : 3, length(wanted) * (last ? 0.95 : REACH)))
    branches.push({ from, to, arrival, points: group.length, parentPoints })
    if (last) return
    const [a, b] = divide(group, centroid, heading)
    grow(to, heading, a, group.length)
    grow(to, heading, b, group.length)
  }
  grow(root, unit(direction), points, points.length)
  return branches
}

function meanOf(points: readonly Triple[]): Triple {
  let [x, y, z] = [0, 0, 0]
  for (const point of points) {
    x += point[0]
    y += point[1]
    z += point[2]
  }
  return [x / points.length, y / points.length, z / points.length]
}

/** `wanted`, or as near to it as the sharpest turn allows. */
function turned(arrival: Triple, wanted: Triple): Triple {
  const cosine = dot(arrival, wanted)
  if (cosine >= SHARPEST) return wanted
  const side = subtract(wanted, scale(arrival, cosine))
  return length(side) < 1e-6
    ? arrival
    : add(scale(arrival, SHARPEST), scale(unit(side), Math.sqrt(1 - SHARPEST * SHARPEST)))
}

/** Halves of a group, on both sides of the plane across its longest extent among those at right angles to the branch. */
function divide(group: readonly Triple[], centroid: Triple, heading: Triple): [Triple[], Triple[]] {
  const u = unit(cross(heading, Math.abs(heading[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0]))
  const v = cross(heading, u)
  let uu = 0
  let uv = 0
  let vv = 0
  for (const [x, y, z] of group) {
    const [dx, dy, dz] = [x - centroid[0], y - centroid[1], z - centroid[2]]
    const a = dx * u[0] + dy * u[1] + dz * u[2]
    const b = dx * v[0] + dy * v[1] + dz * v[2]
    uu += a * a
    uv += a * b
    vv += b * b
  }
  const angle = 0.5 * Math.atan2(2 * uv, uu - vv)
  const normal = add(scale(u, Math.cos(angle)), scale(v, Math.sin(angle)))
  const sides: [Triple[], Triple[]] = [[], []]
  for (const point of group) sides[dot(subtract(point, centroid), normal) < 0 ? 0 : 1].push(point)
  if (sides[0].length > 0 && sides[1].length > 0) return sides
  const half = group.length >> 1
  return [group.slice(0, half), group.slice(half)]
}

/**
 * A branch as a bent tube: it leaves in the direction in which its parent arrived.
 * @param key tells to which side it bends, and how much
 */
export function branchTubes(
  { from, to, arrival, points, parentPoints }: Branch,
  radius: (points: number) => number,
  key: number,
): Tube[] {
  const long = distance(from, to)
  const own = radius(points)
  // A child begins with its own radius, but for the main one, which goes on from its parent's.
  const first = Math.min(radius(parentPoints), own * 1.25)
  const early = along(from, arrival, 0.22 * long)
  const aside: Triple = [signedUnit(key), signedUnit(key + 1), signedUnit(key + 2)]
  const middle = bent(early, to, aside, 0.025 * (1 + signedUnit(key + 3)))
  const end = points === 1 ? own * 0.55 : own
  const beads: Bead[] = [
    [from, first],
    [early, own * 1.1],
    [middle, own],
    [to, end],
  ]
  return chain(curve(beads, long > 14 ? 3 : long > 6 ? 2 : 1))
}

/** A number in [-1, 1] of a key. */
const signedUnit = (key: number): number => mix(key) * 2 ** -31
