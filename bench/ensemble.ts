/**
 * `npm run bench -- bench/ensemble.ts PART DIR [ROUNDS] [PYTHON...]`: five folds at ViT-B/32 size, random weights, nine views
 * a nodule, beside the same five folds one after another in PyTorch, full checkpoints as published. PART is
 * - `make`: writes the models and, with the first PYTHON, the checkpoints into DIR (4 GB) and tells their size on disk;
 * - `memory`: the peak of a process that predicts;
 * - `speed`: time a nodule, models in memory;
 * - `start`: time from the start of a process to its first answer, with the weights out of the page cache.
 * PYTHON names interpreters that have torch (default: Debian's /usr/bin/python3).
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { initModel } from '../src/model/init.node.ts'
import { openPredictor } from '../src/predict/predictor.node.ts'
import { seededRandom } from '../src/random.ts'
import { compile } from './compiled.ts'
import { vitB32 } from './random-model.ts'
import { median, medianRatio, timeInTurn } from './timing.ts'

const [part, dir, roundsText = '3', ...named] = process.argv.slice(2)
const rounds = Number(roundsText)
const pythons = named.length > 0 ? named : ['/usr/bin/python3']
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const PEER = path('./peers/ensemble.py')
const FIRST = path('./ensemble-first.mjs')
const [model, whole, checkpoints] = ['image', 'both', 'torch'].map((name) => join(dir, name))

const filesOf = (folder: string) => readdirSync(folder).map((name) => join(folder, name))
const megabytes = (folder: string) => filesOf(folder).reduce((sum, file) => sum + statSync(file).size, 0) / 1e6
const seconds = (ms: readonly number[]) => `${(median(ms) / 1000).toFixed(2)} s`

/** Takes a folder's files out of the page cache. */
function evict(folder: string): void {
  for (const file of filesOf(folder))
    execFileSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0'], { stdio: 'ignore' })
}

/** A process that answers line by line: a line when it is ready, then one for each that it reads. */
function talk(command: string, args: readonly string[]) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const ready = lines.next()
  return {
    ready: async () => String((await ready).value),
    ask: () => {
      child.stdin.write('\n')
      return lines.next()
    },
    end: () => child.stdin.end(),
  }
}

/** What a process prints in the end. */
const answerOf = (command: string, args: readonly string[]) =>
  JSON.parse(execFileSync(command, args, { encoding: 'utf8' }))

async function make(): Promise<void> {
  mkdirSync(checkpoints, { recursive: true })
  await initModel(model, vitB32({ text: false }), 1)
  await initModel(whole, vitB32({ text: true }), 1)
  execFileSync(pythons[0], [PEER, 'make', checkpoints])
  console.log(`disk, five folds: ${megabytes(model).toFixed(0)} MB to predict (target: at most 200)`)
  console.log(`                  ${megabytes(whole).toFixed(0)} MB with the text side (target: at most 330)`)
  console.log(`                  ${megabytes(checkpoints).toFixed(0)} MB of PyTorch's checkpoints`)
}

function memory(): void {
  compile()
  for (const precision of ['fp32', 'int8'])
    for (const nodules of ['1', '4']) {
      const { peakMb } = answerOf(process.execPath, [FIRST, model, precision, nodules])
      console.log(`${precision}, ${nodules} at once: ${peakMb.toFixed(0)} MB peak (target: at most 1,200)`)
    }
}

async function speed(): Promise<void> {
  const random = seededRandom(1)
  const batch = [{ pixels: Float32Array.from({ length: 9 * 224 * 224 }, random.uniform), count: 9 }]
  const fp32 = await openPredictor(model)
  const int8 = await openPredictor(model, { precision: 'int8' })
  const peers = pythons.map((python) => talk(python, [PEER, 'serve', checkpoints]))
  const names = await Promise.all(peers.map(({ ready }) => ready()))
  const times = await timeInTurn(rounds, {
    'spicula fp32': () => fp32.predict(batch),
    'spicula int8': () => int8.predict(batch),
    ...Object.fromEntries(peers.map(({ ask }, i) => [names[i], ask])),
  })
  await fp32.close()
  await int8.close()
  for (const peer of peers) peer.end()
  console.log(`a nodule by five folds, models in memory, in turn, median of ${rounds}`)
  for (const [name, own] of Object.entries(times))
    console.log(
      `${name.padEnd(28)} ${seconds(own)}, ${medianRatio(own, times['spicula fp32']).toFixed(2)} times spicula fp32's`,
    )
  console.log('targets: PyTorch 1.13 at least 3 times, a new one 1.2, int8 at most 0.67')
}

async function start(): Promise<void> {
  compile()
  const ours = (precision: string) => () => {
    evict(model)
    answerOf(process.execPath, [FIRST, model, precision, '1'])
  }
  const theirs = (python: string) => () => {
    evict(checkpoints)
    answerOf(python, [PEER, 'first', checkpoints])
  }
  const times = await timeInTurn(rounds, {
    'spicula fp32': ours('fp32'),
    'spicula int8': ours('int8'),
    ...Object.fromEntries(pythons.map((python) => [python, theirs(python)])),
  })
  console.log(`start of the process to its first answer, weights on disk, in turn, median of ${rounds}`)
  for (const [name, own] of Object.entries(times))
    console.log(
      `${name.padEnd(28)} ${seconds(own)}, ${medianRatio(own, times['spicula fp32']).toFixed(1)} times spicula fp32's`,
    )
  console.log("target: Debian's at least 5 times")
}

const parts: Readonly<Record<string, () => unknown>> = { make, memory, speed, start }
if (!dir || !(part in parts)) throw new Error(`PART DIR needed; parts: ${Object.keys(parts).join(', ')}`)
await parts[part]()
