/** Fresh weights. */

import type { Tensor, TensorData } from '../graph/tensor.ts'
import { topological } from '../graph/traversal.ts'
import type { Random } from '../random.ts'
import { HEADS, isLoraA, isLoraB, LOGIT_SCALE } from './weight-names.ts'

/** Names and shapes of the weights that a graph reads, in the order in which it reads them. */
export function weightShapes(roots: readonly Tensor[]): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>()
  for (const { node, shape } of topological(roots))
    if (node.kind === 'parameter') shapes.set(node.name, shape.map(Number))
  return shapes
}

/** The published new layers. */
const PROJECTIONS = [HEADS.imageProjection, HEADS.textProjection]

/**
 * A weight's first value by its name: layer norms 1 and 0, other biases 0; the published new layers Kaiming-normal
 * (He et al. 2015); LoRA's A Kaiming-uniform(sqrt 5), B 0; embeddings and the rest as CLIP's code draws them
 * (Radford et al. 2021), normal with a deviation that falls with width.
 * @param shape as stored, matrices [out, in]
 */
export function initialWeight(name: string, shape: readonly number[], random: Random): TensorData {
  const fanIn = shape.slice(1).reduce((product, n) => product * n, 1)
  const draw = random.fork(name)
  const fill = (next: () => number): TensorData => {
    const data = new Float32Array(shape.reduce((product, n) => product * n, 1))
    for (let i = 0; i < data.length; i++) data[i] = next()
    return { dtype: 'float32', shape, data }
  }
  const normal = (deviation: number) => fill(() => deviation * draw.normal())

  if (name === LOGIT_SCALE) return fill(() => Math.log(1 / 0.07))
  if (/(^|[._])(ln_\w+|layer_norm)\.weight$/.test(name)) return fill(() => 1)
  if (name.endsWith('.bias') || isLoraB(name)) return fill(() => 0)
  if (isLoraA(name)) {
    const bound = 1 / Math.sqrt(fanIn)
    return fill(() => bound * (2 * draw.uniform() - 1))
  }
  if (PROJECTIONS.some((scope) => name.startsWith(`${scope}.`))) return normal(Math.sqrt(2 / fanIn))
  if (/positional_embedding$/.test(name)) return normal(0.01)
  if (/token_embedding\.weight$/.test(name)) return normal(0.02)
  if (/class_embedding$/.test(name)) return normal(1 / Math.sqrt(shape[0]))
  // Stored [width, embedDim], the other way round than Linear's.
  if (/(^|\.)(proj|text_projection)$/.test(name)) return normal(1 / Math.sqrt(shape[0]))
  return normal(1 / Math.sqrt(fanIn))
}
