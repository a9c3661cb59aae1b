/**
 * `npm run bench -- bench/vit.ts`: the image tower's forward pass at ViT-B/32 size, random weights, 36 views (four
 * nodules), beside the same runtime's MatMuls of the model's own shapes and nothing else.
 * Floating-point operations: 24 width^2 a token and layer (2 a multiply-add: 4 square projections, 2 of the MLP).
 */
import { VIT_B_32 } from '../src/clip/architecture.ts'
import { CLIP_NORMALISATION, imageTower } from '../src/clip/image-tower.ts'
import { initialWeight, weightShapes } from '../src/clip/initialise.ts'
import { graphWeights } from '../src/clip/weights.ts'
import { writeOnnx } from '../src/graph/onnx.ts'
import * as g from '../src/graph/operations.ts'
import { openSession } from '../src/graph/session.node.ts'
import type { Tensor, TensorData } from '../src/graph/tensor.ts'
import { seededRandom } from '../src/random.ts'
import { median, medianRatio, peakMemoryMb, timeInTurn } from './timing.ts'

const VIEWS = 36
const { width, layers, mlpWidth, resolution, patch } = VIT_B_32
const tokens = 1 + (resolution / patch) ** 2
const rows = VIEWS * tokens

const random = seededRandom(1)
const normal = (shape: readonly number[]): TensorData => {
  const data = new Float32Array(shape.reduce((product, n) => product * n, 1))
  for (let i = 0; i < data.length; i++) data[i] = random.normal()
  return { dtype: 'float32', shape, data }
}

async function open(outputs: Readonly<Record<string, Tensor>>) {
  const weights = new Map<string, TensorData>()
  for (const [name, shape] of weightShapes(Object.values(outputs)))
    weights.set(name, initialWeight(name, shape, random))
  return openSession(writeOnnx(outputs, weights))
}

/** The products of one layer one after another: q, k, v and o, up and down. */
function productsOfLayer(x: Tensor, layer: number): Tensor {
  const project = (y: Tensor, name: string, from: number, to: number) =>
    g.matMul(y, g.parameter(`${layer}.${name}.weight`, [to, from]), { transposeB: true })
  for (const name of ['q', 'k', 'v', 'o']) x = project(x, name, width, width)
  return project(project(x, 'up', width, mlpWidth), 'down', mlpWidth, width)
}

const views = g.input('views', ['M', resolution, resolution])
const tower = await open({ features: imageTower(views, graphWeights({ folds: 1 }), VIT_B_32, CLIP_NORMALISATION) })
let x = g.input('x', [1, 'R', width])
for (let layer = 0; layer < layers; layer++) x = productsOfLayer(x, layer)
// One number leaves, so that no time goes into handing the result over.
const products = await open({ sum: g.reduceSum(g.slice(x, 2, 0, 1), [1, 2]) })

const feeds = { views: normal([VIEWS, resolution, resolution]) }
const activations = { x: normal([1, rows, width]) }
const times = await timeInTurn(Number(process.argv[2] ?? 9), {
  tower: () => tower.run(feeds),
  products: () => products.run(activations),
})

const layerFlops = 24 * width ** 2 * rows
// The last layer computes keys and values of every token, all else for the class token alone.
const lastLayerFlops = 4 * width ** 2 * rows + 20 * width ** 2 * VIEWS
const done = (layers - 1) * layerFlops + lastLayerFlops
const gflops = (flops: number, ms: number) => (flops / ms / 1e6).toFixed(0)
const share = (flops: number) => ((100 * flops) / (layers * layerFlops)) * medianRatio(times.products, times.tower)

console.log(`ViT-B/32 image tower, ${VIEWS} views, ${process.platform} ${process.arch}, onnxruntime-node, all cores`)
console.log(
  `tower    ${median(times.tower).toFixed(0)} ms, ${gflops(done, median(times.tower))} GFLOP/s of the operations that it does`,
)
console.log(
  `MatMuls  ${median(times.products).toFixed(0)} ms, ${gflops(layers * layerFlops, median(times.products))} GFLOP/s`,
)
console.log(`share    ${share(done).toFixed(1)} % (target: at least 90 %)`)
console.log(
  `         ${share(layers * layerFlops).toFixed(1)} % counting the last layer whole, though what no one reads is skipped`,
)
console.log(`peak memory ${peakMemoryMb().toFixed(0)} MB, both sessions`)
