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
export { contactSheetSvg } from './drawing/contact-sheet.ts'
export { orthogonalSvg } from './drawing/orthogonal.ts'
export { rasterise } from './drawing/rasterise.node.ts'
export { SpiculaError } from './error.ts'
export type { Device } from './graph/device.ts'
export type { SessionOptions } from './graph/session.node.ts'
export type { Checkpoint } from './inference/checkpoint.ts'
export type { ModelConfig } from './inference/config.ts'
export { type Exported, type ExportOptions, exportOnnx } from './inference/export-onnx.node.ts'
export { type HubPlace, hubPlace } from './inference/hub.ts'
export { cacheFolder, type Pulled, type PullOptions, pullFiles } from './inference/hub-pull.node.ts'
export { predictCohort, type RowResult } from './inference/predict-cohort.node.ts'
export {
  type NodulePrediction,
  type NoduleViews,
  openPredictor,
  type Predictor,
  type PredictorOptions,
} from './inference/predictor.node.ts'
export { type Crop, type CropOptions, cropNodule } from './nodule/crop.ts'
export type { Geometry } from './nodule/geometry.ts'
export { type PreparedViews, type Preprocessing, prepareViews } from './nodule/prepare.ts'
export { nineViews, VIEWS, type View, type ViewSet } from './nodule/views.ts'
export { VERSION } from './version.ts'
export { memoryScan } from './volume/memory.ts'
export { writeNifti } from './volume/nifti-write.node.ts'
export type { NiftiImage } from './volume/nifti-write.ts'
export { openScan } from './volume/open.node.ts'
export type { Affine, Box, Note, Scan, Triple } from './volume/volume.ts'
