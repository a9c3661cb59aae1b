/** Writes a graph as an ONNX model (IR version 9, opset 20, plus the runtime's contrib operators). */
import { create, toBinary } from '@bufbuild/protobuf'
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProto_DataType,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf'
import { SpiculaError } from '../error.ts'
import { sameShape, showShape } from './shape.ts'
import type { DType, OnnxAttribute, OnnxEmitter, Tensor, TensorData, TensorType } from './tensor.ts'
import { topological } from './traversal.ts'

const OPSET = 20
const IR_VERSION = 9n
/** Numbers under this many bytes stay inside the protobuf; larger ones are handed over beside it, uncopied. */
const INLINE_BYTES = 1024

const ONNX_DTYPE: Record<DType, TensorProto_DataType> = {
  float32: TensorProto_DataType.FLOAT,
  float16: TensorProto_DataType.FLOAT16,
  int64: TensorProto_DataType.INT64,
  int32: TensorProto_DataType.INT32,
  bool: TensorProto_DataType.BOOL,
}

export interface OnnxModel {
  /** The protobuf. */
  readonly bytes: Uint8Array
  /** Numbers that the protobuf names but does not hold: `path` is the name it uses. */
  readonly externalData: readonly { readonly path: string; readonly data: Uint8Array }[]
  /** Names and types of what must be fed at each run: inputs, and parameters without stored numbers. */
  readonly inputs: Readonly<Record<string, TensorType>>
  readonly outputs: Readonly<Record<string, TensorType>>
}

/**
 * Writes the graph that computes `outputs`.
 * @param outputs tensors by the name that they shall have
 * @param weights numbers of parameters by name; a parameter that is not here becomes an input. Float16 numbers may
 *   stand for a float32 parameter: the runtime widens them once, when it loads the model.
 * @throws SpiculaError `graph/weights` where numbers do not fit their parameter
 * @example const model = writeOnnx({ y: relu(input('x', ['N', 4])) }, new Map())
 */
export function writeOnnx(
  outputs: Readonly<Record<string, Tensor>>,
  weights: ReadonlyMap<string, TensorData>,
): OnnxModel {
  const writer = new GraphWriter()
  const names = new Map<string, Tensor>(Object.entries(outputs))
  const used = usedOutputs([...names.values()])
  for (const tensor of topological([...names.values()])) writer.tensor(tensor, weights, used)
  for (const [name, tensor] of names) writer.output(name, tensor)
  return writer.finish()
}

/** Which outputs of which nodes anything reads: others (but the first, which ONNX demands) are left unnamed and skipped. */
function usedOutputs(roots: readonly Tensor[]): Map<object, Set<number>> {
  const used = new Map<object, Set<number>>()
  const mark = (tensor: Tensor) => {
    const indices = used.get(tensor.node) ?? new Set<number>()
    used.set(tensor.node, indices.add(tensor.index))
  }
  roots.forEach(mark)
  for (const { node } of topological(roots)) if (node.kind === 'operation') node.inputs.forEach(mark)
  return used
}

class GraphWriter {
  readonly #nodes: NodeProto[] = []
  readonly #initializers: TensorProto[] = []
  readonly #external: { path: string; data: Uint8Array }[] = []
  readonly #inputs: Record<string, TensorType> = {}
  readonly #outputs: Record<string, TensorType> = {}
  readonly #values: Record<string, TensorType> = {}
  readonly #valueNames = new Map<object, string[]>()
  readonly #sources = new Map<string, TensorType>()
  readonly #shared = new Map<string, string>()
  #count = 0

