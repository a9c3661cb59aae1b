/** What a nodule shall look like, and how that is drawn at random. */

import type { NoduleFeatures } from '../../features/features.ts'
import type { Random } from '../../random.ts'
import type { Triple } from '../../scan/scan.ts'
import { between } from '../vector.ts'

/** Where in a nodule calcium lies. */
export const CALCIFICATIONS = ['none', 'central', 'diffuse', 'laminated', 'popcorn', 'eccentric'] as const
export type Calcification = (typeof CALCIFICATIONS)[number]

/** Features that a phantom's nodule can have: the published ones but the suspicion, which nobody can draw. */
export type DrawnFeatures = Omit<NoduleFeatures, 'level_of_suspicion_of_lung_cancer'>

/** A nodule to be drawn; what is left out is the default of `DEFAULT_FEATURES`. */
export interface NoduleSpec {
  /** Its details (where lobes and spicules are) depend on it. */
  readonly seed: number
  /** Centroid, mm. Left out: a place that fits the features. */
  readonly pointLps?: Triple | undefined
  /** `longest_axial_diameter_(mm)` is kept; short and mean diameter follow from the shape. */
  readonly features: DrawnFeatures
  readonly calcification?: Calcification | undefined
}

export const DEFAULT_FEATURES = {
  'longest_axial_diameter_(mm)': 12,
  nodule_margin_conspicuity: 'Well marginated',
  nodule_margins: 'Smooth',
  nodule_shape: 'Round',
  nodule_consistency: 'Solid',
} as const satisfies DrawnFeatures

/** How often each value is drawn. Values of a feature sum to 1; features are drawn independently of each other. */
export const FREQUENCIES = {
  nodule_consistency: { Solid: 0.4, 'Part-solid': 0.3, 'Pure ground glass': 0.3 },
  nodule_margin_conspicuity: { 'Well marginated': 0.5, 'Poorly marginated': 0.5 },
  nodule_margins: { Smooth: 0.34, Lobulated: 0.33, 'Spiculated/Serrated': 0.33 },
  nodule_shape: { Round: 0.3, Ovoid: 0.3, Polygonal: 0.2, 'Complex/Irregular': 0.2 },
  calcification: { none: 0.65, central: 0.07, diffuse: 0.07, laminated: 0.03, popcorn: 0.06, eccentric: 0.12 },
} as const

/** How often each sign is present. */
export const PRESENT = {
  cavitation: 0.3,
  pleural_attachment: 0.4,
  pleural_retraction: 0.15,
  vascular_convergence: 0.15,
  necrosis: 0.1,
  'cyst-like_spaces': 0.1,
  'intra-nodular_bronchiectasis': 0.1,
  'airway_cut-off': 0.1,
  nodule_reticulation: 0.1,
  septal_stretching: 0.1,
  paracicatricial_emphysema: 0.1,
} as const

/** Range of the longest diameters that are drawn, mm. */
export const DRAWN_MM = [8, 28] as const

function weighted<Value extends string>(frequencies: Readonly<Record<Value, number>>, random: Random): Value {
  const entries = Object.entries(frequencies) as [Value, number][]
  let left = random.uniform()
  for (const [value, share] of entries) {
    left -= share
    if (left < 0) return value
  }
  return entries[entries.length - 1][0]
}

/**
 * Draws a nodule at random, every feature independently of the others, so that none can be told from another.
 * @example drawNodule(seededRandom(1)).features.nodule_shape
 */
export function drawNodule(random: Random): NoduleSpec {
  const [low, high] = DRAWN_MM
  const signs = Object.fromEntries(
    Object.entries(PRESENT).map(([sign, share]) => [sign, random.fork(sign).uniform() < share ? 'Present' : 'Absent']),
  ) as { [K in keyof typeof PRESENT]: 'Present' | 'Absent' }
  const margins = weighted(FREQUENCIES.nodule_margins, random.fork('margins'))
  const calcification = weighted(FREQUENCIES.calcification, random.fork('calcification'))
  const longest = tenths(between(random.fork('size'), low, high))
  const consistency = weighted(FREQUENCIES.nodule_consistency, random.fork('consistency'))
  const second = random.fork('second margin')
  return {
    seed: random.fork('seed').integer(2 ** 31),
    calcification,
    features: {
      'longest_axial_diameter_(mm)': longest,
      nodule_consistency: consistency,
      nodule_margin_conspicuity: weighted(FREQUENCIES.nodule_margin_conspicuity, random.fork('conspicuity')),
      nodule_margins: margins,
      // One lobulated or spiculated nodule in five is both.
      ...(margins !== 'Smooth' &&
        second.uniform() < 0.2 && {
          additional_nodule_margins:
            margins === 'Lobulated' ? ('Spiculated/Serrated' as const) : ('Lobulated' as const),
        }),
      nodule_shape: weighted(FREQUENCIES.nodule_shape, random.fork('shape')),
      ...(consistency === 'Part-solid' && {
        psn_longest_diameter_solid_component: tenths(longest * between(random.fork('core'), 0.3, 0.65)),
      }),
      ...signs,
    },
  }
}

const tenths = (mm: number): number => Math.round(mm * 10) / 10
