/** A chest without nodules: its outlines as fields, everything else as tubes, in the world's frame. */
import { seededRandom } from '../../random.ts'
import type { Triple } from '../../scan/scan.ts'
import { smoothMax } from '../distance.ts'
import type { Region } from '../scan/lattice.ts'
import { hollow, type Tube, touches } from '../tubes.ts'
import { aboveDiaphragm, type Body, bendPoint, cavity, drawBody, muscles, skin } from './body.ts'
import { branchReach, growLungTrees, type LungBranch, tubesOf } from './lung-trees.ts'
import { heart, MEDIASTINUM, mediastinum } from './mediastinum.ts'
import { skeleton } from './skeleton.ts'

/** The fields of `Chest.fieldsAt`, signed distances in mm, below zero inside; DOME is above zero over the diaphragm. */
export const SKIN = 0
export const MUSCLE = 1
export const CAVITY = 2
export const DOME = 3
export const HEART = 4
export const LUNG = 5
export const FIELDS = 6

export type TubeKind =
  | 'organ'
  | 'gas'
  | 'blood'
  | 'oesophagus'
  | 'cartilage'
  | 'cortex'
  | 'marrow'
  | 'column'
  | 'columnMarrow'
  | 'canal'
  | 'vessel'
  | 'wall'
  | 'lumen'
export type Tubes = Readonly<Record<TubeKind, readonly Tube[]>>

export interface Chest {
  readonly seed: number
  /** Writes the fields at a world point. */
  readonly fieldsAt: (x: number, y: number, z: number, out: Float64Array) => void
  /** Signed distance from the lungs' surface. */
  readonly lung: (x: number, y: number, z: number) => number
  /** Height in the anatomy's own frame, for what changes with the level of the spine. */
  readonly level: (z: number) => number
  /** The tubes that come within a margin of a region. Vessels of a lung grow when they are first asked for. */
  readonly tubesIn: (region: Region, marginMm: number) => Tubes
}

/** Wall of trachea and main bronchi, mm. */
const MAIN_WALL = 1.4

/** What all bodies share, in their own frame; made once. */
let common: Tubes | undefined

function commonTubes(): Tubes {
  const { cortex, marrow, cartilage, column, canal } = skeleton()
  const { blood, airway, oesophagus } = MEDIASTINUM
  return {
    ...ABDOMEN,
    blood,
    oesophagus,
    cartilage,
    cortex,
    marrow,
    column,
    columnMarrow: hollow(column, 1),
    canal,
    vessel: [],
    wall: hollow(airway, -MAIN_WALL),
    lumen: airway,
  }
}

/** No wave moves a point further, mm: four of at most 1.8 mm along each axis. */
const BENT_MM = 7.2

/** No right lung to the left of it, and no left lung to the right of its negative, mm. */
const MIDLINE_MM = 12

/**
 * Builds a chest: body, mediastinum, skeleton, bronchi and vessels, all from one seed.
 * @example
 * const chest = buildChest(1)
 * chest.lung(75, 0, 0) < 0 // inside the left lung
 */
