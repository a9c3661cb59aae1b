/** A phantom: one chest with its nodules, and how it is scanned. */
import { SpiculaError } from '../error.ts'
import { seededRandom } from '../random.ts'
import type { Affine, Box, Triple } from '../scan/scan.ts'
import { buildChest, type Chest } from './anatomy/chest.ts'
import { type PlacedNodule, placeNodule } from './nodule/nodule.ts'
import { drawNodule, type NoduleSpec } from './nodule/spec.ts'
import type { Region } from './scan/lattice.ts'
import { renderBox, type Scene } from './scan/render.ts'
import { affineOf, type Dose, type Grid, gridRound, type Kernel, type Scanner } from './scan/scanner.ts'

/** Everything that a phantom depends on: the same specification gives the same voxels. */
export interface PhantomSpec {
  /** Of the anatomy and the noise. */
  readonly seed: number
  readonly shapeIjk: Triple
  readonly spacingMm: Triple
  /** The middle of the scan, mm; the chest's is the origin. */
  readonly centreLps: Triple
  readonly thicknessMm: number
  readonly dose: Dose
  readonly kernel: Kernel
  readonly nodules: readonly NoduleSpec[]
}

/** A scan of the whole chest: 358 x 358 x 350 mm. */
export const WHOLE_CHEST = {
  shapeIjk: [512, 512, 280],
  spacingMm: [0.7, 0.7, 1.25],
  centreLps: [0, 14, -18],
  dose: 'low',
  kernel: 'soft',
} as const satisfies Partial<PhantomSpec>

export interface Phantom {
  readonly spec: PhantomSpec
  readonly grid: Grid
  readonly scanner: Scanner
  readonly scene: Scene
}

/** Voxels of a phantom. */
export interface PhantomVolume {
  /** HU, i fastest. */
  readonly voxels: Int16Array
  readonly shapeIjk: Triple
  readonly affineLps: Affine
}

/**
 * Builds a phantom: its chest, with every nodule in its place. Nothing is drawn yet.
 * @throws SpiculaError `datasets/phantom-place` and `datasets/phantom-size`, see `placeNodule`
 * @example
 * const phantom = buildPhantom(phantomSpec({ seed: 1, nodules: drawNodules(1, 3) }))
 * phantom.scene.nodules[0].pointLps // where the first nodule is
 */
export function buildPhantom(spec: PhantomSpec): Phantom {
  checkSize(spec)
  const chest = buildChest(spec.seed)
  const within = regionOf(roundedGrid(spec))
  const nodules: PlacedNodule[] = []
  for (const nodule of spec.nodules) nodules.push(placeNodule(chest, nodule, { within, others: nodules }))
  return assemble(spec, chest, nodules)
}

/** No scan of a chest is longer or wider, mm; nor finer. */
const LONGEST_MM = 700
const FINEST_MM = 0.1
/** 512 x 512 x 1024: half a gigabyte. */
const MOST_VOXELS = 2 ** 28

function checkSize({ shapeIjk, spacingMm, thicknessMm }: PhantomSpec): void {
  const fits =
    shapeIjk.every((count, axis) => count >= 1 && (count - 1) * spacingMm[axis] <= LONGEST_MM) &&
    shapeIjk[0] * shapeIjk[1] * shapeIjk[2] <= MOST_VOXELS &&
    spacingMm.every((mm) => mm >= FINEST_MM && mm <= 20) &&
    thicknessMm >= FINEST_MM &&
    thicknessMm <= 20
  if (fits) return
  throw new SpiculaError(
    'datasets/phantom-size',
    `${shapeIjk.join(' x ')} voxels of ${spacingMm.join(' x ')} mm, slices of ${thicknessMm} mm, are not a scan of a chest`,
    { hint: `At most ${LONGEST_MM} mm along each axis and ${MOST_VOXELS} voxels; spacing and thickness 0.1 to 20 mm.` },
  )
}

/** A phantom of nodules that have been placed: they must be where `buildPhantom` would have put them. */
export function assemble(spec: PhantomSpec, chest: Chest, nodules: readonly PlacedNodule[]): Phantom {
  const scanner = { dose: spec.dose, kernel: spec.kernel, thicknessMm: spec.thicknessMm }
  const noiseSeed = seededRandom(spec.seed, 'noise').integer(2 ** 31)
  return { spec, grid: roundedGrid(spec), scanner, scene: { chest, nodules, noiseSeed } }
}

const regionOf = ({ originLps, spacingMm, shapeIjk }: Grid): Region => ({
  min: originLps,
  max: originLps.map((mm, axis) => mm + (shapeIjk[axis] - 1) * spacingMm[axis]) as unknown as Triple,
})

/** The specification with what is left out as a scan of the whole chest has it. */
export const phantomSpec = ({
  thicknessMm,
  ...given
}: Pick<PhantomSpec, 'seed' | 'nodules'> & Partial<PhantomSpec>): PhantomSpec => ({
  ...WHOLE_CHEST,
  ...given,
  thicknessMm: thicknessMm ?? (given.spacingMm ?? WHOLE_CHEST.spacingMm)[2],
})

/** Nodules at random, every feature independent of the others. */
export const drawNodules = (seed: number, count: number): NoduleSpec[] =>
  Array.from({ length: count }, (_, n) => drawNodule(seededRandom(seed, `nodule ${n}`)))

/** Origins with few digits are the same numbers in every format. */
function roundedGrid({ centreLps, shapeIjk, spacingMm }: PhantomSpec): Grid {
  const grid = gridRound(centreLps, shapeIjk, spacingMm)
  return { ...grid, originLps: grid.originLps.map((mm) => Math.round(mm * 1000) / 1000) as unknown as Triple }
}

/**
 * Draws a phantom, or a box of it: the same voxels as the whole has there. On one thread; see `renderOnThreads`.
 * @example const { voxels, shapeIjk, affineLps } = renderPhantom(phantom)
 */
export function renderPhantom({ grid, scanner, scene }: Phantom, box?: Box): PhantomVolume {
  const { startIjk, sizeIjk } = box ?? { startIjk: [0, 0, 0], sizeIjk: grid.shapeIjk }
  const voxels = renderBox(scene, grid, scanner, { startIjk, sizeIjk })
  return { voxels, shapeIjk: sizeIjk, affineLps: affineOf(grid, startIjk) }
}

/**
 * A small scan round a point, with nodules of a given size at given points: what tests need.
 * @example
 * const { voxels } = smallPhantom({ shapeIjk: [48, 48, 40], spacingMm: [2, 2, 2], centreLps: [75, 0, 10],
 *   nodules: [{ pointLps: [75, 0, 10], mm: 14 }], seed: 1 })
 */
export function smallPhantom({
  nodules,
  ...given
}: Pick<PhantomSpec, 'seed' | 'shapeIjk' | 'spacingMm' | 'centreLps'> & {
  readonly nodules: readonly { readonly pointLps: Triple; readonly mm: number }[]
}): PhantomVolume {
  const specs = nodules.map(({ pointLps, mm }, n) => ({
    seed: given.seed + n,
    pointLps,
    features: { 'longest_axial_diameter_(mm)': mm },
  }))
  return renderPhantom(buildPhantom(phantomSpec({ ...given, nodules: specs })))
}
