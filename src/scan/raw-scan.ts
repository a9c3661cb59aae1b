import { SpiculaError } from '../error.ts'
import { type ByteSource, CUT_SHORT, inWords, truncated } from '../files/bytes.ts'
import { affineFault } from './affine.ts'
import { voxelCount } from './box.ts'
import { type RawLayout, rawReader } from './raw-voxels.ts'
import type { Affine, Note, Scan, Triple } from './scan.ts'
import { BYTES_PER_VOXEL } from './voxel-type.ts'

/** What a header of MetaImage or NRRD says of its voxels. */
export interface RawHeader extends RawLayout {
  readonly affineLps: Affine
  readonly notes: readonly Note[]
}

/** Voxels on an axis beyond which a number is not a size. */
const MOST_VOXELS = 1 << 20

/**
 * A scan from a header and the source of its voxels, checked against each other.
 * @throws SpiculaError `volume/affine`, `volume/truncated`
 */
export function rawScan(name: string, header: RawHeader, source: ByteSource): Scan {
  const { shapeIjk, affineLps, notes, voxelOffset, type } = header
  const fault = affineFault(affineLps)
  if (fault !== undefined) throw new SpiculaError('volume/affine', `${name}: the header places no voxels: ${fault}`)
  const end = voxelOffset + voxelCount({ sizeIjk: shapeIjk }) * BYTES_PER_VOXEL[type]
  if (end > source.maxSize) {
    if (!source.compressed) throw truncated(source.name, end, source.maxSize, CUT_SHORT)
    const most = inWords(source.maxSize)
    const message = `${source.name}: ${inWords(end)} bytes expected, but it cannot inflate to more than ${most}`
    throw new SpiculaError('volume/truncated', message, { hint: CUT_SHORT })
  }
  return { name, shapeIjk, affineLps, notes, readHu: rawReader(name, source, header) }
}

/**
 * Three sizes of a header, or its refusal. Further axes of one voxel are fine, as is a missing third one.
 * @throws SpiculaError `volume/shape`
 */
export function checkShape(sizes: readonly number[], name: string): Triple {
  const inFull = sizes.join(' x ')
  if (sizes.length < 2 || sizes.some((size) => !(Number.isInteger(size) && size > 0 && size <= MOST_VOXELS))) {
    throw new SpiculaError('volume/shape', `${name}: ${inFull} are not sizes of a scan`)
  }
  if (sizes.slice(3).some((size) => size > 1)) {
    throw new SpiculaError('volume/shape', `${name}: ${inFull} voxels are ${sizes.length}-D, a scan has three axes`, {
      hint: 'Save the volume that is meant as a file of its own.',
    })
  }
  return [sizes[0], sizes[1], sizes[2] ?? 1]
}
