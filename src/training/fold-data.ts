/** What a fold trains on: its samples, how they are drawn and weighed, and how batches are made of them. */
import { classWeights } from '../clip/losses.ts'
import { parseFeatures } from '../features/parse-features.ts'
import { type BatchSource, makeBatch } from './batch.ts'
import type { TrainConfig } from './config.ts'
import type { FoldData } from './loop.ts'
import type { LabelledSample, PreparedRun } from './prepare-run.ts'
import { diagnosisWeights, semanticWeights } from './samplers.ts'
import type { ClassWeights } from './step.ts'

export function foldData(
  { train, val }: PreparedRun['folds'][number],
  config: TrainConfig,
  source: BatchSource,
): FoldData<LabelledSample> {
  const labels = train.map(({ label }) => label)
  const counts = [labels.filter((label) => label === 0).length, labels.filter((label) => label === 1).length]
  const [benign, malignant] = classWeights(counts)
  const weighted: ClassWeights = [benign, malignant]
  return {
    train,
    // A diagnosis that nobody knows cannot be validated.
    val: val.filter(({ label }) => label !== null),
    drawWeights:
      config.sampler === 'semantic'
        ? semanticWeights(train.map(({ row }) => parseFeatures(row.values).features))
        : diagnosisWeights(labels),
    // As published: plain where sampling balances the diagnoses, weighted where it balances something else.
    classWeights: { train: config.sampler === 'diagnosis' ? [1, 1] : weighted, val: weighted },
    batch: (samples, seeds) => makeBatch(source, samples, seeds),
  }
}
