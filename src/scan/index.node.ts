/**
 * A CT, in files of any format that is read.
 * @module spicula/scan
 */
export { type DicomListing, listDicom } from './dicom/dicom.node.ts'
export type { Series } from './dicom/series.ts'
export * from './index.ts'
export { writeNifti } from './nifti/write.node.ts'
export { openLabels, openScan, openScans } from './open.node.ts'
