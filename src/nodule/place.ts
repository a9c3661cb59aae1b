import { SpiculaError } from '../error.ts'
import { applyAffine, invertAffine, rasToLpsPoint, spacingMm } from '../scan/affine.ts'
import { insideScan } from '../scan/box.ts'
import type { Affine, Note, Scan, Triple } from '../scan/scan.ts'

/**
 * Checks that a nodule's place is one: finite, and inside the scan, that is no more than half a voxel beyond the
 * centres of the outermost voxels.
 * @param pointLps nodule centre, mm, LPS
 * @throws SpiculaError `nodule/point` for a coordinate that is not a finite number; `nodule/outside` for a point
 * outside the scan, with the distance, the scan's extent, and whether the point looks like RAS mm or voxel indices
 * @example
 * checkPlace(scan, [-60.2, 31.5, -120]) // returns, or throws with the reason
 */
export function checkPlace(scan: Scan, pointLps: Triple): void {
  if (!pointLps.every(Number.isFinite)) {
    throw new SpiculaError(
      'nodule/point',
      `${scan.name}: nodule at (${pointLps.join(', ')}): not three finite numbers`,
      {
        hint: 'coordX, coordY and coordZ are millimetres in LPS; check the row for empty or misread cells.',
      },
    )
  }
  const inverse = invertAffine(scan.affineLps)
  const indexIjk = applyAffine(inverse, pointLps)
  if (insideScan(scan.shapeIjk, indexIjk)) return
  const excess = excessVoxels(indexIjk, scan.shapeIjk)
  const spacing = spacingMm(scan.affineLps)
  const distances = excess.flatMap((voxels, axis) => {
    if (voxels === 0) return []
    const side = voxels < 0 ? 'before the first voxel of' : 'beyond the last voxel of'
    const mm = Math.abs(voxels) * spacing[axis]
    return [`${mm.toFixed(1)} mm (${Math.abs(voxels).toFixed(1)} voxels) ${side} ${axisName(scan.affineLps, axis)}`]
  })
  throw new SpiculaError(
    'nodule/outside',
    `${scan.name}: the nodule at (${format(pointLps)}) mm LPS lies outside the scan: ${distances.join(', ')}. ` +
      `The scan spans ${extentText(scan)} mm LPS`,
    { hint: likelyFrame(scan, pointLps, inverse) },
  )
}

function likelyFrame(scan: Scan, point: Triple, inverse: Affine): string {
  const hints = []
  if (insideScan(scan.shapeIjk, applyAffine(inverse, rasToLpsPoint(point)))) {
    hints.push('With the signs of x and y flipped the point lies inside: the coordinates look like RAS (--frame ras).')
  }
  if (insideScan(scan.shapeIjk, point)) {
    hints.push('The numbers fit as voxel indices: the coordinates look like voxels, not millimetres (--frame voxel).')
  }
  const other = scan.elsewhere?.(point)
  if (other !== undefined) hints.push(`The point lies in ${other}: give that one, its #number behind the path.`)
  if (hints.length === 0) hints.push('Check that the row names the right scan, and the frame of its coordinates.')
  return hints.join(' ')
}

/** By how many voxels an index lies outside on each stored axis: negative before the first, 0 inside. */
function excessVoxels(indexIjk: Triple, shapeIjk: Triple): number[] {
  return indexIjk.map((index, axis) => Math.min(index + 0.5, 0) + Math.max(index - shapeIjk[axis] + 0.5, 0))
}

/** E.g. `stored axis k (z, superior)`: the axis as stored and the body's direction it runs in, mostly. */
function axisName(affineLps: Affine, axis: number): string {
  const column = [0, 1, 2].map((row) => affineLps[4 * row + axis])
  const world = column.reduce((best, value, row) => (Math.abs(value) > Math.abs(column[best]) ? row : best), 0)
  const direction = [
    ['right', 'left'],
    ['anterior', 'posterior'],
    ['inferior', 'superior'],
  ][world][+(column[world] > 0)]
  return `stored axis ${'ijk'[axis]} (${'xyz'[world]}, towards ${direction})`
}

function extentText({ affineLps, shapeIjk }: Scan): string {
  return [0, 1, 2]
    .map((row) => {
      let low = affineLps[4 * row + 3]
      let high = low
      for (let axis = 0; axis < 3; axis++) {
        const ends = [-0.5, shapeIjk[axis] - 0.5].map((index) => index * affineLps[4 * row + axis])
        low += Math.min(...ends)
        high += Math.max(...ends)
      }
      return `${'xyz'[row]} ${low.toFixed(1)} to ${high.toFixed(1)}`
    })
    .join(', ')
}

const format = (point: Triple): string => point.map((value) => Number(value.toFixed(2))).join(', ')

/**
 * A note when part of what the views show lies outside the scan.
 * @param shapeMm mm shown along z, y, x around the point
 * @param fillHu what stands there instead, for the message
 */
export function borderNotes(scan: Scan, pointLps: Triple, shapeMm: Triple, fillHu: number): Note[] {
  const share = shareOutside(scan, pointLps, shapeMm)
  if (share === 0) return []
  const shown = shapeMm[0] === 1 ? `${shapeMm[1]} mm square` : `${shapeMm[1]} mm cube`
  const percent = share < 0.01 ? '< 1' : (100 * share).toFixed(0)
  return [
    {
      code: 'nodule/border',
      message: `${percent} % of the ${shown} round the nodule lies outside ${scan.name} and is shown as ${fillHu} HU`,
    },
  ]
}

/** Share of the samples, 1 mm apart, that lie more than half a voxel outside. */
function shareOutside({ affineLps, shapeIjk }: Scan, pointLps: Triple, shapeMm: Triple): number {
  const inverse = invertAffine(affineLps)
  const outside = (z: number, y: number, x: number) =>
    !insideScan(shapeIjk, applyAffine(inverse, [pointLps[0] + x, pointLps[1] + y, pointLps[2] + z]))
  const [depth, height, width] = shapeMm
  const [z0, y0, x0] = shapeMm.map((size) => -Math.floor(size / 2))
  // The scan is convex: if no corner of the cube is outside, nothing is.
  const corners = [z0, z0 + depth - 1].flatMap((z) =>
    [y0, y0 + height - 1].flatMap((y) => [x0, x0 + width - 1].map((x) => outside(z, y, x))),
  )
  if (!corners.includes(true)) return 0
  let count = 0
  for (let z = z0; z < z0 + depth; z++) {
    for (let y = y0; y < y0 + height; y++) {
      for (let x = x0; x < x0 + width; x++) if (outside(z, y, x)) count++
    }
  }
  return count / (depth * height * width)
}
