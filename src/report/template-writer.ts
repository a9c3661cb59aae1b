/** Reports by templates: no language model, the same seed gives the same words. */
import { SpiculaError } from '../error.ts'
import {
  FEATURE_NAMES,
  type FeatureName,
  isLength,
  isPresence,
  type NoduleFeatures,
  PRESENCES,
} from '../features/features.ts'
import { type Random, shuffle } from '../random.ts'
import {
  ABSENT_SENTENCES,
  CHOICE_SENTENCES,
  capital,
  LENGTH_SENTENCES,
  OWN_SENTENCES,
  PRESENT_SENTENCES,
  SIGNS,
  SUSPICION_ENDINGS,
  withArticle,
} from './phrases.ts'
import { cleanReport, millimetres } from './report-text.ts'
import { CLIP_CONTEXT, tokenBound } from './token-bound.ts'

/**
 * A report of what is known: findings in random order, absences among them, and an impression of a sentence or two that
 * ends in the suspicion of cancer.
 * @param random its draws choose variants and order
 * @throws SpiculaError `report/no-features` where nothing is known
 * @example
 * writeTemplateReport({ nodule_consistency: 'Solid', necrosis: 'Absent' }, seededRandom(1))
 * // 'Findings:\n  No necrosis is seen.\n  The nodule is solid.\n\nImpression: A solid nodule.\n'
 */
export function writeTemplateReport(features: NoduleFeatures, random: Random): string {
  const known = FEATURE_NAMES.filter((name) => features[name] !== undefined)
  if (known.length === 0) throw noFeatures()
  const findings = shuffle(known, random).map((name) => `- ${findingOf(name, features, random)}`)
  return cleanReport(`Findings:\n${findings.join('\n')}\n\n${impression(features, random)}\n`)
}

/** A text to train on, and the features that it tells. */
export interface TrainingText {
  readonly text: string
  readonly told: readonly FeatureName[]
}

/** How often a fresh text is an impression; else it is findings. */
const IMPRESSIONS = 0.5
/** Chance of each known feature to be in a fresh impression. */
const IN_IMPRESSION = 0.7
/** Most sentences of fresh findings. */
const FINDINGS = 3

/**
 * A new text of some of what is known: an impression, or one to three findings. A model that only ever reads whole
 * impressions never learns which of their words stands for which look; here every feature is told alone, too, absences
 * among them.
 * @throws SpiculaError `report/no-features` where nothing is known
 * @example
 * writeTrainingText({ nodule_consistency: 'Solid', necrosis: 'Absent' }, seededRandom(1))
 * // { text: 'No necrosis is seen.', told: ['necrosis'] }
 */
export function writeTrainingText(features: NoduleFeatures, random: Random): TrainingText {
  const known = FEATURE_NAMES.filter((name) => features[name] !== undefined)
  if (known.length === 0) throw noFeatures()
  if (random.uniform() < IMPRESSIONS) {
    const some = known.filter((name) => random.uniform() < IN_IMPRESSION && isInImpression(name, features))
    const part = Object.fromEntries(some.map((name) => [name, features[name]])) as NoduleFeatures
    const text = impression(part, random)
    const told = some.filter((name) => !isPresence(name) || text.includes(cleanReport(SIGNS[name].name)))
    // One of nothing would say nothing.
    if (told.length > 0) return { text, told }
  }
  const told: FeatureName[] = []
  let text = ''
  for (const name of shuffle(known, random).slice(0, 1 + random.integer(FINDINGS))) {
    const longer = cleanReport(`${text} ${findingOf(name, features, random)}`.trim())
    if (tokenBound(longer) > CLIP_CONTEXT) break
    text = longer
    told.push(name)
  }
  return { text, told }
}

const noFeatures = () =>
  new SpiculaError('report/no-features', 'the row has no semantic feature, so there is nothing to write', {
    hint: 'Columns are named as published: nodule_consistency, nodule_shape, necrosis, ... (docs/reports.md)',
  })

/** One sentence on one feature. */
export function findingOf(name: FeatureName, features: NoduleFeatures, random: Random): string {
  if (isLength(name)) return pick(LENGTH_SENTENCES[name], random).replace('{x}', millimetres(features[name] ?? 0))
  if (!isPresence(name)) return withValue(pick(CHOICE_SENTENCES[name], random), String(features[name]))
  const value = features[name] === 'Present' ? 'Present' : 'Absent'
  const own = OWN_SENTENCES[name]?.[value]
  const sentences = value === 'Present' ? PRESENT_SENTENCES : ABSENT_SENTENCES
  const { name: sign, plural } = SIGNS[name]
  return pick(own === undefined ? sentences : [...sentences, own], random)
    .replace('{x}', sign)
    .replace('{X}', capital(sign))
    .replace('{is}', plural ? 'are' : 'is')
}

/** An impression has no absences, and of lengths the longest alone. */
const isInImpression = (name: FeatureName, features: NoduleFeatures): boolean =>
  isLength(name) ? name === 'longest_axial_diameter_(mm)' : features[name] !== 'Absent'

/**
 * A sentence on what is there, and one on the suspicion, within CLIP's 77 tokens. Few nodules have so many signs that
 * they do not fit; then some, by chance, stay in the findings alone: a text cut at 77 tokens would lose the suspicion.
 */
function impression(features: NoduleFeatures, random: Random): string {
  const adjectives = shuffle(
    [features.nodule_margin_conspicuity, features.nodule_consistency, features.nodule_shape].filter(
      (word) => word !== undefined,
    ),
    random,
  ).map((word) => word.toLowerCase())
  const longest = features['longest_axial_diameter_(mm)']
  const size = longest === undefined ? [] : [`${millimetres(longest)} mm`]
  const noun = [...size, adjectives.join(', '), 'nodule'].filter((part) => part !== '').join(' ')
  const margins = [
    ...(features.nodule_margins === undefined ? [] : [`${features.nodule_margins} margins`]),
    ...(features.additional_nodule_margins === undefined
      ? []
      : [`additional ${features.additional_nodule_margins} margins`]),
  ].map((part) => part.toLowerCase())
  const signs = shuffle(
    PRESENCES.filter((name) => features[name] === 'Present').map((name) => SIGNS[name].name),
    random,
  )
  const level = features.level_of_suspicion_of_lung_cancer
  const ending = level === undefined ? '' : ` ${withValue(pick(SUSPICION_ENDINGS, random), level)}`
  const compose = (parts: readonly string[]) =>
    cleanReport(
      `Impression: ${capital(withArticle(noun))}${parts.length > 0 ? ` with ${parts.join(', ')}` : ''}.${ending}`,
    )
  const parts = [...margins]
  for (const sign of signs) if (tokenBound(compose([...parts, sign])) <= CLIP_CONTEXT) parts.push(sign)
  return compose(parts)
}

const withValue = (sentence: string, value: string): string =>
  sentence
    .replace('{x}', value.toLowerCase())
    .replace('{X}', capital(value.toLowerCase()))
    .replace('{a}', withArticle(value.toLowerCase()))

export const pick = <T>(items: readonly T[], random: Random): T => items[random.integer(items.length)]
