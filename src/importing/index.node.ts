/**
 * Weights of others as model folders.
 * @module spicula/importing
 */
export { type ImportOptions, type ImportReport, importBase } from './base.node.ts'
export { importRelease, type ReleaseOptions, type ReleaseReport } from './clip-nodule.node.ts'
export type { Activation } from './hints.ts'
export { cacheFolder, type Pulled, type PullOptions, pullFiles } from './hub/pull.node.ts'
export * from './index.ts'
export { LORA_STATES, type LoraState } from './lora.ts'
