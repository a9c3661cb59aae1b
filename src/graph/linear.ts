/** Matrix products. */
import { SpiculaError } from '../error.ts'
import { broadcastShapes, isStatic, sameShape, showShape } from './shape.ts'
import { apply, type OnnxEmitter, type OnnxIo, type Operation, type Tensor, type TensorType } from './tensor.ts'

interface MatMulAttributes {
  readonly transposeA: boolean
  readonly transposeB: boolean
  /** The product is multiplied by it. */
  readonly alpha: number
}

const matrixProduct: Operation<MatMulAttributes> = {
  name: 'matMul',
  types: ([a, b], { transposeA, transposeB }) => {
    if (a.shape.length < 2 || b.shape.length < 2)
      throw new SpiculaError('graph/shape', `matrices needed, got ${showShape(a.shape)} and ${showShape(b.shape)}`)
    const [m, k] = matrixDims(a, transposeA)
    const [inner, n] = matrixDims(b, transposeB)
    if (k !== inner)
      throw new SpiculaError(
        'graph/shape',
        `inner dimensions ${k} and ${inner} of ${showShape(a.shape)} and ${showShape(b.shape)} differ`,
      )
    return [{ dtype: a.dtype, shape: [...broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n] }]
  },
  onnx: (emit, io, attributes) => {
    const { inputs, outputs } = io
    const { transposeA, transposeB, alpha } = attributes
    if (!emit.contrib) return standardProduct(emit, io, attributes)
    if (!transposeA && !transposeB && alpha === 1) return emit.node('MatMul', inputs, outputs)
    // FusedMatMul transposes while it packs: no Transpose node, no copy.
    const flags = { transA: { int: Number(transposeA) }, transB: { int: Number(transposeB) }, alpha: { float: alpha } }
    emit.node('FusedMatMul', inputs, outputs, flags, 'com.microsoft')
  },
  // With Y = alpha op(A) op(B): d op(A) = alpha G op(B)', d op(B) = alpha op(A)' G; a transposed operand takes the
  // transpose.
  gradient: ({ inputs: [a, b], attributes: { transposeA, transposeB, alpha }, upstream: g }) => [
    transposeA
      ? matMul(b, g, { transposeA: transposeB, transposeB: true, alpha })
      : matMul(g, b, { transposeB: !transposeB, alpha }),
    transposeB
      ? matMul(g, a, { transposeA: true, transposeB: transposeA, alpha })
      : matMul(a, g, { transposeA: !transposeA, alpha }),
  ],
}

/**
 * The same in operators of the standard, and only in what every runtime supports of it: leading axes that
 * broadcast are spelt out. Whoever loads the model may fold the transposition of a weight.
 */
function standardProduct(
  emit: OnnxEmitter,
  { inputs, outputs, inputTypes }: OnnxIo,
  attributes: MatMulAttributes,
): void {
  const leading = inputTypes.map(({ shape }) => shape.slice(0, -2))
  const common = broadcastShapes(leading[0], leading[1])
  const factors = inputs.map((name, i) => {
    const { shape } = inputTypes[i]
    const axes = shape.map((_, axis) => axis)
    const perm = [...axes.slice(0, -2), ...axes.slice(-2).reverse()]
    const turned = attributes[i === 0 ? 'transposeA' : 'transposeB']
      ? emit.added('Transpose', [name], { perm: { ints: perm } })
      : name
    // A weight without leading axes serves all of them anywhere.
    if (leading[i].length === 0 || sameShape(leading[i], common)) return turned
    // Where Expand is told 1, it keeps what is there.
    const target = [...common, 1, 1].map((dim) => (isStatic(dim) ? dim : 1))
    return emit.added('Expand', [turned, emit.int64s(target)])
  })
  const { alpha } = attributes
  if (alpha === 1) emit.node('MatMul', factors, outputs)
  else emit.node('Mul', [emit.added('MatMul', factors), emit.scalar(alpha)], outputs)
}

function matrixDims({ shape }: TensorType, transposed: boolean) {
  const [rows, columns] = shape.slice(-2)
  return transposed ? [columns, rows] : [rows, columns]
}

/**
 * alpha * op(a) op(b) over the last two axes, leading axes broadcast.
 * @param a [..., m, k], or [..., k, m] with `transposeA`
 * @param b [..., k, n], or [..., n, k] with `transposeB`
 * @returns [..., m, n]
 * @example matMul(tokens, weight, { transposeB: true }) // PyTorch's Linear: weight is [out, in]
 */
export function matMul(a: Tensor, b: Tensor, options: Partial<MatMulAttributes> = {}): Tensor {
  const { transposeA = false, transposeB = false, alpha = 1 } = options
  return apply(matrixProduct, [a, b], { transposeA, transposeB, alpha })
}
