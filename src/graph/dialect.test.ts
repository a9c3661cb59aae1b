import { fromBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema } from 'onnx-buf'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { type OnnxOptions, writeOnnx } from './onnx.ts'
import * as g from './operations.ts'
import { openSession } from './session.node.ts'
import type { Tensor, TensorData } from './tensor.ts'

function random(shape: readonly number[], seed: number): TensorData {
  const draw = seededRandom(seed)
  return { dtype: 'float32', shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, draw.normal) }
}

async function run(y: Tensor, feeds: Record<string, TensorData>, options: OnnxOptions): Promise<TensorData> {
  const session = await openSession(writeOnnx({ y }, new Map(), options))
  const result = await session.run(feeds)
  await session.close()
  return result.y
}

/** The derivative of a function of each element. */
function slope(f: (x: Tensor) => Tensor): Tensor {
  const x = g.input('x', ['N'])
  return g.gradients(g.reduceSum(f(x), [0]), [x])[0] as Tensor
}

const cases: [string, Tensor, Record<string, TensorData>][] = [
  ['gelu', g.gelu(g.input('x', ['N'])), { x: random([50], 1) }],
  ['swish', g.swish(g.input('x', ['N'])), { x: random([50], 1) }],
  ['the derivative of swish', slope(g.swish), { x: random([50], 1) }],
  ['logSoftmax', g.logSoftmax(g.input('x', ['N', 4]), 0), { x: random([5, 4], 1) }],
  // Numbers whose exponentials float32 cannot hold.
  ['logSoftmax of large numbers', g.logSoftmax(g.mul(g.input('x', ['N', 4]), 300)), { x: random([5, 4], 1) }],
]
for (const transposeA of [false, true])
  for (const transposeB of [false, true])
    for (const alpha of [1, 0.3]) {
      // A symbol that stays, leading axes that broadcast either way, and a weight without them.
      for (const [a, b] of [
        [
          ['N', 1, 4, 3],
          [1, 5, 3, 2],
        ],
        [
          [1, 4, 3],
          [5, 3, 2],
        ],
        [
          ['N', 4, 3],
          [3, 2],
        ],
        [
          [4, 3],
          [5, 3, 2],
        ],
      ] as const) {
        const turn = (shape: readonly (string | number)[], turned: boolean) =>
          turned ? [...shape.slice(0, -2), ...shape.slice(-2).reverse()] : shape
        const [left, right] = [turn(a, transposeA), turn(b, transposeB)]
        const sizes = (shape: readonly (string | number)[]) => shape.map((dim) => (dim === 'N' ? 2 : Number(dim)))
        cases.push([
          `matMul of [${left}] and [${right}]${transposeA ? ', A turned' : ''}${transposeB ? ', B turned' : ''}, times ${alpha}`,
          g.matMul(g.input('a', left), g.input('b', right), { transposeA, transposeB, alpha }),
          { a: random(sizes(left), 2), b: random(sizes(right), 3) },
        ])
      }
    }

describe('the standard dialect', () => {
  it.each(cases)('computes %s as the runtime does with its own operators', async (_, y, feeds) => {
    const own = await run(y, feeds, { dialect: 'runtime' })
    const standard = await run(y, feeds, { dialect: 'standard' })
    expect(standard.shape).toEqual(own.shape)
    for (const [i, value] of own.data.entries()) expect(Number(standard.data[i])).toBeCloseTo(Number(value), 5)
    const model = fromBinary(ModelProtoSchema, writeOnnx({ y }, new Map(), { dialect: 'standard' }).bytes)
    expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([['', 17n]])
    expect(model.graph?.node.filter(({ domain }) => domain !== '')).toEqual([])
  })

  it('names an operator that has no standard form', () => {
    const matrix = {
      values: g.input('values', [3, 2], 'int8'),
      scales: g.input('scales', [2]),
      sums: g.input('sums', [1, 2]),
    }
    const { product } = g.int8MatMul(g.input('x', ['N', 3]), matrix)
    expect(() => writeOnnx({ product }, new Map(), { dialect: 'standard' })).toThrow(
      expect.objectContaining({ code: 'graph/dialect', message: expect.stringContaining('MatMulIntegerToFloat') }),
    )
  })
})

describe('numbers', () => {
  const weights = new Map<string, TensorData>([
    ['w', random([60, 50], 4)],
    ['v', random([60, 50], 5)],
  ])
  const y = g.add(g.parameter('w', [60, 50]), g.parameter('v', [60, 50]))
  it('lie inside the protobuf where they shall', () => {
    const { bytes, externalData } = writeOnnx({ y }, weights, { numbers: 'inside' })
    expect(externalData).toEqual([])
    expect(bytes.length).toBeGreaterThan(2 * 12_000)
  })

  it('lie behind one another in one file, each at the start of a page', () => {
    const { bytes, externalData } = writeOnnx({ y }, weights, { numbers: { file: 'm.data' } })
    expect(externalData.map(({ path, offset, data }) => [path, offset, data.length])).toEqual([
      ['m.data', 0, 12_000],
      ['m.data', 12_288, 12_000],
    ])
    const [, second] = fromBinary(ModelProtoSchema, bytes).graph?.initializer ?? []
    expect(Object.fromEntries(second.externalData.map(({ key, value }) => [key, value]))).toEqual({
      location: 'm.data',
      offset: '12288',
      length: '12000',
    })
  })
})
