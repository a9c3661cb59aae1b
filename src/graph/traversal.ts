import type { GraphNode, Tensor } from './tensor.ts'

/**
 * One tensor of every node that `roots` depend on, inputs before what reads them.
 * Written with a stack of its own: a deep network must not exhaust the call stack.
 */
export function topological(roots: readonly Tensor[]): Tensor[] {
  const order: Tensor[] = []
  const entered = new Set<GraphNode>()
  const stack = roots.toReversed().map((tensor) => ({ tensor, done: false }))
  while (stack.length > 0) {
    const { tensor, done } = stack.pop() as { tensor: Tensor; done: boolean }
    if (done) {
      order.push(tensor)
      continue
    }
    if (entered.has(tensor.node)) continue
    entered.add(tensor.node)
    stack.push({ tensor, done: true })
    if (tensor.node.kind !== 'operation') continue
    for (const input of tensor.node.inputs.toReversed()) stack.push({ tensor: input, done: false })
  }
  return order
}
