/** For tests: one nodule alone, scanned without noise. */
import { seededRandom } from '../random.ts'
import type { Triple } from '../scan/scan.ts'
import { buildChest, type Chest } from './anatomy/chest.ts'
import { type PlacedNodule, placeNodule } from './nodule/nodule.ts'
import { drawNodule, type NoduleSpec } from './nodule/spec.ts'
import { assemble, type PhantomVolume, phantomSpec, renderPhantom } from './phantom.ts'
import type { Kernel } from './scan/scanner.ts'

export interface Scanned {
  readonly nodule: PlacedNodule
  readonly volume: PhantomVolume
  /** HU at a world point, trilinear. */
  readonly at: (point: Triple) => number
}

const chests = new Map<number, Chest>()
/** A chest, built once. */
export function chestOf(seed: number): Chest {
  const known = chests.get(seed) ?? buildChest(seed)
  chests.set(seed, known)
  return known
}

/** The chest without bronchi and vessels: what touches a nodule there is the chest wall. */
const bare = (chest: Chest): Chest => ({
  ...chest,
  tubesIn: (region, margin) => ({ ...chest.tubesIn(region, margin), vessel: [], wall: [], lumen: [] }),
})

/** Scans a nodule in voxels of `mm`, in a cube of `sizeMm` about it; without the lungs' vessels where they would disturb. */
export function scanNodule(
  spec: NoduleSpec,
  {
    mm = 0.8,
    sizeMm = 42,
    chest = 3,
    vessels = true,
    kernel = 'soft',
  }: { mm?: number; sizeMm?: number; chest?: number; vessels?: boolean; kernel?: Kernel } = {},
): Scanned {
  const body = chestOf(chest)
  const nodule = placeNodule(body, spec)
  const count = Math.round(sizeMm / mm)
  const phantom = assemble(
    phantomSpec({
      seed: chest,
      shapeIjk: [count, count, count],
      spacingMm: [mm, mm, mm],
      centreLps: nodule.pointLps,
      dose: 'none',
      kernel,
      nodules: [spec],
    }),
    vessels ? body : bare(body),
    [nodule],
  )
  const volume = renderPhantom(phantom)
  return { nodule, volume, at: sampler(volume) }
}

/** HU between voxels, trilinear. */
export function sampler({ voxels, shapeIjk: [ni, nj], affineLps: a }: PhantomVolume): (point: Triple) => number {
  return (point) => {
    const [i, j, k] = [0, 1, 2].map((axis) => (point[axis] - a[4 * axis + 3]) / a[5 * axis])
    const [i0, j0, k0] = [Math.floor(i), Math.floor(j), Math.floor(k)]
    let sum = 0
    for (const [c, w] of [
      [k0, 1 - k + k0],
      [k0 + 1, k - k0],
    ] as const)
      for (const [b, v] of [
        [j0, 1 - j + j0],
        [j0 + 1, j - j0],
      ] as const)
        for (const [x, u] of [
          [i0, 1 - i + i0],
          [i0 + 1, i - i0],
        ] as const)
          sum += u * v * w * voxels[x + ni * (b + nj * c)]
    return sum
  }
}

/** A nodule with the given features and none else. */
export const noduleWith = (
  features: NoduleSpec['features'] = {},
  calcification: NoduleSpec['calcification'] = 'none',
  seed = 1,
): NoduleSpec => ({ seed, features: { 'longest_axial_diameter_(mm)': 18, ...features }, calcification })

/** The first so many nodules of a random series. */
export const someNodules = (count: number): NoduleSpec[] =>
  Array.from({ length: count }, (_, n) => drawNodule(seededRandom(n, 'test')))
