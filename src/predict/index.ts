/** What a model answers. */
export {
  answerOf,
  type FeatureAnswer,
  type FoldedProbability,
  type NoduleAnswer,
  type NodulePrediction,
  probabilityOf,
  type SimilarReport,
  type Stamp,
  stampOf,
} from './answers.ts'
export { type ExportedGraph, type ExportGraphOptions, exportGraph } from './export-onnx.ts'
export { PRECISIONS, type Precision } from './precision.ts'
