/** Whose names a file of CLIP weights uses, and which of its tensors become which of ours. */
import { HEADS, LOGIT_SCALE } from '../clip/weight-names.ts'
import { SpiculaError } from '../error.ts'
import { showShape } from '../graph/shape.ts'

/** Where a weight of ours comes from. */
export interface WeightOrigin {
  /** The file's tensor. */
  readonly from: string
  /** Of it, the n-th of as many equal parts along the first axis: q, k, v of a fused projection. */
  readonly part?: readonly [index: number, count: number]
  /** Stored the other way round. */
  readonly transposed?: boolean
}

export interface ImportNames {
  /** For people. */
  readonly layout: 'OpenAI' | 'Hugging Face' | 'CLIP_nodule'
  /** By our names, those of the published state dictionary. */
  readonly origins: ReadonlyMap<string, WeightOrigin>
  /** Their shapes here. */
  readonly shapes: ReadonlyMap<string, readonly number[]>
  /** Tensors of the file that are not weights, and why they are not needed. */
  readonly unneeded: readonly { readonly name: string; readonly why: string }[]
}

type Shapes = ReadonlyMap<string, { readonly shape: readonly number[] }>
type Rule = readonly [pattern: RegExp, to: string | ((match: RegExpExecArray) => readonly [string, WeightOrigin][])]

const SIZES = 'sizes, which the shapes of the weights tell too'
const POSITIONS = 'the numbers 0, 1, 2, ...'
const MASK = 'the causal mask, which the text tower has by itself'
const UNNEEDED: readonly (readonly [RegExp, string])[] = [
  [/^(input_resolution|context_length|vocab_size)$/, SIZES],
  [/(^|\.)position_ids$/, POSITIONS],
  [/^(text\.)?attn_mask$/, MASK],
]

/** `in_proj` of PyTorch's attention: the rows of q, k and v one above the other. */
const fused = (from: string, block: string, kind: string): [string, WeightOrigin][] =>
  ['q', 'k', 'v'].map((target, index) => [`${block}.attn.${target}_proj.${kind}`, { from, part: [index, 3] as const }])

/** OpenAI's module, which open_clip and the published implementation kept: both of its transformers. */
const BLOCK = '(vision_model|visual|text)?\\.?transformer\\.resblocks\\.(\\d+)'
const tower = (prefix: string | undefined): string =>
  prefix === 'visual' || prefix === 'vision_model' ? 'vision_model.transformer' : 'transformer'
const openAiBlock = (
  rest: string,
  to: (block: string, m: RegExpExecArray) => readonly [string, WeightOrigin][],
): Rule => [new RegExp(`^${BLOCK}\\.${rest}$`), (m) => to(`${tower(m[1])}.resblocks.${m[2]}`, m)]
const OPENAI: readonly Rule[] = [
  openAiBlock('attn\\.in_proj_(weight|bias)', (block, m) => fused(m[0], block, m[3])),
  openAiBlock('attn\\.out_proj\\.(weight|bias|w_lora_[AB])', (block, m) => [
    [`${block}.attn.proj.${m[3]}`, { from: m[0] }],
  ]),
  openAiBlock('(attn\\.(?:[qkv]_)?proj\\.(?:weight|bias|w_lora_[AB]))', (block, m) => [
    [`${block}.${m[3]}`, { from: m[0] }],
  ]),
  openAiBlock('((?:ln_1|ln_2|mlp\\.c_fc|mlp\\.c_proj)\\.(?:weight|bias))', (block, m) => [
    [`${block}.${m[3]}`, { from: m[0] }],
  ]),
  [
    /^(?:visual|vision_model)\.(class_embedding|positional_embedding|proj|conv1\.weight|conv1\.bias)$/,
    'vision_model.$1',
  ],
  [/^(?:visual|vision_model)\.((?:ln_pre|ln_post)\.(?:weight|bias))$/, 'vision_model.$1'],
  [/^(?:text\.)?(token_embedding\.weight|positional_embedding|ln_final\.weight|ln_final\.bias|text_projection)$/, '$1'],
  // open_clip's text projection may be a linear layer.
  [/^(?:text\.)?text_projection\.weight$/, (m) => [['text_projection', { from: m[0], transposed: true }]]],
  [new RegExp(`^${LOGIT_SCALE}$`), '$&'],
  [new RegExp(`^(?:${Object.values(HEADS).join('|')})\\..+$`), '$&'],
]

