/**
 * Primitives of pictures, and SVG as PNG.
 * @module spicula/drawing
 */
export * from './index.ts'
export { rasterise } from './rasterise.node.ts'
