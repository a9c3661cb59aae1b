/** Matrix products. */
import { SpiculaError } from '../error.ts'
import { broadcastShapes, showShape } from './shape.ts'
import { apply, type Operation, type Tensor, type TensorType } from './tensor.ts'

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
  onnx: (emit, { inputs, outputs }, { transposeA, transposeB, alpha }) => {
    if (!transposeA && !transposeB && alpha === 1) return emit.node('MatMul', inputs, outputs)
    // FusedMatMul transposes while it packs: no Transpose node, no copy.
    const flags = { transA: { int: Number(transposeA) }, transB: { int: Number(transposeB) }, alpha: { float: alpha } }
    emit.node('FusedMatMul', inputs, outputs, flags, 'com.microsoft')
  },
  // With Y = alpha op(A) op(B): d op(A) = alpha G op(B)', d op(B) = alpha op(A)' G; a transposed operand takes the transpose.
  gradient: ({ inputs: [a, b], attributes: { transposeA, transposeB, alpha }, upstream: g }) => [
    transposeA
      ? matMul(b, g, { transposeA: transposeB, transposeB: true, alpha })
      : matMul(g, b, { transposeB: !transposeB, alpha }),
    transposeB
      ? matMul(g, a, { transposeA: true, transposeB: transposeA, alpha })
      : matMul(a, g, { transposeA: !transposeA, alpha }),
  ],
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
