/**
 * Spicula as a library.
 *
 * @example
 * const scan = await openScan('scan.nii.gz')
 * const predictor = await openPredictor('DIR')
 * const { resolution } = predictor.config.architecture.image
 * const { pixels, shape } = await prepareViews(scan, [-70, 10, -20], { resolution })
 * const [{ ensemble }] = await predictor.predict([{ views: pixels, count: shape[0] }])
 */
export { type Frame, toPointLps } from './cohort/frame.ts'
export { type LocatedManifest, type LocatedRow, readManifest } from './cohort/manifest.node.ts'
export { rasterise } from './drawing/rasterise.node.ts'
export { SpiculaError } from './error.ts'
export type { Device } from './graph/device.ts'
export type { SessionOptions } from './graph/session.node.ts'
export { type HubPlace, hubPlace } from './importing/hub/hub.ts'
export { cacheFolder, type Pulled, type PullOptions, pullFiles } from './importing/hub/pull.node.ts'
export type { Checkpoint } from './model/checkpoint.ts'
export type { ModelConfig } from './model/config.ts'
export { type Crop, type CropOptions, cropNodule } from './nodule/crop.ts'
export type { Geometry } from './nodule/geometry.ts'
export { type PreparedViews, type Preprocessing, prepareViews } from './nodule/prepare.ts'
export { nineViews, VIEWS, type View, type ViewSet } from './nodule/views.ts'
export { contactSheetSvg } from './pictures/contact-sheet.ts'
export { orthogonalSvg } from './pictures/orthogonal.ts'
export { predictCohort, type RowResult } from './predict/cohort.node.ts'
export { type Exported, type ExportOptions, exportOnnx } from './predict/export-onnx.node.ts'
export {
  type NodulePrediction,
  type NoduleViews,
  openPredictor,
  type Predictor,
  type PredictorOptions,
} from './predict/predictor.node.ts'
export { memoryScan } from './scan/memory-scan.ts'
export { writeNifti } from './scan/nifti/write.node.ts'
export type { NiftiImage } from './scan/nifti/write.ts'
export { openScan } from './scan/open.node.ts'
export type { Affine, Box, Note, Scan, Triple } from './scan/scan.ts'
export { VERSION } from './version.ts'
