import { SpiculaError } from '../error.ts'
import { affineFault } from './affine.ts'
import { checkBox, voxelCount } from './box.ts'
import type { Affine, Box, Scan, Triple } from './scan.ts'

/**
 * A scan from voxels that are in memory already, for callers that read CTs themselves. Nothing is copied: the scan sees
 * later changes of `hu`.
 * @param hu voxels in HU, i fastest: hu[i + ni * (j + nj * k)]
 * @param shapeIjk voxels on each stored axis
 * @param affineLps voxel index to world LPS mm, 3x4 row-major
 * @param name for messages
 * @throws SpiculaError `volume/shape` where shape and number of voxels do not fit, `volume/affine` for an affine that
 * places no voxels
 * @example
 * const hu = new Float32Array(64 * 64 * 40).fill(-850)
 * const scan = memoryScan(hu, [64, 64, 40], [1, 0, 0, -32, 0, 1, 0, -32, 0, 0, 2.5, -50])
 * const crop = await cropNodule(scan, [0, 0, 0], { geometry: 'exact' })
 */
export function memoryScan(
  hu: ArrayLike<number>,
  shapeIjk: Triple,
  affineLps: Affine,
  { name = 'scan in memory' }: { name?: string } = {},
): Scan {
  const [ni, nj, nk] = shapeIjk
  if (!shapeIjk.every((n) => Number.isInteger(n) && n > 0) || hu.length !== ni * nj * nk) {
    throw new SpiculaError('volume/shape', `${name}: ${hu.length} voxels cannot be ${shapeIjk.join(' x ')} voxels`, {
      hint: 'The shape is (i, j, k) with i the fastest axis in memory: a NumPy array [z, y, x] has the shape reversed.',
    })
  }
  const fault = affineFault(affineLps)
  if (fault !== undefined) throw new SpiculaError('volume/affine', `${name}: the affine places no voxels: ${fault}`)
  const scan = {
    name,
    shapeIjk,
    affineLps,
    notes: [],
    async readHu(box: Box): Promise<Float32Array> {
      checkBox(scan, box)
      const [si, sj, sk] = box.sizeIjk
      const [i0, j0, k0] = box.startIjk
      const out = new Float32Array(voxelCount(box))
      for (let k = 0, o = 0; k < sk; k++) {
        for (let j = 0; j < sj; j++) {
          let v = i0 + ni * (j0 + j + nj * (k0 + k))
          for (let i = 0; i < si; i++) out[o++] = hu[v++]
        }
      }
      return out
    },
  }
  return scan
}
