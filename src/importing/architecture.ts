/** The architecture that imported weights belong to: from shapes, and from what tells more than shapes do. */
import { PUBLISHED_POOLING } from '../clip/architecture.ts'
import { inferArchitecture } from '../clip/infer.ts'
import type { Architecture } from '../clip/model.ts'
import { blockScope, HEADS } from '../clip/weight-names.ts'
import { SpiculaError } from '../error.ts'
import type { Activation, ImportHints, TowerHints } from './hints.ts'
import type { ImportNames } from './names.ts'

/** What tells of the towers. */
export interface Witnesses {
  /** The user's word, which goes first. */
  readonly activation?: Activation | undefined
  readonly hints: ImportHints
  /** Numbers of a compiled module, such as `num_heads`. */
  readonly values: ReadonlyMap<string, number>
  /** Whether the file is one of OpenAI's own, whose towers all have QuickGELU. */
  readonly openAi: boolean
}

export interface ToldArchitecture {
  readonly architecture: Architecture
  /** Where the activation is known from, for people. */
  readonly activationFrom: string
}

type Shapes = ReadonlyMap<string, readonly number[]>

/**
 * The architecture of towers without heads of their own: the published pooling is put behind them.
 * @param shapes of the weights, by our names
 * @throws SpiculaError `clip/architecture`, `inference/import-architecture`
 * @example importArchitecture(names, { hints, values: file.values, openAi: true }).architecture.image.heads // 12
 */
export function importArchitecture({ shapes, layout }: ImportNames, witnesses: Witnesses): ToldArchitecture {
  const { hints } = witnesses
  const { image, text } = inferArchitecture(withPooling(shapes))
  // A tower of another model's weights would be an empty one, and give numbers all the same.
  if (image.layers === 0 || text?.layers === 0)
    throw new SpiculaError('inference/import-architecture', 'a tower without layers is not a transformer')
  const [activation, activationFrom] = activationOf(witnesses, layout)
  const tower = (name: 'image' | 'text', width: number) => {
    const prefix = name === 'image' ? 'visual.' : ''
    const compiled = witnesses.values.get(`${prefix}${blockScope(0)}.attn.num_heads`)
    return { ...settled(hints[name], width, compiled), activation: activation(hints[name]) }
  }
  return {
    architecture: {
      image: { ...image, ...tower('image', image.width) },
      pooling: PUBLISHED_POOLING,
      text: text && { ...text, ...tower('text', text.width) },
    },
    activationFrom,
  }
}

function activationOf(
  { activation, hints, openAi }: Witnesses,
  layout: ImportNames['layout'],
): readonly [(tower: TowerHints) => Activation, string] {
  if (activation) return [() => activation, 'as told']
  if (hints.file !== undefined) return [(tower) => tower.activation ?? 'quickGelu', hints.file]
  if (openAi) return [() => 'quickGelu', "as in all of OpenAI's models"]
  if (layout === 'CLIP_nodule') return [() => 'quickGelu', 'as published']
  return [() => 'quickGelu', "assumed, as in OpenAI's models: nothing beside the file tells (--activation)"]
}

/** Heads and the layer norms' epsilon of a tower. CLIP's heads are 64 wide in every released size. */
function settled(hints: TowerHints, width: number, compiled: number | undefined) {
  const heads = compiled ?? hints.heads ?? width / 64
  if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0)
    throw new SpiculaError('inference/import-architecture', `a tower of width ${width} cannot have ${heads} heads`, {
      hint: "Heads are 64 wide unless config.json (Hugging Face's or open_clip's) beside the file tells otherwise.",
    })
  return { heads, layerNormEpsilon: hints.layerNormEpsilon ?? 1e-5 }
}

/** Shapes of the published pooling, which every base gets. */
function withPooling(shapes: Shapes): Shapes {
  const { embedDim, attentionWidth } = PUBLISHED_POOLING
  return new Map([
    ...shapes,
    [`${HEADS.imageProjection}.projector.0.weight`, [embedDim, 1]],
    [`${HEADS.imageProjection}.attention.0.weight`, [attentionWidth, embedDim]],
  ])
}
