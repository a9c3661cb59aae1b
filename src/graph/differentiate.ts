/**
 * Reverse-mode differentiation: the backward graph, derived from the forward graph and written in the same operations.
 */
import { SpiculaError } from '../error.ts'
import { add } from './elementwise.ts'
import { reshape } from './movement.ts'
import { reduceSum } from './reduction.ts'
import { isStatic, type Shape, sameShape, showShape } from './shape.ts'
import { constant, type GraphNode, type Tensor } from './tensor.ts'
import { topological } from './traversal.ts'

/**
 * Gradients of a scalar with respect to tensors of its graph: parameters, inputs, or anything in between.
 * The backward graph goes no lower than the lowest of them: what lies below needs no gradient.
 * @param loss a scalar, []
 * @param wrt parameters and inputs are known by name, so a tensor of the same name will do
 * @returns a tensor of the same shape for each of `wrt`
 * @throws SpiculaError `graph/gradient` when the loss is not a scalar, does not depend on one of `wrt`, or an operation
 *   on the way has no gradient
 * @example
 * const w = parameter('w', [2, 3])
 * const [dw] = gradients(reduceSum(matMul(x, w, { transposeB: true }), [0, 1]), [w])
 */
export function gradients(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (loss.shape.length !== 0)
    throw new SpiculaError('graph/gradient', `gradients are of a scalar, not of ${showShape(loss.shape)}`)
  const order = topological([loss])
  const wanted = dependents(order, wrt)
  const one = constant({ dtype: 'float32', shape: [], data: new Float32Array([1]) }, 'one')
  const collected = new Map<string | GraphNode, Tensor[][]>([[keyOf(loss), [[one]]]])

  for (const { node } of order.toReversed()) {
    if (node.kind !== 'operation' || !wanted.has(node)) continue
    const [upstream] = collected.get(node) ?? []
    if (!upstream) continue
    const { operation, inputs, attributes } = node
    if (!operation.gradient)
      throw new SpiculaError('graph/gradient', `${operation.name} has no gradient, yet a wanted tensor lies behind it`)
    const outputs = operation.types(inputs, attributes).map((type, index) => ({ ...type, node, index }))
    const parts = operation.gradient({ inputs, outputs, attributes, upstream: total(upstream) })
    inputs.forEach((input, i) => {
      const part = parts[i]
      if (part && wanted.has(keyOf(input))) collect(collected, input, sumTo(part, input.shape))
    })
  }
  return wrt.map((tensor) => {
    const parts = collected.get(keyOf(tensor))?.[tensor.index]
    if (!parts) throw new SpiculaError('graph/gradient', `the loss does not depend on ${describe(tensor)}`)
    return total(parts)
  })
}

/** Sources are one by name, operations by themselves. */
function keyOf({ node }: Tensor): string | GraphNode {
  return node.kind === 'parameter' || node.kind === 'input' ? `${node.kind} ${node.name}` : node
}

const describe = ({ node, shape }: Tensor): string =>
  `${node.kind === 'operation' ? node.operation.name : node.name} ${showShape(shape)}`

/** Keys of the nodes through which the loss depends on `wrt`, `wrt` included. */
function dependents(order: readonly Tensor[], wrt: readonly Tensor[]): Set<string | GraphNode> {
  const keys = new Set(wrt.map(keyOf))
  for (const { node } of order)
    if (node.kind === 'operation' && node.inputs.some((input) => keys.has(keyOf(input)))) keys.add(node)
  return keys
}

function collect(collected: Map<string | GraphNode, Tensor[][]>, tensor: Tensor, part: Tensor): void {
  if (tensor.index > 0)
    throw new SpiculaError('graph/gradient', `output ${tensor.index} of ${describe(tensor)} has no gradient`)
  const parts = collected.get(keyOf(tensor)) ?? [[]]
  parts[0].push(part)
  collected.set(keyOf(tensor), parts)
}

const total = (parts: readonly Tensor[]): Tensor => parts.reduce((sum, part) => add(sum, part))

/** Undoes broadcasting: sums over the axes that were stretched or put in front. */
function sumTo(gradient: Tensor, shape: Shape): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient
  const extra = gradient.shape.length - shape.length
  // Axes that were one before and after are summed along: over [1, R, W]'s rows alone the runtime takes ten times as
  // long.
  const ones = gradient.shape.flatMap((_, axis) => (axis < extra || shape[axis - extra] === 1 ? [axis] : []))
  const stretched = ones.some((axis) => gradient.shape[axis] !== 1)
  const summed = stretched ? reduceSum(gradient, ones, { keepDims: true }) : gradient
  if (summed.shape.filter((dim) => !isStatic(dim)).length > 1)
    throw new SpiculaError('graph/gradient', `${showShape(gradient.shape)} cannot be summed to ${showShape(shape)}`)
  return reshape(summed, shape)
}
