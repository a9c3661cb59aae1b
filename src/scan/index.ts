/** A CT: its voxels in HU, where they lie, and its formats as bytes. */
export {
  type AxisDirection,
  applyAffine,
  axisAlignment,
  invertAffine,
  rasToLps,
  rasToLpsPoint,
  spacingMm,
} from './affine.ts'
export { boxOfCube, type WorldBox } from './box.ts'
export { type Labels, labelsOf, type Segment } from './labels.ts'
export { memoryScan } from './memory-scan.ts'
export { NIFTI_PREFIX_BYTES, type NiftiHeader, parseNiftiHeader } from './nifti/header.ts'
export { niftiScan } from './nifti/nifti.ts'
export { encodeNifti, type NiftiImage, type NiftiVoxels } from './nifti/write.ts'
export { readWhole } from './read-whole.ts'
export type { Affine, Box, Note, Scan, Scans, Triple } from './scan.ts'
