/** Answers to zero-shot questions as a radiologist would say them. */

import { type ChoiceFeature, FEATURE_LIST, type Group, type LengthFeature } from '../features/features.ts'
import type { FeatureAnswer } from '../predict/answers.ts'

type Value = FeatureAnswer['values'][number]

/** What is known of a feature by its published name. */
const FEATURES = new Map<string, LengthFeature | ChoiceFeature>(FEATURE_LIST)

/** How a sentence calls a feature. */
export const labelOf = (feature: string): string => FEATURES.get(feature)?.label ?? feature

/** Sizes are a group of their own on a page; the others as published. */
export const groupOf = (feature: string): Group | 'sizes' => {
  const known = FEATURES.get(feature)
  return known?.kind === 'length' ? 'sizes' : (known?.group ?? 'general')
}

/**
 * A value in words.
 * @example phrase('necrosis', 'Absent') // 'no necrosis'
 * @example phrase('mean_diameter', '8') // 'about 8 mm'
 */
export function phrase(feature: string, value: string): string {
  const label = labelOf(feature)
  if (groupOf(feature) === 'sizes') return `about ${value} mm`
  if (value === 'Present') return label
  if (value === 'Absent') return `no ${label}`
  const word = value.toLowerCase()
  if (feature === 'level_of_suspicion_of_lung_cancer') return `${word} suspicion`
  if (feature === 'nodule_margins') return `${word} margins`
  return feature === 'additional_nodule_margins' ? `additional ${word} margins` : word
}

/** The likeliest value; the first of equals. */
export const top = ({ values }: FeatureAnswer): Value =>
  values.reduce((best, one) => (one.probability > best.probability ? one : best))

/**
 * The answers that stand out most: how far the likeliest value is from a guess among as many values, sizes left out.
 * @example standingOut(answers, 3).map(({ feature }) => feature)
 */
export function standingOut(answers: readonly FeatureAnswer[], count: number): FeatureAnswer[] {
  const guess = ({ values }: FeatureAnswer): number => 1 / values.length
  const distance = (one: FeatureAnswer): number => (top(one).probability - guess(one)) / (1 - guess(one))
  return answers
    .filter(({ feature }) => groupOf(feature) !== 'sizes')
    .sort((a, b) => distance(b) - distance(a))
    .slice(0, count)
}
