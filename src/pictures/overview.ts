/** Where in the body a nodule lies: the three planes through it, over the whole scan. */

import { SpiculaError } from '../error.ts'
import { exactGrid, FILL_HU } from '../nodule/geometry.ts'
import { unitIntensity } from '../nodule/hounsfield.ts'
import { neededBox, sampleGrid } from '../nodule/sample.ts'
import { applyAffine } from '../scan/affine.ts'
import { voxelCount } from '../scan/box.ts'
import type { Scan, Triple } from '../scan/scan.ts'
import type { Panel } from './panel.ts'
import { axial, coronal, type Plane, sagittal } from './planes.ts'

/** No chest is wider: what a scan shows beyond this round its middle (or, far off it, the nodule) is left out. */
const MOST_MM = 512

/** Of a scan that is turned against the body a plane needs a box: at most this many voxels of it are read. */
const MOST_VOXELS = 40_000_000

/**
 * The axial, coronal and sagittal plane through a point, each over the whole scan, one pixel a millimetre, with a
 * cross-hair on the point. A scan of a single slice has its axial plane alone.
 * @param pointLps inside the scan, mm
 * @returns panels of [-1000, 500] HU as [0, 1], all of one size; what the scan does not hold is black
 * @throws SpiculaError `case/overview` where that would take too much of a turned scan, and what its reader throws
 * @example
 * const [{ label, pixels }] = await overview(scan, [-60.2, 31.5, -120]) // 'axial', 360
 */
export async function overview(scan: Scan, pointLps: Triple): Promise<(Panel & { readonly label: string })[]> {
  const extent = [0, 1, 2].map((axis) => extentOf(scan, axis))
  const longest = Math.max(...extent.map(({ low, high }) => high - low))
  const size = Math.min(MOST_MM, Math.max(2, Math.ceil(longest) + 1))
  // Index of the point on each axis, so that the middle of the scan is in the middle, and the point inside in any case.
  const [x, y, z] = extent.map(({ low, high }, axis) => {
    const index = Math.round(pointLps[axis] - (low + high) / 2 + (size - 1) / 2)
    return Math.min(Math.max(index, 0), size - 1)
  })
  const thin = scan.shapeIjk.indexOf(1)
  const plane = async (label: string, hung: Plane, normal: 0 | 1 | 2, pointRowColumn: readonly [number, number]) => {
    const shapeZyx = [0, 1, 2].map((axis) => (axis === normal ? 1 : size)) as unknown as Triple
    const centreZyx = [z, y, x].map((index, axis) => (axis === normal ? 0 : index)) as unknown as Triple
    const grid = exactGrid(scan, { pointLps, shapeZyx, centreZyx }, thin < 0 ? undefined : thin)
    const box = neededBox(grid)
    if (voxelCount(box) > MOST_VOXELS)
      throw new SpiculaError('case/overview', `the ${label} plane crosses ${voxelCount(box)} voxels of the turned scan`)
    const hu = sampleGrid(await scan.readHu(box), box, grid, FILL_HU.exact, shapeZyx)
    return {
      label,
      plane: hung,
      gray: hu.map(unitIntensity),
      pixels: size,
      pixelMm: 1,
      pointRowColumn,
      mark: 'cross-hair',
      barMm: size > 150 ? 50 : 10,
    } as const
  }
  const first = plane('axial', axial, 0, [y, x])
  if (thin >= 0) return [await first]
  return Promise.all([first, plane('coronal', coronal, 1, [z, x]), plane('sagittal', sagittal, 2, [z, y])])
}

/** Where the centres of the outermost voxels lie along one axis of the world, mm. */
function extentOf({ affineLps, shapeIjk }: Scan, axis: number): { low: number; high: number } {
  const corners = Array.from({ length: 8 }, (_, corner) =>
    applyAffine(affineLps, [0, 1, 2].map((i) => ((corner >> i) & 1) * (shapeIjk[i] - 1)) as unknown as Triple),
  ).map((point) => point[axis])
  return { low: Math.min(...corners), high: Math.max(...corners) }
}
