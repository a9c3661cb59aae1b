/**
 * `npm run bench -- bench/start.ts [ROUNDS]`: from the shell to the answer. `spicula --version` and `spicula predict` of one
 * nodule of a small made scan, with the embedded model, and with models of DeiT-Tiny's size (5.5 M parameters, 50 tokens) in five folds, LoRA and
 * full; and where the time goes (start-parts.mjs), each part the median of as many processes. Compiles first.
 */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { initialWeight } from '../src/clip/initialise.ts'
import type { InitConfig } from '../src/model/config.ts'
import { modelWeights } from '../src/model/folder.node.ts'
import { initModel } from '../src/model/init.node.ts'
import { smallPhantom } from '../src/phantom/phantom.ts'
import { seededRandom } from '../src/random.ts'
import { writeNifti } from '../src/scan/nifti/write.node.ts'
import { encodeSafetensors, toHalf } from '../src/weights/safetensors.ts'
import { compile } from './compiled.ts'
import { median, timeInTurn } from './timing.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const MAIN = path('../dist/cli/main.js')
const AT = '-75,10,15'
const TARGET_MS = 1500

const DEIT_TINY: InitConfig = {
  name: 'random-deit-tiny',
  version: '0',
  provenance: 'random',
  license: 'Apache-2.0',
  intendedUse: 'timing',
  preprocessing: { geometry: 'exact', mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
  architecture: {
    image: {
      resolution: 112,
      patch: 16,
      width: 192,
      layers: 12,
      heads: 3,
      mlpWidth: 768,
      activation: 'gelu',
      layerNormEpsilon: 1e-6,
      preNorm: false,
      patchBias: true,
      embedDim: 192,
    },
    pooling: { embedDim: 128, attentionWidth: 64 },
  },
  folds: 5,
}

/** Low-rank updates on every layer: folds share their base. */
async function makeLoraModel(folder: string): Promise<void> {
  const lora = {
    rank: 2,
    alpha: 1,
    scaling: 'rank-stabilised' as const,
    targets: ['q' as const, 'k' as const, 'v' as const],
    imageLayers: Array.from({ length: DEIT_TINY.architecture.image.layers }, (_, layer) => layer),
    textLayers: [],
  }
  await initModel(folder, { ...DEIT_TINY, architecture: { ...DEIT_TINY.architecture, lora } }, 1)
}

/** Fully fine-tuned: every fold has every weight of its own. */
async function makeFullModel(folder: string): Promise<void> {
  const { folds } = await initModel(folder, DEIT_TINY, 1)
  const { image } = modelWeights(DEIT_TINY.architecture)
  for (const [fold, { both }] of folds.entries()) {
    const random = seededRandom(fold)
    const weights = [...image].map(([name, shape]) => [name, toHalf(initialWeight(name, shape, random))] as const)
    await writeFile(join(folder, both), encodeSafetensors(new Map(weights)))
  }
}

compile()
const folder = await mkdtemp(join(tmpdir(), 'spicula-start-'))
try {
  const file = (name: string) => join(folder, name)
  const scan = file('scan.nii.gz')
  await writeNifti(
    scan,
    smallPhantom({
      shapeIjk: [96, 96, 64],
      spacingMm: [1.3, 1.3, 2],
      centreLps: [-75, 10, 15],
      nodules: [{ pointLps: [-75, 10, 15], mm: 16 }],
      seed: 1,
    }),
  )
  await makeLoraModel(file('lora'))
  await makeFullModel(file('full'))

  const run = (...args: string[]) => execFileSync(process.execPath, args, { encoding: 'utf8' })
  const parts: Record<string, Record<string, number[]>> = { lora: {}, full: {} }
  const takeParts = (model: string) => {
    const taken: Record<string, number> = JSON.parse(run(path('./start-parts.mjs'), scan, AT, file(model)))
    for (const [part, ms] of Object.entries(taken)) {
      parts[model][part] ??= []
      parts[model][part].push(ms)
    }
  }
  const predict = (model: string) => run(MAIN, 'predict', '--ct', scan, '--at', AT, '--model', file(model))
  const times = await timeInTurn(Number(process.argv[2] ?? 9), {
    'node, nothing else': () => run('-e', '0'),
    'spicula --version': () => run(MAIN, '--version'),
    'spicula predict, five folds by LoRA': () => predict('lora'),
    'spicula predict, five full folds': () => predict('full'),
    'spicula predict, the embedded model': () => run(MAIN, 'predict', '--ct', scan, '--at', AT),
    'parts of LoRA': () => takeParts('lora'),
    'parts of full': () => takeParts('full'),
  })

  for (const [name, all] of Object.entries(times).slice(0, 5))
    console.log(`${name.padEnd(36)} ${median(all).toFixed(0).padStart(5)} ms`)
  console.log(`(target of predict: under ${TARGET_MS} ms)\n`)
  console.log(`${'part'.padEnd(36)} ${'LoRA'.padStart(5)} ${'full'.padStart(5)}`)
  for (const part of Object.keys(parts.lora)) {
    const [lora, full] = ['lora', 'full'].map((model) => median(parts[model][part]).toFixed(0).padStart(5))
    console.log(`${part.padEnd(36)} ${lora} ${full}`)
  }
} finally {
  await rm(folder, { recursive: true })
}
