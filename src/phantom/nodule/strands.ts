/** What goes out from a nodule: spicules, pleural tags, stretched septa, vessels and bronchi that run to it. */
import type { Random } from '../../random.ts'
import type { Triple } from '../../scan/scan.ts'
import type { Chest } from '../anatomy/chest.ts'
import { ARTERY_ROOTS } from '../anatomy/mediastinum.ts'
import { across, type Bead, bent, chain, curve, type Tube } from '../tubes.ts'
import { add, along, between, distance, dot, randomDirection, scale, subtract, unit } from '../vector.ts'
import { marginsOf } from './body.ts'
import { type Outline, spreadDirections } from './outline.ts'
import type { NoduleSpec } from './spec.ts'

export interface Strands {
  /** Soft tissue: spicules, tags, septa. */
  readonly strand: readonly Tube[]
  readonly vessel: readonly Tube[]
  readonly wall: readonly Tube[]
  /** Air in a bronchus up to the nodule; air in bronchi within it. */
  readonly lumen: readonly Tube[]
  readonly innerLumen: readonly Tube[]
}

const has = (value: string | undefined): boolean => value === 'Present'

/**
 * @param centre of the outline, world mm
 * @param nearest point of the pleura
 */
export function drawStrands(
  spec: NoduleSpec,
  chest: Chest,
  outline: Outline,
  centre: Triple,
  nearest: Triple,
  random: Random,
): Strands {
  const { features } = spec
  const surface = (direction: Triple, share = 1): Triple =>
    along(centre, direction, share * outline.radius(...direction))
  const hilum = ARTERY_ROOTS[centre[0] < 0 ? 0 : 1][0]
  const inwards = unit(subtract(hilum, centre))

  const strand: Tube[] = []
  const vessel: Tube[] = []
  const wall: Tube[] = []
  const lumen: Tube[] = []
  const innerLumen: Tube[] = []
  if (marginsOf(spec).includes('Spiculated/Serrated'))
    strand.push(...spicules(outline, surface, random.fork('spicules')))
  if (has(features.pleural_retraction)) strand.push(...tags(chest, surface, centre, nearest, random.fork('tags')))
  if (has(features.septal_stretching)) strand.push(...septa(surface, centre, nearest, random.fork('septa')))
  if (has(features.vascular_convergence))
    vessel.push(...converging(chest, surface, centre, outline, random.fork('vessels')))
  if (has(features['airway_cut-off'])) {
    const draw = random.fork('airway')
    const heading = unit(add(inwards, scale(randomDirection(draw), 0.35)))
    const end = surface(heading, 0.96)
    const far = along(end, unit(add(heading, scale(randomDirection(draw), 0.4))), between(draw, 24, 34))
    const radius = between(draw, 1.4, 2.1)
    const middle = bent(end, far, randomDirection(draw), 0.08)
    const thick = 0.75
    const tube = (extra: number): Tube[] =>
      chain(
        curve([
          [end, radius + extra],
          [middle, radius * 1.1 + extra],
          [far, radius * 1.25 + extra],
        ]),
      )
    wall.push(...tube(thick))
    lumen.push(...tube(0))
  }
  if (has(features['intra-nodular_bronchiectasis']))
    innerLumen.push(...bronchiectasis(outline, surface, centre, inwards, random.fork('bronchi')))
  return { strand, vessel, wall, lumen, innerLumen }
}

/**
 * Spicules: strands and small sheets, tapering from a foot that is drawn out of the nodule, bent a little, most of them
 * short and a few long.
 */
function spicules(outline: Outline, surface: (direction: Triple, share?: number) => Triple, random: Random): Tube[] {
  const size = (outline.least + outline.most) / 2
  const count = Math.round((14 + 0.3 * size * size) * between(random, 0.8, 1.25))
  return spreadDirections(count, random, 0.8).flatMap((direction) => {
    const long = Math.min(15, 3 - 4.2 * Math.log(1 - 0.98 * random.uniform())) * Math.min(1.1, 0.55 + size / 16)
    const heading = unit(add(direction, scale(randomDirection(random), 0.38)))
    const root = surface(direction, 0.94)
    const foot = along(root, heading, Math.min(2.6, 0.06 * size + 1.2))
    const tip = along(foot, heading, long)
    const middle = bent(foot, tip, randomDirection(random), between(random, 0.02, 0.13))
    const thick = between(random, 0.4, 0.68)
    const beads: Bead[] = [
      [root, thick * 2.3],
      [foot, thick * 1.25],
      [middle, thick * 0.85],
      [tip, 0.12],
    ]
    const strand = chain(curve(beads, 3))
    if (random.uniform() < 0.45) return strand
    // A sheet: the cut of a thickened septum is a line in many planes.
    const normal = across(heading, randomDirection(random))
    const wide = between(random, 2.5, 6)
    return strand.map((tube, n) => ({
      ...tube,
      fromRadius: Math.min(tube.fromRadius, 0.6),
      toRadius: Math.min(tube.toRadius, 0.6),
      flat: { normal: across(subtract(tube.to, tube.from), normal), wide: 1 + (wide - 1) * (1 - n / 9) },
    }))
  })
}