export function buildChest(seed: number): Chest {
  const random = seededRandom(seed, 'chest')
  const body = drawBody(random.fork('body'))
  const { size } = body
  const toWorld = worldMap(body)
  const place = (tubes: Partial<Tubes>): Partial<Tubes> =>
    Object.fromEntries(Object.entries(tubes).map(([kind, list]) => [kind, list.map(toWorld)]))

  common ??= commonTubes()
  const fixed = place(common)
  const own = new Float64Array(FIELDS)
  const ownLung = (x: number, y: number, z: number): number => {
    ownFields(body, x, y, z, own)
    return own[LUNG]
  }
  const trees: (readonly LungBranch[] | undefined)[] = [undefined, undefined]
  const treeOf = (side: 0 | 1): readonly LungBranch[] => {
    trees[side] ??= growLungTrees(side, ownLung, random.fork(side === 0 ? 'right' : 'left'))
    return trees[side]
  }
  /** The branches of a lung near a region, drawn: most regions see few of them. */
  const branchesIn = ({ min, max }: Region, margin: number, side: 0 | 1): Partial<Tubes>[] =>
    treeOf(side)
      .filter((branch) => {
        const reach = branchReach(branch) + margin / size + BENT_MM
        const { from, to } = branch.branch
        return [0, 1, 2].every(
          (axis) =>
            Math.max(from[axis], to[axis]) + reach >= min[axis] / size &&
            Math.min(from[axis], to[axis]) - reach <= max[axis] / size,
        )
      })
      .map((branch) => place({ ...tubesOf(branch) }))

  const point = new Float64Array(3)
  const fieldsAt = (x: number, y: number, z: number, out: Float64Array) => {
    point[0] = x / size
    point[1] = y / size
    point[2] = z / size
    bendPoint(body, point)
    ownFields(body, point[0], point[1], point[2], out)
    for (let f = 0; f < FIELDS; f++) out[f] *= size
  }
  const fields = new Float64Array(FIELDS)
  return {
    seed,
    fieldsAt,
    lung: (x, y, z) => {
      fieldsAt(x, y, z, fields)
      return fields[LUNG]
    },
    level: (z) => z / size,
    tubesIn: (region, margin) => {
      const parts = [
        fixed,
        ...(region.min[0] - margin < MIDLINE_MM ? branchesIn(region, margin, 0) : []),
        ...(region.max[0] + margin > -MIDLINE_MM ? branchesIn(region, margin, 1) : []),
      ]
      const near = (kind: TubeKind): Tube[] =>
        parts.flatMap((part) => (part[kind] ?? []).filter((tube) => touches(tube, region, margin)))
      return Object.fromEntries(TUBE_KINDS.map((kind) => [kind, near(kind)])) as unknown as Tubes
    },
  }
}

const TUBE_KINDS: readonly TubeKind[] = [
  'organ',
  'gas',
  'blood',
  'oesophagus',
  'cartilage',
  'cortex',
  'marrow',
  'column',
  'columnMarrow',
  'canal',
  'vessel',
  'wall',
  'lumen',
]

/** Fields in the body's own frame. */
function ownFields(body: Body, x: number, y: number, z: number, into: Float64Array): void {
  const outer = skin(body, x, y, z)
  into[SKIN] = outer
  // Outside the body nothing else is asked for.
  if (outer > 8) {
    for (let f = MUSCLE; f < FIELDS; f++) into[f] = outer
    return
  }
  const inner = cavity(x, y, z)
  into[CAVITY] = inner
  into[MUSCLE] = muscles(body, x, y, z, inner, outer)
  if (inner > 10) {
    for (let f = DOME; f < FIELDS; f++) into[f] = inner
    return
  }
  into[DOME] = aboveDiaphragm(body, x, y, z)
  into[HEART] = heart(body, x, y, z)
  const chest = smoothMax(inner, -into[DOME], 3)
  // Where no lung can be, it does not matter what lies between the lungs.
  into[LUNG] = chest > 8 ? chest : smoothMax(chest, -mediastinum(into[HEART], x, y, z), 4)
}

/** From the body's own frame, whose points are bent ones, to the world. */
function worldMap(body: Body): (tube: Tube) => Tube {
  const point = new Float64Array(3)
  const map = (own: Triple): Triple => {
    // The waves' shifts are small and long: two steps towards the fixed point find where they come from.
    let [x, y, z] = own
    for (let step = 0; step < 2; step++) {
      point[0] = x
      point[1] = y
      point[2] = z
      bendPoint(body, point)
      x += own[0] - point[0]
      y += own[1] - point[1]
      z += own[2] - point[2]
    }
    return [x * body.size, y * body.size, z * body.size]
  }
  return (tube) => ({
    ...tube,
    from: map(tube.from),
    to: map(tube.to),
    fromRadius: tube.fromRadius * body.size,
    toRadius: tube.toRadius * body.size,
  })
}

const blob = (from: Triple, to: Triple, fromRadius: number, toRadius: number): Tube => ({
  from,
  to,
  fromRadius,
  toRadius,
})

/** Under the left dome; the liver fills what is under the right one. */
const ABDOMEN = {
  organ: [
    blob([94, 44, -130], [80, 62, -170], 27, 24), // spleen
    blob([60, -8, -120], [40, -40, -190], 30, 24), // stomach
  ],
  gas: [blob([58, -26, -112], [50, -36, -126], 13, 9)],
}
