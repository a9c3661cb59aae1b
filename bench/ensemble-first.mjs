// A model's first answers in a process of its own, from the compiled files: for ensemble.ts.
// Usage: node ensemble-first.mjs MODEL PRECISION NODULES. Prints the first probability and the peak of memory as JSON.
import { readFileSync } from 'node:fs'

const { openPredictor } = await import(new URL('../dist/predict/predictor.node.js', import.meta.url).href)
const [model, precision, nodules] = process.argv.slice(2)
const predictor = await openPredictor(model, { precision })
const size = 9 * predictor.config.architecture.image.resolution ** 2
const pixels = Float32Array.from({ length: size }, (_, i) => ((i * 7919) % 1024) / 1024)
const answers = await predictor.predict(Array.from({ length: Number(nodules) }, () => ({ pixels, count: 9 })))
const peakMb = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024
console.log(JSON.stringify({ probability: answers[0].ensemble, peakMb }))
await predictor.close()
