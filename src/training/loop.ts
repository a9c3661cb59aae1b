/** The training of one fold, readable as the algorithm. */
import { LOGIT_SCALE, towerOf } from '../clip/weight-names.ts'
import { SpiculaError } from '../error.ts'
import { auroc } from '../evaluation/metrics/auroc.ts'
import { averagePrecision } from '../evaluation/metrics/average-precision.ts'
import { type Random, seededRandom, shuffle } from '../random.ts'
import { inOrder } from '../worker-pool.node.ts'
import { type AdamWState, adamW, type Parameters } from './adamw.ts'
import { clipGradients, globalNorm } from './clip-gradients.ts'
import type { TrainConfig } from './config.ts'
import {
  initTrackers,
  TRACKERS,
  type TrackerName,
  type Trackers,
  trackedLosses,
  updateTrackers,
} from './early-stopping.ts'
import { drawWithReplacement } from './samplers.ts'
import { learningRateAt } from './schedule.ts'
import type { Batch, ClassWeights, LossName, StepResult, TrainStep } from './step.ts'

/** What a fold trains on. */
export interface FoldData<Of extends Sample = Sample> {
  readonly train: readonly Of[]
  readonly val: readonly Of[]
  /** Of drawing each training sample. */
  readonly drawWeights: readonly number[]
  /** Of benign and malignant in the training loss, and in the validation loss. */
  readonly classWeights: { readonly train: ClassWeights; readonly val: ClassWeights }
  /**
   * Makes the batch of samples.
   * @param seeds of each sample's variations (jitter, augmentation, words); null for validation, where nothing varies
   */
  batch(samples: readonly Of[], seeds: readonly string[] | null): Promise<Batch>
}

/** A nodule that trains or validates. */
export interface Sample {
  /** Line of the cohort, for messages. */
  readonly line: number
  /** What samplers and metrics go by; null where nobody knows. */
  readonly label: 0 | 1 | null
  /** What the losses learn: the label, or how sure those who labelled it were, 0 to 1. */
  readonly target: number | null
}

/** Where a run stands, all of it. Randomness is drawn from seed, epoch and draw: nothing else needs keeping. */
export interface TrainState {
  readonly parameters: Parameters
  readonly optimizer: AdamWState
  readonly trackers: Trackers
  readonly epoch: number
  /** Draws of this epoch that are done. */
  readonly drawn: number
  /** Training losses of this epoch so far, summed over its batches. */
  readonly sums: Readonly<Record<LossName, number>>
  readonly batches: number
  readonly done: boolean
}

/** Who watches a run: logs, checkpoints, pictures, the progress bar. */
export interface Watcher {
  /** After each optimiser step. */
  step(state: TrainState, record: StepRecord): Promise<void>
  /** After each epoch; `improved` names the trackers whose best weights these are. */
  epoch(state: TrainState, record: EpochRecord): Promise<void>
}

export interface StepRecord {
  readonly losses: StepResult['losses']
  readonly learningRate: number
  readonly gradientNorm: number
  readonly samples: number
}

export interface EpochRecord {
  readonly epoch: number
  readonly train: Readonly<Record<LossName, number>>
  readonly val: Readonly<Record<LossName, number>>
  /** null where the validation set has one class only. */
  readonly auroc: number | null
  readonly auprc: number | null
  readonly improved: readonly TrackerName[]
}

/** Batches made ahead of the one that trains. */
const AHEAD = 3
const NO_LOSSES: Readonly<Record<LossName, number>> = { total: 0, clip: 0, image: 0, text: 0 }

export const initialState = (parameters: Parameters, config: TrainConfig): TrainState => ({
  parameters,
  optimizer: optimizerOf(config).init(parameters),
  trackers: initTrackers(),
  epoch: 0,
  drawn: 0,
  sums: NO_LOSSES,
  batches: 0,
  done: false,
})

const optimizerOf = ({ weightDecay }: TrainConfig) => adamW({ weightDecay })

