/** Operations that move elements without changing them. */
import { SpiculaError } from '../error.ts'
import {
  broadcastShapes,
  type Dim,
  dimProduct,
  isStatic,
  normaliseAxis,
  type Shape,
  sameShape,
  showShape,
} from './shape.ts'
import { apply, type Operation, scalar, type Tensor } from './tensor.ts'

const reshaping: Operation<{ shape: Shape }> = {
  name: 'reshape',
  types: ([x], { shape }) => {
    if (dimProduct(x.shape) !== dimProduct(shape))
      throw new SpiculaError('graph/shape', `${showShape(x.shape)} cannot become ${showShape(shape)}`)
    return [{ dtype: x.dtype, shape }]
  },
  onnx: (emit, { inputs, outputs }, { shape }) =>
    // At most one dimension holds a symbol (dimProduct saw to it), so ONNX's one -1 is enough.
    emit.node('Reshape', [inputs[0], emit.int64s(shape.map((dim) => (isStatic(dim) ? dim : -1)))], outputs),
  gradient: ({ inputs: [x], upstream }) => [reshape(upstream, x.shape)],
}

const transposition: Operation<{ axes: readonly number[] }> = {
  name: 'transpose',
  types: ([x], { axes }) => {
    if (axes.length !== x.shape.length || axes.some((_, i) => !axes.includes(i)))
      throw new SpiculaError('graph/shape', `[${axes.join(', ')}] is not an order of the axes of ${showShape(x.shape)}`)
    return [{ dtype: x.dtype, shape: axes.map((axis) => x.shape[axis]) }]
  },
  onnx: (emit, { inputs, outputs }, { axes }) => emit.node('Transpose', inputs, outputs, { perm: { ints: axes } }),
  gradient: ({ attributes: { axes }, upstream }) => [
    transpose(
      upstream,
      axes.map((_, i) => axes.indexOf(i)),
    ),
  ],
}

const joining: Operation<{ axis: number }> = {
  name: 'concat',
  types: (inputs, { axis }) => {
    const [first] = inputs
    let total = 0
    for (const { shape, dtype } of inputs) {
      const size = shape[axis]
      const rest = (s: Shape) => s.filter((_, i) => i !== axis)
      if (dtype !== first.dtype || !isStatic(size) || !sameShape(rest(shape), rest(first.shape)))
        throw new SpiculaError(
          'graph/shape',
          `${showShape(shape)} does not join ${showShape(first.shape)} on axis ${axis}`,
        )
      total += size
    }
    return [{ dtype: first.dtype, shape: first.shape.map((dim, i) => (i === axis ? total : dim)) }]
  },
  onnx: (emit, { inputs, outputs }, { axis }) => emit.node('Concat', inputs, outputs, { axis: { int: axis } }),
  gradient: ({ inputs, attributes: { axis }, upstream }) => {
    let at = 0
    return inputs.map(({ shape }) => {
      const start = at
      at += Number(shape[axis])
      return slice(upstream, axis, start, at)
    })
  },
}

const slicing: Operation<{ axis: number; start: number; end: number }> = {
  name: 'slice',
  types: ([x], { axis, start, end }) => {
    const size = x.shape[axis]
    if (!isStatic(size) || start < 0 || end > size || start >= end)
      throw new SpiculaError('graph/shape', `${start} to ${end} is not within axis ${axis} of ${showShape(x.shape)}`)
    return [{ dtype: x.dtype, shape: x.shape.map((dim, i) => (i === axis ? end - start : dim)) }]
  },
  onnx: (emit, { inputs, outputs }, { axis, start, end }) =>
    emit.node('Slice', [inputs[0], emit.int64s([start]), emit.int64s([end]), emit.int64s([axis])], outputs),
  gradient: ({ inputs: [x], attributes: { axis, start, end }, upstream }) => [
    pad(upstream, axis, start, Number(x.shape[axis]) - end),
  ],
}

const expansion: Operation<{ shape: Shape }> = {
  name: 'broadcastTo',
  types: ([x], { shape }) => {
    if (!sameShape(broadcastShapes(x.shape, shape), shape))
      throw new SpiculaError('graph/shape', `${showShape(x.shape)} does not broadcast to ${showShape(shape)}`)
    return [{ dtype: x.dtype, shape }]
  },
  onnx: (emit, { inputs, outputs, inputTypes }, { shape }) => {
    const [{ shape: from }] = inputTypes
    const target = shape.map((dim, i) => {
      if (isStatic(dim)) return dim
      // ONNX Expand keeps a dimension where the target says 1: so a symbol may stay but not appear.
      if (from[i - shape.length + from.length] === dim) return 1
      throw new SpiculaError('graph/shape', `broadcastTo: ${showShape(from)} has no ${dim} to keep`)
    })
    emit.node('Expand', [inputs[0], emit.int64s(target)], outputs)
  },
  gradient: ({ upstream }) => [upstream],
}

/** As `broadcastTo`, to the shape of a tensor that is there: symbols may appear. */
const expansionLike: Operation<Record<never, never>> = {
  name: 'broadcastLike',
  types: ([x, like]) => expansion.types([x], { shape: like.shape }),
  onnx: (emit, { inputs: [x, like], outputs }) => emit.node('Expand', [x, emit.added('Shape', [like])], outputs),
  gradient: ({ upstream }) => [upstream, undefined],
}

