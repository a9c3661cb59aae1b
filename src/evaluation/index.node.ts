/**
 * Metrics, intervals, comparisons, plots, reports; the bootstrap on threads.
 * @module spicula/evaluation
 */
export * from './index.ts'
export { type BootstrapOptions, bootstrapMetrics } from './intervals/bootstrap.node.ts'