/**
 * Trains until all trackers have lost patience or the epochs are over.
 * @param state where to begin: `initialState`, or that of a checkpoint; the bits that follow are the same either way
 * @throws SpiculaError `training/diverged` when a loss or gradient is not finite; the last checkpoint stays
 * @example const state = await trainFold(initialState(parameters, config), step, data, config, watcher)
 */
export async function trainFold<Of extends Sample>(
  state: TrainState,
  step: TrainStep,
  data: FoldData<Of>,
  config: TrainConfig,
  watcher: Watcher,
): Promise<TrainState> {
  const optimizer = optimizerOf(config)
  const random = seededRandom(config.seed)
  const stepsPerEpoch = Math.ceil(Math.ceil(data.train.length / config.batchSize) / config.accumulate)
  const schedule = {
    base: config.learningRate,
    warmupSteps: config.warmupSteps,
    totalSteps: config.epochs * stepsPerEpoch,
    schedule: config.schedule,
  }
  while (!state.done) {
    const order = epochOrder(data, config, random.fork(`epoch/${state.epoch}/order`))
    const { epoch, drawn } = state
    const batches = chunk(order.slice(drawn), config.batchSize)
    const ready = inOrder(batches.entries(), AHEAD, ([index, draws]) => {
      const first = drawn + index * config.batchSize
      const seeds = draws.map((_, i) => `${config.seed}/epoch/${epoch}/draw/${first + i}`)
      return data.batch(
        draws.map((draw) => data.train[draw]),
        seeds,
      )
    })
    let gathered: Gathered = emptyGathered
    let remaining = batches.length
    for await (const batch of ready) {
      const dropout = random.fork(`epoch/${epoch}/dropout/${state.batches}`)
      const parameters = clampLogitScale(state.parameters)
      const result = await step.train(batch, parameters, data.classWeights.train, dropout)
      refuseDivergence(result, state)
      gathered = gather(gathered, result.gradients, batch.labels.length)
      state = count({ ...state, parameters }, result.losses, batch.labels.length)
      remaining--
      // The last batches of an epoch make a step of their own: nothing is dropped, nothing leaks into the next epoch.
      if (gathered.batches < config.accumulate && remaining > 0) continue
      const learningRate = learningRateAt(state.optimizer.step, schedule)
      const { gradients, norm } = clipGradients(averageOf(gathered), config.clipNorm ?? Number.POSITIVE_INFINITY)
      const next = optimizer.update(gradients, state.optimizer, state.parameters, (name) =>
        towerOf(name) === 'image' ? learningRate * config.imageRate : learningRate,
      )
      state = { ...state, parameters: next.parameters, optimizer: next.state }
      await watcher.step(state, { losses: result.losses, learningRate, gradientNorm: norm, samples: gathered.samples })
      gathered = emptyGathered
    }
    const validation = await validate(state, step, data, config)
    const losses = trackedLosses(validation.losses, config.lossWeights)
    const {
      state: trackers,
      improved,
      stop,
    } = updateTrackers(state.trackers, losses, epoch, { patience: config.patience })
    const last = config.keep === 'last'
    const record: EpochRecord = {
      epoch,
      train: perBatch(state.sums, state.batches),
      val: validation.losses,
      auroc: validation.auroc,
      auprc: validation.auprc,
      improved: TRACKERS.filter((name) => last || improved[name]),
    }
    const done = (stop && !last) || epoch + 1 >= config.epochs
    state = { ...state, trackers, epoch: epoch + 1, drawn: 0, sums: NO_LOSSES, batches: 0, done }
    await watcher.epoch(state, record)
  }
  return state
}

/** Which samples an epoch draws, in order: as many as there are rows. */
function epochOrder(
  { train, drawWeights }: Pick<FoldData, 'train' | 'drawWeights'>,
  { sampler }: TrainConfig,
  random: Random,
): number[] {
  if (sampler !== 'shuffle') return drawWithReplacement(drawWeights, train.length, random)
  return shuffle([...train.keys()], random)
}

