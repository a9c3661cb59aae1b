/** What a model answers. */
export { type FeatureAnswer, type NodulePrediction, type SimilarReport, type Stamp, stampOf } from './answers.ts'
export { type ExportedGraph, type ExportGraphOptions, exportGraph } from './export-onnx.ts'
export { PRECISIONS, type Precision } from './precision.ts'
