/**
 * Spicula as a library: the main job. Each room has more under its own name, such as `spicula/evaluation`.
 * @module spicula
 *
 * @example
 * const scan = await openScan('scan.nii.gz')
 * const { probability, range, views, model, use } = await predictNodule(scan, [-78.5, 52.4, -58.4])
 */
export { type LocatedManifest, type LocatedRow, readManifest } from './cohort/manifest.node.ts'
export { rasterise } from './drawing/rasterise.node.ts'
export type { Device } from './graph/device.ts'
export type { SessionOptions } from './graph/session.node.ts'
export * from './index.ts'
export type { Checkpoint } from './model/checkpoint.ts'
export type { ModelConfig } from './model/config.ts'
export { embeddedModel } from './model/embedded-model.node.ts'
export type { NoduleAnswer, NodulePrediction } from './predict/answers.ts'
export { predictCohort, type RowResult } from './predict/cohort.node.ts'
export { type Exported, type ExportOptions, exportOnnx } from './predict/export-onnx.node.ts'
export { type NoduleOptions, predictNodule } from './predict/nodule.node.ts'
export {
  openPredictor,
  type Predictor,
  type PredictorOptions,
} from './predict/predictor.node.ts'
export { writeNifti } from './scan/nifti/write.node.ts'
export type { NiftiImage } from './scan/nifti/write.ts'
export { openScan } from './scan/open.node.ts'
