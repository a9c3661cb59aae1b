/**
 * Spicula as a library: the main job. Each room has more under its own name, such as `spicula/evaluation`.
 * @module spicula
 *
 * @example
 * const scan = await openScan('scan.nii.gz')
 * const predictor = await openPredictor('DIR')
 * const { resolution } = predictor.config.architecture.image
 * const { pixels, shape } = await prepareViews(scan, [-70, 10, -20], { resolution })
 * const [{ ensemble }] = await predictor.predict([{ views: pixels, count: shape[0] }])
 */
export { type LocatedManifest, type LocatedRow, readManifest } from './cohort/manifest.node.ts'
export { rasterise } from './drawing/rasterise.node.ts'
export type { Device } from './graph/device.ts'
export type { SessionOptions } from './graph/session.node.ts'
export * from './index.ts'
export type { Checkpoint } from './model/checkpoint.ts'
export type { ModelConfig } from './model/config.ts'
export { predictCohort, type RowResult } from './predict/cohort.node.ts'
export { type Exported, type ExportOptions, exportOnnx } from './predict/export-onnx.node.ts'
export {
  type NodulePrediction,
  openPredictor,
  type Predictor,
  type PredictorOptions,
} from './predict/predictor.node.ts'
export { writeNifti } from './scan/nifti/write.node.ts'
export type { NiftiImage } from './scan/nifti/write.ts'
export { openScan } from './scan/open.node.ts'
