/** Operations that act on each element: arithmetic with broadcasting, and functions of one tensor. */
import { SpiculaError } from '../error.ts'
import { broadcastShapes } from './shape.ts'
import { apply, type DType, type OnnxEmitter, type OnnxIo, type Operation, scalar, type Tensor } from './tensor.ts'

type None = Record<never, never>
const none: None = {}

function binary(name: string, opType: string): Operation<None> {
  return {
    name,
    types: ([a, b]) => {
      if (a.dtype !== b.dtype) throw new SpiculaError('graph/shape', `${a.dtype} and ${b.dtype} do not mix`)
      return [{ dtype: a.dtype, shape: broadcastShapes(a.shape, b.shape) }]
    },
    onnx: (emit, { inputs, outputs }) => emit.node(opType, inputs, outputs),
  }
}

function unary(name: string, onnx: (emit: OnnxEmitter, io: OnnxIo) => void): Operation<None> {
  return { name, types: ([x]) => [{ dtype: x.dtype, shape: x.shape }], onnx }
}

const plain =
  (opType: string) =>
  (emit: OnnxEmitter, { inputs, outputs }: OnnxIo) =>
    emit.node(opType, inputs, outputs)

const addition = binary('add', 'Add')
const subtraction = binary('sub', 'Sub')
const multiplication = binary('mul', 'Mul')
const division = binary('div', 'Div')
const exponential = unary('exp', plain('Exp'))
const logarithm = unary('log', plain('Log'))
const squareRoot = unary('sqrt', plain('Sqrt'))
const hyperbolicTangent = unary('tanh', plain('Tanh'))
const rectifier = unary('relu', plain('Relu'))
const logistic = unary('sigmoid', plain('Sigmoid'))
// The runtime's fused kernels: one pass over memory where the written-out formula takes three to five.
const gaussianUnit = unary('gelu', (emit, { inputs, outputs }) =>
  emit.node('Gelu', inputs, outputs, {}, 'com.microsoft'),
)
const quickGaussianUnit = unary('quickGelu', (emit, { inputs, outputs }) =>
  emit.node('QuickGelu', inputs, outputs, { alpha: { float: 1.702 } }, 'com.microsoft'),
)

const ONNX_TYPE: Record<DType, number> = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10 }
const casting: Operation<{ to: DType }> = {
  name: 'cast',
  types: ([x], { to }) => [{ dtype: to, shape: x.shape }],
  onnx: (emit, { inputs, outputs }, { to }) => emit.node('Cast', inputs, outputs, { to: { int: ONNX_TYPE[to] } }),
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
/** x Phi(x), the exact (erf) GELU of Hendrycks and Gimpel 2016. */
export const gelu = (x: Tensor): Tensor => apply(gaussianUnit, [x], none)
/** x sigmoid(1.702 x), CLIP's GELU. */
export const quickGelu = (x: Tensor): Tensor => apply(quickGaussianUnit, [x], none)
/** The same numbers in another type. */
export const cast = (x: Tensor, to: DType): Tensor => (x.dtype === to ? x : apply(casting, [x], { to }))
