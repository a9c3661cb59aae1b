/** Every operation: its value on the runtime against a plain loop in double precision, on random shapes. */
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { SpiculaError } from '../error.ts'
import { seededRandom } from '../random.ts'
import { ABILITIES, DEVICES, type Device } from './device.ts'
import { writeOnnx } from './onnx.ts'
import * as g from './operations.ts'
import { openSession, type Session } from './session.node.ts'
import { useSoftwareWebgpu } from './software-webgpu.fixture.node.ts'
import type { Tensor, TensorData } from './tensor.ts'

/** A dense array in double precision, the reference's own and only type. */
interface Dense {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

const size = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1)

/** Position in `shape` of a flat index, and back; size-1 axes of a broadcast operand stay at 0. */
const unravel = (shape: readonly number[], flat: number): number[] => {
  const index: number[] = []
  for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
    index[axis] = rest % shape[axis]
    rest = Math.floor(rest / shape[axis])
  }
  return index
}
const at = ({ shape, data }: Dense, index: readonly number[]): number => {
  const own = index.slice(index.length - shape.length)
  return data[own.reduce((flat, i, axis) => flat * shape[axis] + (shape[axis] === 1 ? 0 : i), 0)]
}
const build = (shape: readonly number[], value: (index: number[]) => number): Dense => ({
  shape,
  data: Array.from({ length: size(shape) }, (_, flat) => value(unravel(shape, flat))),
})
const sum = (n: number, term: (i: number) => number) =>
  Array.from({ length: n }, (_, i) => term(i)).reduce((a, b) => a + b, 0)

