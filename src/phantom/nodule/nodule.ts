/** A nodule in its place in a chest, with the truth about it. */
import { SpiculaError } from '../../error.ts'
import { type Random, seededRandom } from '../../random.ts'
import type { Triple } from '../../scan/scan.ts'
import type { Chest } from '../anatomy/chest.ts'
import type { Region } from '../scan/lattice.ts'
import { add } from '../vector.ts'
import { coreShape, drawBodyOf, marginsOf, type NoduleBody } from './body.ts'
import { axialDiameters, centroidOf, drawOutline, type Outline, scaled } from './outline.ts'
import { bodyReach } from './paint.ts'
import { type PlaceOptions, settle } from './place.ts'
import { type Calcification, DEFAULT_FEATURES, type DrawnFeatures, type NoduleSpec, PRESENT } from './spec.ts'
import { drawStrands, type Strands } from './strands.ts'

export interface PlacedNodule {
  readonly spec: NoduleSpec
  /** Centroid of what is seen of it, without its strands; mm. */
  readonly pointLps: Triple
  /** Every feature, as it was drawn. */
  readonly features: DrawnFeatures
  readonly calcification: Calcification
  /** Where the body's own coordinates begin. */
  readonly centre: Triple
  readonly body: NoduleBody
  readonly strands: Strands
  /** All that it changes. */
  readonly region: Region
}

/**
 * Puts a nodule into a chest: at its point, or where its features can be true.
 * @throws SpiculaError `datasets/phantom-place` where its point contradicts them or there is no room,
 *   `datasets/phantom-size` for a size that no lung holds
 * @example
 * const nodule = placeNodule(buildChest(1), { seed: 1, features: { nodule_consistency: 'Solid' } })
 * nodule.features.mean_diameter // of the drawn shape, mm
 */
export function placeNodule(chest: Chest, spec: NoduleSpec, options: PlaceOptions = {}): PlacedNodule {
  const random = seededRandom(spec.seed, 'nodule')
  const features = { ...DEFAULT_FEATURES, ...spec.features }
  const wanted = features['longest_axial_diameter_(mm)']
  if (!(wanted >= 3 && wanted <= 60)) {
    throw new SpiculaError('datasets/phantom-size', `a nodule of ${wanted} mm: 3 to 60 mm can be drawn`)
  }
  const full: NoduleSpec = { ...spec, features }
  const shape = drawOutline(features.nodule_shape, marginsOf(full), random.fork('outline'))
  const sized = scaled(shape, wanted / axialDiameters(shape).longest)
  const { outline, place, inside } = settle(chest, full, sized, wanted, options, random.fork('place'))
  const { core, solidMm } = coreOf(full, outline, random)
  const body = drawBodyOf(full, outline, core, random.fork('body'))
  const strands = drawStrands(full, chest, outline, place.centre, place.pleura, random.fork('strands'))
  return {
    spec,
    pointLps: add(place.centre, centroidOf(outline, inside)),
    features: completeFeatures(full, axialDiameters(outline, inside), solidMm),
    calcification: spec.calcification ?? 'none',
    centre: place.centre,
    body,
    strands,
    region: regionOf(place.centre, body, strands),
  }
}

/** The solid core of a part-solid nodule: of the size that is asked for, or as large as fits. */
function coreOf(
  { features }: NoduleSpec,
  outline: Outline,
  random: Random,
): { core: Outline | undefined; solidMm: number | undefined } {
  if (features.nodule_consistency !== 'Part-solid') return { core: undefined, solidMm: undefined }
  const shape = coreShape(random.fork('core'))
  const { longest } = axialDiameters(shape)
  const wanted = features.psn_longest_diameter_solid_component ?? 0.5 * (features['longest_axial_diameter_(mm)'] ?? 0)
  const factor = Math.min(wanted / longest, (0.92 * outline.least) / shape.most)
  return { core: scaled(shape, factor), solidMm: factor * longest }
}

const tenths = (mm: number): number => Math.round(mm * 10) / 10

function completeFeatures(
  { features, calcification = 'none' }: NoduleSpec,
  seen: { readonly longest: number; readonly short: number },
  solidMm: number | undefined,
): DrawnFeatures {
  const absent = Object.fromEntries(Object.keys(PRESENT).map((sign) => [sign, 'Absent']))
  return {
    ...absent,
    ...features,
    'longest_axial_diameter_(mm)': tenths(seen.longest),
    'short_diameter_(mm)': tenths(seen.short),
    mean_diameter: tenths((seen.longest + seen.short) / 2),
    ...(solidMm !== undefined && { psn_longest_diameter_solid_component: tenths(solidMm) }),
    nodule_calcification: calcification === 'none' ? 'Absent' : 'Present',
    eccentric_calcification: calcification === 'eccentric' ? 'Present' : 'Absent',
  }
}

function regionOf(centre: Triple, body: NoduleBody, strands: Strands): Region {
  const reach = bodyReach(body) + 1
  const tubes = Object.values(strands).flat()
  const bound = (axis: number, sign: 1 | -1): number =>
    Math.max(
      sign * centre[axis] + reach,
      ...tubes.map(({ from, to, fromRadius, toRadius, flat }) => {
        const wide = Math.max(fromRadius, toRadius) * (flat?.wide ?? 1) + 1.5
        return Math.max(sign * from[axis], sign * to[axis]) + wide
      }),
    ) * sign
  return {
    min: [bound(0, -1), bound(1, -1), bound(2, -1)],
    max: [bound(0, 1), bound(1, 1), bound(2, 1)],
  }
}
