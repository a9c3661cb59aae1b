/** Which operator a device has no kernel for: the runtime says only that there is one. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  TensorProto_DataType,
  ValueInfoProtoSchema,
} from 'onnx-buf'
import type { OnnxModel } from './onnx.ts'

/**
 * Finds the first node that a device refuses, by halving: the shortest beginning of the model that is refused ends with
 * it.
 * @param refused whether the device refuses a model for want of a kernel
 * @returns the operator and the type of what it reads, such as `FusedMatMul (com.microsoft) of float`; undefined where
 *   no beginning is refused
 */
export async function missingKernel(
  model: OnnxModel,
  refused: (beginning: OnnxModel) => Promise<boolean>,
): Promise<string | undefined> {
  const proto = fromBinary(ModelProtoSchema, model.bytes)
  const nodes = proto.graph?.node ?? []
  // Beginnings of `least` nodes are accepted, those of `most` refused.
  let [least, most] = [0, nodes.length + 1]
  while (most - least > 1) {
    const count = Math.floor((least + most) / 2)
    const part = beginning(model, proto, count)
    if (part && (await refused(part))) most = count
    else least = count
  }
  const node = nodes[most - 1]
  if (!node) return undefined
  const domain = node.domain === '' ? '' : ` (${node.domain})`
  const dtype = typeOf(proto.graph as GraphProto, node.input[0])
  return `${node.opType}${domain}${dtype === undefined ? '' : ` of ${dtype}`}`
}

/** The first `count` nodes, their outputs what none of them reads; undefined where nothing is left of them. */
function beginning(model: OnnxModel, proto: ModelProto, count: number): OnnxModel | undefined {
  const graph = proto.graph as GraphProto
  const all = graph.node.slice(0, count)
  const read = new Set(all.flatMap(({ input }) => input))
  // Shapes are kept by the processor: one that nobody reads is not a sign of a missing kernel.
  const node = all.filter(({ opType, output }) => opType !== 'Shape' || output.some((name) => read.has(name)))
  if (node.length === 0) return undefined
  const ends = node.flatMap(({ output }) => output).filter((name) => name !== '' && !read.has(name))
  const initializer = graph.initializer.filter(({ name }) => read.has(name))
  const paths = new Set(initializer.flatMap(({ externalData }) => externalData.map(({ value }) => value)))
  return {
    ...model,
    bytes: toBinary(ModelProtoSchema, {
      ...proto,
      // The runtime knows the types of outputs by itself.
      graph: { ...graph, node, initializer, output: ends.map((name) => create(ValueInfoProtoSchema, { name })) },
    }),
    externalData: model.externalData.filter(({ path }) => paths.has(path)),
  }
}

/** The type of a value's elements, where the graph says it. */
function typeOf({ input, initializer, valueInfo }: GraphProto, name: string | undefined): string | undefined {
  const stored = initializer.find((tensor) => tensor.name === name)
  const value = [...input, ...valueInfo].find((info) => info.name === name)?.type?.value
  const dtype = stored?.dataType ?? (value?.case === 'tensorType' ? value.value.elemType : undefined)
  return dtype === undefined ? undefined : TensorProto_DataType[dtype]?.toLowerCase()
}
