/**
 * The model of the reference numbers, written in every container and naming and as a release of five folds, imported
 * and run: image and text side as the published implementation.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeShared } from '../../test/shared.ts'
import { loraScale } from '../clip/architecture.ts'
import { inferArchitecture } from '../clip/infer.ts'
import { imageSide, textSide } from '../clip/model.ts'
import { textFeeds } from '../clip/tokenizer/tokenizer.ts'
import { isTuned } from '../clip/weight-names.ts'
import { graphWeights } from '../clip/weights.ts'
import { stateOps, torchLegacy, torchScript, torchZip, type WrittenTensor } from '../files/torch/torch.fixture.ts'
import { writeOnnx } from '../graph/onnx.ts'
import { openSession } from '../graph/session.node.ts'
import type { TensorData } from '../graph/tensor.ts'
import { loadWeights, openModelFolder } from '../model/folder.node.ts'
import { changeConfig } from '../model/model.fixture.node.ts'
import { seededRandom } from '../random.ts'
import { asFloat32 } from '../weights/folds.ts'
import { decodeSafetensors, encodeSafetensors, toHalf } from '../weights/safetensors.ts'
import { importBase } from './base.node.ts'
import { importRelease } from './clip-nodule.node.ts'
import { largestDifference, weightsOf } from './import.fixture.node.ts'

const NODULES = 4
const VIEWS = 9
/** The inputs are normalised already. */
const NORMALISATION = { mean: [0, 0, 0], std: [1, 1, 1] }
const FOLDS = 5

type Weights = ReadonlyMap<string, TensorData>

