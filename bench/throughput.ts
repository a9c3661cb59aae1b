/**
 * `npm run bench -- bench/throughput.ts [ROUNDS]`: nodules a second by the size of the batch, threads and precision; five folds
 * at ViT-B/32 size, random weights. Draws docs/images/throughput.svg.
 */
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chart } from '../src/drawing/chart/chart.ts'
import { marker, polyline } from '../src/drawing/chart/marks.ts'
import { niceTicks } from '../src/drawing/chart/scale.ts'
import { filled, SERIES } from '../src/drawing/chart/style.ts'
import { initModel } from '../src/model/init.node.ts'
import { openPredictor } from '../src/predict/predictor.node.ts'
import { seededRandom } from '../src/random.ts'
import { vitB32 } from './random-model.ts'
import { median } from './timing.ts'

const rounds = Number(process.argv[2] ?? 2)
const BATCHES = [1, 2, 4]
const random = seededRandom(1)
const nodules = Array.from({ length: Math.max(...BATCHES) }, () => ({
  pixels: Float32Array.from({ length: 9 * 224 * 224 }, random.uniform),
  count: 9,
}))
const cores = cpus().length
const lines: { precision: string; threads: number; rates: number[] }[] = []
const folder = await mkdtemp(join(tmpdir(), 'spicula-throughput-'))
try {
  const model = join(folder, 'model')
  await initModel(model, vitB32({ text: false }), 1)
  console.log(
    `nodules/s, five folds, ViT-B/32; columns: nodules at once\nprecision threads ${BATCHES.map((n) => String(n).padStart(7)).join('')}`,
  )
  for (const precision of ['fp32', 'int8'] as const)
    for (const threads of new Set([1, cores])) {
      const predictor = await openPredictor(model, { precision, threads })
      await predictor.predict(nodules.slice(0, 1))
      const seconds = BATCHES.map((): number[] => [])
      for (let round = 0; round < rounds; round++)
        for (const [i, count] of BATCHES.entries()) {
          const start = performance.now()
          await predictor.predict(nodules.slice(0, count))
          seconds[i].push((performance.now() - start) / 1000)
        }
      await predictor.close()
      const rates = BATCHES.map((count, i) => count / median(seconds[i]))
      lines.push({ precision, threads, rates })
      console.log(
        `${precision.padEnd(9)} ${String(threads).padStart(7)} ${rates.map((rate) => rate.toFixed(2).padStart(7)).join('')}`,
      )
    }
} finally {
  await rm(folder, { recursive: true })
}

const most = Math.max(...lines.flatMap(({ rates }) => rates)) * 1.1
const style = (i: number) => SERIES[i % SERIES.length]
const svg = chart({
  title: 'Throughput of five folds at ViT-B/32 size',
  description: 'Nodules a second against the nodules at once, for each precision and number of threads.',
  x: { label: 'nodules at once', from: 0, to: Math.max(...BATCHES) + 1, ticks: BATCHES },
  y: { label: 'nodules a second', from: 0, to: most, ticks: niceTicks(0, most) },
  plotHeight: 260,
  legend: lines.map(({ precision, threads }, i) => ({
    text: `${precision}, ${threads} thread${threads === 1 ? '' : 's'}`,
    sample: { line: style(i) },
  })),
  marks: (frame) =>
    lines.map(({ rates }, i) => {
      const places = rates.map((rate, b) => frame.at(BATCHES[b], rate))
      const signs = places.map((place) => marker(style(i).marker, place, filled(style(i).stroke), 4))
      return [polyline(places, style(i)), ...signs]
    }),
})
writeFileSync(fileURLToPath(new URL('../docs/images/throughput.svg', import.meta.url)), svg.toString())