/** Batches of a size; one nodule left over joins the batch before it, for CLIP contrasts the texts of a batch. */
function chunk(draws: readonly number[], size: number): number[][] {
  const batches: number[][] = []
  for (let at = 0; at < draws.length; at += size) batches.push(draws.slice(at, at + size))
  const last = batches.at(-1)
  if (batches.length > 1 && last?.length === 1) batches.splice(-2, 2, [...(batches.at(-2) ?? []), ...last])
  return batches
}

/** The published clamp: of the parameter itself, before each forward pass; its gradient is not cut. */
function clampLogitScale(parameters: Parameters): Parameters {
  const scale = parameters.get(LOGIT_SCALE)
  if (!scale || (scale[0] >= 0 && scale[0] <= MAX_LOGIT_SCALE)) return parameters
  return new Map([...parameters, [LOGIT_SCALE, Float32Array.of(Math.min(Math.max(scale[0], 0), MAX_LOGIT_SCALE))]])
}
/** ln 100, as published to four places. */
const MAX_LOGIT_SCALE = 4.6052

/** Gradients of the batches of a step. */
interface Gathered {
  readonly gradients: Parameters
  readonly batches: number
  readonly samples: number
}
const emptyGathered: Gathered = { gradients: new Map(), batches: 0, samples: 0 }

function gather({ gradients, batches, samples }: Gathered, more: Parameters, size: number): Gathered {
  const sum = batches === 0 ? more : new Map([...more].map(([name, g]) => [name, plus(g, gradients.get(name))]))
  return { gradients: sum, batches: batches + 1, samples: samples + size }
}

const plus = (a: Float32Array, b: Float32Array | undefined): Float32Array => a.map((x, i) => x + (b?.[i] ?? 0))

const averageOf = ({ gradients, batches }: Gathered): Parameters =>
  batches === 1 ? gradients : new Map([...gradients].map(([name, g]) => [name, g.map((x) => x / batches)]))

const count = (state: TrainState, losses: StepResult['losses'], size: number): TrainState => ({
  ...state,
  drawn: state.drawn + size,
  batches: state.batches + 1,
  sums: mapLosses((name) => state.sums[name] + losses[name]),
})

const mapLosses = (f: (name: LossName) => number): Record<LossName, number> => ({
  total: f('total'),
  clip: f('clip'),
  image: f('image'),
  text: f('text'),
})

const perBatch = (sums: Readonly<Record<LossName, number>>, batches: number) =>
  mapLosses((name) => sums[name] / batches)

function refuseDivergence({ losses, gradients }: StepResult & { gradients: Parameters }, state: TrainState): void {
  const where = `at step ${state.optimizer.step} (epoch ${state.epoch})`
  const hint = 'The last checkpoint is whole: resume from it with a smaller learning rate in a new run.'
  if (!Number.isFinite(losses.total))
    throw new SpiculaError('training/diverged', `the loss is ${losses.total} ${where}`, { hint })
  // A sum is finite only where everything in it is; it takes a tenth of the time of asking each number.
  if (Number.isFinite(globalNorm(gradients))) return
  for (const [name, gradient] of gradients)
    if (!gradient.every(Number.isFinite))
      throw new SpiculaError('training/diverged', `the gradient of ${name} is not finite ${where}`, { hint })
}

async function validate<Of extends Sample>(
  { parameters }: TrainState,
  step: TrainStep,
  data: FoldData<Of>,
  { batchSize }: TrainConfig,
) {
  const clamped = clampLogitScale(parameters)
  let sums = NO_LOSSES
  const scores: number[] = []
  const batches = chunk(
    data.val.map((_, i) => i),
    batchSize,
  )
  const ready = inOrder(batches, AHEAD, (rows) =>
    data.batch(
      rows.map((row) => data.val[row]),
      null,
    ),
  )
  for await (const batch of ready) {
    const { losses, probabilities } = await step.validate(batch, clamped, data.classWeights.val)
    sums = mapLosses((name) => sums[name] + losses[name])
    scores.push(...probabilities)
  }
  const labels = data.val.map(({ label }) => label ?? Number.NaN)
  return {
    losses: perBatch(sums, batches.length),
    auroc: auroc(scores, labels),
    auprc: averagePrecision(scores, labels),
  }
}