/** A tag of one or two strands to the pleura, which is drawn in where they end. */
function tags(
  chest: Chest,
  surface: (direction: Triple, share?: number) => Triple,
  centre: Triple,
  nearest: Triple,
  random: Random,
): Tube[] {
  const outward = unit(subtract(nearest, centre))
  return Array.from({ length: 2 + random.integer(2) }).flatMap(() => {
    const aside = scale(across(outward, randomDirection(random)), between(random, 0.35, 0.8))
    const heading = unit(add(outward, aside))
    const from = surface(heading, 0.92)
    const end = wallAlong(chest, from, heading, 70)
    if (end === undefined) return []
    const long = distance(from, end)
    if (long < 1.5) return []
    const tent = Math.min(6, 0.45 * long)
    const back = unit(subtract(from, end))
    return chain(
      curve(
        [
          [from, 1.1],
          [bent(from, along(end, back, tent), randomDirection(random), 0.03), 0.6],
          [along(end, back, tent), 0.75],
          [along(end, back, 0.35 * tent), 2],
          [along(end, back, -1.5), 4.5],
        ],
        3,
      ),
    )
  })
}

/** Where a ray leaves the lung. */
export function wallAlong(chest: Chest, from: Triple, heading: Triple, mostMm: number): Triple | undefined {
  for (let mm = 0; mm < mostMm; mm += 1) {
    if (chest.lung(...along(from, heading, mm)) > 0) {
      let [low, high] = [mm - 1, mm]
      for (let step = 0; step < 8; step++) {
        const middle = (low + high) / 2
        if (chest.lung(...along(from, heading, middle)) > 0) high = middle
        else low = middle
      }
      return along(from, heading, high)
    }
  }
  return undefined
}

/** Thickened septa between lobules: long, straight, thin sheets with cross pieces, on the side of the pleura. */
function septa(
  surface: (direction: Triple, share?: number) => Triple,
  centre: Triple,
  nearest: Triple,
  random: Random,
): Tube[] {
  const outward = unit(subtract(nearest, centre))
  return spreadDirections(9, random, 0.5)
    .filter((direction) => dot(direction, outward) > -0.35)
    .flatMap((direction) => {
      const from = surface(direction, 0.95)
      const long = between(random, 11, 19)
      const knee = along(from, direction, long * between(random, 0.5, 0.7))
      const tip = along(knee, unit(add(direction, scale(randomDirection(random), 0.55))), long * 0.45)
      const normal = across(direction, randomDirection(random))
      return chain(
        [
          [from, 0.55],
          [knee, 0.45],
          [tip, 0.4],
        ],
        { normal, wide: between(random, 4, 8) },
      )
    })
}

/** Vessels that bend towards the nodule and end at it. */
function converging(
  chest: Chest,
  surface: (direction: Triple, share?: number) => Triple,
  centre: Triple,
  outline: Outline,
  random: Random,
): Tube[] {
  return spreadDirections(10, random, 0.5).flatMap((direction) => {
    const end = surface(direction, 0.9)
    const start = along(
      centre,
      unit(add(direction, scale(randomDirection(random), 0.45))),
      outline.most + between(random, 17, 27),
    )
    if (chest.lung(...start) > -3) return []
    const radius = between(random, 0.9, 1.5)
    const knee = along(end, direction, between(random, 5, 9))
    return chain(
      curve([
        [start, radius * 1.15],
        [bent(start, knee, randomDirection(random), 0.12), radius * 1.05],
        [knee, radius],
        [end, radius * 0.9],
      ]),
    )
  })
}

/** Wide bronchi within the nodule: one comes in from the hilum's side and divides. */
function bronchiectasis(
  outline: Outline,
  surface: (direction: Triple, share?: number) => Triple,
  centre: Triple,
  inwards: Triple,
  random: Random,
): Tube[] {
  const size = outline.least
  const wide = Math.min(2.4, Math.max(0.8, 0.17 * size))
  const mouth = surface(inwards, 0.9)
  const fork = along(centre, inwards, 0.3 * size)
  const branches = spreadDirections(7, random, 0.5)
    .filter((direction) => dot(direction, inwards) < 0.35)
    .slice(0, 3)
    .flatMap((direction) => {
      const end = surface(direction, 0.62)
      return chain(
        curve([
          [fork, wide * 0.9],
          [bent(fork, end, randomDirection(random), 0.18), wide * 0.75],
          [end, wide * 0.65],
        ]),
      )
    })
  return [
    ...chain([
      [mouth, wide * 0.9],
      [fork, wide],
    ]),
    ...branches,
  ]
}
