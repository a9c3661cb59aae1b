/** The numbers that a training begins with: the base's, and fresh ones where it has none. */
import { join } from 'node:path'
import { initialWeight } from '../clip/initialise.ts'
import { isTuned, LOGIT_SCALE } from '../clip/weight-names.ts'
import { SpiculaError } from '../error.ts'
import type { TensorData } from '../graph/tensor.ts'
import { modelWeights } from '../model/folder.node.ts'
import { seededRandom } from '../random.ts'
import { asFloat32 } from '../weights/folds.ts'
import { openSafetensors } from '../weights/safetensors.node.ts'
import type { Parameters } from './adamw.ts'
import { isTrained } from './objective.ts'
import type { PreparedRun } from './prepare-run.ts'
import type { TrainStep } from './step.ts'

/** Numbers of the base: frozen weights, and those that are trained from where the base has them. */
export async function loadBase({ base, architecture, options }: PreparedRun) {
  const { image, text } = modelWeights(architecture)
  const file = await openSafetensors(join(base.path, base.config.base))
  const frozen = new Map<string, TensorData>()
  const trained = new Map<string, Float32Array>()
  try {
    for (const name of [...image.keys(), ...text.keys()]) {
      const own = isTrained(name, options.config)
      if (!file.tensors.has(name)) {
        if (!own)
          throw new SpiculaError('training/base', `the base has no ${name}`, { hint: 'Train on a whole model folder.' })
      } else if (own) trained.set(name, asFloat32(name, await file.read(name)))
      else frozen.set(name, await file.read(name))
    }
  } finally {
    await file.close()
  }
  return { frozen, trained }
}

/**
 * Trained weights that a fold begins with. Those of the base, but the scale of the similarities: it starts at ln(1 / 0.07),
 * whatever a pretrained base has (docs/method.md M7.3). Or, where training goes on, those of the base's fold.
 */
export async function startOf(
  { base, options: { config } }: PreparedRun,
  fold: number,
  trained: Parameters,
): Promise<Parameters> {
  if (config.start === 'base') return new Map([...trained].filter(([name]) => name !== LOGIT_SCALE))
  const own = new Map(trained)
  const file = await openSafetensors(join(base.path, base.config.folds[fold].both))
  try {
    for (const name of file.tensors.keys()) {
      if (!isTrained(name, config))
        throw new SpiculaError(
          'training/base',
          `fold ${fold} of the base has its own ${name}, which would stay as it is`,
          {
            hint: 'Go on with the tuning that the base was trained with.',
          },
        )
      own.set(name, asFloat32(name, await file.read(name)))
    }
  } finally {
    await file.close()
  }
  return own
}

/** Fresh heads and low-rank updates, each fold its own, where there are none to begin with. */
export function initialParameters(step: TrainStep, start: Parameters, seed: number, fold: number): Parameters {
  const random = seededRandom(seed, `fold/${fold}/weights`)
  return new Map(
    [...step.trained].map(([name, shape]) => {
      const known = start.get(name)
      if (!known && !isTuned(name))
        throw new SpiculaError('training/base', `the base has no ${name}`, {
          hint: 'Train on a whole model folder; where its folds hold the weights, go on from them with start: folds.',
        })
      return [name, known ?? asFloat32(name, initialWeight(name, shape, random))]
    }),
  )
}
