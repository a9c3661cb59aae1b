import { SpiculaError } from '../../error.ts'
import { type ByteSource, CUT_SHORT, inWords, truncated } from '../../files/bytes.ts'
import { voxelCount } from '../box.ts'
import { rawReader } from '../raw-voxels.ts'
import type { Scan } from '../scan.ts'
import { BYTES_PER_VOXEL } from '../voxel-type.ts'
import type { NiftiHeader } from './header.ts'

/**
 * A scan from a checked NIfTI header and the source of its voxels.
 * @param name the scan's name: base name of the file that the user gave
 * @param header the checked header
 * @param voxels source of the voxels: the same file, or the .img of a pair
 * @throws SpiculaError `volume/header` for voxels that begin behind the end of the source, `volume/truncated` where it
 *   cannot hold them all (a compressed file is only known to when it is read to its end)
 * @example
 * const source = memorySource('scan.nii', bytes)
 * const scan = niftiScan(source.name, parseNiftiHeader(bytes, source.name), source)
 */
export function niftiScan(name: string, header: NiftiHeader, voxels: ByteSource): Scan {
  const { shapeIjk, affineLps, notes, voxelOffset, type } = header
  const end = voxelOffset + voxelCount({ sizeIjk: shapeIjk }) * BYTES_PER_VOXEL[type]
  if (end > voxels.maxSize) {
    const size = inWords(voxels.maxSize)
    if (voxels.compressed) {
      const message = `${voxels.name}: ${inWords(end)} bytes expected, but it cannot inflate to more than ${size}`
      throw new SpiculaError('volume/truncated', message, { hint: CUT_SHORT })
    }
    if (voxelOffset >= voxels.maxSize) {
      const message = `${voxels.name}: vox_offset ${inWords(voxelOffset)} lies behind the file's ${size} bytes`
      throw new SpiculaError('volume/header', message, { hint: CUT_SHORT })
    }
    throw truncated(voxels.name, end, voxels.maxSize, CUT_SHORT)
  }
  return { name, shapeIjk, affineLps, notes, readHu: rawReader(name, voxels, header) }
}
