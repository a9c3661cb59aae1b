/**
 * What a report claims, read back as features. It is made to judge reports, so it is wary: where a sentence is not
 * clear it says so rather than guess.
 */

import {
  FEATURE_LIST,
  FEATURE_NAMES,
  type FeatureName,
  type LengthName,
  type NoduleFeatures,
} from '../features/features.ts'
import { BUT, CANCER, DENIAL, HEDGE, MARGIN_PATTERNS, SIGN_PATTERNS, VALUE_PATTERNS } from './concepts.ts'
import { signStatuses } from './sign-status.ts'

/** One statement on one feature. */
export interface Claim {
  readonly feature: FeatureName
  /** A value of the feature, a length in mm, or `unclear`. */
  readonly value: string | number
  readonly sentence: string
}

export interface ReadReport {
  readonly claims: readonly Claim[]
  /** Numbers that are not lengths. */
  readonly strayNumbers: readonly string[]
  /** Sentences about cancer without a level of suspicion. */
  readonly levelless: readonly string[]
}

/** The value of a claim that cannot be told. */
export const UNCLEAR = 'unclear'

/**
 * Reads every claim of a report.
 * @example readReport('Impression: A 5 mm solid nodule without necrosis.').claims.map(({ value }) => value)
 * // [5, 'Solid', 'Absent']
 */
export function readReport(report: string): ReadReport {
  const claims: Claim[] = []
  const strayNumbers: string[] = []
  const levelless: string[] = []
  for (const sentence of sentencesOf(report)) {
    const add = (feature: FeatureName, value: string | number) => claims.push({ feature, value, sentence })
    readLengths(sentence, add, strayNumbers)
    readSigns(sentence, add)
    readValues(sentence, add, levelless)
  }
  return { claims, strayNumbers, levelless }
}

type Add = (feature: FeatureName, value: string | number) => void

