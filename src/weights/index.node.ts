/**
 * Tensors in files: safetensors, and what torch.save writes. Nothing in a file is run.
 * @module spicula/weights
 */
export * from './index.ts'
export { openSafetensors, type SafetensorsFile } from './safetensors.node.ts'
export { createSafetensors, type SafetensorsWriter } from './safetensors-writer.node.ts'
export { openTorchWeights } from './torch-weights.node.ts'
