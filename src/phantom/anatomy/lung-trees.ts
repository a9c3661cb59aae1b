/** Pulmonary arteries with the bronchi beside them, and pulmonary veins between. */
import type { Random } from '../../random.ts'
import type { Triple } from '../../scan/scan.ts'
import { mix } from '../scan/hash-noise.ts'
import { hollow, type Tube } from '../tubes.ts'
import { along, between, distance, unit } from '../vector.ts'
import { ARTERY_ROOTS, MAIN_BRONCHI, VEIN_ROOTS } from './mediastinum.ts'
import { type Branch, branchTubes, growTree } from './tree.ts'

/** A branch and how thick it is: a vessel, or a bronchus with its wall. */
export interface LungBranch {
  readonly branch: Branch
  readonly kind: 'artery' | 'vein' | 'bronchus'
  /** Its bends depend on it. */
  readonly key: number
}

/** Tubes of one branch. */
export interface BranchTubes {
  readonly vessel: readonly Tube[]
  readonly wall: readonly Tube[]
  readonly lumen: readonly Tube[]
}

/** Territories of the smallest arteries and veins that a CT shows, in a lung. */
const ARTERIES = 1500
const VEINS = 1100
/** Bronchi are seen down to those that supply so many territories. */
const SEEN_BRONCHUS = 14

// Powers of the number of territories: flow divides, and the cube of the radius with it (Murray 1926), nearly.
const arteryRadius = (points: number): number => 0.5 * points ** 0.365
const veinRadius = (points: number): number => 0.48 * points ** 0.365
const lumenRadius = (points: number): number => 0.33 * points ** 0.39
const wallMm = (points: number): number => 0.24 + 0.13 * lumenRadius(points)

/** Round the hilum, branches run outside the lung. */
const HILUM_MM = 42

type Distance = (x: number, y: number, z: number) => number

/**
 * Grows the trees of one lung.
 * @param side 0 right, 1 left
 * @param lung signed distance from the lungs' surface, mm; the left lung is where x is above 0
 */
export function growLungTrees(side: 0 | 1, lung: Distance, random: Random): LungBranch[] {
  const sign = side === 0 ? -1 : 1
  const outwards: Triple = [sign, 0.1, -0.25]
  const root = ARTERY_ROOTS[side][0]
  const inLung = ({ to }: Branch): boolean => distance(to, root) < HILUM_MM || lung(...to) < -1

  const arteries = growTree(root, outwards, scatter(lung, sign, ARTERIES, random.fork('arteries'))).filter(inLung)
  const veins = growTree(VEIN_ROOTS[side][0], outwards, scatter(lung, sign, VEINS, random.fork('veins'))).filter(inLung)
  const bronchi = arteries
    .filter(({ points }) => points >= SEEN_BRONCHUS)
    .map(besideArtery(MAIN_BRONCHI[side][0]))
    .filter(inLung)
  const first = random.fork('bends').integer(2 ** 31)
  const kinds = [
    ['artery', arteries],
    ['vein', veins],
    ['bronchus', bronchi],
  ] as const
  return kinds.flatMap(([kind, branches], n) =>
    branches.map((branch, index) => ({ kind, branch, key: mix(first + 3 * index + n) })),
  )
}

const radiusOf = { artery: arteryRadius, vein: veinRadius, bronchus: lumenRadius }

/** Draws a branch: a vessel, or a bronchus with its wall. */
export function tubesOf({ branch, kind, key }: LungBranch): BranchTubes {
  const radius = radiusOf[kind]
  if (kind !== 'bronchus') return { vessel: branchTubes(branch, radius, key), wall: [], lumen: [] }
  const thick = wallMm(branch.points)
  const wall = branchTubes(branch, (points) => radius(points) + thick, key)
  return { vessel: [], wall, lumen: hollow(wall, thick) }
}

/** How far a branch's tubes can be from the straight line between its ends, mm. */
export const branchReach = ({ branch, kind }: LungBranch): number =>
  1.6 * radiusOf[kind](branch.parentPoints) + wallMm(branch.points) + 0.3 * distance(branch.from, branch.to)

/** Points spread over one lung, none within 3.5 mm of its surface. */
function scatter(lung: Distance, sign: number, count: number, random: Random): Triple[] {
  const points: Triple[] = []
  for (let tries = 0; points.length < count && tries < 40 * count; tries++) {
    const point: Triple = [sign * between(random, 3, 135), between(random, -88, 92), between(random, -160, 128)]
    if (lung(...point) < -3.5) points.push(point)
  }
  return points
}

/**
 * The bronchus that runs with an artery: behind it and above, at a distance of both radii, which is the same where one
 * branch ends and the next begins.
 * @param root where the first one begins
 */
function besideArtery(root: Triple): (branch: Branch, index: number) => Branch {
  const side = unit([0.35, 0.75, 0.55])
  const moved = (point: Triple, points: number): Triple =>
    along(point, side, arteryRadius(points) + lumenRadius(points) + wallMm(points) + 0.2)
  return (branch, index) => ({
    ...branch,
    from: index === 0 ? root : moved(branch.from, branch.parentPoints),
    to: moved(branch.to, branch.points),
  })
}