/** Sentences in lower case, without the headers, hyphens and slashes as spaces; decimal points end no sentence. */
export function sentencesOf(report: string): string[] {
  return report
    .toLowerCase()
    .replace(/[\u2010-\u2015-]/g, ' ')
    .replace(/\//g, ' ')
    .replace(/['\u2019]/g, ' ')
    .replace(/\b(findings|impression)\s*:/g, '. ')
    .split(/[.;!](?!\d)|\n+/)
    .map((sentence) => sentence.replace(/\s+/g, ' ').trim())
    .filter((sentence) => sentence !== '')
}

const NUMBER = /(\d+(?:\.\d+)?)(?:\s*(mm|millimet\w+|cm|centimet\w+))?/g

function readLengths(sentence: string, add: Add, stray: string[]): void {
  const numbers = [...sentence.matchAll(NUMBER)]
  for (const [i, match] of numbers.entries()) {
    const previous = numbers[i - 1]
    const before = sentence.slice(previous ? previous.index + previous[0].length : 0, match.index)
    const after = sentence.slice(match.index + match[0].length, numbers[i + 1]?.index)
    if (match[2] === undefined) stray.push(match[0])
    else add(lengthOf(before, after), Number(match[1]) * (match[2].startsWith('c') ? 10 : 1))
  }
}

/** Which length a number is: by the words of its own part of the sentence, first those before it. */
function lengthOf(before: string, after: string): LengthName {
  const parts = [before.split(/,|\band\b|\bwith\b|\bby\b|\bx\b/).at(-1) ?? '', after.split(/,|\band\b|\bwith\b/)[0]]
  for (const part of parts) {
    if (/\bsolid (component|portion|part)\b/.test(part)) return 'psn_longest_diameter_solid_component'
    if (/\b(short|shortest|smallest|minimum|minor)\b/.test(part)) return 'short_diameter_(mm)'
    if (/\b(mean|average)\b/.test(part)) return 'mean_diameter'
    if (/\b(long|longest|greatest|maximum|maximal|largest|major)\b/.test(part)) return 'longest_axial_diameter_(mm)'
  }
  return 'longest_axial_diameter_(mm)'
}

/** Every sign that a sentence names, claimed or denied. */
function readSigns(sentence: string, add: Add): void {
  const found = Object.entries(SIGN_PATTERNS)
    .flatMap(([feature, pattern]) =>
      [...sentence.matchAll(pattern)].map(({ index, 0: words }) => ({
        feature: feature as FeatureName,
        words,
        start: index,
        end: index + words.length,
      })),
    )
    .sort((a, b) => a.start - b.start || b.end - a.end)
  // "pleural attachment" is one sign: what lies inside another is that other.
  const signs = found.filter((one, i) => !found.slice(0, i).some((other) => other.end > one.start))
  for (const [i, status] of signStatuses(sentence, signs).entries()) {
    const { feature, words } = signs[i]
    if (!words.startsWith('un')) add(feature, status)
    else add(feature, status === 'Present' ? 'Absent' : UNCLEAR)
  }
}

function readValues(sentence: string, add: Add, levelless: string[]): void {
  // A denied or doubtful value ("not solid") says what the nodule is not: nothing can be made of it.
  const clear = (index: number): boolean =>
    !HEDGE.test(sentence) &&
    ![...sentence.slice(0, index).matchAll(DENIAL)].some((denial) => !BUT.test(sentence.slice(denial.index, index)))
  const aboutCancer = CANCER.test(sentence)
  let levels = 0
  for (const [feature, patterns] of Object.entries(VALUE_PATTERNS)) {
    const isLevel = feature === 'level_of_suspicion_of_lung_cancer'
    if (isLevel && !aboutCancer) continue
    for (const [value, pattern] of Object.entries(patterns))
      for (const { index } of sentence.matchAll(pattern)) {
        const plain = isLevel ? !HEDGE.test(sentence) && !new RegExp(DENIAL.source).test(sentence) : clear(index)
        add(feature as FeatureName, plain ? value : UNCLEAR)
        if (isLevel) levels++
      }
  }
  if (aboutCancer && levels === 0) levelless.push(sentence)
  for (const [value, pattern] of Object.entries(MARGIN_PATTERNS))
    for (const { index } of sentence.matchAll(pattern)) add(marginOf(sentence, index), clear(index) ? value : UNCLEAR)
}

/** "additional" speaks of what follows it up to the next comma, and of what a sentence is all about. */
function marginOf(sentence: string, index: number): FeatureName {
  const start = sentence.lastIndexOf(',', index) + 1
  const end = sentence.indexOf(',', index)
  const clause = sentence.slice(start, end < 0 ? undefined : end)
  // "spiculated, serrated" is one value in two words: "additional spiculated, serrated margins".
  const earlier = /^\s*serrated/.test(clause) ? sentence.slice(0, start).split(',').at(-2) : ''
  return /\badditional/.test(`${earlier} ${clause}`) ? 'additional_nodule_margins' : 'nodule_margins'
}

/**
 * The features that a report tells, where it speaks clearly and with one voice; else what it says twice or in a way
 * that cannot be told.
 * @example parseReport(writeTemplateReport(features, random)).features // features, lengths to 0.1 mm
 */
export function parseReport(report: string): { features: NoduleFeatures; conflicts: readonly string[] } {
  const { claims, strayNumbers, levelless } = readReport(report)
  const features: Partial<Record<FeatureName, string | number>> = {}
  const conflicts = [...strayNumbers.map((number) => `the number ${number}`), ...levelless]
  for (const { feature, value, sentence } of claims) {
    if (value === UNCLEAR) conflicts.push(sentence)
    else if (features[feature] === undefined) features[feature] = value
    else if (features[feature] !== value) conflicts.push(`${feature}: ${features[feature]} and ${value}`)
  }
  const ordered = FEATURE_NAMES.filter((name) => features[name] !== undefined).map((name) => [name, features[name]])
  return { features: Object.fromEntries(ordered) as NoduleFeatures, conflicts }
}

/** Labels of features for messages. */
export const labelOf = (feature: FeatureName): string =>
  FEATURE_LIST.find(([name]) => name === feature)?.[1].label ?? feature
