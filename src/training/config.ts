/** Every knob of a training run, with the published values where there are any (docs/method.md M7 to M10). */
import * as z from 'zod'
import { checkShape } from '../files/json.ts'
import { PARTS } from './objective.ts'
import { SCHEDULES } from './schedule.ts'

const share = z.number().min(0).max(1)
const positive = z.number().positive()
const count = z.int().positive()

/** Layers that carry LoRA, by the published names, as ranges of a tower's layers. */
export const LORA_LAYERS = ['all', 'bottom', 'mid', 'up', 'half-bottom', 'half-up', 'top3'] as const

export const trainConfig = z.strictObject({
  // What is tuned: low-rank updates and heads; heads alone; everything.
  tuning: z.enum(['lora', 'probe', 'full']).default('lora'),
  lora: z
    .strictObject({
      rank: count.default(2),
      alpha: positive.default(1),
      scaling: z.enum(['rank-stabilised', 'classic']).default('rank-stabilised'),
      dropout: share.default(0.25), // of the input of the low-rank path
      targets: z
        .array(z.enum(['q', 'k', 'v', 'o']))
        .min(1)
        .default(['q', 'k', 'v']),
      layers: z.enum(LORA_LAYERS).default('all'),
      towers: z.enum(['both', 'text', 'vision']).default('both'),
    })
    .prefault({}),
  start: z.enum(['base', 'folds']).default('base'), // a fold begins with the base's weights, or goes on from the base's own fold
  alsoFull: z.array(z.enum(PARTS)).default([]), // parts tuned in full, whatever the tuning
  dropout: share.default(0.1), // in the text projection

  // The loss: w_clip CLIP + (w_image CE_image + w_text CE_text) / 2.
  lossWeights: z
    .strictObject({
      clip: z.number().min(0).default(1),
      image: z.number().min(0).default(1),
      text: z.number().min(0).default(1),
    })
    .prefault({}),
  labelSmoothing: share.default(0.1),
  positives: z.enum(['own', 'matching']).default('own'), // of a text: its nodule, or every nodule that it is true of
  unlabelled: z.enum(['leave-out', 'align']).default('leave-out'), // rows without a diagnosis: CLIP loss alone

  // AdamW.
  learningRate: positive.default(1e-4),
  imageRate: positive.default(1), // times it for the image tower's own weights
  weightDecay: z.number().min(0).default(0.1),
  schedule: z.enum(SCHEDULES).default('constant'),
  warmupSteps: z.int().min(0).default(0),
  clipNorm: positive.nullable().default(null), // of all gradients together; null for none

  // Batches. An epoch is as many draws as rows.
  batchSize: z.int().min(2, 'must be 2 or more: CLIP contrasts the texts of a batch').default(4),
  accumulate: count.default(1), // batches a step
  sampler: z.enum(['diagnosis', 'semantic', 'shuffle']).default('diagnosis'),
  epochs: count.default(100),
  patience: count.default(5), // epochs without a better validation loss, for each tracker
  keep: z.enum(['best', 'last']).default('best'), // last: no stop, and validation chooses nothing

  // What a sample looks like.
  views: z.enum(['nine', 'axial', 'planes']).default('nine'),
  jitter: z.boolean().default(true), // each view moved by -5 to 4 mm an axis
  augment: z.boolean().default(false), // the cube, in 3-D
  augmentText: z.boolean().default(false),
  texts: z.enum(['fixed', 'fresh']).default('fixed'), // of templates: one a row, or at each draw a new one

  seed: z.int().min(0).default(0),
})

export type TrainConfig = z.infer<typeof trainConfig>

/**
 * A training configuration with defaults filled in.
 * @throws SpiculaError `training/config` with every misfit, by its path
 * @example parseTrainConfig({ tuning: 'probe' }, 'train.yaml').learningRate // 1e-4
 */
export const parseTrainConfig = (value: unknown, name: string): TrainConfig =>
  checkShape(value, trainConfig, { name, code: 'training/config' })

/**
 * The layers that a name stands for, in a tower of any depth: the published names divide twelve.
 * @example loraLayers('up', 12) // [8, 9, 10, 11]
 */
export function loraLayers(name: (typeof LORA_LAYERS)[number], depth: number): number[] {
  const part = (from: number, to: number) =>
    Array.from({ length: depth }, (_, layer) => layer).filter((layer) => layer >= from && layer < to)
  const third = Math.round(depth / 3)
  const half = Math.round(depth / 2)
  switch (name) {
    case 'all':
      return part(0, depth)
    case 'bottom':
      return part(0, third)
    case 'mid':
      return part(third, depth - third)
    case 'up':
      return part(depth - third, depth)
    case 'half-bottom':
      return part(0, half)
    case 'half-up':
      return part(half, depth)
    case 'top3':
      return part(depth - 3, depth)
  }
}
