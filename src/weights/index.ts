/** Tensors in files, as bytes. */
export { decodeSafetensors, encodeSafetensors, type SafetensorsHeader, type TensorEntry } from './safetensors.ts'
export type { WeightFile } from './weight-file.ts'
