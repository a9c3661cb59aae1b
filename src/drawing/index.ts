/** Primitives of pictures. */
export { type EncodePng, grayPng } from './png.ts'
