/** Which weight is which. Names are those of the published state dictionary, and are taken apart here alone. */
import type { LoraTarget } from './architecture.ts'

/** Scope of the image tower; the text tower's weights have no scope of their own. */
export const IMAGE_TOWER = 'vision_model'

/** Scopes of what follows the towers: the projections of their features, and the classifiers. */
export const HEADS = {
  imageProjection: 'image_projection',
  textProjection: 'semantic_projection',
  imageClassifier: 'classifier_image',
  textClassifier: 'classifier_text',
} as const

/** ln of the factor of CLIP's similarities, one number. */
export const LOGIT_SCALE = 'logit_scale'

/** The two factors of a low-rank update B A, beside the weight that it is added to: A [rank, in], B [out, rank]. */
export const LORA_A = 'w_lora_A'
export const LORA_B = 'w_lora_B'

/** Scope of a residual block in its tower. */
export const blockScope = (layer: number): string => `transformer.resblocks.${layer}`

/** Scopes of the projections of an attention. */
export const PROJECTION: Readonly<Record<LoraTarget, string>> = { q: 'q_proj', k: 'k_proj', v: 'v_proj', o: 'proj' }

const isWithin = (name: string, scope: string): boolean => name.startsWith(`${scope}.`)

/** Whether a weight is one of a head's. */
export const isHead = (name: string): boolean => Object.values(HEADS).some((scope) => isWithin(name, scope))

const ends = (name: string, last: string): boolean => name === last || name.endsWith(`.${last}`)

/** Whether a weight is a factor of a low-rank update. */
export const isLoraA = (name: string): boolean => ends(name, LORA_A)
export const isLoraB = (name: string): boolean => ends(name, LORA_B)
export const isLora = (name: string): boolean => isLoraA(name) || isLoraB(name)

/**
 * Whether the published tuning trains a weight: low-rank updates, heads and the logit scale (docs/method.md M8.1). They are what
 * a fold has of its own, and what a base has not.
 */
export const isTuned = (name: string): boolean => isLora(name) || isHead(name) || name === LOGIT_SCALE

/**
 * The pretrained tower that a weight belongs to; undefined for what tuning adds.
 * @example towerOf('vision_model.proj') // 'image'
 */
export function towerOf(name: string): 'image' | 'text' | undefined {
  if (isTuned(name)) return undefined
  return isWithin(name, IMAGE_TOWER) ? 'image' : 'text'
}

/** Whether a weight is a bias of the image tower, or a factor of one of its layer norms. */
export const isImageNorm = (name: string): boolean =>
  towerOf(name) === 'image' && /(\.bias|\.ln_\w+\.weight)$/.test(name)

/** Whether a weight makes tokens of the image tower's patches. */
export const isPatchEmbedding = (name: string): boolean =>
  towerOf(name) === 'image' && /^\w+\.(conv1\.\w+|class_embedding|positional_embedding)$/.test(name)

/** Where in a residual block a weight stands. */
export interface BlockWeight {
  readonly tower: 'image' | 'text'
  readonly layer: number
  /** Its name in the block. */
  readonly rest: string
}

/**
 * The residual block that a weight belongs to, if any.
 * @example blockWeight('transformer.resblocks.3.attn.proj.bias') // { tower: 'text', layer: 3, rest: 'attn.proj.bias' }
 */
export function blockWeight(name: string): BlockWeight | undefined {
  const [, image, layer, rest] = /^(\w+\.)?transformer\.resblocks\.(\d+)\.(.+)$/.exec(name) ?? []
  if (layer === undefined || (image !== undefined && image !== `${IMAGE_TOWER}.`)) return undefined
  return { tower: image === undefined ? 'text' : 'image', layer: Number(layer), rest }
}

/** Whether a weight is a matrix that a residual block multiplies by: nearly all of a tower's work. */
export function isBlockMatrix(name: string): boolean {
  const rest = blockWeight(name)?.rest ?? ''
  return ends(rest, 'weight') && (isWithin(rest, 'attn') || isWithin(rest, 'mlp'))
}

/**
 * The low-rank update of a weight, by the weight's name.
 * @example loraOf('transformer.resblocks.0.attn.q_proj.weight').a // 'transformer.resblocks.0.attn.q_proj.w_lora_A'
 */
export const loraOf = (weight: string): { readonly a: string; readonly b: string } => {
  const scope = weight.replace(/weight$/, '')
  return { a: scope + LORA_A, b: scope + LORA_B }
}

/** The weights that updates belong to, by the names of all. */
export const updatedWeights = (names: Iterable<string>): string[] =>
  [...names].filter(isLoraA).map((name) => `${name.slice(0, -LORA_A.length)}weight`)
