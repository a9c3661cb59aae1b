/**
 * `npm run bench -- bench/bootstrap.ts`: the interval of an AUROC by 2,000 replicates over patients (1.25 nodules a
 * patient, one in ten a cancer), from 1,000 to 1,000,000 predictions: sorting, plan, replicates on all cores.
 */

import { aurocPlan, designOf } from '../src/evaluation/intervals/bootstrap.ts'
import { intervalOf } from '../src/evaluation/intervals/interval.ts'
import { measure, sampleOf } from '../src/evaluation/metrics/metrics.ts'
import { seededRandom } from '../src/random.ts'
import { compiled } from './compiled.ts'
import { peakMemoryMb } from './timing.ts'

const REPLICATES = 2000
const { bootstrapAuroc } = await compiled<typeof import('../src/evaluation/intervals/bootstrap.node.ts')>(
  'evaluation/intervals/bootstrap.node.js',
)

console.log('predictions  seconds  growth  peak MB  AUROC interval')
let last = 0
for (const n of [1e3, 1e4, 1e5, 1e6]) {
  const random = seededRandom(1, String(n))
  const labels = Uint8Array.from({ length: n }, () => (random.uniform() < 0.1 ? 1 : 0))
  const scores = Float64Array.from(labels, (label) => 1 / (1 + Math.exp(-(random.normal() + 1.8 * label - 2))))
  const patients = Uint32Array.from({ length: n }, (_, i) => Math.floor(i * 0.8))
  const start = performance.now()
  const sample = sampleOf(scores, labels)
  const design = designOf(patients, labels)
  const values = await bootstrapAuroc(aurocPlan(sample.ranking, design), { seed: 1, replicates: REPLICATES })
  const interval = intervalOf(values, measure(sample, ['auroc'])[0] ?? 0, design)
  const seconds = (performance.now() - start) / 1000
  const growth = last === 0 ? '' : `x${(seconds / last).toFixed(1)}`
  const shown = interval === null ? '' : `${interval.low.toFixed(4)} to ${interval.high.toFixed(4)}`
  console.log(
    `${String(n).padStart(11)}  ${seconds.toFixed(2).padStart(7)}  ${growth.padStart(6)}  ${peakMemoryMb().toFixed(0).padStart(7)}  ${shown}`,
  )
  last = seconds
}
