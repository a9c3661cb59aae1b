/** A model as a graph for other runtimes: the nine views of nodules in; probabilities, view weights, embeddings out. */
import { readViews } from '../clip/model.ts'
import { graphWeights } from '../clip/weights.ts'
import type { OnnxAbout } from '../graph/onnx.ts'
import * as g from '../graph/operations.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { Checkpoint } from '../model/checkpoint.ts'
import type { BetaCalibration, ModelConfig } from '../model/config.ts'
import { HU_WINDOW } from '../nodule/hounsfield.ts'
import { VIEWS } from '../nodule/views.ts'
import { VERSION } from '../version.ts'

export interface ExportedGraph {
  /** By name, nodules first. */
  readonly outputs: Readonly<Record<string, Tensor>>
  readonly about: OnnxAbout
}

export interface ExportGraphOptions {
  /** Names of weights that differ between folds. */
  readonly stacked: ReadonlySet<string>
  /** Of every fold, where the model is calibrated on this checkpoint. */
  readonly calibrations: readonly BetaCalibration[] | undefined
  readonly checkpoint: Checkpoint
}

/**
 * The graph of a model that whole bags go through: input `views` float32 [nodules, 9, resolution, resolution].
 * @example
 * const { outputs, about } = exportGraph(config, { stacked, calibrations, checkpoint: 'both' })
 * writeOnnx(outputs, tensors, { dialect: 'standard', numbers: 'inside', about })
 */
export function exportGraph(config: ModelConfig, options: ExportGraphOptions): ExportedGraph {
  const { architecture, preprocessing } = config
  const { resolution } = architecture.image
  const folds = config.folds.length
  const views = g.input('views', ['nodules', VIEWS.length, resolution, resolution])
  const bags = { nodules: 'nodules', views: VIEWS.length }
  const flat = g.reshape(views, [`${VIEWS.length}nodules`, resolution, resolution])
  const weights = graphWeights({ folds, stacked: options.stacked })
  const side = readViews(flat, bags, architecture, weights, {
    normalisation: { mean: preprocessing.mean, std: preprocessing.std },
    shifted: preprocessing.shifted,
    // One fold carries its update inside its weights; several share the base and carry theirs beside it.
    mergeLora: folds === 1,
  })
  const raw = foldsBehind(side.probability, folds)
  const calibrated = options.calibrations && calibrateFolds(raw, options.calibrations)
  const probability = g.mul(g.reduceSum(calibrated ?? raw, [1]), 1 / folds)
  const outputs = {
    probability,
    raw_fold_probability: raw,
    ...(calibrated ? { calibrated_fold_probability: calibrated } : {}),
    attention: foldsBehind(side.attention, folds),
    embedding: foldsBehind(side.embedding, folds),
  }
  return { outputs, about: aboutExport(config, options, outputs) }
}

/** [folds or 1, nodules, ...] -> [nodules, folds, ...] */
function foldsBehind(x: Tensor, folds: number): Tensor {
  const [, ...rest] = x.shape
  const axes = x.shape.map((_, axis) => axis)
  return g.transpose(g.broadcastTo(x, [folds, ...rest]), [1, 0, ...axes.slice(2)])
}

/**
 * Beta calibration as {@link calibrate}. p and 1 - p are kept off 0 from below instead of from both sides: 1 - p is exact
 * in float32 wherever it is small, while 1 minus an epsilon of a double is 1.
 */
function calibrateFolds(p: Tensor, calibrations: readonly BetaCalibration[]): Tensor {
  const of = (part: keyof BetaCalibration) => g.vector(calibrations.map((calibration) => calibration[part]))
  const ln = (x: Tensor) => g.log(g.add(g.relu(g.sub(x, Number.EPSILON)), Number.EPSILON))
  const evidence = g.sub(g.mul(of('a'), ln(p)), g.mul(of('b'), ln(g.sub(1, p))))
  return g.sigmoid(g.add(evidence, of('c')))
}

function aboutExport(
  config: ModelConfig,
  { calibrations, checkpoint }: ExportGraphOptions,
  outputs: Readonly<Record<string, Tensor>>,
): OnnxAbout {
  const { name, version, provenance, license, intendedUse, preprocessing, folds, architecture } = config
  const { resolution } = architecture.image
  const kind = calibrations ? 'calibrated' : 'not calibrated'
  const views =
    `float32 [nodules, ${VIEWS.length}, ${resolution}, ${resolution}]: the views of each nodule in the order of the ` +
    `metadata \`views\`, Hounsfield units from ${HU_WINDOW.join(' to ')} as 0 to 1, one channel. Normalisation happens inside.`
  const texts: Record<string, string> = {
    probability: `[nodules]: of malignancy, mean over the ${folds.length} folds, ${kind}`,
    raw_fold_probability: '[nodules, folds]: of malignancy by each fold, before calibration',
    calibrated_fold_probability: '[nodules, folds]: of malignancy by each fold, after its calibration',
    attention: '[nodules, folds, views]: weight of each view in a fold; sums to 1 over the views',
    embedding: '[nodules, folds, dim]: image embedding, before L2 normalisation',
  }
  return {
    name,
    description:
      `${name} ${version}: malignancy of lung nodules from nine views of a chest CT (Zhuang et al. 2025, ` +
      'doi 10.1016/j.jbi.2025.104947). For research use.',
    producerVersion: VERSION,
    metadata: {
      model: name,
      model_version: version,
      software: `spicula ${VERSION}`,
      use: 'for research use',
      intended_use: intendedUse,
      provenance,
      license,
      checkpoint,
      folds: String(folds.length),
      calibrated: String(calibrations !== undefined),
      views: VIEWS.map((view) => view.name).join(','),
      geometry: preprocessing.geometry,
      hounsfield_window: HU_WINDOW.join(','),
    },
    values: { views, ...Object.fromEntries(Object.keys(outputs).map((output) => [output, texts[output]])) },
  }
}
