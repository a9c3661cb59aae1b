/** Operations along axes: sums, softmax, layer normalisation. */
import { SpiculaError } from '../error.ts'
import { add, div, exp, mul, sqrt, sub } from './elementwise.ts'
import { broadcastLike, reshape } from './movement.ts'
import { normaliseAxis, type Shape, showShape } from './shape.ts'
import { apply, applyAll, type Operation, type Tensor } from './tensor.ts'

interface ReduceAttributes {
  readonly axes: readonly number[]
  readonly keepDims: boolean
}

const summation: Operation<ReduceAttributes> = {
  name: 'reduceSum',
  types: ([x], { axes, keepDims }) => [{ dtype: x.dtype, shape: reducedShape(x.shape, axes, keepDims) }],
  onnx: (emit, { inputs, outputs }, { axes, keepDims }) =>
    emit.node('ReduceSum', [inputs[0], emit.int64s(axes)], outputs, { keepdims: { int: Number(keepDims) } }),
  gradient: ({ inputs: [x], attributes: { axes }, upstream }) => [
    broadcastLike(reshape(upstream, reducedShape(x.shape, axes, true)), x),
  ],
}

function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  return keepDims
    ? shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
    : shape.filter((_, axis) => !axes.includes(axis))
}

const softmaxing: Operation<{ axis: number }> = {
  name: 'softmax',
  types: ([x]) => [{ dtype: x.dtype, shape: x.shape }],
  onnx: (emit, { inputs, outputs }, { axis }) => emit.node('Softmax', inputs, outputs, { axis: { int: axis } }),
  gradient: ({ outputs: [y], attributes: { axis }, upstream }) => [
    mul(y, sub(upstream, reduceSum(mul(upstream, y), [axis], { keepDims: true }))),
  ],
}

const logSoftmaxing: Operation<{ axis: number }> = {
  name: 'logSoftmax',
  types: ([x]) => [{ dtype: x.dtype, shape: x.shape }],
  onnx: (emit, { inputs: [x], outputs }, { axis }) => {
    if (emit.contrib) return emit.node('LogSoftmax', [x], outputs, { axis: { int: axis } })
    // Of the standard, yet WebGPU has no kernel for it: x less its largest element, less the logarithm of the sum.
    const below = emit.added('Sub', [x, emit.added('ReduceMax', [x], { axes: { ints: [axis] } })])
    const sum = emit.added('ReduceSum', [emit.added('Exp', [below]), emit.int64s([axis])])
    emit.node('Sub', [below, emit.added('Log', [sum])], outputs)
  },
  gradient: ({ outputs: [y], attributes: { axis }, upstream }) => [
    sub(upstream, mul(exp(y), reduceSum(upstream, [axis], { keepDims: true }))),
  ],
}

/** Outputs y, mean and inverse standard deviation: the last two serve its own gradient. */
const layerNormalisation: Operation<{ epsilon: number }> = {
  name: 'layerNorm',
  types: ([x, scale, bias]) => {
    const width = x.shape.at(-1)
    for (const { shape } of [scale, bias])
      if (shape.length !== 1 || shape[0] !== width)
        throw new SpiculaError('graph/shape', `scale and bias must be [${width}], got ${showShape(shape)}`)
    const statistics = { dtype: x.dtype, shape: [...x.shape.slice(0, -1), 1] }
    return [{ dtype: x.dtype, shape: x.shape }, statistics, statistics]
  },
  onnx: (emit, { inputs, outputs }, { epsilon }) =>
    emit.node('LayerNormalization', inputs, outputs, { axis: { int: -1 }, epsilon: { float: epsilon } }),
  // With h = upstream scale and n = (x - mean) inverse: dx = inverse (h - avg(h) - n avg(h n)), sorted by what is wide:
  // h inverse - x r + (mean r - avg(h) inverse), where r = avg(h n) inverse^2 is one number a row.
  gradient: ({ inputs: [x, scale], outputs: [, mean, inverse], upstream }) => {
    const h = mul(upstream, scale)
    const average = (t: Tensor) => mul(reduceSum(t, [-1], { keepDims: true }), 1 / Number(x.shape.at(-1)))
    const level = average(h)
    const squared = mul(inverse, inverse)
    const r = mul(mul(sub(average(mul(h, x)), mul(level, mean)), squared), inverse)
    const dx = add(sub(mul(h, inverse), mul(x, r)), sub(mul(mean, r), mul(level, inverse)))
    return [dx, mul(upstream, mul(sub(x, mean), inverse)), upstream]
  },
}

/** Sum over axes. */
export function reduceSum(x: Tensor, axes: readonly number[], { keepDims = false } = {}): Tensor {
  const positive = axes.map((axis) => normaliseAxis(axis, x.shape.length))
  return apply(summation, [x], { axes: positive, keepDims })
}

/** exp(x) / sum exp(x) along an axis. */
export const softmax = (x: Tensor, axis = -1): Tensor =>
  apply(softmaxing, [x], { axis: normaliseAxis(axis, x.shape.length) })

/** log(exp(x) / sum exp(x)) along an axis, without overflow. */
export const logSoftmax = (x: Tensor, axis = -1): Tensor =>
  apply(logSoftmaxing, [x], { axis: normaliseAxis(axis, x.shape.length) })

/**
 * Layer normalisation over the last axis (Ba et al. 2016).
 * @param x [..., width]
 * @param scale and `bias`: [width]
 */
export const layerNorm = (x: Tensor, scale: Tensor, bias: Tensor, epsilon = 1e-5): Tensor =>
  applyAll(layerNormalisation, [x, scale, bias], { epsilon })[0]

/**
 * x over its Euclidean length along the last axis.
 * The tiny term keeps a zero vector zero; it is far below float32's resolution of any other length.
 */
export function l2Normalize(x: Tensor): Tensor {
  const squares = reduceSum(mul(x, x), [-1], { keepDims: true })
  return div(x, sqrt(add(squares, 1e-24)))
}