/** Abramowitz and Stegun 7.1.5: the series of erf, exact to double precision for the arguments here. */
function erf(x: number): number {
  let term = x
  let total = x
  for (let n = 1; n < 200; n++) {
    term *= -(x * x) / n
    total += term / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * total
}

interface Row {
  readonly name: string
  /** Shapes of the inputs. */
  readonly shapes: fc.Arbitrary<readonly (readonly number[])[]>
  readonly graph: (...inputs: Tensor[]) => Tensor
  readonly reference: (...inputs: Dense[]) => Dense
  /** Keeps arguments where the function is defined. */
  readonly positive?: boolean
  /** Has no gradient. */
  readonly flat?: boolean
  /** Needs products of whole numbers, which not every device has. */
  readonly int8?: boolean
  /** Of values near 1, in single precision. */
  readonly tolerance?: number
}

const dim = fc.integer({ min: 1, max: 5 })
const anyShape = fc.array(dim, { minLength: 1, maxLength: 4 })
const oneShape = anyShape.map((shape) => [shape])
/** Two shapes that broadcast: some axes of either are 1, or missing in front. */
const pair = fc
  .array(fc.record({ n: dim, left: fc.boolean(), right: fc.boolean() }), { minLength: 1, maxLength: 4 })
  .chain((axes) =>
    fc
      .nat({ max: axes.length - 1 })
      .map((missing) => [
        axes.map(({ n, left }) => (left ? n : 1)),
        axes.slice(missing).map(({ n, right }) => (right ? n : 1)),
      ]),
  )
const broadcast = (a: Dense, b: Dense, f: (x: number, y: number) => number): Dense => {
  const rank = Math.max(a.shape.length, b.shape.length)
  const dimOf = (x: Dense, axis: number) => x.shape[axis - rank + x.shape.length] ?? 1
  const shape = Array.from({ length: rank }, (_, axis) => Math.max(dimOf(a, axis), dimOf(b, axis)))
  return build(shape, (index) => f(at(a, index), at(b, index)))
}
const map = (x: Dense, f: (v: number) => number): Dense => ({ shape: x.shape, data: x.data.map(f) })

const unary = (name: string, graph: (x: Tensor) => Tensor, f: (x: number) => number, positive = false): Row => ({
  name,
  shapes: oneShape,
  graph,
  reference: (x) => map(x, f),
  positive,
})
/** A function whose derivative is zero wherever it has one: it has no gradient here. */
const flat = (name: string, graph: (x: Tensor) => Tensor, f: (x: number) => number): Row => ({
  ...unary(name, graph, f),
  flat: true,
})
const binary = (name: string, graph: (a: Tensor, b: Tensor) => Tensor, f: (x: number, y: number) => number): Row => ({
  name,
  shapes: pair,
  graph,
  reference: (a, b) => broadcast(a, b, f),
  positive: name === 'div',
})
const lastAxis = (x: Dense, f: (row: number[]) => number[]): Dense => {
  const width = x.shape.at(-1) ?? 1
  const rows = Array.from({ length: x.data.length / width }, (_, r) => f(x.data.slice(r * width, (r + 1) * width)))
  return { shape: x.shape, data: rows.flat() }
}

const matMulRow = (transposeA: boolean, transposeB: boolean, alpha: number): Row => ({
  name: `matMul${transposeA ? ' aT' : ''}${transposeB ? ' bT' : ''}${alpha === 1 ? '' : ` alpha ${alpha}`}`,
  shapes: fc.tuple(dim, dim, dim, dim, dim).map(([b1, b2, m, k, n]) => [
    [b1, b2, ...(transposeA ? [k, m] : [m, k])],
    [b2, ...(transposeB ? [n, k] : [k, n])],
  ]),
  graph: (a, b) => g.matMul(a, b, { transposeA, transposeB, alpha }),
  reference: (a, b) => {
    const [b1, b2, r, c] = a.shape
    const [m, k] = transposeA ? [c, r] : [r, c]
    const n = transposeB ? b.shape[1] : b.shape[2]
    return build(
      [b1, b2, m, n],
      ([i, j, row, column]) =>
        alpha *
        sum(
          k,
          (s) =>
            at(a, [i, j, ...(transposeA ? [s, row] : [row, s])]) *
            at(b, [j, ...(transposeB ? [column, s] : [s, column])]),
        ),
    )
  },
})

/**
 * A matrix of whole numbers for int8MatMul, W [3, k]: the largest among them that every processor adds exactly
 * (predict/int8-levels.node.ts tries whether this one takes twice as large).
 */
const wholeMatrix = (k: number) => build([k, 3], ([i, j]) => ((i * 59 + j * 101) % 127) - 63)
const wholeScales = [0.01, 0.002, 0.05]
const columnSums = (k: number) => wholeScales.map((s, j) => s * sum(k, (i) => at(wholeMatrix(k), [i, j])))

/** int8MatMul and its correction; the steps in single precision as the runtime takes them. */
const int8Row: Row = {
  name: 'int8MatMul',
  shapes: fc.tuple(dim, dim, dim).map((shape) => [shape]),
  graph: (x) => {
    const k = Number(x.shape[2])
    const float = (shape: number[], data: readonly number[]) => g.constant(toTensor({ shape, data }))
    const values = { dtype: 'int8' as const, shape: [k, 3], data: Int8Array.from(wholeMatrix(k).data) }
    const sums = float([1, 3], columnSums(k))
    const matrix = { values: g.constant(values), scales: float([3], wholeScales), sums }
    const { product, offset } = g.int8MatMul(x, matrix, 0.5)
    return g.add(product, g.matMul(offset, sums))
  },
  reference: (x) => {
    const [a, b, k] = x.shape
    const f = Math.fround
    // Halves to even, as the runtime rounds.
    const nearest = (v: number) => (Math.abs(v % 1) === 0.5 ? 2 * Math.round(v / 2) : Math.round(v))
    return build([a, b, 3], ([i, j, n]) => {
      const row = Array.from({ length: k }, (_, s) => at(x, [i, j, s]))
      const [high, low] = [Math.max(0, ...row), Math.min(0, ...row)]
      const scale = f(f(high - low) * f(1 / 255))
      const point = nearest(-f(low / scale))
      const rounded = row.map((v) => scale * Math.min(Math.max(nearest(f(v / scale)), -point), 255 - point))
      return 0.5 * wholeScales[n] * sum(k, (s) => rounded[s] * at(wholeMatrix(k), [s, n]))
    })
  },
  flat: true,
  int8: true,
}

const rank3 = fc.tuple(dim, dim, dim)
const rows: Row[] = [
  binary('add', g.add, (x, y) => x + y),
  binary('sub', g.sub, (x, y) => x - y),
  binary('mul', g.mul, (x, y) => x * y),
  binary('div', g.div, (x, y) => x / y),
  unary('exp', g.exp, Math.exp),
  unary('log', g.log, Math.log, true),
  unary('sqrt', g.sqrt, Math.sqrt, true),
  unary('tanh', g.tanh, Math.tanh),
  unary('sigmoid', g.sigmoid, (x) => 1 / (1 + Math.exp(-x))),
  unary('relu', g.relu, (x) => Math.max(x, 0)),
  unary('erf', g.erf, erf),
  unary('gelu', g.gelu, (x) => (x / 2) * (1 + erf(x / Math.SQRT2))),
  unary('swish', g.swish, (x) => x / (1 + Math.exp(-x))),
  flat('isPositive', g.isPositive, (x) => (x > 0 ? 1 : 0)),
  flat('cast there and back', (x) => g.cast(g.cast(x, 'int32'), 'float32'), Math.trunc),
  matMulRow(false, false, 1),
  matMulRow(true, false, 1),
  matMulRow(false, true, 1),
  matMulRow(true, true, 0.25),
  int8Row,
  {
    name: 'softmax',
    shapes: oneShape,
    graph: (x) => g.softmax(x),
    reference: (x) => lastAxis(x, (row) => row.map((v) => Math.exp(v) / sum(row.length, (i) => Math.exp(row[i])))),
  },
  {
    name: 'logSoftmax, first axis',
    shapes: rank3.map(([a, b]) => [[a, b]]),
    graph: (x) => g.logSoftmax(x, 0),
    reference: (x) =>
      build(x.shape, ([i, j]) => at(x, [i, j]) - Math.log(sum(x.shape[0], (k) => Math.exp(at(x, [k, j]))))),
  },
  {
    name: 'keep',
    shapes: fc.tuple(dim, dim).map(([a]) => [[a, 4]]),
    graph: (x) => g.keep(x, g.constant({ dtype: 'bool', shape: [4], data: Uint8Array.of(1, 0, 1, 1) })),
    reference: (x) => build(x.shape, ([i, j]) => (j === 1 ? 0 : at(x, [i, j]))),
  },
  {
    name: 'broadcastLike',
    shapes: fc.tuple(dim, dim).map(([a, b]) => [
      [a, 1],
      [a, b],
    ]),
    graph: (x, like) => g.add(g.broadcastLike(x, like), like),
    reference: (x, like) => build(like.shape, ([i, j]) => at(x, [i, 0]) + at(like, [i, j])),
  },
  {
    name: 'layerNorm',
    // Where a row's numbers are nearly equal, what is left of them by rounding is divided by the root of epsilon: 32 times.
    tolerance: 2e-4,
    shapes: anyShape.map((shape) => [shape, [shape.at(-1) ?? 1], [shape.at(-1) ?? 1]]),
    graph: (x, scale, bias) => g.layerNorm(x, scale, bias, 1e-3),
    reference: (x, scale, bias) =>
      lastAxis(x, (row) => {
        const mean = sum(row.length, (i) => row[i]) / row.length
        const variance = sum(row.length, (i) => (row[i] - mean) ** 2) / row.length
        return row.map((v, i) => ((v - mean) / Math.sqrt(variance + 1e-3)) * scale.data[i] + bias.data[i])
      }),
  },
  {
    name: 'l2Normalize',
    shapes: oneShape,
    graph: g.l2Normalize,
    reference: (x) => lastAxis(x, (row) => row.map((v) => v / Math.hypot(...row))),
  },
  {
    name: 'reduceSum',
    shapes: rank3.map((shape) => [shape]),
    graph: (x) => g.reduceSum(x, [0, -1]),
    reference: (x) => build([x.shape[1]], ([j]) => sum(x.shape[0], (i) => sum(x.shape[2], (k) => at(x, [i, j, k])))),
  },
  {
    name: 'reduceSum, dims kept',
    shapes: rank3.map((shape) => [shape]),
    graph: (x) => g.reduceSum(x, [1], { keepDims: true }),
    reference: (x) => build([x.shape[0], 1, x.shape[2]], ([i, , k]) => sum(x.shape[1], (j) => at(x, [i, j, k]))),
  },
  {
    name: 'reshape',
    shapes: rank3.map((shape) => [shape]),
    graph: (x) => g.reshape(x, [x.shape[2], Number(x.shape[0]) * Number(x.shape[1])]),
    reference: ({ shape, data }) => ({ shape: [shape[2], shape[0] * shape[1]], data }),
  },
  {
    name: 'transpose',
    shapes: rank3.map((shape) => [shape]),
    graph: (x) => g.transpose(x, [2, 0, 1]),
    reference: (x) => build([x.shape[2], x.shape[0], x.shape[1]], ([a, b, c]) => at(x, [b, c, a])),
  },
  {
    name: 'concat',
    shapes: fc.tuple(dim, dim, dim).map(([n, a, b]) => [
      [n, a],
      [n, b],
    ]),
    graph: (a, b) => g.concat([a, b], -1),
    reference: (a, b) =>
      build([a.shape[0], a.shape[1] + b.shape[1]], ([i, j]) =>
        j < a.shape[1] ? at(a, [i, j]) : at(b, [i, j - a.shape[1]]),
      ),
  },
  {
    name: 'slice',
    shapes: rank3.map(([a, b, c]) => [[a, b + 2, c]]),
    graph: (x) => g.slice(x, 1, 1, Number(x.shape[1])),
    reference: (x) => build([x.shape[0], x.shape[1] - 1, x.shape[2]], ([i, j, k]) => at(x, [i, j + 1, k])),
  },
  {
    name: 'select',
    shapes: rank3.map(([a, b, c]) => [[a, b + 1, c]]),
    graph: (x) => g.select(x, 1, 1),
    reference: (x) => build([x.shape[0], x.shape[2]], ([i, k]) => at(x, [i, 1, k])),
  },
  {
    name: 'pad',
    shapes: rank3.map((shape) => [shape]),
    graph: (x) => g.pad(x, 1, 2, 1),
    reference: (x) =>
      build([x.shape[0], x.shape[1] + 3, x.shape[2]], ([i, j, k]) =>
        j < 2 || j >= x.shape[1] + 2 ? 0 : at(x, [i, j - 2, k]),
      ),
  },
  {
    name: 'pad with a number',
    shapes: rank3.map((shape) => [shape]),
    graph: (x) => g.pad(x, 2, 0, 1, 1.5),
    reference: (x) =>
      build([x.shape[0], x.shape[1], x.shape[2] + 1], ([i, j, k]) => (k === x.shape[2] ? 1.5 : at(x, [i, j, k]))),
  },
  {
    name: 'broadcastTo',
    shapes: fc.tuple(dim, dim).map(([a, b]) => [[a, 1, b]]),
    graph: (x) => g.broadcastTo(x, [2, x.shape[0], 3, x.shape[2]]),
    reference: (x) => build([2, x.shape[0], 3, x.shape[2]], ([, i, , k]) => at(x, [i, 0, k])),
  },
  {
    name: 'gather',
    shapes: rank3.map(([a, b, c]) => [[a, b + 3, c]]),
    graph: (x) =>
      g.gather(x, g.constant({ dtype: 'int64', shape: [2, 2, 1], data: BigInt64Array.of(3n, 0n, 1n, 3n) }), 1),
    reference: (x) => build([x.shape[0], 2, 2, x.shape[2]], ([i, p, q, k]) => at(x, [i, [3, 0, 1, 3][2 * p + q], k])),
  },
]

const toTensor = ({ shape, data }: Dense): TensorData => ({ dtype: 'float32', shape, data: Float32Array.from(data) })

/** Random inputs of a row. Rounded to float32: the reference shall see the numbers that the runtime sees. */
function draw({ positive }: Row, shapes: readonly (readonly number[])[], seed: number): Dense[] {
  const random = seededRandom(seed)
  const number = () => Math.fround(positive ? 0.1 + random.uniform() * 3 : awayFromZero(random.normal()))
  return shapes.map((shape) => build(shape, number))
}

/** Where relu has a derivative. */
const awayFromZero = (x: number) => x + 0.01 * (x < 0 ? -1 : 1)

async function run(outputs: Record<string, Tensor>, inputs: readonly Dense[], device: Device) {
  const model = writeOnnx(outputs, new Map(), { dialect: ABILITIES[device].dialect })
  const session = await openSession(model, { threads: 1, device })
  // The gradient of a sum does not read what was summed.
  const feeds = inputs.map((x, i) => [`x${i}`, toTensor(x)] as const).filter(([name]) => model.inputs[name])
  const results = await session.run(Object.fromEntries(feeds))
  await session.close()
  return results
}

/** Devices that this machine has, each with a session: while there is one a device keeps what it compiles. */
useSoftwareWebgpu()
const devices = new Map<Device, Session>()
for (const device of DEVICES) {
  try {
    devices.set(device, await openSession(writeOnnx({ y: g.relu(g.input('x', [1])) }, new Map()), { device }))
  } catch (error) {
    if (!(error instanceof SpiculaError && error.code === 'graph/device')) throw error
    console.log(`operations are not tested on ${device}: it is not on this machine`)
  }
}

afterAll(async () => {
  for (const session of devices.values()) await session.close()
})

describe.each([...devices.keys()])('operations on %s', (device) => {
  const able = rows.filter(({ int8 = false }) => !int8 || ABILITIES[device].int8)

  it.each(able)('$name equals its definition', async (row) => {
    await fc.assert(
      fc.asyncProperty(row.shapes, fc.nat(), async (shapes, seed) => {
        const inputs = draw(row, shapes, seed)
        const expected = row.reference(...inputs)
        const y = row.graph(...inputs.map(({ shape }, i) => g.input(`x${i}`, shape)))
        expect(y.shape).toEqual(expected.shape)
        const result = await run({ y }, inputs, device)
        expect(result.y.shape).toEqual(expected.shape)
        expected.data.forEach((value, i) => {
          expect(Math.abs(Number(result.y.data[i]) - value)).toBeLessThan(
            (row.tolerance ?? 2e-5) * (1 + Math.abs(value)),
          )
        })
      }),
      { numRuns: 15 },
    )
  })

  it.each(able.filter(({ flat }) => !flat))('the gradient of $name equals finite differences', async (row) => {
    await fc.assert(
      fc.asyncProperty(row.shapes, fc.nat(), async (shapes, seed) => {
        const inputs = draw(row, shapes, seed)
        const tensors = inputs.map(({ shape }, i) => g.input(`x${i}`, shape))
        const y = row.graph(...tensors)
        // A scalar that weighs every element of y differently, so that no error hides behind a sum.
        const [weights] = draw(row, [y.shape.map(Number)], seed + 1)
        const fixed = g.constant(toTensor(weights))
        const loss = g.reduceSum(
          g.mul(y, fixed),
          y.shape.map((_, axis) => axis),
        )
        const slopes = g.gradients(loss, tensors)
        const result = await run(Object.fromEntries(slopes.map((slope, i) => [`d${i}`, slope])), inputs, device)
        const scalarLoss = (at: readonly Dense[]) =>
          row.reference(...at).data.reduce((total, v, i) => total + v * weights.data[i], 0)
        for (const [i, input] of inputs.entries()) {
          const slope = result[`d${i}`]
          expect(slope.shape).toEqual(input.shape)
          for (const [k] of input.data.entries()) {
            if (k % Math.ceil(input.data.length / 8) !== 0) continue
            const moved = (by: number) =>
              inputs.map((x, j) => (j === i ? { ...x, data: x.data.with(k, x.data[k] + by) } : x))
            const expected = (scalarLoss(moved(1e-5)) - scalarLoss(moved(-1e-5))) / 2e-5
            expect(Math.abs(Number(slope.data[k]) - expected)).toBeLessThan(1e-4 * (1 + Math.abs(expected)))
          }
        }
      }),
      { numRuns: 8 },
    )
  })
})

it('rounding has no gradient, and says so', () => {
  const x = g.input('x', [2, 3])
  const matrix = {
    values: g.input('values', [3, 2], 'int8'),
    scales: g.input('scales', [2]),
    sums: g.input('sums', [1, 2]),
  }
  const { product } = g.int8MatMul(x, matrix)
  expect(() => g.gradients(g.reduceSum(product, [0, 1]), [x])).toThrow(
    expect.objectContaining({ code: 'graph/gradient', message: expect.stringMatching(/has no gradient/) }),
  )
})
