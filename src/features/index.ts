/**
 * The vocabulary of radiologists' semantic features, read from tables.
 * @module spicula/features
 */
export { type FeatureRow, featureRows } from './feature-rows.ts'
export {
  type ChoiceFeature,
  type ChoiceName,
  FEATURE_NAMES,
  FEATURES,
  type FeatureName,
  type LengthFeature,
  type LengthName,
  type NoduleFeatures,
} from './features.ts'
export {
  type FeatureColumns,
  type FeatureProblem,
  featureColumns,
  type ParsedFeatures,
  parseFeatures,
} from './parse-features.ts'
