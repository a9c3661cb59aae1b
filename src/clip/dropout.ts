/** Dropout (Srivastava et al. 2014) with masks that are fed: who trains draws them, so that a seed tells every one. */
import * as g from '../graph/operations.ts'
import type { Shape } from '../graph/shape.ts'
import type { Tensor } from '../graph/tensor.ts'

export interface Dropout {
  /** Share of elements set to zero. */
  readonly rate: number
  /** The mask of a place in the network: bool, true where an element is kept. */
  mask(name: string, shape: Shape): Tensor
}

/**
 * Masks as inputs of the graph.
 * @param rate share of elements set to zero
 * @example fedDropout(0.1).mask('semantic_projection', [1, 'N', 256]) // the input 'semantic_projection.mask'
 */
export const fedDropout = (rate: number): Dropout | undefined =>
  rate === 0 ? undefined : { rate, mask: (name, shape) => g.input(`${name}.mask`, shape, 'bool') }

/** x with dropout, what is kept scaled by 1 / (1 - rate). */
export const drop = (x: Tensor, name: string, dropout: Dropout | undefined): Tensor =>
  dropout ? g.mul(g.keep(x, dropout.mask(name, x.shape)), 1 / (1 - dropout.rate)) : x