const gathering: Operation<{ axis: number }> = {
  name: 'gather',
  types: ([x, indices], { axis }) => {
    if (indices.dtype !== 'int64' || indices.shape.at(-1) !== 1)
      throw new SpiculaError(
        'graph/shape',
        `indices are int64 [..., 1], not ${indices.dtype} ${showShape(indices.shape)}`,
      )
    const picked = indices.shape.slice(0, -1)
    return [{ dtype: x.dtype, shape: [...x.shape.slice(0, axis), ...picked, ...x.shape.slice(axis + 1)] }]
  },
  onnx: (emit, { inputs, outputs, inputTypes: [, { shape }] }, { axis }) => {
    const picked = emit.added('Gather', inputs, { axis: { int: axis } })
    emit.node('Squeeze', [picked, emit.int64s([axis + shape.length - 1])], outputs)
  },
  gradient: ({ inputs: [x, indices], attributes: { axis }, upstream }) => [
    scatterAdd(x, indices, upstream, axis),
    undefined,
  ],
}

/** Rows added to those of x, [size, ...]: the gradient of `gather` along the first axis. */
const scattering: Operation<Record<never, never>> = {
  name: 'scatterRows',
  types: ([x]) => [{ dtype: x.dtype, shape: x.shape }],
  onnx: (emit, { inputs, outputs }) => emit.node('ScatterND', inputs, outputs, { reduction: { string: 'add' } }),
}

/** Adds `updates`, as `gather(x, indices, axis)` is shaped, to zeros like x at their indices. */
function scatterAdd(x: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor {
  // ScatterND writes whole rows of the first axis: the axis goes there and comes back.
  const front = [axis, ...x.shape.map((_, i) => i).filter((i) => i !== axis)]
  const picked = indices.shape.slice(0, -1).map((_, i) => axis + i)
  const others = updates.shape.map((_, i) => i).filter((i) => !picked.includes(i))
  const rows = transpose(updates, [...picked, ...others])
  const zeros = transpose(broadcastLike(scalar(0), x), front)
  const scattered = apply(scattering, [zeros, indices, rows], {})
  return transpose(
    scattered,
    front.map((_, i) => front.indexOf(i)),
  )
}

const padding: Operation<{ axis: number; before: number; after: number; value: number }> = {
  name: 'pad',
  types: ([x], { axis, before, after }) => {
    const size = x.shape[axis]
    if (!isStatic(size))
      throw new SpiculaError('graph/shape', `axis ${axis} of ${showShape(x.shape)} has no fixed size`)
    return [{ dtype: x.dtype, shape: x.shape.map((dim, i) => (i === axis ? size + before + after : dim)) }]
  },
  onnx: (emit, { inputs, outputs, inputTypes: [{ shape }] }, { axis, before, after, value }) => {
    const pads = [before, after].flatMap((count) => shape.map((_, i) => (i === axis ? count : 0)))
    emit.node('Pad', [inputs[0], emit.int64s(pads), emit.scalar(value)], outputs)
  },
  gradient: ({ inputs: [x], attributes: { axis, before }, upstream }) => [
    slice(upstream, axis, before, before + Number(x.shape[axis])),
  ],
}

/** The same elements in the same order under another shape; at most one dimension may hold a symbol. */
export const reshape = (x: Tensor, shape: Shape): Tensor =>
  sameShape(x.shape, shape) ? x : apply(reshaping, [x], { shape })

/** Axes in a new order: axis i of the result is axis `axes[i]` of x. */
export const transpose = (x: Tensor, axes: readonly number[]): Tensor =>
  axes.every((axis, i) => axis === i) && axes.length === x.shape.length ? x : apply(transposition, [x], { axes })

/** Tensors one after another along an axis. */
export const concat = (parts: readonly Tensor[], axis: number): Tensor =>
  parts.length === 1 ? parts[0] : apply(joining, parts, { axis: normaliseAxis(axis, parts[0].shape.length) })

/** The elements `start` to `end` (not included) of an axis. */
export const slice = (x: Tensor, axis: number, start: number, end: number): Tensor =>
  apply(slicing, [x], { axis: normaliseAxis(axis, x.shape.length), start, end })

/**
 * Elements of an axis by index: the axis is replaced by the axes of `indices` but their last.
 * @param indices int64 [..., 1]: the form that the gradient's ScatterND takes, and not every device can give int64
 *   another shape (device.ts)
 * @example gather(table, tokens, 0) // [vocabulary, width] by ['N', 77, 1] -> ['N', 77, width]
 */
export const gather = (x: Tensor, indices: Tensor, axis: number): Tensor =>
  apply(gathering, [x, indices], { axis: normaliseAxis(axis, x.shape.length) })

/** Zeros, or another float32 number, before and after an axis. */
export const pad = (x: Tensor, axis: number, before: number, after: number, value = 0): Tensor =>
  apply(padding, [x], { axis: normaliseAxis(axis, x.shape.length), before, after, value })

/** x repeated along its dimensions of 1 to reach a shape. */
export const broadcastTo = (x: Tensor, shape: Shape): Tensor =>
  sameShape(x.shape, shape) ? x : apply(expansion, [x], { shape })

/** x repeated along its dimensions of 1 to the shape of another tensor. */
export const broadcastLike = (x: Tensor, like: Tensor): Tensor =>
  sameShape(x.shape, like.shape) ? x : apply(expansionLike, [x, like], {})

/** One element of an axis, the axis dropped. */
export function select(x: Tensor, axis: number, index: number): Tensor {
  const at = normaliseAxis(axis, x.shape.length)
  const rest: Dim[] = x.shape.filter((_, i) => i !== at)
  return reshape(slice(x, at, index, index + 1), rest)
}