describeShared(['fixtures/model', 'fixtures/tokens/bpe_simple_vocab_16e6.txt.gz'], (fixtures, vocabulary) => {
  let root = ''
  let model: Weights = new Map()
  let inputs: Weights = new Map()
  let outputs: Weights = new Map()
  let count = 0
  const fresh = (): string => join(root, `made-${count++}`)

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'import-published-'))
    const read = async (name: string) => decodeSafetensors(await readFile(join(fixtures(), name)), name).tensors
    model = decodeSafetensors(gunzipSync(await readFile(join(fixtures(), 'model.safetensors.gz'))), 'model').tensors
    inputs = await read('inputs.safetensors')
    outputs = await read('outputs.safetensors')
  })
  afterAll(() => rm(root, { recursive: true }))

  const numbers = (tensors: Weights, name: string): number[] => Array.from(tensors.get(name)?.data ?? [], Number)
  const towers = (): Map<string, TensorData> =>
    new Map([...model].filter(([name]) => !isTuned(name) || name === 'logit_scale'))

  /** Embeddings and logits of the first fold of a folder. */
  async function run(path: string) {
    await changeConfig(path, (config) => {
      Object.assign(config.preprocessing as object, NORMALISATION)
    })
    const folder = await openModelFolder(path)
    const { architecture, folds: names } = folder.config
    const { text } = architecture
    if (!text) throw new Error('no text side')
    const folds = names.length
    const [image, words] = [await loadWeights(folder, 'both', 'image'), await loadWeights(folder, 'both', 'text')]
    const sideOf = (stacked: ReadonlySet<string>) => graphWeights({ folds, stacked })
    const options = { normalisation: NORMALISATION, mergeLora: false, maxViews: VIEWS }
    const pixels = asFloat32('pixels', inputs.get('pixels_one_channel') as TensorData)
    const bags = [NODULES, VIEWS]
    const seen = imageSide(architecture, sideOf(image.stacked), options)
    const imageOutputs = await runOnce({ embedding: seen.embedding, logits: seen.logits }, image.tensors, {
      views: { dtype: 'float32', shape: [NODULES * VIEWS, 224, 224], data: pixels },
      members: { dtype: 'int64', shape: [...bags, 1], data: BigInt64Array.from({ length: 36 }, (_, i) => BigInt(i)) },
      present: { dtype: 'float32', shape: bags, data: new Float32Array(36).fill(1) },
    })
    const rows = Array.from({ length: NODULES }, (_, n) => numbers(inputs, 'input_ids').slice(77 * n, 77 * (n + 1)))
    const read = textSide({ ...architecture, text }, sideOf(words.stacked), { mergeLora: false })
    const textOutputs = await runOnce({ ...read }, words.tensors, textFeeds(rows, { context: 77, endToken: 49407 }))
    return [imageOutputs, textOutputs].map(({ embedding, logits }) => ({
      embedding: foldRows(embedding, folds),
      logits: foldRows(logits, folds),
    }))
  }

  async function expectPublished(path: string): Promise<void> {
    const [image, text] = await run(path)
    for (const [found, name] of [
      [image.embedding, 'image_embeds'],
      [image.logits, 'logits_image'],
      [text.embedding, 'text_embeds'],
      [text.logits, 'logits_text'],
    ] as const)
      expect(largestDifference(found[0], numbers(outputs, name)), name).toBeLessThan(1e-4)
  }

  /** Gives an imported base the low-rank updates and heads of the reference model. */
  async function dress(path: string): Promise<void> {
    const own = new Map([...model].filter(([name]) => isTuned(name)))
    await writeFile(join(path, 'fold_0.safetensors'), encodeSafetensors(own))
    const shapes = new Map([...model].map(([name, { shape }]) => [name, shape]))
    await changeConfig(path, (config) => {
      Object.assign(config.architecture as object, { lora: inferArchitecture(shapes).lora })
    })
  }

  const bases: readonly [string, string, (weights: Weights) => Uint8Array][] = [
    ['safetensors, Hugging Face names', 'model.safetensors', (w) => encodeSafetensors(huggingFace(w))],
    ['.bin, Hugging Face names', 'pytorch_model.bin', (w) => saved(huggingFace(w), torchZip)],
    ['.pt, OpenAI names', 'clip.pt', (w) => saved(openAi(w), torchZip)],
    ['.pt of the old format, OpenAI names', 'clip.pt', (w) => saved(openAi(w), torchLegacy, true)],
    [
      'compiled, OpenAI names',
      'clip.pt',
      (w) => torchScript(writtenTensors(openAi(w)), new Map([['visual.transformer.resblocks.0.attn.num_heads', 2]])),
    ],
    [
      "safetensors, open_clip's custom text",
      'open_clip_model.safetensors',
      (w) => encodeSafetensors(customText(openAi(w))),
    ],
    ['safetensors, published names', 'model.safetensors', (w) => encodeSafetensors(w)],
  ]
  it.each(bases)('a base: %s', async (_, name, encode) => {
    const [folder, out] = [fresh(), fresh()]
    await mkdir(folder)
    await writeFile(join(folder, name), encode(towers()))
    const { floats } = await importBase(join(folder, name), out, { vocab: vocabulary() })
    expect(floats).toBeGreaterThan(0)
    await dress(out)
    await expectPublished(out)
  })

  it.each(['float16', 'bfloat16'] as const)('a base in %s gives what its own numbers give', async (dtype) => {
    const rounded = new Map(
      [...towers()].map(([name, tensor]) => [name, dtype === 'float16' ? toHalf(tensor) : toBfloat(tensor)]),
    )
    const [folder, out, known] = [fresh(), fresh(), fresh()]
    for (const path of [folder, known]) await mkdir(path)
    const narrow =
      dtype === 'float16' ? saved(openAi(rounded), torchZip) : saved(openAi(rounded), torchZip, false, 'bfloat16')
    await writeFile(join(folder, 'clip.pt'), narrow)
    await importBase(join(folder, 'clip.pt'), out, { vocab: vocabulary() })
    await writeFile(join(known, 'model.safetensors'), encodeSafetensors(huggingFace(rounded)))
    const reference = fresh()
    await importBase(join(known, 'model.safetensors'), reference, { vocab: vocabulary() })
    for (const path of [out, reference]) await dress(path)
    const [[a], [b]] = [await run(out), await run(reference)]
    expect(largestDifference(a.embedding[0], b.embedding[0])).toBe(0)
    // Half precision of the base moves embeddings by a thousandth.
    expect(largestDifference(a.logits[0], numbers(outputs, 'logits_image'))).toBeLessThan(1e-2)
  })

  /** Fold 0 is the reference model; others have further updates and heads. */
  function foldOf(fold: number, base: Weights): Map<string, TensorData> {
    const random = seededRandom(fold)
    return new Map(
      [...model].map(([name, tensor]) => {
        if (!isTuned(name)) return [name, base.get(name) ?? tensor]
        if (fold === 0) return [name, tensor]
        const data = asFloat32(name, tensor).map((x) => x * (1 + 0.1 * random.normal()) + 0.01 * random.normal())
        return [name, { dtype: 'float32', shape: tensor.shape, data }]
      }),
    )
  }

  /** As a training in PyTorch leaves them: updates added and taken out again in float32 after every epoch. */
  function mergedLikePyTorch(weights: Weights, epochs: number): Map<string, TensorData> {
    const shapes = new Map([...weights].map(([name, { shape }]) => [name, shape]))
    const { lora } = inferArchitecture(shapes)
    const scale = lora ? loraScale(lora) : 0
    const merged = new Map(weights)
    for (const [name, a] of weights) {
      if (!name.endsWith('w_lora_A')) continue
      const [b, w] = ['w_lora_B', 'weight'].map((part) => weights.get(name.replace('w_lora_A', part)) as TensorData)
      const data = Float32Array.from(asFloat32(name, w))
      for (let epoch = 1; epoch <= epochs; epoch++) {
        const update = product(asFloat32('', b), asFloat32('', a), a.shape, b.shape[0], scale * (epoch / epochs))
        for (let n = 0; n < data.length; n++) data[n] += update[n]
        if (epoch < epochs) for (let n = 0; n < data.length; n++) data[n] -= update[n]
      }
      merged.set(name.replace('w_lora_A', 'weight'), { dtype: 'float32', shape: w.shape, data })
    }
    return merged
  }

  async function release(base: Weights, merge: boolean): Promise<string> {
    const folder = fresh()
    for (let fold = 0; fold < FOLDS; fold++) {
      await mkdir(join(folder, `fold_${fold}`), { recursive: true })
      const weights = foldOf(fold, base)
      const checkpoint = merge ? mergedLikePyTorch(weights, 50) : weights
      await writeFile(join(folder, `fold_${fold}`, 'best_both.pt'), saved(checkpoint, torchZip))
    }
    await writeFile(join(folder, 'args.txt'), "Namespace(encoder='both', params=['q', 'k', 'v'], r=2, alpha=1)\n")
    return folder
  }

  it.each([
    ['merged, base in half precision', true, true],
    ['merged, base in float32', true, false],
    ['separate', false, false],
  ] as const)('five folds, updates %s', async (_, merge, half) => {
    const base = half
      ? new Map([...towers()].map(([name, tensor]) => [name, name === 'logit_scale' ? tensor : toHalf(tensor)]))
      : towers()
    const out = fresh()
    const { lora, weights, config } = await importRelease(await release(base, merge), out, { vocab: vocabulary() })
    expect([lora, config.folds.length]).toEqual([merge ? 'merged' : 'separate', FOLDS])
    expect(weights.own).toBe([...model.keys()].filter((name) => isTuned(name)).length)
    const stored = await weightsOf(out)
    for (const [name, tensor] of base) {
      if (isTuned(name)) continue
      const found = stored.get(name)
      if (!found) throw new Error(`${name} is not shared`)
      const difference = largestDifference(asFloat32(name, found), asFloat32(name, tensor))
      if (half || !merge) expect(difference, name).toBe(0)
      else expect(difference, name).toBeLessThan(1e-6)
    }
    if (!half) await expectPublished(out)
    // Each fold gives what it gives alone, its update in its weights.
    const [alone, single] = [fresh(), fresh()]
    await mkdir(join(single, 'fold_0'), { recursive: true })
    await writeFile(join(single, 'fold_0', 'best_both.pt'), saved(foldOf(3, base), torchZip))
    await importRelease(single, alone, { vocab: vocabulary(), lora: 'separate' })
    const [[all], [one]] = [await run(out), await run(alone)]
    expect(largestDifference(all.logits[3], one.logits[0])).toBeLessThan(1e-5)
    expect(largestDifference(all.logits[3], all.logits[0])).toBeGreaterThan(1e-3)
  })
})

