/** Prompt sets: the sentences that stand for each value of a feature, asked without training (docs/method.md M14). */
import * as z from 'zod'
import { SpiculaError } from '../error.ts'
import { choiceOf, FEATURE_NAMES, type FeatureName, isLength } from '../features/features.ts'
import { parseJson } from '../files/json.ts'
import { nearest } from '../nearest.ts'

/** The values that one question chooses among, each with the sentences that say it. */
export interface PromptSet {
  /** Published column, or `prompt` where the user asks freely. */
  readonly feature: string
  readonly values: readonly { readonly value: string; readonly prompts: readonly string[] }[]
}

const sentence = z.string().trim().min(1, 'is empty').max(1000)
const file = z.strictObject({
  format: z.literal('spicula-prompts/1'),
  features: z.record(z.string(), z.record(z.string(), z.array(sentence).min(1))),
})

/**
 * Parses a prompts file: features and values are named as in the published tables; of a length, values are mm.
 * @param name of the file, for messages
 * @throws SpiculaError `inference/prompts` naming every misfit, with the nearest name
 * @example parsePrompts(await readFile('prompts.json', 'utf8'), 'prompts.json')[0].feature
 */
export function parsePrompts(json: string, name: string): PromptSet[] {
  const hint = 'docs/zero-shot.md shows the format; models/prompts.json is a whole one to begin with.'
  const { features } = parseJson(json, file, { name, code: 'inference/prompts', hint })
  const sets = Object.entries(features).map(([feature, values]) => ({
    feature,
    values: Object.entries(values).map(([value, prompts]) => ({ value, prompts })),
  }))
  const faults = sets.flatMap(setFaults)
  if (sets.length === 0) faults.push('it has no feature')
  if (faults.length > 0) throw new SpiculaError('inference/prompts', `${name}: ${faults.join('; ')}`, { hint })
  return sets
}

function setFaults({ feature, values }: PromptSet): string[] {
  const name = FEATURE_NAMES.find((one) => one === feature)
  if (name === undefined) return [`${feature} is not a feature (is ${nearest(feature, FEATURE_NAMES)} meant?)`]
  const faults =
    values.length < 2 ? [`${feature} has ${values.length} value to choose from, at least two are needed`] : []
  return [...faults, ...values.flatMap(({ value }) => valueFaults(name, value))]
}

function valueFaults(feature: FeatureName, value: string): string[] {
  if (isLength(feature)) return Number(value) > 0 ? [] : [`${feature}: ${value} is not a length in mm`]
  const { values } = choiceOf(feature)
  return values.includes(value) ? [] : [`${feature}: there is no value ${value} (is ${nearest(value, values)} meant?)`]
}

/**
 * The question of a user's own sentences.
 * @example freePrompts(['The nodule is spiculated.', 'The nodule is smooth.'])
 */
export function freePrompts(prompts: readonly string[]): PromptSet {
  const sentences = prompts.map((prompt) => prompt.trim())
  if (sentences.length < 2 || new Set(sentences).size < sentences.length || sentences.includes(''))
    throw new SpiculaError('inference/prompts', 'a question needs two different sentences or more', {
      hint: 'For example --prompt "The nodule is spiculated." --against "The nodule is smooth."',
    })
  return { feature: 'prompt', values: sentences.map((value) => ({ value, prompts: [value] })) }
}
