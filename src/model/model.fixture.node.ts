/** Model folders small enough to be made by the dozen, and ways to spoil them: for tests. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TensorData } from '../graph/tensor.ts'
import { decodeSafetensors, encodeSafetensors } from '../weights/safetensors.ts'
import type { InitConfig } from './config.ts'

const tower = { width: 8, layers: 2, heads: 2, mlpWidth: 16, activation: 'quickGelu', layerNormEpsilon: 1e-5 } as const

export const SMALL = {
  name: 'small',
  version: '3',
  provenance: 'random',
  license: 'Apache-2.0',
  intendedUse: 'tests',
  architecture: {
    image: { ...tower, resolution: 16, patch: 8, preNorm: true, patchBias: false, embedDim: 6 },
    pooling: { embedDim: 5, attentionWidth: 3 },
    text: { ...tower, vocabulary: 10, context: 7, embedDim: 6 },
    lora: {
      rank: 2,
      alpha: 1,
      scaling: 'rank-stabilised',
      targets: ['q', 'k', 'v'],
      imageLayers: [0, 1],
      textLayers: [0, 1],
    },
  },
  preprocessing: { geometry: 'exact', mean: [0.4, 0.5, 0.3], std: [0.2, 0.3, 0.25] },
  folds: 2,
} satisfies InitConfig

/** Rewrites a weight file in place. */
export async function changeWeights(path: string, change: (tensors: Map<string, TensorData>) => void): Promise<void> {
  const { tensors } = decodeSafetensors(await readFile(path), path)
  change(tensors)
  await writeFile(path, encodeSafetensors(tensors))
}

/** Rewrites `config.json` of a model folder in place. */
export async function changeConfig(folder: string, change: (config: Record<string, unknown>) => void): Promise<void> {
  const path = join(folder, 'config.json')
  const config = JSON.parse(await readFile(path, 'utf8'))
  change(config)
  await writeFile(path, JSON.stringify(config))
}

/** A tensor of the same number everywhere. */
export function filled(shape: readonly number[], value: number): TensorData {
  const size = shape.reduce((product, n) => product * n, 1)
  return { dtype: 'float32', shape, data: new Float32Array(size).fill(value) }
}