async function runOnce(
  roots: Parameters<typeof writeOnnx>[0],
  weights: Weights,
  feeds: Readonly<Record<string, TensorData>>,
): Promise<Record<string, TensorData>> {
  const session = await openSession(writeOnnx(roots, weights), { threads: 1 })
  try {
    return await session.run(feeds)
  } finally {
    await session.close()
  }
}

const foldRows = ({ data }: TensorData, folds: number): number[][] => {
  const size = data.length / folds
  return Array.from({ length: folds }, (_, fold) => Array.from(data.slice(fold * size, (fold + 1) * size), Number))
}

/** scale B A in float32. */
function product(
  b: Float32Array,
  a: Float32Array,
  [rank, width]: readonly number[],
  height: number,
  scale: number,
): Float32Array {
  const update = new Float32Array(height * width)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let sum = 0
      for (let r = 0; r < rank; r++) sum += b[y * rank + r] * a[r * width + x]
      update[y * width + x] = scale * sum
    }
  return update
}

const toBfloat = (tensor: TensorData): TensorData => {
  const data = Float32Array.from(asFloat32('', tensor))
  const bits = new Uint32Array(data.buffer)
  for (let n = 0; n < bits.length; n++) bits[n] &= 0xffff0000
  return { dtype: 'float32', shape: tensor.shape, data }
}

