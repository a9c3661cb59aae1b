/** The model's outputs against a folder laid out like `fixtures/model`. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { inferArchitecture } from '../src/clip/infer.ts'
import { type Architecture, imageSide, textSide } from '../src/clip/model.ts'
import { textFeeds as packTexts } from '../src/clip/tokenizer/tokenizer.ts'
import { isHead, isLora } from '../src/clip/weight-names.ts'
import { graphWeights } from '../src/clip/weights.ts'
import { writeOnnx } from '../src/graph/onnx.ts'
import { openSession } from '../src/graph/session.node.ts'
import type { Tensor, TensorData } from '../src/graph/tensor.ts'
import { asFloat32, stackFolds } from '../src/weights/folds.ts'
import { decodeSafetensors } from '../src/weights/safetensors.ts'
import { type Comparison, compare } from './report.ts'

export type Tensors = ReadonlyMap<string, TensorData>

const TOLERANCE = 1e-4
/** Far above any model of the tests; a compressed file must not fill the memory. */
const MAX_INFLATED = 4 * 1024 ** 3
const FOLDS = 5

/** Image side with LoRA merged and separate, one fold and five stacked; text side where the folder has it. */
export async function* compareModel(folder: string): AsyncGenerator<Comparison> {
  const weights = read(folder, 'model')
  const inputs = read(folder, 'inputs')
  const outputs = read(folder, 'outputs')
  const architecture = inferArchitecture(new Map([...weights].map(([name, { shape }]) => [name, shape])))
  for (const merged of architecture.lora ? [true, false] : [false])
    for (const folds of [1, FOLDS])
      yield* compareImageSide(architecture, foldWeights(weights, folds), { merged, inputs, outputs })
  if (architecture.text && outputs.has('text_embeds'))
    for (const merged of architecture.lora ? [true, false] : [false])
      yield* compareTextSide({ ...architecture, text: architecture.text }, weights, { merged, inputs, outputs })
}

interface Numbers {
  readonly merged: boolean
  readonly inputs: Tensors
  readonly outputs: Tensors
}

interface FoldWeights {
  readonly folds: number
  readonly tensors: Tensors
  readonly stacked: ReadonlySet<string>
}

/** Fold 0 is the folder's model; the others are moved a little, so that mixing folds up would show. */
function foldWeights(weights: Tensors, folds: number): FoldWeights {
  if (folds === 1) return { folds, tensors: weights, stacked: new Set() }
  const tensors = new Map(weights)
  const stacked = new Set<string>()
  for (const [name, tensor] of weights) {
    if (!isLora(name) && !isHead(name)) continue
    const data = asFloat32(name, tensor)
    const all = Array.from(
      { length: folds },
      (_, fold): TensorData => ({
        dtype: 'float32',
        shape: tensor.shape,
        data: data.map((x) => x * (1 + 0.1 * fold)),
      }),
    )
    tensors.set(name, stackFolds(name, all))
    stacked.add(name)
  }
  return { folds, tensors, stacked }
}

async function* compareImageSide(
  architecture: Architecture,
  { folds, tensors, stacked }: FoldWeights,
  numbers: Numbers,
) {
  const { merged, inputs, outputs } = numbers
  const { feeds, maxViews } = imageFeeds(inputs)
  const side = imageSide(architecture, graphWeights({ folds, stacked }), {
    // The stored pixels are normalised already.
    normalisation: { mean: [0, 0, 0], std: [1, 1, 1] },
    mergeLora: merged,
    maxViews,
  })
  const results = await run({ embedding: side.embedding, logits: side.logits }, tensors, feeds)
  const how = `${loraWord(architecture, merged)}${folds === 1 ? '1 fold' : `fold 0 of ${folds} stacked`}`
  for (const [ours, theirs] of [
    ['embedding', 'image_embeds'],
    ['logits', 'logits_image'],
  ] as const)
    yield compareOutput(`${theirs}, ${how}`, results[ours], outputs, theirs)
}

async function* compareTextSide(
  architecture: Architecture & { readonly text: NonNullable<Architecture['text']> },
  weights: Tensors,
  { merged, inputs, outputs }: Numbers,
) {
  const side = textSide(architecture, graphWeights({ folds: 1 }), { mergeLora: merged })
  const results = await run({ ...side }, weights, textFeeds(inputs))
  for (const [ours, theirs] of [
    ['embedding', 'text_embeds'],
    ['logits', 'logits_text'],
  ] as const)
    yield compareOutput(`${theirs}, ${loraWord(architecture, merged)}1 fold`, results[ours], outputs, theirs)
}

/** Inputs of the image side: every nodule a bag of all its views. */
export function imageFeeds(inputs: Tensors) {
  const pixels = take(inputs, 'pixels_one_channel')
  const [nodules, maxViews, ...resolution] = pixels.shape
  const count = nodules * maxViews
  const members = BigInt64Array.from({ length: count }, (_, i) => BigInt(i))
  const feeds = {
    views: {
      dtype: 'float32',
      shape: [count, ...resolution],
      data: asFloat32('pixels_one_channel', pixels),
    },
    members: { dtype: 'int64', shape: [nodules, maxViews, 1], data: members },
    present: { dtype: 'float32', shape: [nodules, maxViews], data: new Float32Array(count).fill(1) },
  } as const satisfies Record<string, TensorData>
  return { feeds, maxViews }
}

/** Inputs of the text side. The end-of-text token has the largest number of all. */
export function textFeeds(inputs: Tensors) {
  const { shape, data } = take(inputs, 'input_ids')
  const [texts, context] = shape
  const ids = Array.from(data, Number)
  const rows = Array.from({ length: texts }, (_, t) => ids.slice(t * context, (t + 1) * context))
  return packTexts(rows, { context, endToken: Math.max(...ids) })
}

const loraWord = ({ lora }: Architecture, merged: boolean) => (lora ? `LoRA ${merged ? 'merged' : 'separate'}, ` : '')

function compareOutput(name: string, ours: TensorData, outputs: Tensors, theirs: string): Comparison {
  const expected = asFloat32(theirs, take(outputs, theirs))
  return compare(name, asFloat32(name, ours).subarray(0, expected.length), expected, TOLERANCE)
}

export async function run(
  outputs: Readonly<Record<string, Tensor>>,
  weights: Tensors,
  feeds: Readonly<Record<string, TensorData>>,
) {
  const session = await openSession(writeOnnx(outputs, weights))
  const results = await session.run(feeds)
  await session.close()
  return results
}

export function read(folder: string, stem: string): Tensors {
  const plain = join(folder, `${stem}.safetensors`)
  const bytes = existsSync(plain)
    ? readFileSync(plain)
    : gunzipSync(readFileSync(`${plain}.gz`), { maxOutputLength: MAX_INFLATED })
  return decodeSafetensors(bytes, stem).tensors
}

export function take(tensors: Tensors, name: string): TensorData {
  const tensor = tensors.get(name)
  if (!tensor) throw new Error(`the folder has no ${name}`)
  return tensor
}
