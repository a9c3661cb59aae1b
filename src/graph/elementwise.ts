/** Operations that act on each element: arithmetic with broadcasting, and functions of one tensor. */
import { SpiculaError } from '../error.ts'
import { broadcastShapes } from './shape.ts'
import { apply, type DType, type OnnxEmitter, type OnnxIo, type Operation, scalar, type Tensor } from './tensor.ts'

type None = Record<never, never>
const none: None = {}

type Rule = NonNullable<Operation<None>['gradient']>

function binary(name: string, opType: string, gradient: Rule): Operation<None> {
  return {
    name,
    types: ([a, b]) => {
      if (a.dtype !== b.dtype) throw new SpiculaError('graph/shape', `${a.dtype} and ${b.dtype} do not mix`)
      return [{ dtype: a.dtype, shape: broadcastShapes(a.shape, b.shape) }]
    },
    onnx: (emit, { inputs, outputs }) => emit.node(opType, inputs, outputs),
    gradient,
  }
}

/** A function of one tensor; `derivative` is of x and y = f(x). */
function unary(
  name: string,
  onnx: (emit: OnnxEmitter, io: OnnxIo) => void,
  derivative: (x: Tensor, y: Tensor) => Tensor,
): Operation<None> {
  return {
    name,
    types: ([x]) => [{ dtype: x.dtype, shape: x.shape }],
    onnx,
    gradient: ({ inputs: [x], outputs: [y], upstream }) => [mul(upstream, derivative(x, y))],
  }
}

const plain =
  (opType: string) =>
  (emit: OnnxEmitter, { inputs, outputs }: OnnxIo) =>
    emit.node(opType, inputs, outputs)

const addition = binary('add', 'Add', ({ upstream }) => [upstream, upstream])
const subtraction = binary('sub', 'Sub', ({ upstream }) => [upstream, mul(upstream, -1)])
const multiplication = binary('mul', 'Mul', ({ inputs: [a, b], upstream }) => [mul(upstream, b), mul(upstream, a)])
const division = binary('div', 'Div', ({ inputs: [, b], outputs: [y], upstream }) => [
  div(upstream, b),
  mul(div(mul(upstream, y), b), -1),
])
const exponential = unary('exp', plain('Exp'), (_, y) => y)
const logarithm = unary('log', plain('Log'), (x) => div(1, x))
const squareRoot = unary('sqrt', plain('Sqrt'), (_, y) => div(0.5, y))
const hyperbolicTangent = unary('tanh', plain('Tanh'), (_, y) => sub(1, mul(y, y)))
const rectifier = unary('relu', plain('Relu'), (_, y) => isPositive(y))
const logistic = unary('sigmoid', plain('Sigmoid'), (_, y) => mul(y, sub(1, y)))
const errorFunction = unary('erf', plain('Erf'), (x) => mul(exp(mul(mul(x, x), -1)), 2 / Math.sqrt(Math.PI)))
// The runtime's fused kernels: one pass over memory where the written-out formula takes three to five.
const gaussianUnit = unary(
  'gelu',
  (emit, { inputs: [x], outputs }) => {
    if (emit.contrib) return emit.node('Gelu', [x], outputs, {}, 'com.microsoft')
    const erf = emit.added('Erf', [emit.added('Mul', [x, emit.scalar(Math.SQRT1_2)])])
    const sum = emit.added('Add', [erf, emit.scalar(1)])
    const half = emit.added('Mul', [x, emit.scalar(0.5)])
    emit.node('Mul', [half, sum], outputs)
  },
  // Phi(x) + x phi(x)
  (x) =>
    add(
      mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5),
      mul(mul(x, exp(mul(mul(x, x), -0.5))), 1 / Math.sqrt(2 * Math.PI)),
    ),
)
const sigmoidLinearUnit = unary(
  'swish',
  (emit, { inputs: [x], outputs }) => {
    if (emit.contrib) return emit.node('QuickGelu', [x], outputs, { alpha: { float: 1 } }, 'com.microsoft')
    emit.node('Mul', [x, emit.added('Sigmoid', [x])], outputs)
  },
  // sigmoid(x) (1 + x sigmoid(-x)). Of x alone, so that y need not be kept for it.
  (x) => mul(sigmoid(x), add(apply(scaledByOwnComplement, [x], none), 1)),
)
/** x sigmoid(-x), in one pass where the runtime can; inside the derivative above only. */
const scaledByOwnComplement: Operation<None> = {
  name: 'swishComplement',
  types: ([x]) => [{ dtype: x.dtype, shape: x.shape }],
  onnx: (emit, { inputs: [x], outputs }) => {
    if (emit.contrib) return emit.node('QuickGelu', [x], outputs, { alpha: { float: -1 } }, 'com.microsoft')
    emit.node('Mul', [x, emit.added('Sigmoid', [emit.added('Neg', [x])])], outputs)
  },
}
/** 1 where x > 0, else 0, in the type of x. */
const positivity: Operation<None> = {
  name: 'isPositive',
  types: ([x]) => [{ dtype: x.dtype, shape: x.shape }],
  onnx: (emit, { inputs: [x], outputs, inputTypes: [{ dtype }] }) =>
    emit.node('Cast', [emit.added('Greater', [x, emit.scalar(0)])], outputs, { to: { int: ONNX_TYPE[dtype] } }),
}
const ONNX_TYPE: Record<DType, number> = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10 }
const casting: Operation<{ to: DType }> = {
  name: 'cast',
  types: ([x], { to }) => [{ dtype: to, shape: x.shape }],
  onnx: (emit, { inputs, outputs }, { to }) => emit.node('Cast', inputs, outputs, { to: { int: ONNX_TYPE[to] } }),
  gradient: ({ inputs: [x], upstream }) => [x.dtype.startsWith('float') ? cast(upstream, x.dtype) : undefined],
}

