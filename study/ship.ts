/**
 * `npm run study -- study/ship.ts RUN_MODEL OUT [--name spicula-small]`: a trained model folder made small: matrices at
 * a byte a number, vectors in half precision, and of the base nothing that every fold has anew.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { HEADS } from '../src/clip/weight-names.ts'
import type { TensorData } from '../src/graph/tensor.ts'
import { type ModelConfig, parseModelConfig } from '../src/model/config.ts'
import { DEFAULT_PROMPTS } from '../src/model/prompts.node.ts'
import { asFloat32 } from '../src/weights/folds.ts'
import { decodeSafetensors, encodeSafetensors, toHalf } from '../src/weights/safetensors.ts'
import { type Int8Tensor, narrowToInt8, storedScaleName } from '../src/weights/stored-int8.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { name: { type: 'string', default: 'spicula-small' }, version: { type: 'string', default: '3' } },
})
const [from, out] = positionals
if (out === undefined) throw new Error('usage: npm run study -- study/ship.ts RUN/model OUT')

const config = parseModelConfig(readFileSync(join(from, 'config.json'), 'utf8'), 'config.json')
const read = (file: string) => decodeSafetensors(readFileSync(join(from, file)), file).tensors
mkdirSync(out, { recursive: true })

/** What LIDC-IDRI's readers rated, and so the texts told: a model must not be asked for what it never read about. */
const TOLD: Readonly<Record<string, readonly string[] | undefined>> = {
  mean_diameter: ['4', '6', '8', '10', '15', '20', '30'],
  nodule_margin_conspicuity: ['Well marginated', 'Poorly marginated'],
  nodule_margins: ['Smooth', 'Lobulated'],
  additional_nodule_margins: ['Smooth', 'Spiculated/Serrated'],
  nodule_shape: ['Round', 'Ovoid'],
  nodule_consistency: ['Solid', 'Part-solid', 'Pure ground glass'],
  'cyst-like_spaces': ['Present', 'Absent'],
  eccentric_calcification: ['Present', 'Absent'],
  nodule_calcification: ['Present', 'Absent'],
  level_of_suspicion_of_lung_cancer: ['Low', 'Intermediate', 'Moderately High', 'High'],
}

function promptsOfLidc(): string {
  const { format, features } = JSON.parse(readFileSync(DEFAULT_PROMPTS, 'utf8')) as {
    format: string
    features: Record<string, Record<string, string[]>>
  }
  const kept = Object.entries(features).flatMap(([feature, values]) => {
    const told = TOLD[feature]
    return told ? [[feature, Object.fromEntries(told.map((value) => [value, values[value]]))] as const] : []
  })
  return `${JSON.stringify({ format, features: Object.fromEntries(kept) }, null, 2)}\n`
}

const SMALL = [HEADS.imageProjection, HEADS.imageClassifier, HEADS.textClassifier]
/** The towers' matrices. What is small, or whose largest numbers say nothing of the others, stays in half precision. */
const isMatrix = (name: string, shape: readonly number[]) =>
  shape.length >= 2 && !name.endsWith('positional_embedding') && !SMALL.some((head) => name.startsWith(head))

/** Half precision ends at 65,504: a number beyond would become infinite. */
function half(name: string, tensor: TensorData): TensorData {
  const narrow = toHalf(tensor)
  if (!asFloat32(name, narrow).every(Number.isFinite)) throw new Error(`${name} does not fit half precision`)
  return narrow
}

function small(tensors: ReadonlyMap<string, TensorData>): Uint8Array {
  const stored = new Map<string, TensorData | Int8Tensor>()
  for (const [name, tensor] of tensors) {
    const wide = { dtype: 'float32', shape: tensor.shape, data: asFloat32(name, tensor) } as const
    if (!isMatrix(name, tensor.shape)) stored.set(name, half(name, wide))
    else {
      const { codes, scales } = narrowToInt8(wide)
      stored.set(name, codes)
      stored.set(storedScaleName(name), scales)
    }
  }
  return encodeSafetensors(stored, { format: 'pt' })
}

const folds = config.folds.map(({ both, calibration }, k) => {
  const file = `fold_${k}.safetensors`
  const tensors = read(both)
  writeFileSync(join(out, file), small(tensors))
  return { names: [...tensors.keys()], fold: { both: file, ...(calibration ? { calibration } : {}) } }
})
const everywhere = (name: string) => folds.every(({ names }) => names.includes(name))
const base = new Map([...read(config.base)].filter(([name]) => !everywhere(name)))
writeFileSync(join(out, 'base.safetensors'), small(base))
if (config.tokenizer !== undefined) copyFileSync(join(from, config.tokenizer), join(out, config.tokenizer))
writeFileSync(join(out, 'prompts.json'), promptsOfLidc())
copyFileSync(fileURLToPath(new URL('MODEL_CARD.md', import.meta.url)), join(out, 'MODEL_CARD.md'))

const shipped: ModelConfig = {
  ...config,
  name: values.name,
  version: values.version,
  license: 'Apache-2.0',
  intendedUse:
    'research and trying out the software: its labels are suspicions of radiologists (LIDC-IDRI), not pathology; not for any statement about a patient',
  provenance:
    'trained by Spicula (docs/study.md) on 2,206 crops of lung nodules, and slices of 530 volumes of them, of 677 patients ' +
    "of LIDC-IDRI (CC BY 3.0) and their radiologists' ratings, image tower from DeiT-Tiny (ImageNet, Apache-2.0); five folds by patient",
  base: 'base.safetensors',
  folds: folds.map(({ fold }) => fold),
  prompts: 'prompts.json',
}
writeFileSync(join(out, 'config.json'), `${JSON.stringify(shipped, null, 2)}\n`)
console.log(`${out}: ${shipped.name} ${shipped.version}`)
