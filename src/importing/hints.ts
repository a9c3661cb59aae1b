/** What the files beside published weights tell of them that no shape does. */
import * as z from 'zod'
import type { Normalisation } from '../clip/image-tower.ts'
import { SpiculaError } from '../error.ts'

export type Activation = 'quickGelu' | 'gelu'

export interface TowerHints {
  readonly activation?: Activation | undefined
  readonly heads?: number | undefined
  readonly layerNormEpsilon?: number | undefined
}

export interface ImportHints {
  /** The file that tells. */
  readonly file?: string
  readonly image: TowerHints
  readonly text: TowerHints
  readonly normalisation?: Normalisation | undefined
}

const whole = z.int().positive()
const triple = z.tuple([z.number(), z.number(), z.number()])

/** transformers' CLIPConfig; what it leaves out has CLIP's own value there. */
const huggingFaceTower = z.object({
  hidden_act: z.string().default('quick_gelu'),
  num_attention_heads: whole.optional(),
  layer_norm_eps: z.number().positive().optional(),
})
const huggingFace = z.object({
  model_type: z.literal('clip'),
  vision_config: huggingFaceTower.prefault({}),
  text_config: huggingFaceTower.prefault({}),
})
const huggingFacePixels = z.object({ image_mean: triple, image_std: triple })

const openClip = z.object({
  model_cfg: z.object({
    quick_gelu: z.boolean().default(false),
    vision_cfg: z.object({ width: whole.optional(), head_width: whole.default(64) }),
    text_cfg: z.object({ heads: whole.optional() }),
  }),
  preprocess_cfg: z.object({ mean: triple.optional(), std: triple.optional() }).prefault({}),
})

/** Files beside weights that tell of them, by the names that their libraries give them. */
export const HINT_FILES = ['open_clip_config.json', 'config.json', 'preprocessor_config.json'] as const

/**
 * What `config.json` (and `preprocessor_config.json`) of Hugging Face, or `open_clip_config.json`, tell. A `config.json`
 * of another model is left alone.
 * @param files their values, by name; those that are there
 * @throws SpiculaError `inference/import-config` for an activation that is not known here
 * @example parseHints({ 'config.json': { model_type: 'clip' } }).image.activation // 'quickGelu'
 */
export function parseHints(files: Readonly<Partial<Record<(typeof HINT_FILES)[number], unknown>>>): ImportHints {
  const theirs = openClip.safeParse(files['open_clip_config.json'])
  if (theirs.success) return openClipHints(theirs.data)
  const config = huggingFace.safeParse(files['config.json'])
  if (!config.success) return { image: {}, text: {} }
  const pixels = huggingFacePixels.safeParse(files['preprocessor_config.json'])
  return {
    file: 'config.json',
    image: towerHints(config.data.vision_config),
    text: towerHints(config.data.text_config),
    normalisation: pixels.success ? { mean: pixels.data.image_mean, std: pixels.data.image_std } : undefined,
  }
}

function openClipHints({ model_cfg: model, preprocess_cfg: pixels }: z.infer<typeof openClip>): ImportHints {
  const activation = model.quick_gelu ? 'quickGelu' : 'gelu'
  const { width, head_width: headWidth } = model.vision_cfg
  const { mean, std } = pixels
  return {
    file: 'open_clip_config.json',
    image: { activation, heads: width === undefined ? undefined : width / headWidth },
    text: { activation, heads: model.text_cfg.heads },
    normalisation: mean && std ? { mean, std } : undefined,
  }
}

function towerHints(tower: z.infer<typeof huggingFaceTower>): TowerHints {
  const activations: Readonly<Record<string, Activation>> = { quick_gelu: 'quickGelu', gelu: 'gelu' }
  const activation = activations[tower.hidden_act]
  if (!activation)
    throw new SpiculaError('inference/import-config', `config.json: the activation ${tower.hidden_act} is not known`, {
      hint: 'Known are quick_gelu and gelu.',
    })
  return { activation, heads: tower.num_attention_heads, layerNormEpsilon: tower.layer_norm_eps }
}