/** transformers' CLIPModel. */
const HF_BLOCK = '^(vision|text)_model\\.encoder\\.layers\\.(\\d+)\\.'
const HF_INNER: Readonly<Record<string, string>> = {
  'self_attn.q_proj': 'attn.q_proj',
  'self_attn.k_proj': 'attn.k_proj',
  'self_attn.v_proj': 'attn.v_proj',
  'self_attn.out_proj': 'attn.proj',
  layer_norm1: 'ln_1',
  layer_norm2: 'ln_2',
  'mlp.fc1': 'mlp.c_fc',
  'mlp.fc2': 'mlp.c_proj',
}
const HUGGING_FACE: readonly Rule[] = [
  ...Object.entries(HF_INNER).map(
    ([theirs, ours]): Rule => [
      new RegExp(`${HF_BLOCK}${theirs.replace('.', '\\.')}\\.(weight|bias)$`),
      (m) => [
        [`${m[1] === 'vision' ? 'vision_model.' : ''}transformer.resblocks.${m[2]}.${ours}.${m[3]}`, { from: m[0] }],
      ],
    ],
  ),
  [/^vision_model\.embeddings\.class_embedding$/, 'vision_model.class_embedding'],
  [/^vision_model\.embeddings\.patch_embedding\.(weight|bias)$/, 'vision_model.conv1.$1'],
  [/^vision_model\.embeddings\.position_embedding\.weight$/, 'vision_model.positional_embedding'],
  // Misspelt there.
  [/^vision_model\.pre_layr?e?norm\.(weight|bias)$/, 'vision_model.ln_pre.$1'],
  [/^vision_model\.post_layernorm\.(weight|bias)$/, 'vision_model.ln_post.$1'],
  [/^visual_projection\.weight$/, (m) => [['vision_model.proj', { from: m[0], transposed: true }]]],
  [/^text_model\.embeddings\.token_embedding\.weight$/, 'token_embedding.weight'],
  [/^text_model\.embeddings\.position_embedding\.weight$/, 'positional_embedding'],
  [/^text_model\.final_layer_norm\.(weight|bias)$/, 'ln_final.$1'],
  [/^text_projection\.weight$/, (m) => [['text_projection', { from: m[0], transposed: true }]]],
  [new RegExp(`^${LOGIT_SCALE}$`), '$&'],
]

/**
 * Finds what every tensor of a file is.
 * @param tensors of the file, by its names
 * @throws SpiculaError `inference/import-layout` for what is not a CLIP with a vision transformer,
 *   `inference/import-names` naming every tensor that nothing here needs or knows
 * @example importNames(file.tensors).origins.get('vision_model.conv1.weight') // { from: 'visual.conv1.weight' }
 */
export function importNames(tensors: Shapes, file: string): ImportNames {
  const layout = layoutOf(tensors, file)
  const rules = layout === 'Hugging Face' ? HUGGING_FACE : OPENAI
  const origins = new Map<string, WeightOrigin>()
  const unneeded: { name: string; why: string }[] = []
  const unknown: string[] = []
  for (const name of tensors.keys()) {
    const why = UNNEEDED.find(([pattern]) => pattern.test(name))?.[1]
    if (why !== undefined) unneeded.push({ name, why })
    else {
      const found = applyRules(rules, name)
      if (found.length === 0) unknown.push(name)
      for (const [ours, origin] of found) {
        const other = origins.get(ours)
        if (other)
          throw new SpiculaError('inference/import-names', `${file}: ${other.from} and ${name} are one weight, ${ours}`)
        origins.set(ours, origin)
      }
    }
  }
  if (unknown.length > 0) throw unknownNames(file, unknown)
  const shapes = new Map([...origins].map(([ours, origin]) => [ours, shapeOf(tensors, origin)]))
  return { layout, origins, shapes, unneeded }
}

function applyRules(rules: readonly Rule[], name: string): readonly [string, WeightOrigin][] {
  for (const [pattern, to] of rules) {
    const match = pattern.exec(name)
    if (match) return typeof to === 'string' ? [[name.replace(pattern, to), { from: name }]] : to(match)
  }
  return []
}

function layoutOf(tensors: Shapes, file: string): ImportNames['layout'] {
  if (tensors.has('vision_model.embeddings.patch_embedding.weight')) return 'Hugging Face'
  if (tensors.has('vision_model.conv1.weight')) return 'CLIP_nodule'
  if (tensors.has('visual.conv1.weight') && !tensors.has('visual.layer1.0.conv1.weight')) return 'OpenAI'
  const names = [...tensors.keys()]
  const what = tensors.has('visual.layer1.0.conv1.weight')
    ? 'its image tower is a ResNet'
    : names.some((name) => name.startsWith('visual.trunk.'))
      ? "its image tower is one of timm's"
      : `its names are none of CLIP's: ${names.slice(0, 4).join(', ')}, ...`
  throw new SpiculaError('inference/import-layout', `${file}: ${what}`, {
    hint: "A CLIP with a vision transformer is meant, by OpenAI's, open_clip's or Hugging Face's names.",
  })
}

function unknownNames(file: string, unknown: readonly string[]): SpiculaError {
  const shown = unknown.slice(0, 8).join(', ')
  const rest = unknown.length > 8 ? `, and ${unknown.length - 8} more` : ''
  return new SpiculaError(
    'inference/import-names',
    `${file}: tensors that no part of the model reads: ${shown}${rest}`,
    {
      hint: 'Leaving them out would make another model of it: nothing was imported.',
    },
  )
}

/** The shape that a weight has here. */
function shapeOf(tensors: Shapes, { from, part, transposed }: WeightOrigin): readonly number[] {
  const shape = tensors.get(from)?.shape ?? []
  if (transposed) {
    if (shape.length !== 2) throw misshaped(from, shape)
    return [shape[1], shape[0]]
  }
  if (!part) return shape
  if (shape.length === 0 || shape[0] % part[1] !== 0) throw misshaped(from, shape)
  return [shape[0] / part[1], ...shape.slice(1)]
}

const misshaped = (name: string, shape: readonly number[]): SpiculaError =>
  new SpiculaError('inference/import-names', `${name} is ${showShape(shape)}, which cannot be`)
