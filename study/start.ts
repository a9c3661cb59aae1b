/**
 * `npm run study -- study/start.ts DEIT OUT [--resolution 160] [--layers 8]`: the base that training starts from: DeiT-Tiny's image
 * tower (Touvron et al. 2021; ImageNet, timm's names) as a model folder, with a text tower, a tokenizer and prompts of
 * our own that have seen no patient. Views smaller than 224 pixels keep the patches of 16; positions are interpolated. Of its twelve
 * layers the first ones are taken: the last know most about ImageNet's classes, and every layer costs time.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { initialWeight } from '../src/clip/initialise.ts'
import { isTuned } from '../src/clip/weight-names.ts'
import type { TensorData } from '../src/graph/tensor.ts'
import type { ModelConfig } from '../src/model/config.ts'
import { modelWeights } from '../src/model/folder.node.ts'
import { writeWords } from '../src/model/init.node.ts'
import { seededRandom } from '../src/random.ts'
import { asFloat32 } from '../src/weights/folds.ts'
import { decodeSafetensors, encodeSafetensors, toHalf } from '../src/weights/safetensors.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { resolution: { type: 'string', default: '160' }, layers: { type: 'string', default: '8' } },
})
const [deit, out] = positionals
if (out === undefined)
  throw new Error('usage: npm run study -- study/start.ts DEIT.safetensors OUT [--resolution 160] [--layers 8]')
const [resolution, layers] = [Number(values.resolution), Number(values.layers)]

const WIDTH = 192
const PATCH = 16
/** DeiT was trained on 14 x 14 patches. */
const TRAINED = 14
const architecture = {
  image: {
    resolution,
    patch: PATCH,
    width: WIDTH,
    layers,
    heads: 3,
    mlpWidth: 4 * WIDTH,
    activation: 'gelu',
    layerNormEpsilon: 1e-6,
    preNorm: false,
    patchBias: true,
    embedDim: WIDTH,
  },
  pooling: { embedDim: 128, attentionWidth: 64 },
  text: {
    width: 128,
    layers: 3,
    heads: 2,
    mlpWidth: 512,
    activation: 'gelu',
    layerNormEpsilon: 1e-5,
    vocabulary: 1024,
    context: 64,
    embedDim: 128,
  },
} as const satisfies ModelConfig['architecture']

const { tensors: stored } = decodeSafetensors(readFileSync(deit), deit)
const take = (name: string): { shape: readonly number[]; data: Float32Array } => {
  const tensor = stored.get(name)
  if (!tensor) throw new Error(`${deit} has no ${name}`)
  return { shape: tensor.shape, data: asFloat32(name, tensor) }
}

const base = new Map<string, TensorData>()
const put = (name: string, shape: readonly number[], data: Float32Array) =>
  base.set(name, toHalf({ dtype: 'float32', shape, data }))
const move = (name: string, from: string) => {
  const { shape, data } = take(from)
  put(name, shape, data)
}

move('vision_model.conv1.weight', 'patch_embed.proj.weight')
move('vision_model.conv1.bias', 'patch_embed.proj.bias')
put('vision_model.class_embedding', [WIDTH], take('cls_token').data)
const side = resolution / PATCH
put('vision_model.positional_embedding', [1 + side * side, WIDTH], interpolate(take('pos_embed').data, side))
for (let layer = 0; layer < architecture.image.layers; layer++) {
  const [ours, theirs] = [`vision_model.transformer.resblocks.${layer}`, `blocks.${layer}`]
  const [weight, bias] = [take(`${theirs}.attn.qkv.weight`).data, take(`${theirs}.attn.qkv.bias`).data]
  for (const [i, target] of ['q_proj', 'k_proj', 'v_proj'].entries()) {
    const rows = WIDTH * WIDTH
    put(`${ours}.attn.${target}.weight`, [WIDTH, WIDTH], weight.slice(i * rows, (i + 1) * rows))
    put(`${ours}.attn.${target}.bias`, [WIDTH], bias.slice(i * WIDTH, (i + 1) * WIDTH))
  }
  for (const [to, from] of [
    ['attn.proj', 'attn.proj'],
    ['mlp.c_fc', 'mlp.fc1'],
    ['mlp.c_proj', 'mlp.fc2'],
    ['ln_1', 'norm1'],
    ['ln_2', 'norm2'],
  ])
    for (const part of ['weight', 'bias']) move(`${ours}.${to}.${part}`, `${theirs}.${from}.${part}`)
}
for (const part of ['weight', 'bias']) move(`vision_model.ln_post.${part}`, `norm.${part}`)
// DeiT has no projection after its tower: its features go on as they are.
put(
  'vision_model.proj',
  [WIDTH, WIDTH],
  Float32Array.from({ length: WIDTH * WIDTH }, (_, i) => Number(i % (WIDTH + 1) === 0)),
)

const random = seededRandom(0, 'study/start')
const { image, text } = modelWeights(architecture)
for (const [name, shape] of [...image, ...text])
  if (!base.has(name) && !isTuned(name)) base.set(name, toHalf(initialWeight(name, shape, random)))

mkdirSync(out, { recursive: true })
writeFileSync(join(out, 'base.safetensors'), encodeSafetensors(base, { format: 'pt' }))
const config: ModelConfig = {
  format: 'spicula-model/1',
  name: 'deit-tiny',
  version: '1',
  provenance:
    'image tower: DeiT-Tiny (Touvron et al. 2021), trained on ImageNet, from wvfunc/matlab-bit_true-deit_tiny-fix ' +
    '(Apache-2.0); text tower and tokenizer: untrained and trained on made-up reports, by Spicula',
  license: 'Apache-2.0',
  intendedUse: 'a base to train on: it has no heads, and predicts nothing',
  architecture,
  // DeiT's own: ImageNet's.
  preprocessing: { geometry: 'exact', shifted: true, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  base: 'base.safetensors',
  folds: [{ both: 'base.safetensors' }],
  ...(await writeWords(out, { architecture })),
}
writeFileSync(join(out, 'config.json'), `${JSON.stringify(config, null, 2)}\n`)
console.log(`${out}: ${config.name}, ${side * side} patches of a ${resolution}x${resolution} view`)

/** Position embeddings on a smaller grid: class token kept, patches bilinear between the centres of theirs. */
function interpolate(positions: Float32Array, to: number): Float32Array {
  const result = new Float32Array((1 + to * to) * WIDTH)
  result.set(positions.subarray(0, WIDTH))
  const scale = TRAINED / to
  for (let row = 0; row < to; row++)
    for (let column = 0; column < to; column++)
      for (const [y, wy] of neighbours((row + 0.5) * scale - 0.5))
        for (const [x, wx] of neighbours((column + 0.5) * scale - 0.5))
          for (let i = 0; i < WIDTH; i++)
            result[(1 + row * to + column) * WIDTH + i] += wy * wx * positions[(1 + y * TRAINED + x) * WIDTH + i]
  return result
}

function neighbours(at: number): [index: number, weight: number][] {
  const clamped = Math.min(Math.max(at, 0), TRAINED - 1)
  const low = Math.min(Math.floor(clamped), TRAINED - 2)
  return [
    [low, low + 1 - clamped],
    [low + 1, clamped - low],
  ]
}
