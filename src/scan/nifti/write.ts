import { SpiculaError } from '../../error.ts'
import { affineFault, rasToLps, spacingMm } from '../affine.ts'
import { voxelCount } from '../box.ts'
import type { Affine, Triple } from '../scan.ts'
import { HOST_LITTLE_ENDIAN } from '../voxel-type.ts'
import { HEADER_BYTES } from './fields.ts'
import { rotationQuaternion } from './quaternion.ts'

/** Arrays whose numbers NIfTI stores as they are. */
export type NiftiVoxels =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array

/** NIFTI_XFORM_SCANNER_ANAT */
const SCANNER = 1
/** NIFTI_UNITS_MM */
const MILLIMETRES = 2

/** What to write. */
export interface NiftiImage {
  /** Stored numbers, i fastest, as many as the shape says. */
  readonly voxels: NiftiVoxels
  readonly shapeIjk: Triple
  /** Voxel index to LPS mm. */
  readonly affineLps: Affine
  /** scl_slope: HU = stored * slope + intercept; 1 unless given. */
  readonly slope?: number
  /** scl_inter; 0 unless given. */
  readonly intercept?: number
  /** descrip, up to 79 bytes of UTF-8: what made the file. */
  readonly description?: string
}

/** nifti1.h: DT_* code of each array's class. */
function datatypeCode(voxels: NiftiVoxels): number {
  if (voxels instanceof Uint8Array) return 2
  if (voxels instanceof Int16Array) return 4
  if (voxels instanceof Int32Array) return 8
  if (voxels instanceof Float32Array) return 16
  if (voxels instanceof Float64Array) return 64
  if (voxels instanceof Int8Array) return 256
  if (voxels instanceof Uint16Array) return 512
  if (voxels instanceof Uint32Array) return 768
  return voxels instanceof BigInt64Array ? 1024 : 1280
}

/**
 * A NIfTI-1 file (header and voxels in one; this machine's byte order), or NIfTI-2 where an axis is longer than int16 counts.
 * The orientation is written as sform, scanner coordinates in RAS mm, and also as qform where that can say it
 * (axes at right angles).
 * @returns the bytes of the .nii file
 * @throws SpiculaError `volume/shape` where shape and array disagree, `volume/affine` for an unusable affine
 * @example
 * const bytes = encodeNifti({ voxels: new Int16Array(64 * 64 * 32), shapeIjk: [64, 64, 32], affineLps })
 * bytes.length // 352 + 2 * 64 * 64 * 32
 */
export function encodeNifti(image: NiftiImage): Uint8Array<ArrayBuffer> {
  const { voxels, shapeIjk, affineLps } = image
  if (
    !shapeIjk.every((size) => Number.isInteger(size) && size > 0) ||
    voxelCount({ sizeIjk: shapeIjk }) !== voxels.length
  ) {
    throw new SpiculaError('volume/shape', `${voxels.length} voxels are not ${shapeIjk.join(' x ')}`)
  }
  const fault = affineFault(affineLps)
  if (fault !== undefined) throw new SpiculaError('volume/affine', `The affine cannot be written: ${fault}`)
  const version = shapeIjk.some((size) => size > 32767) ? 2 : 1
  // Four bytes without extensions (nifti1.h: extender) end the header; both sums are multiples of 16, as asked for.
  const offset = HEADER_BYTES[version] + 4
  const bytes = new Uint8Array(offset + voxels.byteLength)
  writeHeader(new DataView(bytes.buffer, 0, offset), image, version)
  bytes.set(new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength), offset)
  return bytes
}

/** Writes the fields by the standard's names; those left out are 0, which the standard takes as "not given". */
function writeHeader(view: DataView, image: NiftiImage, version: 1 | 2): void {
  const { voxels, shapeIjk, slope = 1, intercept = 0, description = '' } = image
  const affineRas = rasToLps(image.affineLps)
  const quaternion = rotationQuaternion(affineRas)
  const le = HOST_LITTLE_ENDIAN
  const put = {
    int16: (at: number, ...values: number[]) => values.forEach((v, n) => void view.setInt16(at + 2 * n, v, le)),
    int32: (at: number, ...values: number[]) => values.forEach((v, n) => void view.setInt32(at + 4 * n, v, le)),
    int64: (at: number, ...values: number[]) =>
      values.forEach((v, n) => void view.setBigInt64(at + 8 * n, BigInt(v), le)),
    float: (at: number, ...values: number[]) => values.forEach((v, n) => void view.setFloat32(at + 4 * n, v, le)),
    double: (at: number, ...values: number[]) => values.forEach((v, n) => void view.setFloat64(at + 8 * n, v, le)),
    text: (at: number, text: string, most: number) =>
      new TextEncoder().encodeInto(text, new Uint8Array(view.buffer, at, most)),
  }
  const dim = [3, ...shapeIjk, 1, 1, 1, 1]
  const pixdim = [quaternion?.qfac ?? 1, ...spacingMm(affineRas), 0, 0, 0, 0]
  const rotation = quaternion?.bcd ?? [0, 0, 0]
  const offset = quaternion ? [affineRas[3], affineRas[7], affineRas[11]] : [0, 0, 0]
  const qformCode = quaternion ? SCANNER : 0
  if (version === 1) {
    put.int32(0, HEADER_BYTES[1]) // sizeof_hdr
    put.int16(40, ...dim)
    put.int16(70, datatypeCode(voxels), 8 * voxels.BYTES_PER_ELEMENT)
    put.float(76, ...pixdim)
    put.float(108, view.byteLength, slope, intercept) // vox_offset, scl_slope, scl_inter
    view.setUint8(123, MILLIMETRES) // xyzt_units
    put.text(148, description, 79) // descrip
    put.int16(252, qformCode, SCANNER) // and sform_code
    put.float(256, ...rotation, ...offset) // quatern_b to qoffset_z
    put.float(280, ...affineRas) // srow_x to srow_z
    put.text(344, 'n+1\0', 4)
    return
  }
  put.int32(0, HEADER_BYTES[2])
  put.text(4, 'n+2\0\r\n\x1a\n', 8)
  put.int16(12, datatypeCode(voxels), 8 * voxels.BYTES_PER_ELEMENT)
  put.int64(16, ...dim)
  put.double(104, ...pixdim)
  put.int64(168, view.byteLength)
  put.double(176, slope, intercept)
  put.text(240, description, 79)
  put.int32(344, qformCode, SCANNER)
  put.double(352, ...rotation, ...offset)
  put.double(400, ...affineRas)
  put.int32(500, MILLIMETRES)
}
