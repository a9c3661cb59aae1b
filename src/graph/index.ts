/**
 * The differentiable graph, and ONNX.
 *
 * @example
 * import * as g from 'spicula/graph'
 * const x = g.input('x', ['N', 4])
 * const w = g.parameter('w', [4, 1])
 * const loss = g.reduceSum(g.sigmoid(g.matMul(x, w)))
 * const model = g.writeOnnx({ loss, dw: g.gradients(loss, [w])[0] }, new Map())
 */
export { DEVICES, type Device } from './device.ts'
export { type OnnxAbout, type OnnxModel, type OnnxOptions, writeOnnx } from './onnx.ts'
export * from './operations.ts'
export type { Dim, Shape } from './shape.ts'
export type { DType, Tensor, TensorData, TensorType } from './tensor.ts'
