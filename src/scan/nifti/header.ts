import { SpiculaError } from '../../error.ts'
import { CUT_SHORT } from '../../files/bytes.ts'
import type { RawLayout } from '../raw-voxels.ts'
import type { Affine, Note, Triple } from '../scan.ts'
import { BYTES_PER_VOXEL, type StoredType } from '../voxel-type.ts'
import { HEADER_BYTES, type NiftiFields, niftiFields, niftiKind } from './fields.ts'
import { niftiAffineLps } from './orientation.ts'

/** What a NIfTI header says about its voxels. */
export interface NiftiHeader extends RawLayout {
  readonly version: 1 | 2
  /** False for a pair, whose voxels are in the .img file. */
  readonly singleFile: boolean
  readonly affineLps: Affine
  readonly notes: readonly Note[]
}

/** Bytes to have for {@link parseNiftiHeader}: enough for either version. */
export const NIFTI_PREFIX_BYTES = HEADER_BYTES[2]

/** nifti1.h: DT_* codes that hold one real number a voxel. */
const DATATYPES: Readonly<Record<number, StoredType>> = {
  2: 'uint8',
  4: 'int16',
  8: 'int32',
  16: 'float32',
  64: 'float64',
  256: 'int8',
  512: 'uint16',
  768: 'uint32',
  1024: 'int64',
  1280: 'uint64',
}

/** The others, by name. */
const OTHER_DATATYPES: Readonly<Record<number, string>> = {
  0: 'unknown',
  1: 'binary (1 bit)',
  32: 'complex64',
  128: 'RGB24',
  1536: 'float128',
  1792: 'complex128',
  2048: 'complex256',
  2304: 'RGBA32',
}

/**
 * Reads and checks a NIfTI-1 or NIfTI-2 header of either byte order.
 * @param bytes the file's first {@link NIFTI_PREFIX_BYTES} bytes, or all where it has fewer
 * @param name the file's base name
 * @throws SpiculaError `volume/format`, `volume/truncated`, `volume/corrupt`, `volume/shape`, `volume/datatype`,
 *   `volume/header`, `volume/orientation`, `volume/affine`
 * @example parseNiftiHeader(await readPrefix(source, NIFTI_PREFIX_BYTES), 'scan.nii.gz').shapeIjk // [512, 512, 300]
 */
export function parseNiftiHeader(bytes: Uint8Array, name: string): NiftiHeader {
  const fields = niftiFields(bytes, recognise(bytes, name))
  const notes: Note[] = []
  const shapeIjk = shape(fields, name)
  const type = datatype(fields, name, notes)
  if (!Number.isSafeInteger(shapeIjk[0] * shapeIjk[1] * shapeIjk[2] * BYTES_PER_VOXEL[type])) {
    throw new SpiculaError('volume/shape', `${name}: ${shapeIjk.join(' x ')} voxels are more than any file holds`)
  }
  const voxelOffset = offset(fields, name)
  const { slope, intercept } = scaling(fields, name, notes)
  const placed = niftiAffineLps(fields, shapeIjk, name)
  const { version, littleEndian, singleFile } = fields
  return {
    version,
    littleEndian,
    singleFile,
    shapeIjk,
    type,
    voxelOffset,
    slope,
    intercept,
    affineLps: placed.affineLps,
    notes: [...notes, ...placed.notes],
  }
}

