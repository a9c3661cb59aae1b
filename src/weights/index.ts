/** Tensors in files, as bytes. */
export { decodeSafetensors, encodeSafetensors, type SafetensorsHeader, type TensorEntry } from './safetensors.ts'
export type { Int8Tensor } from './stored-int8.ts'
export type { WeightFile } from './weight-file.ts'
