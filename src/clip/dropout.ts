/**
 * Dropout (Srivastava et al. 2014) with masks that are fed: training draws them, so that a seed tells every one. What
 * is kept is scaled by a factor that is fed too, so that one graph serves training (1 / (1 - rate)) and validation (1,
 * with masks that keep all).
 */
import * as g from '../graph/operations.ts'
import type { Shape } from '../graph/shape.ts'
import type { Tensor } from '../graph/tensor.ts'

export interface Dropout {
  /** The mask of a place in the network: bool, true where an element is kept. */
  mask(name: string, shape: Shape): Tensor
  /** What is kept is multiplied by it, [1]. */
  readonly scale: Tensor
}

/** Where a mask is fed from: its input's name ends so. */
export const MASK = '.mask'

/**
 * Masks and the scale as inputs of the graph.
 * @param scale name of the scale's input
 * @example fedDropout('loraScale').mask('semantic_projection', [1, 'N', 256]) // the input 'semantic_projection.mask'
 */
export const fedDropout = (scale: string): Dropout => ({
  mask: (name, shape) => g.input(`${name}${MASK}`, shape, 'bool'),
  scale: g.input(scale, [1]),
})

/** x with dropout. */
export const drop = (x: Tensor, name: string, dropout: Dropout | undefined): Tensor =>
  dropout ? g.mul(g.keep(x, dropout.mask(name, x.shape)), dropout.scale) : x
