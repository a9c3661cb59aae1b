/** Matrix products in whole numbers: each row at eight bits of its own, times a matrix of int8. Prediction only. */
import { SpiculaError } from '../error.ts'
import { mul } from './elementwise.ts'
import { reshape } from './movement.ts'
import { dimProduct, showShape } from './shape.ts'
import { apply, applyAll, type Operation, type Tensor } from './tensor.ts'

type None = Record<never, never>

/**
 * Rows in 255 steps from their least number to their largest, zero being one of the steps: x = scale values + offset.
 * Outputs: values uint8 [rows, k], scale and offset float32 [rows, 1]. A row's numbers depend on nothing but the row.
 */
const rowQuantisation: Operation<None> = {
  name: 'quantiseRows',
  types: ([x]) => {
    if (x.dtype !== 'float32' || x.shape.length !== 2)
      throw new SpiculaError('graph/shape', `a float32 matrix needed, got ${x.dtype} ${showShape(x.shape)}`)
    const perRow = { dtype: 'float32' as const, shape: [x.shape[0], 1] }
    return [{ dtype: 'uint8', shape: x.shape }, perRow, perRow]
  },
  onnx: (emit, { inputs: [x], outputs: [values, scale, offset] }) => {
    const step = (opType: string, ...inputs: string[]) => emit.added(opType, inputs)
    const extreme = (opType: string) => emit.added(opType, [x, emit.int64s([1])], { keepdims: { int: 0 } })
    const zero = emit.scalar(0)
    const [high, low] = [step('Max', extreme('ReduceMax'), zero), step('Min', extreme('ReduceMin'), zero)]
    // A row of zeros has no range; any scale will do that is not 0.
    const range = step('Max', step('Sub', high, low), emit.scalar(1e-30))
    const flat = step('Mul', range, emit.scalar(1 / 255))
    const point = step('Round', step('Neg', step('Div', low, flat)))
    const whole = emit.added('Cast', [point], { to: { int: ONNX_UINT8 } })
    emit.node('QuantizeLinear', [x, flat, whole], [values], { axis: { int: 0 } })
    const column = emit.int64s([1])
    emit.node('Unsqueeze', [flat, column], [scale])
    emit.node('Unsqueeze', [step('Neg', step('Mul', flat, point)), column], [offset])
  },
}
const ONNX_UINT8 = 2

/**
 * Whole numbers times whole numbers, each column times its scale. Sums are exact with a matrix of up to 127 where the
 * processor has VNNI or AMX, of up to 63 elsewhere: there pairs of products are added in 16 bits, and cut off beyond.
 */
const wholeProduct: Operation<None> = {
  name: 'wholeProduct',
  types: ([values, matrix, scales]) => {
    const [rows, k] = values.shape
    const [inner, n] = matrix.shape
    if (values.dtype !== 'uint8' || matrix.dtype !== 'int8' || k !== inner || scales.shape[0] !== n)
      throw new SpiculaError(
        'graph/shape',
        `${values.dtype} ${showShape(values.shape)}, ${matrix.dtype} ${showShape(matrix.shape)} and ${showShape(scales.shape)} scales make no product`,
      )
    return [{ dtype: 'float32', shape: [rows, n] }]
  },
  onnx: (emit, { inputs: [values, matrix, scales], outputs }) =>
    emit.node('MatMulIntegerToFloat', [values, matrix, emit.scalar(1), scales], outputs, {}, 'com.microsoft'),
}

/** A matrix W [n, k] in whole numbers: W' = values scales. */
export interface Int8Matrix {
  /** int8 [k, n] */
  readonly values: Tensor
  /** float32 [n] */
  readonly scales: Tensor
  /** Each column of values, summed, times its scale: float32 [1, n]. */
  readonly sums: Tensor
}

/**
 * alpha x W', x rounded row by row to eight bits, with sums that lose nothing (see `wholeProduct`): `product`, plus what
 * the offsets of the rows make of it, `offset` times the sums of the matrix. It has no gradient: rounding has none.
 * @param x float32 [..., k]
 * @returns product [..., n], offset [..., 1]
 * @example int8MatMul(tokens, { values, scales, sums }).product.shape // [1, '450N', 3072]
 */
export function int8MatMul(x: Tensor, { values, scales }: Int8Matrix, alpha = 1): { product: Tensor; offset: Tensor } {
  const leading = x.shape.slice(0, -1)
  const rows = reshape(x, [dimProduct(leading), x.shape[x.shape.length - 1]])
  const [own, scale, offset] = applyAll(rowQuantisation, [rows], {})
  const product = mul(apply(wholeProduct, [own, values, scales], {}), mul(scale, alpha))
  return {
    product: reshape(product, [...leading, values.shape[1]]),
    offset: reshape(mul(offset, alpha), [...leading, 1]),
  }
}
