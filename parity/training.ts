/** Losses, gradients and one optimiser step against a folder laid out like `fixtures/model`. */

import { inferArchitecture } from '../src/clip/infer.ts'
import { classTargets, clipTargets } from '../src/clip/losses.ts'
import { HEADS } from '../src/clip/weight-names.ts'
import { adamW } from '../src/training/adamw.ts'
import { gradientName, gradientOutputs, objective, trainedGradients } from '../src/training/objective.ts'
import { asFloat32 } from '../src/weights/folds.ts'
import { imageFeeds, read, run, type Tensors, take, textFeeds } from './model.ts'
import { type Comparison, compare } from './report.ts'

const LOSS = 1e-5
/** Norm of the difference over the norm; absolute where the true gradient is zero. */
const GRADIENT = 1e-4
/** Two roundings of float32. */
const STEP = 2.5e-7
const LABEL_SMOOTHING = 0.1
/** The softmax over views cancels it: in exact arithmetic its gradient is zero, what is stored is rounding. */
const WITHOUT_GRADIENT = `${HEADS.imageProjection}.attention.2.bias`

/** Both losses, every gradient, and every trained tensor after one step from the stored gradients. */
export async function* compareTraining(folder: string): AsyncGenerator<Comparison> {
  const [weights, inputs, outputs] = [read(folder, 'model'), read(folder, 'inputs'), read(folder, 'outputs')]
  const [expected, after] = [read(folder, 'gradients'), read(folder, 'after_one_adamw_step')]
  const architecture = inferArchitecture(new Map([...weights].map(([name, { shape }]) => [name, shape])))
  const labels = Array.from(take(inputs, 'labels').data, Number)
  const { feeds, maxViews } = imageFeeds(inputs)
  const { textsOfImage, imagesOfText } = clipTargets(labels.length, LABEL_SMOOTHING)
  const losses = objective(architecture, {
    normalisation: { mean: [0, 0, 0], std: [1, 1, 1] },
    maxViews,
    lossWeights: { clip: 1, image: 1, text: 1 },
    loraDropout: false,
    dropout: false,
  })
  const slopes = trainedGradients(losses.total, { tuning: 'lora', alsoFull: [] })
  // Every trained weight is fed, as in training: the runtime must not fold it away.
  const frozen: Tensors = new Map([...weights].filter(([name]) => !slopes.has(name)))
  const trained = new Map([...weights].filter(([name]) => slopes.has(name)))
  const results = await run({ ...losses, ...gradientOutputs(slopes) }, frozen, {
    ...Object.fromEntries(trained),
    ...feeds,
    ...textFeeds(inputs),
    textsOfImage: { dtype: 'float32', shape: [labels.length, labels.length], data: textsOfImage },
    imagesOfText: { dtype: 'float32', shape: [labels.length, labels.length], data: imagesOfText },
    classTargets: { dtype: 'float32', shape: [labels.length, 2], data: classTargets(labels, [1, 1]) },
  })
  const number = (name: string) => Number(results[name].data[0])
  yield compare('loss_clip', [number('clip')], asFloat32('loss_clip', take(outputs, 'loss_clip')), LOSS)
  const heads = (number('image') + number('text')) / 2
  yield compare('loss_pred', [heads], asFloat32('loss_pred', take(outputs, 'loss_pred')), LOSS)

  for (const name of expected.keys()) {
    const theirs = asFloat32(name, take(expected, name))
    const ours = asFloat32(name, results[gradientName(name)])
    const size = name === WITHOUT_GRADIENT ? 1 : norm(theirs)
    const distance = norm(ours.map((x, i) => x - theirs[i]))
    yield compare(`gradient of ${name}`, [distance / size], [0], GRADIENT)
  }
  if (slopes.size !== expected.size) yield compare('number of trained tensors', [slopes.size], [expected.size], 0)

  const floats = (tensors: Tensors) => new Map([...tensors].map(([name, tensor]) => [name, asFloat32(name, tensor)]))
  const start = floats(new Map([...trained].filter(([name]) => after.has(name))))
  const optimizer = adamW({ weightDecay: 0.1 })
  const { parameters } = optimizer.update(floats(expected), optimizer.init(start), start, 1e-4)
  for (const [name, ours] of parameters)
    yield compare(`after a step: ${name}`, ours, asFloat32(name, take(after, name)), STEP)
}

const norm = (x: Float32Array): number => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0))
