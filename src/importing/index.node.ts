/** Weights of others as model folders. */
export { type ImportOptions, type ImportReport, importBase } from './base.node.ts'
export { importRelease, type ReleaseOptions, type ReleaseReport } from './clip-nodule.node.ts'
export { cacheFolder, type Pulled, type PullOptions, pullFiles } from './hub/pull.node.ts'
export * from './index.ts'
