/**
 * Symbolic tensors: what an operation will produce, not its numbers. A graph is nothing but tensors that remember the
 * node that makes them; it is written to ONNX (onnx.ts) from its outputs backwards.
 */
import { SpiculaError } from '../error.ts'
import type { Shape } from './shape.ts'

export type DType = 'float32' | 'float16' | 'int64' | 'int32' | 'int8' | 'uint8' | 'bool'

/** What is known of a tensor before it is computed. */
export interface TensorType {
  readonly dtype: DType
  readonly shape: Shape
}

/** A symbolic tensor: one output of one node. */
export interface Tensor extends TensorType {
  readonly node: GraphNode
  /** Which of the node's outputs this is. */
  readonly index: number
}

/** A source (something fed or stored) or an operation applied to tensors. */
export type GraphNode = SourceNode | OperationNode

export interface SourceNode {
  /**
   * `input`: fed at each run. `parameter`: a weight, by name; whoever compiles the graph decides whether its numbers
   * are stored in the model or fed. `constant`: numbers known now.
   */
  readonly kind: 'input' | 'parameter' | 'constant'
  readonly name: string
  readonly data?: TensorData
}

export interface OperationNode<A = unknown> {
  readonly kind: 'operation'
  readonly operation: Operation<A>
  readonly inputs: readonly Tensor[]
  readonly attributes: A
}

/** Numbers with a shape. float16 travels as its bit patterns, bool as 0 and 1. */
export type TensorData =
  | { readonly dtype: 'float32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'float16'; readonly shape: readonly number[]; readonly data: Uint16Array }
  | { readonly dtype: 'int64'; readonly shape: readonly number[]; readonly data: BigInt64Array }
  | { readonly dtype: 'int32'; readonly shape: readonly number[]; readonly data: Int32Array }
  | { readonly dtype: 'int8'; readonly shape: readonly number[]; readonly data: Int8Array }
  | { readonly dtype: 'uint8' | 'bool'; readonly shape: readonly number[]; readonly data: Uint8Array }

/** Where an operation writes its ONNX nodes. */
export interface OnnxEmitter {
  /** Whether the runtime's own operators may be used (domain com.microsoft), or those of the standard alone. */
  readonly contrib: boolean
  /** Adds a node. Contrib operators name their domain, e.g. 'com.microsoft'. */
  node(
    opType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    domain?: string,
  ): void
  /** Adds a node with one output of a new name, and returns that. */
  added(opType: string, inputs: readonly string[], attributes?: Readonly<Record<string, OnnxAttribute>>): string
  /** A small int64 vector as an initialiser (shapes, axes); equal ones are shared. */
  int64s(values: readonly number[]): string
  /** A float32 scalar as an initialiser; equal ones are shared. */
  scalar(value: number): string
}

/** An ONNX attribute: integers and floats must be told apart, as ONNX does. */
export type OnnxAttribute = { int: number } | { float: number } | { ints: readonly number[] } | { string: string }

/** One operation: how shapes go through it, which ONNX nodes compute it, and its gradient written in operations. */
export interface Operation<A = unknown> {
  readonly name: string
  /** Types of the outputs from those of the inputs. @throws SpiculaError `graph/shape` on a misfit */
  types(inputs: readonly TensorType[], attributes: A): readonly TensorType[]
  /** Writes the nodes that compute `outputs` (value names) from `inputs`. */
  onnx(emit: OnnxEmitter, io: OnnxIo, attributes: A): void
  /**
   * Gradients with respect to the inputs, from those with respect to the outputs; undefined for an input that has none
   * (indices). A gradient may have the shape to which its input was broadcast: differentiation sums it back.
   * Left out for what has no gradient at all.
   */
  gradient?(at: GradientAt<A>): readonly (Tensor | undefined)[]
}

/** Where a gradient is taken. What a rule does not use is not computed. */
export interface GradientAt<A> {
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Tensor[]
  readonly attributes: A
  /** With respect to the first output. */
  readonly upstream: Tensor
}

export interface OnnxIo {
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly inputTypes: readonly TensorType[]
  readonly outputTypes: readonly TensorType[]
}

/** Applies an operation; returns all its outputs. */
export function applyAll<A>(operation: Operation<A>, inputs: readonly Tensor[], attributes: A): readonly Tensor[] {
  // A node holds its operation and attributes as a pair, so their common type may be forgotten here.
  const node = { kind: 'operation', operation, inputs, attributes } as OperationNode
  let types: readonly TensorType[]
  try {
    types = operation.types(inputs, attributes)
  } catch (error) {
    if (error instanceof SpiculaError) throw new SpiculaError(error.code, `${operation.name}: ${error.message}`)
    throw error
  }
  return types.map((type, index) => ({ ...type, node, index }))
}

/** Applies an operation with one output. */
export function apply<A>(operation: Operation<A>, inputs: readonly Tensor[], attributes: A): Tensor {
  return applyAll(operation, inputs, attributes)[0] as Tensor
}

/**
 * A tensor fed at each run.
 * @example const pixels = input('pixels', ['N', 9, 224, 224])
 */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Tensor {
  return { dtype, shape, node: { kind: 'input', name }, index: 0 }
}

/**
 * A weight by name.
 * @example const weight = parameter('classifier_image.weight', [2, 256])
 */
export function parameter(name: string, shape: Shape, dtype: DType = 'float32'): Tensor {
  return { dtype, shape, node: { kind: 'parameter', name }, index: 0 }
}

/**
 * Numbers known now, such as a mask.
 * @example const mean = constant({ dtype: 'float32', shape: [3], data: new Float32Array([0.48, 0.46, 0.41]) })
 */
export function constant(data: TensorData, name = 'constant'): Tensor {
  return { dtype: data.dtype, shape: data.shape, node: { kind: 'constant', name, data }, index: 0 }
}

/** A float32 scalar. */
export function scalar(value: number): Tensor {
  return constant({ dtype: 'float32', shape: [], data: new Float32Array([value]) }, 'scalar')
}

/** A float32 vector. */
export function vector(values: readonly number[]): Tensor {
  return constant({ dtype: 'float32', shape: [values.length], data: Float32Array.from(values) }, 'vector')
}
