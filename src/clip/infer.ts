/** An architecture read off the names and shapes of published state dictionaries. */
import { SpiculaError } from '../error.ts'
import type { ImageTowerConfig, LoraConfig, PoolingConfig, TextTowerConfig } from './architecture.ts'
import type { Architecture } from './model.ts'
import { blockScope, blockWeight, HEADS, IMAGE_TOWER, isLoraA, PROJECTION } from './weight-names.ts'

type Shapes = ReadonlyMap<string, readonly number[]>

type Tower = 'image' | 'text'

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
  if (!shape)
    throw new SpiculaError('clip/architecture', `there is no ${name}, so this is not a model of a known layout`)
  return shape
}

function inferImageTower(shapes: Shapes): ImageTowerConfig {
  const weight = (name: string) => `${IMAGE_TOWER}.${name}`
  const [width, , patch] = shapeOf(shapes, weight('conv1.weight'))
  const [tokens] = shapeOf(shapes, weight('positional_embedding'))
  return {
    ...inferTransformer(shapes, 'image', width),
    resolution: Math.sqrt(tokens - 1) * patch,
    patch,
    preNorm: shapes.has(weight('ln_pre.weight')),
    patchBias: shapes.has(weight('conv1.bias')),
    embedDim: shapeOf(shapes, weight('proj'))[1],
  }
}

function inferTextTower(shapes: Shapes): TextTowerConfig {
  const [vocabulary, width] = shapeOf(shapes, 'token_embedding.weight')
  return {
    ...inferTransformer(shapes, 'text', width),
    vocabulary,
    context: shapeOf(shapes, 'positional_embedding')[0],
    embedDim: shapeOf(shapes, 'text_projection')[1],
  }
}

function inferTransformer(shapes: Shapes, tower: Tower, width: number) {
  const layers = layersOf(shapes.keys(), tower).length
  const prefix = tower === 'image' ? `${IMAGE_TOWER}.` : ''
  return {
    width,
    layers,
    heads: width / HEAD_WIDTH,
    mlpWidth: layers > 0 ? shapeOf(shapes, `${prefix}${blockScope(0)}.mlp.c_fc.weight`)[0] : 4 * width,
    activation: 'quickGelu' as const,
    layerNormEpsilon: 1e-5,
  }
}

function inferPooling(shapes: Shapes): PoolingConfig {
  return {
    embedDim: shapeOf(shapes, `${HEADS.imageProjection}.projector.0.weight`)[0],
    attentionWidth: shapeOf(shapes, `${HEADS.imageProjection}.attention.0.weight`)[0],
  }
}

function inferLora(shapes: Shapes): LoraConfig | undefined {
  const names = [...shapes.keys()].filter(isLoraA)
  if (names.length === 0) return undefined
  const carried = new Set(names.map((name) => blockWeight(name)?.rest.split('.').at(-2)))
  return {
    rank: shapeOf(shapes, names[0])[0],
    alpha: 1,
    scaling: 'rank-stabilised',
    targets: (['q', 'k', 'v', 'o'] as const).filter((target) => carried.has(PROJECTION[target])),
    imageLayers: layersOf(names, 'image'),
    textLayers: layersOf(names, 'text'),
  }
}

/** The layers of a tower that weights belong to, in order. */
function layersOf(names: Iterable<string>, tower: Tower): number[] {
  const layers = new Set<number>()
  for (const name of names) {
    const weight = blockWeight(name)
    if (weight?.tower === tower) layers.add(weight.layer)
  }
  return [...layers].sort((a, b) => a - b)
}
