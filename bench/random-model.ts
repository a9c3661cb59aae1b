/** A random model of the published size, for benchmarks. */
import { type InitConfig, parseInitConfig } from '../src/model/config.ts'
import { PRESETS } from '../src/model/presets.ts'

/**
 * Five folds of ViT-B/32 with LoRA, as `spicula model init --config vit-b-32` makes them.
 * @param text whether with the text side
 */
export function vitB32({ text }: { readonly text: boolean }): InitConfig {
  const config = parseInitConfig(JSON.stringify(PRESETS['vit-b-32']), 'vit-b-32')
  if (text) return config
  const { text: _, lora, ...image } = config.architecture
  return { ...config, architecture: { ...image, lora: lora && { ...lora, textLayers: [] } } }
}
