/**
 * Computed chests with nodules of known features, drawn on threads and written.
 * @module spicula/phantom
 */
export * from './index.ts'
export { membersOnThreads, type PhantomAnswer, type PhantomTask, renderOnThreads } from './threads.node.ts'
export { type Format, imagePathOf, type ScanPaths, writePhantom } from './write.node.ts'