  /** Writes the node that makes a tensor, unless it is there already. */
  tensor(tensor: Tensor, weights: ReadonlyMap<string, TensorData>, used: Map<object, Set<number>>): void {
    const { node } = tensor
    // Sources are found again by name: two tensors of one name are one weight.
    if (this.#names(tensor)) this.#sameSource(tensor)
    else if (node.kind === 'operation') {
      const indices = used.get(node)
      const io = {
        inputs: node.inputs.map((x) => this.#name(x)),
        inputTypes: node.inputs,
        outputTypes: node.operation.types(node.inputs, node.attributes),
      }
      const outputs = io.outputTypes.map((_, i) => (i === 0 || indices?.has(i) ? this.#fresh(node.operation.name) : ''))
      while (outputs.at(-1) === '') outputs.pop()
      node.operation.onnx(this.#emitter(), { ...io, outputs }, node.attributes)
      this.#valueNames.set(node, outputs)
      // Shapes as we know them, symbols included: the runtime's fusions need them and cannot infer all of them.
      outputs.forEach((name, i) => {
        if (name !== '') this.#values[name] = io.outputTypes[i]
      })
    } else if (node.kind === 'constant' && node.data) {
      this.#valueNames.set(node, [this.#constant(node.data)])
    } else {
      this.#source(tensor, node.name, node.kind === 'parameter' ? weights.get(node.name) : undefined)
    }
  }

  output(name: string, tensor: Tensor): void {
    if (this.#sources.has(name))
      throw new SpiculaError('graph/outputs', `'${name}' cannot be an output: an input or weight has that name`)
    // An Identity gives the output its public name, whatever makes it.
    this.#node('Identity', [this.#name(tensor)], [name])
    this.#outputs[name] = { dtype: tensor.dtype, shape: tensor.shape }
  }

  finish(): OnnxModel {
    const graph = create(GraphProtoSchema, {
      name: 'spicula',
      node: this.#nodes,
      initializer: this.#initializers,
      input: Object.entries(this.#inputs).map(valueInfo),
      output: Object.entries(this.#outputs).map(valueInfo),
      valueInfo: Object.entries(this.#values).map(valueInfo),
    })
    const model = create(ModelProtoSchema, {
      irVersion: IR_VERSION,
      producerName: 'spicula',
      graph,
      opsetImport: [
        { domain: '', version: BigInt(OPSET) },
        { domain: 'com.microsoft', version: 1n },
      ],
    })
    return {
      bytes: toBinary(ModelProtoSchema, model),
      externalData: this.#external,
      inputs: this.#inputs,
      outputs: this.#outputs,
    }
  }

  /** Two sources of one name must be one: the same type and shape. */
  #sameSource({ node, dtype, shape }: Tensor): void {
    if (node.kind === 'operation' || node.kind === 'constant') return
    const known = this.#sources.get(node.name)
    if (known && (known.dtype !== dtype || !sameShape(known.shape, shape)))
      throw new SpiculaError(
        'graph/weights',
        `${node.name} is used as ${known.dtype} ${showShape(known.shape)} and as ${dtype} ${showShape(shape)}`,
      )
  }

  #source(tensor: Tensor, name: string, data: TensorData | undefined): void {
    const { dtype, shape } = tensor
    this.#sources.set(name, tensor)
    let value = name
    if (data === undefined) {
      this.#inputs[name] = { dtype, shape }
    } else {
      if (!sameShape(data.shape, shape))
        throw new SpiculaError(
          'graph/weights',
          `${name} is ${showShape(data.shape)}, the graph wants ${showShape(shape)}`,
        )
      const widened = data.dtype === 'float16' && dtype === 'float32'
      if (data.dtype !== dtype && !widened)
        throw new SpiculaError('graph/weights', `${name} holds ${data.dtype}, the graph wants ${dtype}`)
      value = widened ? this.#fresh('widen') : name
      this.#initializer(widened ? `${name}.float16` : name, data)
      if (widened) this.#node('Cast', [`${name}.float16`], [value], { to: { int: ONNX_DTYPE.float32 } })
    }
    this.#shared.set(`source ${name}`, value)
  }

  #names(tensor: Tensor): readonly string[] | undefined {
    const { node } = tensor
    if (node.kind === 'operation' || node.kind === 'constant') return this.#valueNames.get(node)
    const value = this.#shared.get(`source ${node.name}`)
    return value === undefined ? undefined : [value]
  }

  #name(tensor: Tensor): string {
    const name = this.#names(tensor)?.[tensor.index]
    if (!name) throw new Error(`a tensor is read before its node is written: ${tensor.node.kind}`)
    return name
  }

  #constant(data: TensorData): string {
    const bytes = asBytes(data)
    if (bytes.length > INLINE_BYTES) return this.#initializer(this.#fresh('constant'), data)
    const key = `${data.dtype} ${data.shape.join(',')} ${bytes.join(',')}`
    const name = this.#shared.get(key) ?? this.#initializer(this.#fresh('constant'), data)
    this.#shared.set(key, name)
    return name
  }

  #initializer(name: string, data: TensorData): string {
    const bytes = asBytes(data)
    const dims = data.shape.map(BigInt)
    const dataType = ONNX_DTYPE[data.dtype]
    if (bytes.length <= INLINE_BYTES) {
      // protobuf copies on writing, so a view on the caller's numbers is enough.
      this.#initializers.push(
        create(TensorProtoSchema, { name, dims, dataType, rawData: bytes as Uint8Array<ArrayBuffer> }),
      )
    } else {
      this.#external.push({ path: name, data: bytes })
      const dataLocation = TensorProto_DataLocation.EXTERNAL
      const externalData = [
        { key: 'location', value: name },
        { key: 'length', value: String(bytes.length) },
      ]
      this.#initializers.push(create(TensorProtoSchema, { name, dims, dataType, dataLocation, externalData }))
    }
    return name
  }

  #fresh(hint: string): string {
    return `${hint}_${this.#count++}`
  }

  #node(
    opType: string,
    input: readonly string[],
    output: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    domain = '',
  ): void {
    const attribute = Object.entries(attributes).map(attributeProto)
    const name = `${opType}_${this.#nodes.length}`
    this.#nodes.push(
      create(NodeProtoSchema, { name, opType, domain, attribute, input: [...input], output: [...output] }),
    )
  }

  #emitter(): OnnxEmitter {
    return {
      node: (...args) => this.#node(...args),
      int64s: (values) =>
        this.#constant({ dtype: 'int64', shape: [values.length], data: BigInt64Array.from(values, BigInt) }),
      scalar: (value) => this.#constant({ dtype: 'float32', shape: [], data: new Float32Array([value]) }),
      fresh: () => this.#fresh('value'),
    }
  }
}

/** The little-endian bytes of numbers, without a copy. (Every platform that Node.js runs on is little-endian but one.) */
function asBytes({ data }: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

function attributeProto([name, value]: [string, OnnxAttribute]): AttributeProto {
  if ('int' in value)
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INT, i: BigInt(value.int) })
  if ('float' in value)
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.FLOAT, f: value.float })
  if ('ints' in value)
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INTS, ints: value.ints.map(BigInt) })
  return create(AttributeProtoSchema, {
    name,
    type: AttributeProto_AttributeType.STRING,
    s: new TextEncoder().encode(value.string),
  })
}

function valueInfo([name, { dtype, shape }]: [string, TensorType]): ValueInfoProto {
  const dim = shape.map((d) =>
    typeof d === 'number'
      ? { value: { case: 'dimValue' as const, value: BigInt(d) } }
      : { value: { case: 'dimParam' as const, value: d } },
  )
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType: ONNX_DTYPE[dtype], shape: { dim } } } },
  })
}
