/**
 * The page of a nodule, and what it shows read from a model.
 * @module spicula/page
 */
export { type CaseOptions, type CaseResult, type CaseResults, caseOf, DRAW_WORKER } from './from-results.node.ts'
export * from './index.ts'
export { type CaseReader, type CaseReaderOptions, openCaseReader } from './reader.node.ts'
