/**
 * Where a network gets its weights from while its graph is written. Names are those of the published state dictionary,
 * matrices are [out, in] as PyTorch's.
 *
 * Folds of an ensemble run as one batch: a weight that differs between folds is one tensor with a leading axis of
 * folds, a weight they share is stored once. Activations carry the axis of folds in front, 1 until the first weight
 * that differs.
 */
import * as g from '../graph/operations.ts'
import type { Dim, Shape } from '../graph/shape.ts'
import type { DType, Tensor } from '../graph/tensor.ts'

export interface Weights {
  /** Prefix of the names asked for here, '' at the top. */
  readonly path: string
  /** The weight `name`: of `shape`, or [folds, ...shape] where it differs between folds. */
  get(name: string, shape: Shape): Tensor
  /** The matrix `name` [out, in] in whole numbers, where it is kept so. */
  int8(name: string, shape: readonly [Dim, Dim]): g.Int8Matrix | undefined
}

/** Weights as parameters of the graph. */
export interface WeightPlan {
  readonly folds: number
  /** Names that differ between folds. */
  readonly stacked?: ReadonlySet<string>
  /**
   * The fold whose turn it is, int64 [1]: one runs at a time, with its own of what differs. Left out, all run as one
   * batch.
   */
  readonly fold?: Tensor | undefined
  /** Names of matrices that are stored in whole numbers (int8-weights.ts); not for folds as one batch. */
  readonly int8?: ReadonlySet<string> | undefined
}

/**
 * @example const weights = graphWeights({ folds: 1 })
 */
export function graphWeights({ folds, stacked = new Set(), fold, int8 = new Set() }: WeightPlan): Weights {
  const weight = (name: string, shape: Shape, part = name, dtype: DType = 'float32') => {
    if (!stacked.has(name)) return g.parameter(part, shape, dtype)
    const all = g.parameter(part, [folds, ...shape], dtype)
    return fold ? g.gather(all, fold, 0) : all
  }
  return {
    path: '',
    get: (name, shape) => weight(name, shape),
    int8: (name, [out, into]) => {
      if (!int8.has(name)) return undefined
      const { values, scales, sums } = int8Operands(name)
      return {
        values: weight(name, [into, out], values, 'int8'),
        scales: weight(name, [out], scales),
        sums: weight(name, [1, out], sums),
      }
    },
  }
}

/**
 * Names of the parts that a product in whole numbers reads of a matrix. No file has them: they are made when a model is
 * opened (int8-weights.ts), whatever its file stores a weight as (weights/stored-int8.ts).
 */
export const int8Operands = (name: string) => ({
  values: `${name}.operand_values`,
  scales: `${name}.operand_scales`,
  sums: `${name}.operand_sums`,
})

/** The weights under a prefix, by the names that follow it. */
export function scope(weights: Weights, prefix: string): Weights {
  const path = weights.path === '' ? prefix : `${weights.path}.${prefix}`
  return {
    path,
    get: (name, shape) => weights.get(`${prefix}.${name}`, shape),
    int8: (name, shape) => weights.int8(`${prefix}.${name}`, shape),
  }
}

/** Folds of a weight whose own rank is known: its leading axis if it has one more, else 1. */
export const foldsOf = (weight: Tensor, rank: number): number =>
  weight.shape.length > rank ? Number(weight.shape[0]) : 1

/** The same with that axis always there: [folds or 1, ...]. */
export const foldsFirst = (weight: Tensor, rank: number): Tensor =>
  g.reshape(weight, [foldsOf(weight, rank), ...weight.shape.slice(-rank)])

/** A vector [width] as is, or [folds, width] as [folds, 1, width], to be added to [folds, rows, width]. */
const perRow = (v: Tensor): Tensor => (v.shape.length === 1 ? v : g.reshape(v, [v.shape[0], 1, v.shape[1]]))

/** A term of low rank, as the product of two thin matrices: left right. */
export interface LowRank {
  /** [folds or 1, rows, rank] */
  readonly left: Tensor
  /** [folds or 1, rank, out] */
  readonly right: Tensor
}

/**
 * alpha x W' + beta b, plus terms of low rank: a LoRA update, or the correction of an int8 product.
 * @param x [folds or 1, rows, in]
 * @returns [folds or 1, rows, out]
 */
export function linear(
  x: Tensor,
  weights: Weights,
  outWidth: number,
  { alpha = 1, beta = 1, low }: { readonly alpha?: number; readonly beta?: number; readonly low?: LowRank } = {},
): Tensor {
  const own = weights.get('bias', [outWidth])
  const bias = beta === 1 ? own : g.mul(own, beta)
  const { product, correction } = multiply(x, weights, outWidth, alpha)
  const terms = [low, correction].filter((term) => term !== undefined)
  if (terms.length === 0) return g.add(product, perRow(bias))
  // All low-rank terms are one product, and the bias is one more row of it under a column of ones: one pass over
  // memory.
  const lefts = g.concat(
    terms.map(({ left }) => left),
    2,
  )
  const rights = [...terms.map(({ right }) => right), perRow(foldsFirst(bias, 1))]
  const folds = Math.max(...rights.map(({ shape }) => Number(shape[0])))
  const right = g.concat(
    rights.map((rows) => g.broadcastTo(rows, [folds, rows.shape[1], outWidth])),
    1,
  )
  return g.add(product, g.matMul(g.pad(lefts, 2, 0, 1, 1), right))
}

/** alpha x W'; in whole numbers, where the weights are, with a correction to be added. */
function multiply(
  x: Tensor,
  weights: Weights,
  outWidth: number,
  alpha: number,
): { product: Tensor; correction?: LowRank } {
  const shape = [outWidth, x.shape[2]] as const
  const matrix = weights.int8('weight', shape)
  if (!matrix) return { product: g.matMul(x, weights.get('weight', shape), { transposeB: true, alpha }) }
  const { product, offset } = g.int8MatMul(x, matrix, alpha)
  return { product, correction: { left: offset, right: foldsFirst(matrix.sums, 2) } }
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
