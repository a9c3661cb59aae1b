/**
 * Where a network gets its weights from while its graph is written. Names are those of the published state dictionary,
 * matrices are [out, in] as PyTorch's.
 *
 * Folds of an ensemble run as one batch: a weight that differs between folds is one tensor with a leading axis of
 * folds, a weight they share is stored once. Activations carry the axis of folds in front, 1 until the first weight
 * that differs.
 */
import * as g from '../graph/operations.ts'
import type { Shape } from '../graph/shape.ts'
import type { Tensor } from '../graph/tensor.ts'

export interface Weights {
  /** Prefix of the names asked for here, '' at the top. */
  readonly path: string
  /** The weight `name`: of `shape`, or [folds, ...shape] where it differs between folds. */
  get(name: string, shape: Shape): Tensor
}

/** Weights as parameters of the graph. */
export interface WeightPlan {
  /** Number of folds that run as one batch. */
  readonly folds: number
  /** Names that differ between folds. */
  readonly stacked?: ReadonlySet<string>
}

/**
 * @example const weights = graphWeights({ folds: 1 })
 */
export function graphWeights({ folds, stacked = new Set() }: WeightPlan): Weights {
  return { path: '', get: (name, shape) => g.parameter(name, stacked.has(name) ? [folds, ...shape] : shape) }
}

/** The weights under a prefix, by the names that follow it. */
export function scope(weights: Weights, prefix: string): Weights {
  const path = weights.path === '' ? prefix : `${weights.path}.${prefix}`
  return { path, get: (name, shape) => weights.get(`${prefix}.${name}`, shape) }
}

/** Folds of a weight whose own rank is known: its leading axis if it has one more, else 1. */
export const foldsOf = (weight: Tensor, rank: number): number =>
  weight.shape.length > rank ? Number(weight.shape[0]) : 1

/** A vector [width] as is, or [folds, width] as [folds, 1, width], to be added to [folds, rows, width]. */
const perRow = (v: Tensor): Tensor => (v.shape.length === 1 ? v : g.reshape(v, [v.shape[0], 1, v.shape[1]]))

/**
 * x W' + b.
 * @param x [folds or 1, rows, in]
 * @returns [folds or 1, rows, out]
 */
export function linear(x: Tensor, weights: Weights, outWidth: number, { bias = true } = {}): Tensor {
  const w = weights.get('weight', [outWidth, x.shape[2]])
  const product = g.matMul(x, w, { transposeB: true })
  return bias ? g.add(product, perRow(weights.get('bias', [outWidth]))) : product
}

/**
 * Layer normalisation of [folds or 1, rows, width].
 */
export function layerNorm(x: Tensor, weights: Weights, epsilon: number): Tensor {
  const width = x.shape[2]
  const scale = weights.get('weight', [width])
  const bias = weights.get('bias', [width])
  if (scale.shape.length === 1 && bias.shape.length === 1) return g.layerNorm(x, scale, bias, epsilon)
  const fill = (value: number) => g.vector(new Array<number>(Number(width)).fill(value))
  const normal = g.layerNorm(x, fill(1), fill(0), epsilon)
  return g.add(g.mul(normal, perRow(scale)), perRow(bias))
}
