/**
 * Fields of a NIfTI header that place and scale voxels, by the standard's names. NIfTI-1: nifti1.h, 348 bytes;
 * NIfTI-2: nifti2.h, 540 bytes, the same fields wider and at other places.
 */
export interface NiftiFields {
  readonly version: 1 | 2
  readonly littleEndian: boolean
  /** True for n+1 and n+2 (header and voxels in one file), false for ni1 and ni2 (a pair). */
  readonly singleFile: boolean
  /** dim[0..7] */
  readonly dim: readonly number[]
  readonly datatype: number
  readonly bitpix: number
  /** pixdim[0..7] */
  readonly pixdim: readonly number[]
  readonly voxOffset: number
  readonly sclSlope: number
  readonly sclInter: number
  readonly xyztUnits: number
  readonly qformCode: number
  readonly sformCode: number
  /** quatern_b, quatern_c, quatern_d */
  readonly quatern: readonly [number, number, number]
  /** qoffset_x, qoffset_y, qoffset_z */
  readonly qoffset: readonly [number, number, number]
  /** srow_x, srow_y, srow_z: 3x4 row-major, voxel index to RAS */
  readonly srow: readonly number[]
}

/** sizeof_hdr of the two versions. */
export const HEADER_BYTES: Readonly<Record<1 | 2, number>> = { 1: 348, 2: 540 }

/** What a file's first bytes say about NIfTI. */
export type NiftiKind =
  | { readonly version: 1 | 2; readonly littleEndian: boolean; readonly singleFile: boolean }
  /** sizeof_hdr is 348 but there is no magic: the format before NIfTI, which does not say left from right. */
  | 'analyze'
  /** NIfTI-2's magic, but the bytes behind it (CR LF ^Z LF) were changed, as a transfer in text mode does. */
  | 'mangled'
  | undefined

/**
 * Recognises a NIfTI header by sizeof_hdr, whose value also gives the byte order, and magic.
 * @param bytes the file's first bytes, 348 for NIfTI-1
 * @example niftiKind(await readPrefix(source, 540)) // { version: 1, littleEndian: true, singleFile: true }
 */
export function niftiKind(bytes: Uint8Array): NiftiKind {
  if (bytes.length < 12) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const littleEndian = [348, 540].includes(view.getInt32(0, true))
  const size = view.getInt32(0, littleEndian)
  if (size === 348) {
    const magic = bytes.length < 348 ? '' : String.fromCharCode(...bytes.subarray(344, 348))
    if (magic === 'n+1\0' || magic === 'ni1\0') return { version: 1, littleEndian, singleFile: magic[1] === '+' }
    return bytes.length < 348 ? undefined : 'analyze'
  }
  if (size !== 540) return undefined
  const magic = String.fromCharCode(...bytes.subarray(4, 12))
  if (!/^n[+i]2/.test(magic)) return undefined
  return magic.slice(3) === '\0\r\n\x1a\n' ? { version: 2, littleEndian, singleFile: magic[1] === '+' } : 'mangled'
}

/**
 * Reads the fields; checks nothing but that the bytes are there.
 * @param bytes at least 348 (version 1) or 540 (version 2) bytes
 */
export function niftiFields(bytes: Uint8Array, kind: Exclude<NiftiKind, string | undefined>): NiftiFields {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const le = kind.littleEndian
  const int16 = (at: number): number => view.getInt16(at, le)
  const int32 = (at: number): number => view.getInt32(at, le)
  const int64 = (at: number): number => Number(view.getBigInt64(at, le))
  const float = (at: number): number => view.getFloat32(at, le)
  const double = (at: number): number => view.getFloat64(at, le)
  const row = (read: (at: number) => number, at: number, width: number, count: number): number[] =>
    Array.from({ length: count }, (_, n) => read(at + n * width))
  if (kind.version === 1) {
    return {
      ...kind,
      dim: row(int16, 40, 2, 8),
      datatype: int16(70),
      bitpix: int16(72),
      pixdim: row(float, 76, 4, 8),
      voxOffset: float(108),
      sclSlope: float(112),
      sclInter: float(116),
      xyztUnits: bytes[123],
      qformCode: int16(252),
      sformCode: int16(254),
      quatern: [float(256), float(260), float(264)],
      qoffset: [float(268), float(272), float(276)],
      srow: row(float, 280, 4, 12),
    }
  }
  return {
    ...kind,
    dim: row(int64, 16, 8, 8),
    datatype: int16(12),
    bitpix: int16(14),
    pixdim: row(double, 104, 8, 8),
    voxOffset: int64(168),
    sclSlope: double(176),
    sclInter: double(184),
    xyztUnits: int32(500),
    qformCode: int32(344),
    sformCode: int32(348),
    quatern: [double(352), double(360), double(368)],
    qoffset: [double(376), double(384), double(392)],
    srow: row(double, 400, 8, 12),
  }
}
