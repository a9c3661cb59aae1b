/**
 * Bytes and tables, in files too.
 * @module spicula/files
 */
export { writeFileAtomic } from './atomic.node.ts'
export { fileSource } from './bytes.node.ts'
export * from './index.ts'
export { readTable } from './table.node.ts'
