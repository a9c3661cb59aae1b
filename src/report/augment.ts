/** Augmentation of reports while training (docs/method.md M10): other words for the same, or a few words less. */
import { type Random, shuffle } from '../random.ts'
import { pick } from './template-writer.ts'

/** Words that stand for one another, as published. */
export const SYNONYM_GROUPS: readonly (readonly string[])[] = [
  ['mm', 'millimeter'],
  ['attached', 'adhered'],
  ['attachment', 'adhesion'],
  ['presence', 'existence', 'appearance'],
  ['border', 'margin', 'boundary'],
  ['displays', 'shows', 'exhibits', 'presents', 'demonstrates', 'reveals', 'showcases'],
  ['greatest', 'longest', 'maximum'],
  ['shortest', 'smallest', 'minimum'],
  ['observed', 'seen', 'evident', 'noted'],
  ['presence', 'evidence', 'signs'],
  ['absence', 'no evidence', 'no signs'],
  ['not attached', 'unattached'],
  ['retraction', 'indentation'],
  ['around', 'in the vicinity of', 'surrounding', 'adjacent to', 'near'],
]

export interface AugmentOptions {
  /** How often a report is changed at all. */
  readonly probability?: number
  /** How often each of the two steps is then taken. */
  readonly stepProbability?: number
  readonly replacements?: number
  /** Part of the words that is cropped. */
  readonly crop?: number
}

/**
 * With probability 0.5 a flow of two steps, each taken with probability 0.2: up to two synonyms replaced; a run of 10 %
 * of the words cropped.
 * @param random its draws are the same in number whatever the text, so that one text does not shift the next one's
 * @example augmentReport('Impression: A 5 mm nodule is seen.', seededRandom(3))
 */
export function augmentReport(
  text: string,
  random: Random,
  { probability = 0.5, stepProbability = 0.2, replacements = 2, crop = 0.1 }: AugmentOptions = {},
): string {
  const [flow, first, second] = [random.uniform(), random.uniform(), random.uniform()]
  const draw = random.fork(String(random.uniform()))
  if (flow >= probability) return text
  const replaced = first < stepProbability ? replaceSynonyms(text, draw, replacements) : text
  return second < stepProbability ? cropWords(replaced, draw, crop) : replaced
}

/** One of the groups' words where it stands in a text. */
interface Occurrence {
  readonly start: number
  readonly word: string
  readonly group: readonly string[]
}

const phrases = SYNONYM_GROUPS.flatMap((group) => group.map((word) => ({ word, group }))).sort(
  (a, b) => b.word.length - a.word.length,
)

/**
 * Replaces up to `most` words that have synonyms, each by another word of its group.
 * @example replaceSynonyms('A nodule is seen.', seededRandom(1), 1) // 'A nodule is noted.'
 */
export function replaceSynonyms(text: string, random: Random, most: number): string {
  const found: Occurrence[] = []
  const taken = new Set<number>()
  for (const { word, group } of phrases)
    for (const { index } of text.matchAll(new RegExp(`\\b${word}\\b`, 'gi'))) {
      // The longest phrase wins: "not attached" is not "attached".
      const letters = Array.from({ length: word.length }, (_, i) => index + i)
      const same = found.find(({ start, word: other }) => start === index && other === word)
      if (!same && letters.some((letter) => taken.has(letter))) continue
      for (const letter of letters) taken.add(letter)
      found.push({ start: index, word, group })
    }
  const byPlace = new Map<number, Occurrence[]>()
  for (const one of found) byPlace.set(one.start, [...(byPlace.get(one.start) ?? []), one])
  const chosen = shuffle([...byPlace.values()], random)
    .slice(0, most)
    .map((those) => pick(those, random))
  let changed = text
  for (const { start, word, group } of chosen.sort((a, b) => b.start - a.start)) {
    const other = pick(
      group.filter((one) => one !== word),
      random,
    )
    const old = text.slice(start, start + word.length)
    const cased = /^\p{Lu}/u.test(old) ? other.charAt(0).toUpperCase() + other.slice(1) : other
    changed = changed.slice(0, start) + cased + changed.slice(start + word.length)
  }
  return changed
}

/**
 * Takes out a run of neighbouring words, `part` of all of them and at least one where there are ten.
 * @example cropWords('one two three four five six seven eight nine ten', seededRandom(1), 0.1).split(' ').length // 9
 */
export function cropWords(text: string, random: Random, part: number): string {
  const words = text.split(/(?<=\S)\s+(?=\S)/)
  const count = Math.floor(words.length * part)
  if (count === 0) return text
  const start = random.integer(words.length - count + 1)
  return [...words.slice(0, start), ...words.slice(start + count)].join(' ')
}
