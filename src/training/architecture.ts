import type { Architecture } from '../clip/model.ts'
import { loraLayers, type TrainConfig } from './config.ts'

/**
 * The architecture that a run trains: that of its base, with the run's own low-rank updates.
 * @example trainedArchitecture(base.config.architecture, config).lora?.imageLayers // [0, 1, ..., 11]
 */
export function trainedArchitecture(base: Architecture, { tuning, lora }: TrainConfig): Architecture {
  const { lora: _, ...plain } = base
  if (tuning !== 'lora') return plain
  const layersOf = (tower: 'vision' | 'text', depth: number) =>
    lora.towers === 'both' || lora.towers === tower ? loraLayers(lora.layers, depth) : []
  return {
    ...plain,
    lora: {
      rank: lora.rank,
      alpha: lora.alpha,
      scaling: lora.scaling,
      targets: lora.targets,
      imageLayers: layersOf('vision', base.image.layers),
      textLayers: layersOf('text', base.text?.layers ?? 0),
    },
  }
}
