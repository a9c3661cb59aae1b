/** An architecture read off the names and shapes of published state dictionaries. */
import { SpiculaError } from '../error.ts'
import type { ImageTowerConfig, LoraConfig, LoraTarget, PoolingConfig, TextTowerConfig } from './architecture.ts'
import type { Architecture } from './model.ts'

type Shapes = ReadonlyMap<string, readonly number[]>

/** CLIP's heads are 64 wide in every released size. */
const HEAD_WIDTH = 64

/**
 * The architecture whose weights these are. What shapes do not tell is as published: QuickGELU, heads of 64, LoRA
 * alpha 1 rank-stabilised.
 * @param shapes of the tensors, by published names
 * @throws SpiculaError `clip/architecture` naming the first tensor that is missing
 */
export function inferArchitecture(shapes: Shapes): Architecture {
  const hasText = shapes.has('token_embedding.weight')
  const image = inferImageTower(shapes)
  return {
    image,
    pooling: inferPooling(shapes),
    text: hasText ? inferTextTower(shapes) : undefined,
    lora: inferLora(shapes),
  }
}

function shapeOf(shapes: Shapes, name: string): readonly number[] {
  const shape = shapes.get(name)
  if (!shape) throw new SpiculaError('clip/architecture', `there is no ${name}, so this is no model of a known layout`)
  return shape
}

function inferImageTower(shapes: Shapes): ImageTowerConfig {
  const prefix = 'vision_model'
  const [width, , patch] = shapeOf(shapes, `${prefix}.conv1.weight`)
  const [tokens] = shapeOf(shapes, `${prefix}.positional_embedding`)
  return {
    ...inferTransformer(shapes, `${prefix}.transformer`, width),
    resolution: Math.sqrt(tokens - 1) * patch,
    patch,
    preNorm: shapes.has(`${prefix}.ln_pre.weight`),
    patchBias: shapes.has(`${prefix}.conv1.bias`),
    embedDim: shapeOf(shapes, `${prefix}.proj`)[1],
  }
}

function inferTextTower(shapes: Shapes): TextTowerConfig {
  const [vocabulary, width] = shapeOf(shapes, 'token_embedding.weight')
  return {
    ...inferTransformer(shapes, 'transformer', width),
    vocabulary,
    context: shapeOf(shapes, 'positional_embedding')[0],
    embedDim: shapeOf(shapes, 'text_projection')[1],
  }
}

function inferTransformer(shapes: Shapes, prefix: string, width: number) {
  const layers = layersWith(shapes, new RegExp(`^${prefix}\\.resblocks\\.(\\d+)\\.`)).length
  return {
    width,
    layers,
    heads: width / HEAD_WIDTH,
    mlpWidth: layers > 0 ? shapeOf(shapes, `${prefix}.resblocks.0.mlp.c_fc.weight`)[0] : 4 * width,
    activation: 'quickGelu' as const,
    layerNormEpsilon: 1e-5,
  }
}

function inferPooling(shapes: Shapes): PoolingConfig {
  return {
    embedDim: shapeOf(shapes, 'image_projection.projector.0.weight')[0],
    attentionWidth: shapeOf(shapes, 'image_projection.attention.0.weight')[0],
  }
}

function inferLora(shapes: Shapes): LoraConfig | undefined {
  const names = [...shapes.keys()].filter((name) => name.endsWith('w_lora_A'))
  if (names.length === 0) return undefined
  const projections: Record<string, LoraTarget> = { q_proj: 'q', k_proj: 'k', v_proj: 'v', proj: 'o' }
  const targets = Object.entries(projections).filter(([p]) => names.some((name) => name.includes(`.attn.${p}.`)))
  return {
    rank: shapeOf(shapes, names[0])[0],
    alpha: 1,
    scaling: 'rank-stabilised',
    targets: targets.map(([, target]) => target),
    imageLayers: layersWith(shapes, /^vision_model\.transformer\.resblocks\.(\d+)\.attn\.\w+\.w_lora_A$/),
    textLayers: layersWith(shapes, /^transformer\.resblocks\.(\d+)\.attn\.\w+\.w_lora_A$/),
  }
}

/** The layer numbers that a pattern finds, in order. */
function layersWith(shapes: Shapes, pattern: RegExp): number[] {
  const layers = new Set<number>()
  for (const name of shapes.keys()) {
    const match = pattern.exec(name)
    if (match) layers.add(Number(match[1]))
  }
  return [...layers].sort((a, b) => a - b)
}
