/**
 * `npm run bench -- bench/case.ts`: what a page costs. First the image side at ViT-B/32 size, four nodules of nine views,
 * with the embedding among its outputs and without it; then a nodule of a made 512x512x300 int16 .nii.gz, from the file
 * to its nine views, and to its pictures on a page.
 */
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PUBLISHED_POOLING, VIT_B_32 } from '../src/clip/architecture.ts'
import { CLIP_NORMALISATION } from '../src/clip/image-tower.ts'
import { initialWeight, weightShapes } from '../src/clip/initialise.ts'
import { imageSide } from '../src/clip/model.ts'
import { bagFeeds, MAX_VIEWS } from '../src/clip/view-bags.ts'
import { graphWeights } from '../src/clip/weights.ts'
import { writeOnnx } from '../src/graph/onnx.ts'
import { openSession } from '../src/graph/session.node.ts'
import type { Tensor, TensorData } from '../src/graph/tensor.ts'
import { DEFAULT_PREPROCESSING, prepareViews } from '../src/nodule/prepare.ts'
import { drawNodule } from '../src/pictures/pictures.ts'
import { seededRandom } from '../src/random.ts'
import { openScan } from '../src/scan/open.node.ts'
import { makeBenchVolume, NODULE_LPS } from './make-volume.ts'
import { median, medianRatio, timeInTurn } from './timing.ts'

const { probability, attention, embedding } = imageSide(
  { image: VIT_B_32, pooling: PUBLISHED_POOLING },
  graphWeights({ folds: 1 }),
  { normalisation: CLIP_NORMALISATION, mergeLora: true, maxViews: MAX_VIEWS },
)

async function open(outputs: Readonly<Record<string, Tensor>>) {
  const random = seededRandom(1)
  const weights = new Map<string, TensorData>()
  for (const [name, shape] of weightShapes(Object.values(outputs)))
    weights.set(name, initialWeight(name, shape, random))
  return openSession(writeOnnx(outputs, weights))
}

const random = seededRandom(2)
const bags = Array.from({ length: 4 }, () => ({
  pixels: Float32Array.from({ length: 9 * VIT_B_32.resolution ** 2 }, () => random.uniform()),
  count: 9,
}))
const feeds = bagFeeds(bags, VIT_B_32.resolution)
const without = await open({ probability, attention })
const withIt = await open({ probability, attention, embedding })
const runs = await timeInTurn(9, { without: () => without.run(feeds), with: () => withIt.run(feeds) })
await Promise.all([without.close(), withIt.close()])
const ms = (times: readonly number[]): string => `${median(times).toFixed(0)} ms`
console.log(`image side, four nodules: ${ms(runs.without)}; with the embedding read too ${ms(runs.with)}`)
console.log(`ratio ${medianRatio(runs.with, runs.without).toFixed(3)}`)

const path = join(tmpdir(), 'spicula-bench-512x512x300.nii.gz')
if (!existsSync(path)) await makeBenchVolume(path)
let bytes = 0
const drawn = await timeInTurn(5, {
  views: async () => prepareViews(await openScan(path), NODULE_LPS, DEFAULT_PREPROCESSING),
  page: async () => {
    const scan = await openScan(path)
    const { views, overview } = await drawNodule(
      scan,
      NODULE_LPS,
      await prepareViews(scan, NODULE_LPS, DEFAULT_PREPROCESSING),
    )
    const planes = 'planes' in overview ? overview.planes : []
    bytes = [...views, ...planes].reduce((sum, { svg }) => sum + svg.length, 0)
  },
})
console.log(`one nodule to its views ${ms(drawn.views)}, to its pictures too ${ms(drawn.page)}`)
console.log(`ratio ${medianRatio(drawn.page, drawn.views).toFixed(2)}; pictures of ${(bytes / 1000).toFixed(0)} kB`)
