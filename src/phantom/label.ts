/**
 * Labels for computed nodules, so that training, evaluation and calibration have something to find: a stated rule on
 * features that are known exactly, with a random part. It says nothing about cancer.
 */
import type { Random } from '../random.ts'
import type { DrawnFeatures } from './nodule/spec.ts'

/** The kinds of labels that a cohort of phantoms can have. */
export const LABELS = ['computed'] as const
export type Label = (typeof LABELS)[number]

/** What a label of 1 means: stands in every row and in `phantom.json`. */
export const COMPUTED_OUTCOME = 'computed rule, no medicine'

/** The rule in words, as the command prints it. */
export const COMPUTED_RULE =
  'malignant is 1 with probability p, logit p = 0.4 (d - 18) + 3 s - 1.2, d the longest axial mm, s 1 if spiculated'

/**
 * The probability that the rule gives a nodule. Drawn nodules are 8 to 28 mm long and two in five are spiculated, so
 * that about half of them get a 1, and ranking by the probability itself has an AUROC near 0.92.
 * @example computedProbability({ 'longest_axial_diameter_(mm)': 18, nodule_margins: 'Smooth' }) // 0.23
 */
export function computedProbability(features: DrawnFeatures): number {
  const { nodule_margins, additional_nodule_margins } = features
  const spiculated = [nodule_margins, additional_nodule_margins].includes('Spiculated/Serrated')
  const logit = 0.4 * ((features['longest_axial_diameter_(mm)'] ?? 0) - 18) + (spiculated ? 3 : 0) - 1.2
  return 1 / (1 + Math.exp(-logit))
}

/** A nodule's label with the probability that it was drawn by. */
export interface ComputedLabel {
  readonly malignant: 0 | 1
  readonly probability: number
}

/**
 * Draws a nodule's label by the rule.
 * @param random one uniform number is drawn
 * @example drawLabel(features, seededRandom(1)) // { malignant: 0, probability: 0.23 }
 */
export function drawLabel(features: DrawnFeatures, random: Random): ComputedLabel {
  const probability = computedProbability(features)
  return { malignant: random.uniform() < probability ? 1 : 0, probability }
}
