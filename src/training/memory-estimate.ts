import { patchCount } from '../clip/architecture.ts'
import type { Architecture } from '../clip/model.ts'
import type { TrainConfig } from './config.ts'

/** Node.js and the runtime with nothing loaded. */
const EMPTY = 150e6
/** Numbers kept for the backward pass, in multiples of a layer's input: measured at ViT-B/32 size (docs/performance.md). */
const KEPT_PER_LAYER = 16

/**
 * Peak memory of a training run, roughly: the runtime keeps a matrix once for the forward and once for the backward
 * pass, and each layer above the lowest that is trained keeps its activations.
 * @param parameters numbers in the weights
 * @returns bytes
 */
export function memoryEstimate(
  { image, text, lora }: Architecture,
  { tuning, batchSize, views }: TrainConfig,
  parameters: { readonly trained: number; readonly total: number },
): number {
  const viewCount = { nine: 9, planes: 3, axial: 1 }[views]
  const kept = (layers: number, trainedLayers: readonly number[]) => {
    if (tuning === 'full') return layers
    return tuning === 'probe' || trainedLayers.length === 0 ? 1 : layers - Math.min(...trainedLayers)
  }
  const imageRows = batchSize * viewCount * (1 + patchCount(image)) * image.width
  const textRows = text ? batchSize * text.context * text.width : 0
  const activations =
    imageRows * kept(image.layers, lora?.imageLayers ?? []) + textRows * kept(text?.layers ?? 0, lora?.textLayers ?? [])
  const frozen = 2 * (parameters.total - parameters.trained)
  // Weights, gradients and both moments, old and new.
  const trained = 7 * parameters.trained
  return EMPTY + 4 * (frozen + trained + KEPT_PER_LAYER * activations)
}
