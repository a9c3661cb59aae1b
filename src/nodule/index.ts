/**
 * A nodule as a model sees it: its crop, its nine views, and both augmented.
 * @module spicula/nodule
 */
export {
  type Augmentation,
  type AugmentationConfig,
  augmentedViews,
  drawAugmentation,
  PUBLISHED_AUGMENTATION,
} from './augment/augment.ts'
export { type Crop, type CropOptions, cropNodule } from './crop.ts'
export { FILL_HU, type Geometry } from './geometry.ts'
export { HU_WINDOW, unitIntensity } from './hounsfield.ts'
export { checkPlace } from './place.ts'
export { DEFAULT_PREPROCESSING, type PreparedViews, type Preprocessing, prepareViews } from './prepare.ts'
export {
  type NoduleViews,
  nineViews,
  type PlacedView,
  renderViews,
  VIEWS,
  type View,
  type ViewSet,
  type ViewSize,
  viewsOf,
} from './views.ts'
