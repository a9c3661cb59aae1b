/** Primitives of pictures, and SVG as PNG. */
export * from './index.ts'
export { rasterise } from './rasterise.node.ts'