function writtenTensors(weights: Weights, dtype?: 'bfloat16'): Map<string, WrittenTensor> {
  return new Map(
    [...weights].map(([name, tensor]): [string, WrittenTensor] => {
      const { shape, data } = tensor
      if (dtype === 'bfloat16') {
        const words = new Uint16Array(asFloat32(name, tensor).slice().buffer)
        const upper = words.filter((_, n) => n % 2 === 1)
        return [name, { dtype, shape, bytes: new Uint8Array(upper.buffer) }]
      }
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      return [name, { dtype: tensor.dtype === 'float16' ? 'float16' : 'float32', shape, bytes }]
    }),
  )
}

function saved(weights: Weights, container: typeof torchZip, legacy = false, dtype?: 'bfloat16'): Uint8Array {
  const tensors = writtenTensors(weights, dtype)
  return container(stateOps(tensors, { legacy }), tensors.values())
}

/** The three projections as one. */
function openAi(weights: Weights): Map<string, TensorData> {
  const renamed = new Map<string, TensorData>()
  for (const [name, tensor] of weights) {
    const theirs = name.replace(/^vision_model\./, 'visual.').replace('.attn.proj.', '.attn.out_proj.')
    const fused = /^(.*)\.attn\.([qkv])_proj\.(weight|bias)$/.exec(name)
    if (!fused) renamed.set(theirs, tensor)
    else if (fused[2] === 'q') {
      const parts = ['q', 'k', 'v'].map((t) => weights.get(`${fused[1]}.attn.${t}_proj.${fused[3]}`) as TensorData)
      renamed.set(theirs.replace('.q_proj.', '.in_proj_'), stackedRows(parts))
    }
  }
  return renamed
}

function stackedRows(parts: readonly TensorData[]): TensorData {
  const [{ shape, dtype }] = parts
  const size = parts[0].data.length
  const data = dtype === 'float16' ? new Uint16Array(3 * size) : new Float32Array(3 * size)
  for (const [n, part] of parts.entries()) data.set(part.data as Float32Array, n * size)
  const stacked = { shape: [3 * shape[0], ...shape.slice(1)] }
  return data instanceof Uint16Array ? { dtype: 'float16', ...stacked, data } : { dtype: 'float32', ...stacked, data }
}

const customText = (weights: Weights): Map<string, TensorData> =>
  new Map([...weights].map(([name, tensor]) => [/^(visual\.|logit_scale$)/.test(name) ? name : `text.${name}`, tensor]))

const HF: readonly (readonly [RegExp, string])[] = [
  [/^vision_model\.transformer\.resblocks\./, 'vision_model.encoder.layers.'],
  [/^transformer\.resblocks\./, 'text_model.encoder.layers.'],
  [/\.attn\.proj\./, '.self_attn.out_proj.'],
  [/\.attn\.([qkv])_proj\./, '.self_attn.$1_proj.'],
  [/\.ln_([12])\./, '.layer_norm$1.'],
  [/\.c_fc\./, '.fc1.'],
  [/\.c_proj\./, '.fc2.'],
  [/^vision_model\.class_embedding$/, 'vision_model.embeddings.class_embedding'],
  [/^vision_model\.positional_embedding$/, 'vision_model.embeddings.position_embedding.weight'],
  [/^vision_model\.conv1\./, 'vision_model.embeddings.patch_embedding.'],
  [/^vision_model\.ln_pre\./, 'vision_model.pre_layrnorm.'],
  [/^vision_model\.ln_post\./, 'vision_model.post_layernorm.'],
  [/^positional_embedding$/, 'text_model.embeddings.position_embedding.weight'],
  [/^token_embedding\./, 'text_model.embeddings.token_embedding.'],
  [/^ln_final\./, 'text_model.final_layer_norm.'],
  [/^vision_model\.proj$/, 'visual_projection.weight'],
  [/^text_projection$/, 'text_projection.weight'],
]

function huggingFace(weights: Weights): Map<string, TensorData> {
  return new Map(
    [...weights].map(([name, tensor]) => {
      const theirs = HF.reduce((text, [pattern, to]) => text.replace(pattern, to), name)
      return [theirs, /^(visual|text)_projection\.weight$/.test(theirs) ? transposed(tensor) : tensor]
    }),
  )
}

function transposed(tensor: TensorData): TensorData {
  const [height, width] = tensor.shape
  const turned = Array.from({ length: height * width }, (_, n) => (n % height) * width + Math.floor(n / height))
  const shape = [width, height]
  return tensor.dtype === 'float16'
    ? { dtype: 'float16', shape, data: Uint16Array.from(turned, (n) => tensor.data[n]) }
    : { dtype: 'float32', shape, data: Float32Array.from(turned, (n) => Number(tensor.data[n])) }
}
