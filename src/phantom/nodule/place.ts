/** Where in a chest a nodule can be: in the lung, at the pleura or off it, away from hilum, vessels and other nodules. */
import { SpiculaError } from '../../error.ts'
import { type Random, seededRandom } from '../../random.ts'
import type { Triple } from '../../scan/scan.ts'
import { CAVITY, type Chest, FIELDS } from '../anatomy/chest.ts'
import { ARTERY_ROOTS } from '../anatomy/mediastinum.ts'
import { fieldNear, type Region } from '../scan/lattice.ts'
import { touches } from '../tubes.ts'
import { add, along, between, distance, dot, randomDirection, subtract, unit } from '../vector.ts'
import { axialDiameters, centroidOf, type Inside, type Outline, scaled, spreadDirections } from './outline.ts'
import type { NoduleSpec } from './spec.ts'
import { wallAlong } from './strands.ts'

export interface PlaceOptions {
  /** Nodules lie in it whole. */
  readonly within?: Region
  /** Nodules that are there already. */
  readonly others?: readonly { readonly centre: Triple; readonly body: { readonly outline: Outline } }[]
}

/** A nodule that is not attached is at least so far from the pleura. */
const GAP_MM = 3
/** Between the surfaces of two nodules. */
const APART_MM = 25
/** From the hilum, where vessels are as large as nodules. */
const HILUM_MM = 34
const TRIES = 400

export interface Place {
  readonly centre: Triple
  /** The pleura next to it, and the direction from the centre to it. */
  readonly pleura: Triple
  readonly outward: Triple
  /** How deep the centre lies under the pleura, in radii; for attached nodules. */
  readonly depth: number
}

/** An outline in its place. */
export interface Settled {
  readonly outline: Outline
  readonly place: Place
  /** What of it is seen, relative to its centre; all unless given. */
  readonly inside: Inside | undefined
}

/**
 * Puts an outline where it is asked for, or where its features can be true.
 * @throws SpiculaError `datasets/phantom-place`
 */
export function settle(
  chest: Chest,
  spec: NoduleSpec,
  outline: Outline,
  wantedMm: number,
  options: PlaceOptions,
  random: Random,
): Settled {
  const attached = spec.features.pleural_attachment === 'Present'
  if (spec.pointLps !== undefined) {
    const centre = subtract(spec.pointLps, centroidOf(outline))
    const place = { centre, ...nearestPleura(chest, centre), depth: 0 }
    checkContact(chest, outline, place, attached, spec.pointLps)
    const lung = attached ? fieldNear(chest.lung, centre, 1.2 * outline.most, 3) : undefined
    return { outline, place, inside: lung && inLung(lung, centre) }
  }
  const found = findPlace(chest, outline, spec, options, random)
  if (!attached) return { outline, place: found, inside: undefined }
  // Of an attached nodule less is seen than was drawn: it is made larger until what is seen has the size.
  const lung = fieldNear(chest.lung, found.pleura, 2 * outline.most, 3)
  let settled: Settled = { outline, place: found, inside: inLung(lung, found.centre) }
  for (let step = 0; step < 3; step++) {
    const larger = scaled(settled.outline, wantedMm / axialDiameters(settled.outline, settled.inside).longest)
    const { pleura, outward, depth } = found
    const centre = along(pleura, outward, -depth * larger.radius(...outward))
    settled = { outline: larger, place: { ...found, centre }, inside: inLung(lung, centre) }
  }
  return settled
}

/** What of a nodule is seen, relative to its centre: what lies in the lung. */
const inLung =
  (lung: Chest['lung'], centre: Triple): Inside =>
  (x, y, z) =>
    lung(centre[0] + x, centre[1] + y, centre[2] + z) < 0

/** Directions in which contact is looked for. */
const LOOK = spreadDirections(80, seededRandom(0, 'look'), 0)

/** The share of a nodule's surface that is not in the lung, or within a distance of its border. */
function contact(chest: Chest, outline: Outline, centre: Triple, marginMm: number): number {
  const outside = LOOK.filter(
    (direction) => chest.lung(...along(centre, direction, outline.radius(...direction) + marginMm)) > 0,
  )
  return outside.length / LOOK.length
}

