import { fromBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema } from 'onnx-buf'
import { expect, it } from 'vitest'
import { missingKernel } from './missing-kernel.ts'
import { type OnnxModel, writeOnnx } from './onnx.ts'
import * as g from './operations.ts'
import { openSession } from './session.node.ts'
import type { TensorData } from './tensor.ts'

const x = g.input('x', ['N', 40])
const wide: TensorData = { dtype: 'float32', shape: [40, 40], data: new Float32Array(1600).fill(0.01) }
const hidden = g.matMul(g.broadcastLike(g.vector([1]), x), g.parameter('w', [40, 40]), { transposeB: true })
const seen = g.gather(g.add(hidden, g.tanh(x)), g.input('rows', ['M', 1], 'int64'), 0)
const model = writeOnnx({ y: g.softmax(seen), z: g.erf(hidden) }, new Map([['w', wide]]))

/** A device without some operators, which looks at no node more than it must and takes real models only. */
async function without(...operators: string[]) {
  let asked = 0
  const found = await missingKernel(model, async (beginning) => {
    asked++
    await (await openSession(beginning)).close()
    return operatorsOf(beginning).some((name) => operators.includes(name))
  })
  return { found, asked }
}
const operatorsOf = ({ bytes }: OnnxModel) =>
  (fromBinary(ModelProtoSchema, bytes).graph?.node ?? []).map((n) => n.opType)

it.each([
  ['Expand', 'Expand of float'],
  ['FusedMatMul', 'FusedMatMul (com.microsoft) of float'],
  ['Gather', 'Gather of float'],
  ['Squeeze', 'Squeeze'],
  ['Softmax', 'Softmax of float'],
])('%s is found by halving, of beginnings that are models', async (operator, said) => {
  const { found, asked } = await without(operator)
  expect(found).toBe(said)
  expect(asked).toBeLessThanOrEqual(Math.ceil(Math.log2(operatorsOf(model).length + 1)))
})

it('of two the first is found', async () => {
  expect((await without('Softmax', 'Gather')).found).toBe('Gather of float')
})

it('nothing is found where nothing is missing', async () => {
  expect((await without()).found).toBeUndefined()
})
