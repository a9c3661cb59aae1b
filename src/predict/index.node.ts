/**
 * From views to answers: probabilities, words, similar reports; the ensemble as an ONNX file.
 * @module spicula/predict
 */
export { type CohortOptions, predictCohort, type RowResult, type ViewReader } from './cohort.node.ts'
export { type Exported, type ExportedFile, type ExportOptions, exportOnnx } from './export-onnx.node.ts'
export * from './index.ts'
export { type NoduleOptions, predictNodule } from './nodule.node.ts'
export { openPredictor, type Predictor, type PredictorOptions } from './predictor.node.ts'
export { type AddedReports, type AddReportsOptions, addReports } from './words/add-reports.node.ts'
export { openZeroShot, type ZeroShot, type ZeroShotOptions } from './words/zero-shot.node.ts'
