/** Made-up rows of features: for tests, and for the corpus of a tokenizer. No patient's data is in them. */

import { choiceOf, FEATURE_NAMES, type FeatureName, isLength, type NoduleFeatures } from '../features/features.ts'
import type { Random } from '../random.ts'
import { replaceSynonyms } from './augment.ts'
import { pick, writeTemplateReport } from './template-writer.ts'

/**
 * A row drawn at random: each feature known with probability `known`, its values equally likely, lengths in tenths of a
 * mm from 3 to 40.
 * @example randomFeatures(seededRandom(1)).nodule_shape
 */
export function randomFeatures(random: Random, { known = 0.8 }: { known?: number } = {}): NoduleFeatures {
  const features: Partial<Record<FeatureName, string | number>> = {}
  for (const name of FEATURE_NAMES) {
    if (random.uniform() >= known) continue
    features[name] = isLength(name) ? (30 + random.integer(370)) / 10 : pick(choiceOf(name).values, random)
  }
  // A row of nothing is not a row: then it is known to be solid.
  if (Object.keys(features).length === 0) features.nodule_consistency = 'Solid'
  return features as NoduleFeatures
}

/**
 * Reports of made-up rows.
 * @example templateCorpus(2000, seededRandom(1)).length // 2000
 */
export function templateCorpus(count: number, random: Random): string[] {
  return Array.from({ length: count }, (_, i) => {
    const draw = random.fork(`report ${i}`)
    return writeTemplateReport(randomFeatures(draw), draw)
  })
}

/**
 * What a tokenizer is trained on: made-up reports, and the same with other words for the same.
 * @example trainTokenizer(reportCorpus(2000, seededRandom(1)), { vocabulary: 1024 })
 */
export function reportCorpus(count: number, random: Random): string[] {
  const reports = templateCorpus(count, random)
  return [...reports, ...reports.map((report, i) => replaceSynonyms(report, random.fork(`words ${i}`), report.length))]
}
