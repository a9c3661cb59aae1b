/** Fresh weights against the formulas that they are named after, on samples large enough to tell one from the next. */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { initialWeight } from './initialise.ts'

const drawn = (name: string, shape: readonly number[], seed = 1): number[] =>
  Array.from(initialWeight(name, shape, seededRandom(seed)).data, Number)

function momentsOf(values: readonly number[]) {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length
  const moment = (power: number) => values.reduce((sum, x) => sum + (x - mean) ** power, 0) / values.length
  const variance = moment(2)
  return { mean, deviation: Math.sqrt(variance), kurtosis: moment(4) / variance ** 2 }
}

/** torch.nn.init.kaiming_normal_, mode fan_in, for ReLU: gain / sqrt(fan_in), the gain sqrt(2) (He et al. 2015, eq. 10). */
const kaimingNormal = (fanIn: number) => Math.SQRT2 / Math.sqrt(fanIn)
/** torch.nn.init.kaiming_uniform_ with a = sqrt(5): gain sqrt(2 / (1 + a^2)), bound gain sqrt(3 / fan_in). */
const kaimingUniformBound = (fanIn: number) => Math.sqrt(2 / (1 + 5)) * Math.sqrt(3 / fanIn)

describe('a fresh weight', () => {
  it.each<[string, readonly number[], number]>([
    // Kaiming-normal: all of pooling and projections (docs/method.md M4 and M5).
    ['image_projection.projector.0.weight', [256, 512], kaimingNormal(512)],
    ['image_projection.attention.0.weight', [512, 256], kaimingNormal(256)],
    ['image_projection.attention.2.weight', [800, 128], kaimingNormal(128)],
    ['semantic_projection.projection.weight', [256, 512], kaimingNormal(512)],
    ['semantic_projection.fc.weight', [256, 256], kaimingNormal(256)],
    // CLIP, section 2.5 and its code: embeddings 0.02 and 0.01, projections width^-0.5.
    ['token_embedding.weight', [2000, 64], 0.02],
    ['positional_embedding', [1500, 64], 0.01],
    ['vision_model.class_embedding', [1e5], 1e5 ** -0.5],
    ['vision_model.proj', [400, 250], 400 ** -0.5],
    ['text_projection', [250, 400], 250 ** -0.5],
    ['transformer.resblocks.3.attn.q_proj.weight', [300, 400], 400 ** -0.5],
    ['vision_model.transformer.resblocks.3.mlp.c_proj.weight', [200, 900], 900 ** -0.5],
    // Of a convolution the fan-in is all of a kernel.
    ['vision_model.conv1.weight', [500, 3, 8, 8], (3 * 8 * 8) ** -0.5],
    ['classifier_image.weight', [400, 256], 256 ** -0.5],
  ])('%s of %j is normal, its deviation %d', (name, shape, deviation) => {
    const values = drawn(name, shape)
    const moments = momentsOf(values)
    expect(moments.deviation / deviation).toBeCloseTo(1, 1.6)
    expect(Math.abs(moments.mean / deviation)).toBeLessThan(0.02)
    // 3 for the normal distribution, 1.8 for the uniform one.
    expect(Math.abs(moments.kurtosis - 3)).toBeLessThan(0.15)
  })

  it.each([128, 768])("LoRA's A is uniform within Kaiming's bound for a fan-in of %i, B is nothing", (fanIn) => {
    const block = 'vision_model.transformer.resblocks.0.attn.q_proj'
    const bound = kaimingUniformBound(fanIn)
    const a = drawn(`${block}.w_lora_A`, [200, fanIn])
    expect(a.every((x) => Math.abs(x) <= bound)).toBe(true)
    const { mean, deviation } = momentsOf(a)
    expect(deviation / (bound / Math.sqrt(3))).toBeCloseTo(1, 1.6)
    expect(Math.abs(mean / bound)).toBeLessThan(0.02)
    expect(new Set(drawn(`${block}.w_lora_B`, [fanIn, 2]))).toEqual(new Set([0]))
  })

  it.each([
    ['logit_scale', [], Math.log(1 / 0.07)],
    ['vision_model.ln_pre.weight', [4], 1],
    ['ln_final.weight', [4], 1],
    ['vision_model.transformer.resblocks.11.ln_2.weight', [4], 1],
    ['semantic_projection.layer_norm.weight', [4], 1],
    ['vision_model.ln_post.bias', [4], 0],
    ['image_projection.attention.2.bias', [1], 0],
    ['classifier_semantic.bias', [2], 0],
  ])('%s of %j is %d', (name, shape, value) => {
    const weight = initialWeight(name, shape, seededRandom(1))
    expect(weight).toEqual({
      dtype: 'float32',
      shape,
      data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value),
    })
  })

  it('follows from the seed and its own name, whatever was drawn before', () => {
    const random = seededRandom(1)
    initialWeight('token_embedding.weight', [7, 3], random)
    const after = initialWeight('text_projection', [4, 4], random)
    expect(Array.from(after.data, Number)).toEqual(drawn('text_projection', [4, 4]))
    expect(drawn('text_projection', [4, 4], 2)).not.toEqual(drawn('text_projection', [4, 4]))
    expect(drawn('vision_model.proj', [4, 4])).not.toEqual(drawn('text_projection', [4, 4]))
  })
})