/** A tensor or a number standing for a float32 scalar. */
export type Operand = Tensor | number
const asTensor = (x: Operand): Tensor => (typeof x === 'number' ? scalar(x) : x)

/** a + b, broadcast. */
export const add = (a: Operand, b: Operand): Tensor => apply(addition, [asTensor(a), asTensor(b)], none)
/** a - b, broadcast. */
export const sub = (a: Operand, b: Operand): Tensor => apply(subtraction, [asTensor(a), asTensor(b)], none)
/** a * b element by element, broadcast. */
export const mul = (a: Operand, b: Operand): Tensor => apply(multiplication, [asTensor(a), asTensor(b)], none)
/** a / b element by element, broadcast. */
export const div = (a: Operand, b: Operand): Tensor => apply(division, [asTensor(a), asTensor(b)], none)
export const exp = (x: Tensor): Tensor => apply(exponential, [x], none)
export const log = (x: Tensor): Tensor => apply(logarithm, [x], none)
export const sqrt = (x: Tensor): Tensor => apply(squareRoot, [x], none)
export const tanh = (x: Tensor): Tensor => apply(hyperbolicTangent, [x], none)
export const sigmoid = (x: Tensor): Tensor => apply(logistic, [x], none)
export const relu = (x: Tensor): Tensor => apply(rectifier, [x], none)
export const erf = (x: Tensor): Tensor => apply(errorFunction, [x], none)
/** 1 where x > 0, else 0. Its gradient is zero wherever it has one. */
export const isPositive = (x: Tensor): Tensor => apply(positivity, [x], none)
/**
 * x where the mask is true, else 0, broadcast: dropout, before its scaling. A product, for the runtime's own selection
 * (Where) takes five times as long.
 * @param mask bool
 */
export const keep = (x: Tensor, mask: Tensor): Tensor => mul(x, cast(mask, x.dtype))
/** x Phi(x), the exact (erf) GELU of Hendrycks and Gimpel 2016. */
export const gelu = (x: Tensor): Tensor => apply(gaussianUnit, [x], none)
/** x sigmoid(x) (Ramachandran et al. 2017). */
export const swish = (x: Tensor): Tensor => apply(sigmoidLinearUnit, [x], none)
/** The same numbers in another type. */
export const cast = (x: Tensor, to: DType): Tensor => (x.dtype === to ? x : apply(casting, [x], { to }))
