/** Which nodules, and where: manifests, frames of points, tables of results. */
export { type Frame, frames, parseFrame, toPointLps, type WorldFrame, worldFrames, worldPointLps } from './frame.ts'
export { type Luna25Document, luna25Json, parseLuna25 } from './luna25.ts'
export { type Manifest, parseManifest } from './manifest.ts'
export type { Identified, RowProblem } from './problem.ts'
export { errorsCsv, type Prediction, predictionsCsv } from './results.ts'
export type { CohortRow } from './row.ts'
