/**
 * Lung-RADS v2022 (American College of Radiology) of a single nodule. Compiled from secondary sources, not from the
 * College's own document: show it as such.
 */
import { SpiculaError } from '../error.ts'
import { type Consistency, checkNumbers } from './inputs.ts'

export const LUNG_RADS_SOURCE = 'Lung-RADS v2022, compiled from secondary sources'

/** From the least to the most suspicious. */
export const CATEGORIES = ['2', '3', '4A', '4B', '4X'] as const
export type Category = (typeof CATEGORIES)[number]

export interface LungRadsInput {
  readonly consistency: Consistency
  /** Mean diameter, of the whole nodule. */
  readonly diameterMm: number
  /** Mean diameter of the solid component: needed for part-solid nodules of 6 mm and more. */
  readonly solidDiameterMm?: number | undefined
  /** Seen for the first time on a later scan. */
  readonly isNew?: boolean
  /** See {@link hasGrown}. For a part-solid nodule: its solid component is new or has grown. */
  readonly growing?: boolean
  /** Unchanged since an earlier scan. */
  readonly stable?: boolean
  /** At the pleura, smooth, and oval, lentiform or triangular. */
  readonly juxtapleuralBenign?: boolean
  /** Spiculation, enlarged nodes, a doubled non-solid nodule and the like. */
  readonly suspicious?: boolean
}

export interface LungRads {
  readonly category: Category
  /** The line of the table that decided. */
  readonly rule: string
  readonly source: typeof LUNG_RADS_SOURCE
}

/**
 * Growth: more than 1.5 mm in mean diameter within twelve months.
 * @example hasGrown({ beforeMm: 6, nowMm: 8, months: 6 }) // true
 */
export const hasGrown = ({ beforeMm, nowMm, months }: { beforeMm: number; nowMm: number; months: number }): boolean =>
  nowMm - beforeMm > 1.5 && months <= 12

type Decision = readonly [category: Exclude<Category, '4X'>, rule: string]

/**
 * The category of a nodule.
 * @throws SpiculaError `risk/range`, `risk/missing` for a part-solid nodule without its solid component's size,
 *   `risk/contradiction`
 * @example lungRads({ consistency: 'solid', diameterMm: 7 }).category // '3'
 */
export function lungRads(input: LungRadsInput): LungRads {
  const { diameterMm, solidDiameterMm, isNew = false, growing = false, stable = false } = input
  checkNumbers({ diameterMm, ...(solidDiameterMm === undefined ? {} : { solidDiameterMm }) })
  if (stable && (isNew || growing)) {
    throw new SpiculaError('risk/contradiction', 'a nodule that is stable is neither new nor growing')
  }
  if (solidDiameterMm !== undefined && solidDiameterMm > diameterMm) {
    throw new SpiculaError(
      'risk/contradiction',
      `its solid component of ${solidDiameterMm} mm is larger than the nodule of ${diameterMm} mm`,
    )
  }
  const [category, rule] = decide(input)
  if (input.suspicious && category !== '2') {
    return {
      category: '4X',
      rule: `${rule} (category ${category}), with suspicious features`,
      source: LUNG_RADS_SOURCE,
    }
  }
  return { category, rule, source: LUNG_RADS_SOURCE }
}

function decide(input: LungRadsInput): Decision {
  const { consistency, diameterMm: d, juxtapleuralBenign = false } = input
  if (juxtapleuralBenign && consistency === 'solid' && d < 10) {
    return ['2', 'juxtapleural, solid, smooth, oval or lentiform, < 10 mm']
  }
  if (consistency === 'solid') return solid(input)
  return consistency === 'part-solid' ? partSolid(input) : nonSolid(input)
}

function solid({ diameterMm: d, isNew = false, growing = false }: LungRadsInput): Decision {
  if (growing) return d < 8 ? ['4A', 'solid, growing, < 8 mm'] : ['4B', 'solid, new or growing, >= 8 mm']
  if (isNew) {
    if (d < 4) return ['2', 'solid, new, < 4 mm']
    if (d < 6) return ['3', 'solid, new, 4 to < 6 mm']
    return d < 8 ? ['4A', 'solid, new, 6 to < 8 mm'] : ['4B', 'solid, new or growing, >= 8 mm']
  }
  if (d < 6) return ['2', 'solid, < 6 mm']
  if (d < 8) return ['3', 'solid, 6 to < 8 mm']
  return d < 15 ? ['4A', 'solid, 8 to < 15 mm'] : ['4B', 'solid, >= 15 mm']
}

function partSolid({ diameterMm: d, solidDiameterMm, isNew = false, growing = false }: LungRadsInput): Decision {
  if (d < 6 && !growing) return isNew ? ['3', 'part-solid, new, < 6 mm'] : ['2', 'part-solid, < 6 mm']
  if (solidDiameterMm === undefined) {
    throw new SpiculaError('risk/missing', 'a part-solid nodule needs the diameter of its solid component')
  }
  if (isNew || growing) {
    return solidDiameterMm < 4
      ? ['4A', 'part-solid, new or growing solid component < 4 mm']
      : ['4B', 'part-solid, new or growing solid component >= 4 mm']
  }
  if (solidDiameterMm < 6) return ['3', 'part-solid, >= 6 mm with solid component < 6 mm']
  return solidDiameterMm < 8
    ? ['4A', 'part-solid, solid component 6 to < 8 mm']
    : ['4B', 'part-solid, solid component >= 8 mm']
}

function nonSolid({ diameterMm: d, stable = false }: LungRadsInput): Decision {
  if (d < 30) return ['2', 'non-solid, < 30 mm']
  return stable ? ['2', 'non-solid, >= 30 mm, stable'] : ['3', 'non-solid, >= 30 mm, first seen or new']
}
