/** A CT, in files of any format that is read. */
export { type DicomListing, listDicom } from './dicom/dicom.node.ts'
export * from './index.ts'
export { writeNifti } from './nifti/write.node.ts'
export { openScan } from './open.node.ts'