function recognise(bytes: Uint8Array, name: string): Parameters<typeof niftiFields>[1] {
  const kind = niftiKind(bytes)
  if (kind === 'analyze') {
    throw new SpiculaError('volume/format', `${name}: Analyze 7.5 (a NIfTI-1 header without its magic) is not read`, {
      hint: 'Analyze files do not say which side is left: convert the scan again from its DICOM files.',
    })
  }
  if (kind === 'mangled') {
    throw new SpiculaError('volume/corrupt', `${name}: the line ends in the NIfTI-2 magic were changed`, {
      hint: 'The file was transferred in text mode: repeat it in binary mode.',
    })
  }
  const needed = HEADER_BYTES[kind?.version ?? 1]
  if (bytes.length < needed) {
    const message = `${name}: ${needed} bytes of header expected, ${bytes.length} found`
    throw new SpiculaError('volume/truncated', message, { hint: CUT_SHORT })
  }
  if (kind === undefined) {
    throw new SpiculaError(
      'volume/format',
      `${name}: not a NIfTI file (neither NIfTI-1 nor NIfTI-2 by its first bytes)`,
    )
  }
  return kind
}

/** dim[0] is the number of axes, dim[1..] their sizes. */
function shape({ dim }: NiftiFields, name: string): Triple {
  const axes = dim[0]
  if (!(axes >= 1 && axes <= 7)) {
    throw new SpiculaError('volume/shape', `${name}: dim[0] is ${axes}, not a number of axes from 1 to 7`)
  }
  const sizes = dim.slice(1, axes + 1)
  const inFull = sizes.join(' x ')
  if (axes === 1) throw new SpiculaError('volume/shape', `${name}: one axis of ${inFull} voxels is not a scan`)
  const odd = sizes.findIndex((size) => !(size > 0 && Number.isSafeInteger(size)))
  if (odd >= 0) throw new SpiculaError('volume/shape', `${name}: dim[${odd + 1}] is ${sizes[odd]}, of ${inFull}`)
  if (sizes.slice(3).some((size) => size > 1)) {
    throw new SpiculaError('volume/shape', `${name}: ${inFull} voxels are ${axes}-D, a scan has three axes`, {
      hint: 'Save the volume that is meant as a file of its own.',
    })
  }
  return [sizes[0], sizes[1], sizes[2] ?? 1]
}

function datatype({ datatype: code, bitpix }: NiftiFields, name: string, notes: Note[]): StoredType {
  const type = DATATYPES[code]
  if (type === undefined) {
    const called = OTHER_DATATYPES[code] ?? 'not a type of the standard'
    throw new SpiculaError('volume/datatype', `${name}: voxels of datatype ${code} (${called}) are not CT values`, {
      hint: `Supported: ${Object.values(DATATYPES).join(', ')}.`,
    })
  }
  if (bitpix !== 8 * BYTES_PER_VOXEL[type]) {
    notes.push({ code: 'volume/header', message: `${name}: bitpix ${bitpix} is not ${type}'s; read as ${type}` })
  }
  return type
}

/** vox_offset: behind the header in a single file, anywhere in the .img of a pair. */
function offset({ voxOffset, singleFile, version }: NiftiFields, name: string): number {
  const least = singleFile ? HEADER_BYTES[version] : 0
  if (Number.isSafeInteger(voxOffset) && voxOffset >= least) return voxOffset
  throw new SpiculaError('volume/header', `${name}: vox_offset is ${voxOffset}, not a whole number from ${least} on`, {
    hint: 'The header is damaged: copy or convert the scan again.',
  })
}

/** nifti1.h: scl_slope 0 means that voxels are not scaled; not-a-number, as some writers leave it, means the same. */
function scaling(
  { sclSlope, sclInter }: NiftiFields,
  name: string,
  notes: Note[],
): { slope: number; intercept: number } {
  if (sclSlope === 0 || Number.isNaN(sclSlope)) {
    if (sclInter !== 0 && Number.isFinite(sclInter)) {
      const message = `${name}: scl_inter ${sclInter} is ignored, because scl_slope is ${sclSlope}`
      notes.push({ code: 'volume/scaling', message })
    }
    return { slope: 1, intercept: 0 }
  }
  if (Number.isFinite(sclSlope) && Number.isFinite(sclInter)) return { slope: sclSlope, intercept: sclInter }
  throw new SpiculaError('volume/header', `${name}: scl_slope ${sclSlope} and scl_inter ${sclInter} are not a scaling`)
}
