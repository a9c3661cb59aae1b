/** `config.json` of a model folder: everything that is needed to predict, beside the weights. */
import * as z from 'zod'
import { parseJson } from '../files/json.ts'

const size = z.int().positive()
/** Graphs are as long as a tower is deep: a bound, so that no file makes one without end. */
const depth = size.max(1000)
const triple = z.tuple([z.number(), z.number(), z.number()])
const layers = z.array(z.int().nonnegative())
/** A file inside the folder: no way out of it. */
const relativeFile = z
  .string()
  .regex(/^(?!.*(^|\/)\.\.?(\/|$))[\w][\w./-]*$/, 'must be a relative path that stays inside the model folder')

const transformer = {
  width: size,
  layers: depth,
  heads: size,
  mlpWidth: size,
  activation: z.enum(['quickGelu', 'gelu']),
  layerNormEpsilon: z.number().positive(),
}

const architecture = z
  .strictObject({
    image: z.strictObject({
      ...transformer,
      resolution: size,
      patch: size,
      preNorm: z.boolean(),
      patchBias: z.boolean(),
      embedDim: size,
    }),
    pooling: z.strictObject({ embedDim: size, attentionWidth: size }),
    text: z.strictObject({ ...transformer, vocabulary: size, context: size.max(4096), embedDim: size }).optional(),
    lora: z
      .strictObject({
        rank: size,
        alpha: z.number().positive(),
        scaling: z.enum(['rank-stabilised', 'classic']),
        targets: z.array(z.enum(['q', 'k', 'v', 'o'])).min(1),
        imageLayers: layers,
        textLayers: layers,
      })
      .optional(),
  })
  .superRefine(({ image, text, lora }, context) => {
    const fail = (message: string) => context.addIssue({ code: 'custom', message })
    if (image.resolution % image.patch !== 0)
      fail(`image.resolution ${image.resolution} is not a multiple of image.patch ${image.patch}`)
    for (const [name, tower] of Object.entries({ image, text })) {
      if (tower && tower.width % tower.heads !== 0)
        fail(`${name}.width ${tower.width} is not a multiple of ${name}.heads ${tower.heads}`)
    }
    const beyond = lora?.imageLayers.find((layer) => layer >= image.layers)
    if (beyond !== undefined) fail(`lora.imageLayers names layer ${beyond} of ${image.layers}`)
    const beyondText = lora?.textLayers.find((layer) => layer >= (text?.layers ?? 0))
    if (beyondText !== undefined) fail(`lora.textLayers names layer ${beyondText} of ${text?.layers ?? 0}`)
  })

const preprocessing = z.strictObject({
  /** Where the samples of a crop lie; what the model was trained on (docs/geometry.md). */
  geometry: z.enum(['exact', 'published']),
  /** Of the three colour channels of CLIP. */
  mean: triple,
  std: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]),
  /** Whether prediction reads each view in four images and averages them (clip/shifted-images.ts). */
  shifted: z.boolean().optional(),
})

/** A beta calibration (Kull et al. 2017): sigmoid(a ln p - b ln(1 - p) + c). */
const betaCalibration = z.strictObject({ a: z.number(), b: z.number(), c: z.number() })

const fold = z.strictObject({
  both: relativeFile,
  prediction: relativeFile.optional(),
  clip: relativeFile.optional(),
  /** Fitted on the checkpoint for both. */
  calibration: betaCalibration.optional(),
})

/** Reports of the training nodules, to find those most like a nodule: `spicula model add-reports`. */
const reports = z.strictObject({
  /** JSON: the distinct texts, without identifiers. */
  texts: relativeFile,
  /** Safetensors: the texts' embeddings by every fold. */
  embeddings: relativeFile,
  /** Distinct texts. */
  distinct: size,
  /** Training nodules that they are about. */
  trainingNodules: size,
  /** What wrote them: templates of semantic features, or a folder of reports. */
  source: z.enum(['templates', 'reports']),
})

const description = {
  name: z.string().min(1),
  version: z.string().min(1),
  /** Where the weights come from and what they were trained on. */
  provenance: z.string(),
  license: z.string(),
  intendedUse: z.string(),
}

const modelConfig = z
  .strictObject({
    format: z.literal('spicula-model/1'),
    ...description,
    architecture,
    preprocessing,
    base: relativeFile,
    folds: z.array(fold).min(1),
    /** Words to tokens, where the model has a text side; `tokenizer.json` where it is left out. */
    tokenizer: relativeFile.optional(),
    /** Prompt sets of zero-shot features, a user may edit the file. */
    prompts: relativeFile.optional(),
    reports: reports.optional(),
  })
  .superRefine(({ folds }, context) => {
    for (const part of ['calibration', 'prediction', 'clip'] as const) {
      const having = folds.filter((one) => one[part]).length
      if (having !== 0 && having !== folds.length)
        context.addIssue({ code: 'custom', message: `${having} of ${folds.length} folds have ${part}: all or none` })
    }
  })

/** What `spicula model init` makes a random model from. */
const initConfig = z.strictObject({
  ...description,
  architecture,
  preprocessing,
  folds: size.max(100),
  /** `reports`: train a small tokenizer on made-up reports, and lay it and the prompt sets into the folder. */
  tokenizer: z.literal('reports').optional(),
})

export type ModelConfig = z.infer<typeof modelConfig>
export type ReportsConfig = z.infer<typeof reports>
export type InitConfig = z.infer<typeof initConfig>
export type BetaCalibration = z.infer<typeof betaCalibration>

/**
 * Parses `config.json` of a model folder.
 * @throws SpiculaError `inference/config` with every misfit, by its path in the file
 */
export const parseModelConfig = (json: string, file: string): ModelConfig =>
  parseJson(json, modelConfig, { name: file, code: 'inference/config' })

/** Parses the file that `spicula model init --config` reads. */
export const parseInitConfig = (json: string, file: string): InitConfig =>
  parseJson(json, initConfig, { name: file, code: 'inference/config' })
