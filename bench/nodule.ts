/**
 * `npm run bench -- bench/nodule.ts [ROUNDS]`: one nodule with model and volume open: its nine views cut from a made scan and
 * read by the five folds of the embedded model, beside the MatMuls of its towers' shapes and nothing else.
 */
import { patchCount } from '../src/clip/architecture.ts'
import { weightShapes } from '../src/clip/initialise.ts'
import { SHIFTED_IMAGES } from '../src/clip/shifted-images.ts'
import { writeOnnx } from '../src/graph/onnx.ts'
import * as g from '../src/graph/operations.ts'
import { openSession } from '../src/graph/session.node.ts'
import type { TensorData } from '../src/graph/tensor.ts'
import { embeddedModel } from '../src/model/embedded-model.node.ts'
import { prepareViews } from '../src/nodule/prepare.ts'
import { smallPhantom } from '../src/phantom/phantom.ts'
import { openPredictor } from '../src/predict/predictor.node.ts'
import { seededRandom } from '../src/random.ts'
import { memoryScan } from '../src/scan/memory-scan.ts'
import { median, medianRatio, timeInTurn } from './timing.ts'

const { voxels, shapeIjk, affineLps } = smallPhantom({
  shapeIjk: [96, 96, 64],
  spacingMm: [1.3, 1.3, 2],
  centreLps: [-75, 10, 15],
  nodules: [{ pointLps: [-75, 10, 15], mm: 16 }],
  seed: 1,
})
const scan = memoryScan(voxels, shapeIjk, affineLps)
const predictor = await openPredictor(embeddedModel())
const { config, folds } = predictor
const { image } = config.architecture
const { width, layers, mlpWidth } = image

const views = () => prepareViews(scan, [-75, 10, 15], config.preprocessing)
const { count } = await views()
const rows = count * (config.preprocessing.shifted ? SHIFTED_IMAGES : 1) * (1 + patchCount(image))

let x = g.input('x', [1, 'R', width])
for (let layer = 0; layer < layers; layer++) {
  const project = (name: string, from: number, to: number) =>
    g.matMul(x, g.parameter(`${layer}.${name}.weight`, [to, from]), { transposeB: true })
  for (const name of ['q', 'k', 'v', 'o']) x = project(name, width, width)
  x = project('up', width, mlpWidth)
  x = project('down', mlpWidth, width)
}
const random = seededRandom(1)
const normal = (shape: readonly number[]): TensorData => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from({ length: shape.reduce((product, n) => product * n, 1) }, () => 0.05 * random.normal()),
})
// One number leaves, so that no time goes into handing the result over.
const outputs = { sum: g.reduceSum(g.slice(x, 2, 0, 1), [1, 2]) }
const weights = new Map([...weightShapes(Object.values(outputs))].map(([name, shape]) => [name, normal(shape)]))
const products = await openSession(writeOnnx(outputs, weights))
const activations = { x: normal([1, rows, width]) }

const times = await timeInTurn(Number(process.argv[2] ?? 7), {
  nodule: async () => predictor.predict([await views()]),
  views,
  matMuls: async () => {
    for (let fold = 0; fold < folds; fold++) await products.run(activations)
  },
})
const flops = 2 * rows * layers * (4 * width * width + 2 * width * mlpWidth) * folds
const told = (ms: number) => `${ms.toFixed(0)} ms`
console.log(`${config.name} ${config.version}, ${folds} folds, ${count} views, ${rows} tokens a fold`)
console.log(
  `nodule    ${told(median(times.nodule))} (target: under 1000 ms), of them ${told(median(times.views))} for the views`,
)
console.log(`products  ${(flops / 1e9).toFixed(0)} GFLOP, alone ${told(median(times.matMuls))}`)
console.log(`share     ${(100 * medianRatio(times.matMuls, times.nodule)).toFixed(0)} % of the nodule's time`)
await predictor.close()
await products.close()