function findPlace(
  chest: Chest,
  outline: Outline,
  { features }: NoduleSpec,
  { within, others = [] }: PlaceOptions,
  random: Random,
): Place {
  const attached = features.pleural_attachment === 'Present'
  const fields = new Float64Array(FIELDS)
  for (let tries = 0; tries < TRIES; tries++) {
    const start: Triple = [
      (random.uniform() < 0.5 ? -1 : 1) * between(random, 25, 115),
      between(random, -70, 75),
      between(random, -110, 105),
    ]
    const direction = unit(add(randomDirection(random), [Math.sign(start[0]) * 0.5, 0, 0]))
    // Drawn whether needed or not: a try takes the same numbers from the generator.
    const depth = between(random, 0.42, 0.75)
    const gap = between(random, GAP_MM + 0.5, features.pleural_retraction === 'Present' ? 14 : 24)
    if (chest.lung(...start) > -2) continue
    const pleura = wallAlong(chest, start, direction, 150)
    if (pleura === undefined) continue
    const outward = normalAt(chest, pleura)
    if (dot(outward, direction) < 0.3) continue
    // Contact is with the chest wall, never with the mediastinum or the diaphragm.
    chest.fieldsAt(...pleura, fields)
    if (attached && fields[CAVITY] < -2) continue
    const radius = outline.radius(...outward)
    const centre = along(pleura, outward, -(attached ? depth * radius : radius + gap))
    if (!roomFor(outline, centre, within, others)) continue
    const hilum = ARTERY_ROOTS[centre[0] < 0 ? 0 : 1][0]
    if (distance(centre, hilum) < HILUM_MM + outline.most) continue
    if (chest.lung(...centre) > -1) continue
    const share = contact(chest, outline, centre, attached ? 0 : GAP_MM)
    if (attached ? share < 0.06 || share > 0.45 : share > 0) continue
    if (meetsVessel(chest, outline, centre)) continue
    return { centre, pleura, outward, depth }
  }
  throw new SpiculaError(
    'datasets/phantom-place',
    `no place found for a nodule of ${features['longest_axial_diameter_(mm)']} mm`,
    { hint: 'Give fewer or smaller nodules, or a scan that shows more of the lungs.' },
  )
}

function roomFor(
  outline: Outline,
  centre: Triple,
  within: Region | undefined,
  others: NonNullable<PlaceOptions['others']>,
): boolean {
  const margin = outline.most + 4
  const whole =
    within === undefined || centre.every((mm, axis) => mm - margin > within.min[axis] && mm + margin < within.max[axis])
  return (
    whole && others.every((other) => distance(other.centre, centre) > outline.most + other.body.outline.most + APART_MM)
  )
}

/** Whether a vessel or bronchus large enough to be taken for the nodule touches it. */
function meetsVessel(chest: Chest, outline: Outline, centre: Triple): boolean {
  const ball: Region = { min: along(centre, [1, 1, 1], -outline.most), max: along(centre, [1, 1, 1], outline.most) }
  const { vessel, wall } = chest.tubesIn(ball, 0)
  return [...vessel, ...wall].some((tube) => tube.fromRadius > 2 && touches(tube, ball, 0))
}

/** Direction in which the lung's border is left. */
function normalAt(chest: Chest, point: Triple): Triple {
  const [x, y, z] = point
  const h = 1.5
  return unit([
    chest.lung(x + h, y, z) - chest.lung(x - h, y, z),
    chest.lung(x, y + h, z) - chest.lung(x, y - h, z),
    chest.lung(x, y, z + h) - chest.lung(x, y, z - h),
  ])
}

function nearestPleura(chest: Chest, centre: Triple): { pleura: Triple; outward: Triple } {
  let best: { pleura: Triple; outward: Triple } | undefined
  for (const outward of LOOK) {
    const pleura = wallAlong(chest, centre, outward, best ? distance(best.pleura, centre) : 120)
    if (pleura) best = { pleura, outward }
  }
  return best ?? { pleura: centre, outward: [0, 0, 1] }
}

function checkContact(
  chest: Chest,
  outline: Outline,
  { centre, pleura }: Place,
  attached: boolean,
  point: Triple,
): void {
  const where = point.map((mm) => mm.toFixed(1)).join(', ')
  const fail = (what: string, hint: string) => {
    throw new SpiculaError('datasets/phantom-place', `the nodule at (${where}) mm ${what}`, { hint })
  }
  if (chest.lung(...centre) > 0) fail('lies outside the lungs', 'Leave its point out, and one in the lungs is found.')
  const share = contact(chest, outline, centre, 0)
  if (attached && share === 0) {
    const gap = distance(pleura, centre) - outline.most
    fail(
      `is ${gap.toFixed(1)} mm from the pleura, but pleural_attachment is Present`,
      'Move it, or leave its point out.',
    )
  }
  if (!attached && share > 0)
    fail(
      'touches the pleura, but pleural_attachment is not Present',
      'Move it, make it smaller, or leave its point out.',
    )
}
