/**
 * Which nodules, and where; manifests with the files that they name.
 * @module spicula/cohort
 */
export * from './index.ts'
export { type LocatedManifest, type LocatedRow, readManifest } from './manifest.node.ts'
