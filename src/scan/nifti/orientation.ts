import { SpiculaError } from '../../error.ts'
import { affineFault, applyAffine, determinant, rasToLps, spacingMm } from '../affine.ts'
import type { Affine, Note, Triple } from '../scan.ts'
import type { NiftiFields } from './fields.ts'

/** Spacings outside of this are no scanner's: most likely the unit is wrong. */
const PLAUSIBLE_MM = { smallest: 0.01, largest: 100 }

/**
 * Where the voxels lie: sform where sform_code > 0, else qform where qform_code > 0 (nifti1.h "METHOD 3" and
 * "METHOD 2"). With neither ("METHOD 1") the file does not say which side is left, so it is refused.
 * @param fields header fields
 * @param shapeIjk voxels on each stored axis
 * @param name for messages
 * @returns voxel index to LPS mm, and what was odd
 * @throws SpiculaError `volume/orientation` without orientation, `volume/affine` where it is not usable
 */
export function niftiAffineLps(
  fields: NiftiFields,
  shapeIjk: Triple,
  name: string,
): { affineLps: Affine; notes: Note[] } {
  const { sformCode, qformCode } = fields
  if (!(sformCode > 0) && !(qformCode > 0)) {
    throw new SpiculaError(
      'volume/orientation',
      `${name}: no orientation (sform_code ${sformCode}, qform_code ${qformCode}): left and right cannot be told apart`,
      {
        hint: 'Convert the scan again from its DICOM files with a converter that keeps orientation, such as dcm2niix.',
      },
    )
  }
  const { mm, notes } = millimetres(fields.xyztUnits, name)
  const used = sformCode > 0 ? { form: 'sform', affine: fields.srow } : { form: 'qform', affine: qformAffine(fields) }
  const affine = used.affine.map((value) => value * mm)
  const fault = affineFault(affine)
  if (fault !== undefined) {
    throw new SpiculaError('volume/affine', `${name}: the ${used.form} cannot place voxels: ${fault}`, {
      hint: 'The header is damaged; convert the scan again from its DICOM files.',
    })
  }
  const spacing = spacingMm(affine)
  if (spacing.some((value) => value < PLAUSIBLE_MM.smallest || value > PLAUSIBLE_MM.largest)) {
    const message = `${name}: voxels of ${spacing.map((v) => Number(v.toPrecision(3))).join(' x ')} mm are not those of a CT`
    notes.push({ code: 'volume/spacing', message: `${message}; the unit in the header is probably wrong` })
  }
  if (sformCode > 0 && qformCode > 0) notes.push(...disagreement(affine, qformAffine(fields), mm, shapeIjk, name))
  return { affineLps: rasToLps(affine), notes }
}

/** nifti1.h: xyzt_units, lowest three bits: NIFTI_UNITS_METER 1, _MM 2, _MICRON 3, _UNKNOWN 0. */
function millimetres(xyztUnits: number, name: string): { mm: number; notes: Note[] } {
  const unit = xyztUnits & 7
  if (unit === 1) return { mm: 1000, notes: [] }
  if (unit === 2) return { mm: 1, notes: [] }
  if (unit === 3) return { mm: 0.001, notes: [] }
  const message = `${name}: the unit of length is not given (xyzt_units ${xyztUnits}); taken as mm`
  return { mm: 1, notes: [{ code: 'volume/units', message }] }
}

/**
 * Rotation from the unit quaternion [a, b, c, d], a from the others; qfac (pixdim[0]) -1 turns the third axis round
 * (nifti1.h "METHOD 2", nifti_quatern_to_mat44 of the reference library).
 * @returns voxel index to RAS in the file's unit; not-a-number where the header cannot mean a rotation
 */
function qformAffine({ quatern: [b, c, d], qoffset, pixdim, dim }: NiftiFields): Affine {
  const rest = 1 - (b * b + c * c + d * d)
  if (!(rest > -1e-3)) return new Array(12).fill(Number.NaN)
  // A half turn, or rounding in a float32 header: the reference library's threshold.
  const half = rest < 1e-7
  const norm = half ? Math.hypot(b, c, d) : 1
  const [x, y, z, w] = [b / norm, c / norm, d / norm, half ? 0 : Math.sqrt(rest)]
  const [di, dj] = [pixdim[1], pixdim[2]].map((size) => (size > 0 ? size : Number.NaN))
  // One slice has no neighbour, and 2-D files leave its thickness 0.
  const thickness = pixdim[3] > 0 ? pixdim[3] : dim[0] === 2 ? 1 : Number.NaN
  const dk = pixdim[0] < 0 ? -thickness : thickness
  return [
    (w * w + x * x - y * y - z * z) * di,
    2 * (x * y - w * z) * dj,
    2 * (x * z + w * y) * dk,
    qoffset[0],
    2 * (x * y + w * z) * di,
    (w * w + y * y - x * x - z * z) * dj,
    2 * (y * z - w * x) * dk,
    qoffset[1],
    2 * (x * z - w * y) * di,
    2 * (y * z + w * x) * dj,
    (w * w + z * z - x * x - y * y) * dk,
    qoffset[2],
  ]
}

/** A note where sform and qform place the same voxels more than 1 mm apart, or mirrored. */
function disagreement(affine: Affine, qform: Affine, mm: number, shapeIjk: Triple, name: string): Note[] {
  const other = qform.map((value) => value * mm)
  if (affineFault(other) !== undefined) {
    return [{ code: 'volume/orientation', message: `${name}: sform used; the qform is not usable` }]
  }
  const apart = [0, 1, 2, 3, 4, 5, 6, 7].map((corner) => {
    const index: Triple = [
      corner & 1 ? shapeIjk[0] - 1 : 0,
      corner & 2 ? shapeIjk[1] - 1 : 0,
      corner & 4 ? shapeIjk[2] - 1 : 0,
    ]
    const [p, q] = [applyAffine(affine, index), applyAffine(other, index)]
    return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2])
  })
  const most = Math.max(...apart)
  const mirrored = determinant(affine) > 0 !== determinant(other) > 0
  if (most <= 1 && !mirrored) return []
  const how = mirrored ? ', one a mirror image of the other' : ''
  const message = `${name}: sform and qform are up to ${most.toFixed(1)} mm apart${how}; sform used`
  return [{ code: 'volume/orientation', message }]
}
