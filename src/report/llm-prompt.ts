/** What a language model is asked. The features of one nodule are all that it gets: no identifier, no place, no image. */

import type { NoduleFeatures } from '../features/features.ts'
import { type Random, shuffle } from '../random.ts'
import { featureLines } from './check-report.ts'

export interface Prompt {
  readonly system: string
  readonly user: string
}

export const SYSTEM_PROMPT = `You are a chest radiologist. You write the report of one lung nodule from a list of its features.

Findings:
one bullet for each feature of the list, in random order, in your own words. State absent features as absent.

Impression: one or two sentences on what is present, with the longest diameter if it is listed, ending in the level of suspicion of lung cancer if it is listed.

Rules:
- Use exactly these two headings, "Findings:" and "Impression:", and nothing before or after them.
- State every feature of the list, with the value of the list; keep each number as it is, in mm.
- State nothing that is not in the list: no other finding, no place in the lung, no history, no advice, no comparison.
- Absent features belong to the findings only.
- One statement a sentence; plain words; no hedging; each sign by its name in the list.`

/**
 * The prompt of a row.
 * @param random its draws order the features, so that equal rows get unequal reports
 * @param faults of an earlier answer, from `checkReport`
 * @example promptOf({ nodule_consistency: 'Solid' }, seededRandom(1)).user // 'Features:\n- consistency: Solid'
 */
export function promptOf(features: NoduleFeatures, random: Random, faults: readonly string[] = []): Prompt {
  const lines = shuffle(featureLines(features), random).map((line) => `- ${line}`)
  const again = faults.length === 0 ? '' : `\n\nAn earlier answer was refused, because ${faults.join('; ')}.`
  return { system: SYSTEM_PROMPT, user: `Features:\n${lines.join('\n')}${again}` }
}

/** Tokens of a prompt, estimated: four characters of English are a token of most models. No model is asked. */
export const estimateTokens = ({ system, user }: Prompt): number => Math.ceil((system.length + user.length) / 4)
