/**
 * Computed chests with nodules of known features.
 *
 * @example
 * const phantom = buildPhantom(phantomSpec({ seed: 1, nodules: drawNodules(1, 3) }))
 * const { voxels, shapeIjk, affineLps } = renderPhantom(phantom)
 */
export { type CohortOptions, cohortMember, phantomRow } from './cohort.ts'
export type { PlacedNodule } from './nodule/nodule.ts'
export {
  CALCIFICATIONS,
  type Calcification,
  DEFAULT_FEATURES,
  type DrawnFeatures,
  drawNodule,
  type NoduleSpec,
} from './nodule/spec.ts'
export {
  buildPhantom,
  drawNodules,
  type Phantom,
  type PhantomSpec,
  type PhantomVolume,
  phantomSpec,
  renderPhantom,
  smallPhantom,
  WHOLE_CHEST,
} from './phantom.ts'
export { DOSES, type Dose, type Grid, KERNELS, type Kernel, type Scanner } from './scan/scanner.ts'
export { type GivenSpec, parsePhantomSpec, phantomSpecJson } from './spec-json.ts'
