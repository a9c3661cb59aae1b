/** Rows of phantoms with the truth, and cohorts of single nodules for studies. */

import type { ConvertedRow } from '../annotations/tables/converted.ts'
import { SpiculaError } from '../error.ts'
import { FEATURE_NAMES } from '../features/features.ts'
import { type Random, seededRandom } from '../random.ts'
import type { Triple } from '../scan/scan.ts'
import { buildChest, type Chest } from './anatomy/chest.ts'
import { COMPUTED_OUTCOME, type ComputedLabel, drawLabel } from './label.ts'
import { type PlacedNodule, placeNodule } from './nodule/nodule.ts'
import { drawNodule, type NoduleSpec } from './nodule/spec.ts'
import { assemble, type Phantom, type PhantomSpec, phantomSpec } from './phantom.ts'
import { between } from './vector.ts'

/**
 * A nodule as a row of a manifest: the published columns with the truth, and the pattern of calcification. Nobody knows
 * whether a made nodule is malignant: that column stays empty, and so does the suspicion; or it holds a computed label,
 * and the row says so.
 */
export function phantomRow(
  { pointLps, features, calcification }: PlacedNodule,
  { pid, noduleId, imagePath, label }: PhantomRowOptions,
): ConvertedRow {
  const values = features as Readonly<Record<string, string | number | undefined>>
  return {
    pid,
    noduleId,
    imagePath,
    pointLps: pointLps.map((mm) => Math.round(mm * 100) / 100) as unknown as Triple,
    malignant: label?.malignant ?? null,
    extra: {
      ...Object.fromEntries(FEATURE_NAMES.map((name) => [name, String(values[name] ?? '')])),
      calcification_pattern: calcification,
      ...(label && { rule_probability: label.probability.toFixed(4), outcome: COMPUTED_OUTCOME }),
    },
  }
}

export interface PhantomRowOptions {
  readonly pid: string
  readonly noduleId: string
  readonly imagePath: string
  readonly label?: ComputedLabel | undefined
}

/** What the scans of a cohort have in common. */
export interface CohortOptions extends Pick<PhantomSpec, 'spacingMm' | 'dose' | 'kernel' | 'thicknessMm'> {
  readonly seed: number
  /** Edge of each scan, mm. */
  readonly sizeMm: number
}

/** A large nodule fits the first small lung seldom. */
const CHESTS = 20

/**
 * The phantom of one member of a cohort: a chest of its own, one nodule drawn at random, and a small scan round it. It
 * depends on seed and index alone, not on how many members there are.
 * @param index from 0
 * @throws SpiculaError `datasets/phantom-place` where no chest of twenty has room
 * @example
 * const options = { seed: 1, sizeMm: 72, spacingMm: [0.7, 0.7, 1.25], thicknessMm: 1.25, dose: 'low', kernel: 'soft' } as const
 * renderPhantom(cohortMember(options, 0)).shapeIjk // [103, 103, 58]
 */
export function cohortMember({ seed, sizeMm, ...scan }: CohortOptions, index: number): Phantom {
  const random = seededRandom(seed, `member ${index}`)
  const nodule = drawNodule(random.fork('nodule'))
  const { chest, placed } = firstRoom(nodule, random.fork('chest'))
  const shift = random.fork('shift')
  const spec = phantomSpec({
    ...scan,
    seed: chest.seed,
    shapeIjk: scan.spacingMm.map((mm) => Math.round(sizeMm / mm)) as unknown as Triple,
    // The nodule's centre is nowhere special between voxels.
    centreLps: placed.pointLps.map(
      (mm, axis) => mm + between(shift, -0.5, 0.5) * scan.spacingMm[axis],
    ) as unknown as Triple,
    nodules: [nodule],
  })
  return assemble(spec, chest, [placed])
}

/**
 * The computed label of a member of a cohort. Asking for labels changes no scan, and a member's label depends on seed and
 * index alone.
 * @example memberLabel(options, 0, phantom.scene.nodules[0]).malignant // 0 or 1
 */
export const memberLabel = ({ seed }: Pick<CohortOptions, 'seed'>, index: number, { features }: PlacedNodule) =>
  drawLabel(features, seededRandom(seed, `member ${index}`).fork('label'))

function firstRoom(nodule: NoduleSpec, random: Random): { chest: Chest; placed: PlacedNodule } {
  for (let tries = 1; ; tries++) {
    const chest = buildChest(random.integer(2 ** 31))
    try {
      return { chest, placed: placeNodule(chest, nodule) }
    } catch (error) {
      const noRoom = error instanceof SpiculaError && error.code === 'datasets/phantom-place'
      if (!noRoom || tries === CHESTS) throw error
    }
  }
}
