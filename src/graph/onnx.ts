/** Writes a graph as an ONNX model. */
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

/**
 * `runtime`: for our own on a CPU, with its contrib operators. `standard`: what runtimes have had for years (ONNX
 * 1.12), less what WebGPU lacks of it.
 */
const DIALECTS = {
  runtime: { contrib: true, opset: 20, irVersion: 9n },
  standard: { contrib: false, opset: 17, irVersion: 8n },
} as const
export type Dialect = keyof typeof DIALECTS
/** Numbers under this many bytes stay inside the protobuf. */
const INLINE_BYTES = 1024
/** Where a tensor may begin in a file of numbers: at a page, so that a file can be mapped (ONNX, external data). */
const PAGE_BYTES = 4096

const ONNX_DTYPE: Record<DType, TensorProto_DataType> = {
  float32: TensorProto_DataType.FLOAT,
  float16: TensorProto_DataType.FLOAT16,
  int64: TensorProto_DataType.INT64,
  int32: TensorProto_DataType.INT32,
  int8: TensorProto_DataType.INT8,
  uint8: TensorProto_DataType.UINT8,
  bool: TensorProto_DataType.BOOL,
}

export interface OnnxModel {
  /** The protobuf. */
  readonly bytes: Uint8Array
  /** Numbers that the protobuf names but does not hold: `path` is the name it uses, `offset` where they lie there. */
  readonly externalData: readonly { readonly path: string; readonly offset: number; readonly data: Uint8Array }[]
  /** Names and types of what must be fed at each run: inputs, and parameters without stored numbers. */
  readonly inputs: Readonly<Record<string, TensorType>>
  readonly outputs: Readonly<Record<string, TensorType>>
}

export interface OnnxOptions {
  /** Which operators: the runtime's own among them, or those of the standard alone. */
  readonly dialect?: Dialect
  /**
   * Where weights go: `beside` the protobuf, in memory and uncopied; `inside` it, for a model that is one file (of less
   * than 2 GB); or beside it in a file of this name.
   */
  readonly numbers?: 'beside' | 'inside' | { readonly file: string }
  /** What the model says of itself. */
  readonly about?: OnnxAbout
}

export interface OnnxAbout {
  readonly name: string
  readonly description: string
  /** Of the software that writes it. */
  readonly producerVersion: string
  readonly metadata: Readonly<Record<string, string>>
  /** Of inputs and outputs, by name. */
  readonly values: Readonly<Record<string, string>>
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
  options: OnnxOptions = {},
): OnnxModel {
  const writer = new GraphWriter(options)
  const names = new Map<string, Tensor>(Object.entries(outputs))
  const used = usedOutputs([...names.values()])
  for (const tensor of topological([...names.values()])) writer.tensor(tensor, weights, used)
  for (const [name, tensor] of names) writer.output(name, tensor)
  return writer.finish()
}

/**
 * Which outputs of which nodes anything reads: others (but the first, which ONNX demands) are left unnamed and skipped.
 */
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
  readonly #external: { path: string; offset: number; data: Uint8Array }[] = []
  readonly #inputs: Record<string, TensorType> = {}
  readonly #outputs: Record<string, TensorType> = {}
  readonly #values: Record<string, TensorType> = {}
  readonly #valueNames = new Map<object, string[]>()
  readonly #sources = new Map<string, TensorType>()
  readonly #shared = new Map<string, string>()
  readonly #dialect: (typeof DIALECTS)[Dialect]
  readonly #numbers: NonNullable<OnnxOptions['numbers']>
  readonly #about: OnnxAbout | undefined
  #count = 0

  constructor({ dialect = 'runtime', numbers = 'beside', about }: OnnxOptions) {
    this.#dialect = DIALECTS[dialect]
    this.#numbers = numbers
    this.#about = about
  }

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
    const { contrib, opset, irVersion } = this.#dialect
    const { name = 'spicula', description = '', producerVersion = '', metadata = {}, values = {} } = this.#about ?? {}
    const described = (value: [string, TensorType]) => valueInfo(value, values[value[0]])
    const graph = create(GraphProtoSchema, {
      name,
      docString: description,
      node: this.#nodes,
      initializer: this.#initializers,
      input: Object.entries(this.#inputs).map(described),
      output: Object.entries(this.#outputs).map(described),
      valueInfo: Object.entries(this.#values).map((value) => valueInfo(value)),
    })
    const model = create(ModelProtoSchema, {
      irVersion,
      producerName: 'spicula',
      producerVersion,
      docString: description,
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph,
      opsetImport: [
        { domain: '', version: BigInt(opset) },
        ...(contrib ? [{ domain: 'com.microsoft', version: 1n }] : []),
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
    if (this.#numbers === 'inside' || bytes.length <= INLINE_BYTES) {
      // protobuf copies on writing, so a view on the caller's numbers is enough.
      this.#initializers.push(
        create(TensorProtoSchema, { name, dims, dataType, rawData: bytes as Uint8Array<ArrayBuffer> }),
      )
    } else {
      const { path, offset } = this.#place(name)
      this.#external.push({ path, offset, data: bytes })
      const dataLocation = TensorProto_DataLocation.EXTERNAL
      const externalData = [
        { key: 'location', value: path },
        { key: 'offset', value: String(offset) },
        { key: 'length', value: String(bytes.length) },
      ]
      this.#initializers.push(create(TensorProtoSchema, { name, dims, dataType, dataLocation, externalData }))
    }
    return name
  }

  /** Where the next numbers go: a place of their own in memory, or behind the others in the one file. */
  #place(name: string): { path: string; offset: number } {
    if (typeof this.#numbers === 'string') return { path: name, offset: 0 }
    const last = this.#external.at(-1)
    const end = last ? last.offset + last.data.length : 0
    return { path: this.#numbers.file, offset: Math.ceil(end / PAGE_BYTES) * PAGE_BYTES }
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
    if (domain !== '' && !this.#dialect.contrib)
      throw new SpiculaError('graph/dialect', `${opType} of ${domain} is not an operator of the standard`)
    const attribute = Object.entries(attributes).map(attributeProto)
    const name = `${opType}_${this.#nodes.length}`
    this.#nodes.push(
      create(NodeProtoSchema, { name, opType, domain, attribute, input: [...input], output: [...output] }),
    )
  }

  #emitter(): OnnxEmitter {
    return {
      contrib: this.#dialect.contrib,
      node: (...args) => this.#node(...args),
      added: (opType, inputs, attributes) => {
        const output = this.#fresh('value')
        this.#node(opType, inputs, [output], attributes)
        return output
      },
      int64s: (values) =>
        this.#constant({ dtype: 'int64', shape: [values.length], data: BigInt64Array.from(values, BigInt) }),
      scalar: (value) => this.#constant({ dtype: 'float32', shape: [], data: new Float32Array([value]) }),
    }
  }
}

/**
 * The little-endian bytes of numbers, without a copy. (Every platform that Node.js runs on is little-endian but one.)
 */
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

function valueInfo([name, { dtype, shape }]: [string, TensorType], docString = ''): ValueInfoProto {
  const dim = shape.map((d) =>
    typeof d === 'number'
      ? { value: { case: 'dimValue' as const, value: BigInt(d) } }
      : { value: { case: 'dimParam' as const, value: d } },
  )
  return create(ValueInfoProtoSchema, {
    name,
    docString,
    type: { value: { case: 'tensorType', value: { elemType: ONNX_DTYPE[dtype], shape: { dim } } } },
  })
}
