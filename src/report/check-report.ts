/** Whether a report says what its row says: everything, nothing else, and the same sizes. */

import { FEATURE_NAMES, type FeatureName, isLength, type NoduleFeatures } from '../features/features.ts'
import { PARTS_OF_SIGNS } from './concepts.ts'
import { labelOf, readReport, sentencesOf, UNCLEAR } from './read-report.ts'
import { strangeWords } from './vocabulary.ts'

/** Longer than any report of twenty-two features. */
export const MAX_REPORT_CHARACTERS = 6000
/** Reports round sizes to a tenth of a mm. */
const SIZE_TOLERANCE_MM = 0.0501

/**
 * Everything that is wrong with a report of a row, in words that tell its writer what to change; empty where nothing
 * is.
 *
 * Each feature of the row must be told, presences and absences, and the suspicion in the impression. No feature may be
 * told that the row does not have, or otherwise than the row has it. No other number, no word that no report needs.
 * @example checkReport('Findings: The nodule is solid. Impression: A solid nodule.', { nodule_consistency: 'Solid' })
 *   // []
 */
export function checkReport(report: string, features: NoduleFeatures): string[] {
  if (report.trim() === '') return ['the report is empty']
  if (report.length > MAX_REPORT_CHARACTERS) return [`the report is ${report.length} characters long`]
  const faults = [...formFaults(report, features)]
  const strange = strangeWords(report)
  if (strange.length > 0)
    faults.push(`it uses words that the features do not need: ${strange.slice(0, 8).map(short).join(', ')}`)
  const { claims, strayNumbers, levelless } = readReport(report)
  for (const number of strayNumbers.slice(0, 4)) faults.push(`the number ${short(number)} is not a size of the nodule`)
  faults.push(...partFaults(report, features))
  if (levelless.length > 0) faults.push('it speaks of cancer without a level of suspicion')

  const told = new Map<FeatureName, Set<string | number>>()
  for (const { feature, value } of claims) told.set(feature, (told.get(feature) ?? new Set()).add(value))
  foldMargins(told, features)
  for (const name of FEATURE_NAMES) faults.push(...featureFaults(name, features, told.get(name) ?? new Set()))
  return faults.slice(0, 20)
}

/** Half of a sign's name, and a solid component of a nodule that has none. */
function* partFaults(report: string, features: NoduleFeatures): Generator<string> {
  const mayHaveComponent =
    features.nodule_consistency === 'Part-solid' || features.psn_longest_diameter_solid_component !== undefined
  for (const sentence of sentencesOf(report)) {
    for (const [part, whole] of PARTS_OF_SIGNS) {
      const found = part.exec(sentence)
      if (found && !whole.test(sentence)) yield `it says "${found[0]}" of nothing in the row`
    }
    if (!mayHaveComponent && /\bsolid (component|portion|part)\b/.test(sentence))
      yield 'it tells of a solid component, which the row does not have'
  }
}

/** Headings, in order, and characters that no report has. */
function* formFaults(report: string, features: NoduleFeatures): Generator<string> {
  const findings = report.search(/\bfindings\b/i)
  const impression = report.search(/\bimpression\b/i)
  if (findings < 0 || impression < 0 || findings > impression) yield 'it needs "Findings:" and then "Impression:"'
  if (/[^\p{L}\p{N}\p{P}\s+=]|[<>{}[\]\\|`~]|\p{Cf}/u.test(report)) yield 'it has characters that no report has'
  if (impression < 0) return
  const { claims } = readReport(report.slice(impression))
  if (claims.some(({ value }) => value === 'Absent')) yield 'absences belong to the findings, not to the impression'
  const level = 'level_of_suspicion_of_lung_cancer'
  if (features[level] !== undefined && !claims.some(({ feature }) => feature === level))
    yield 'the impression must end with the level of suspicion of lung cancer'
}

function* featureFaults(
  name: FeatureName,
  features: NoduleFeatures,
  told: ReadonlySet<string | number>,
): Generator<string> {
  const wanted = features[name]
  const label = labelOf(name)
  if (told.has(UNCLEAR)) yield `it is not clear about ${label}`
  const clear = [...told].filter((value) => value !== UNCLEAR)
  if (wanted === undefined) {
    if (clear.length > 0) yield `it tells of ${label}, which the row does not have`
    return
  }
  const same = (value: string | number) =>
    isLength(name) ? Math.abs(Number(value) - Number(wanted)) <= SIZE_TOLERANCE_MM : value === wanted
  if (clear.length === 0 && !told.has(UNCLEAR)) yield `${label} is missing: ${wanted}${isLength(name) ? ' mm' : ''}`
  if (!clear.every(same)) {
    const others = clear.filter((value) => !same(value)).join(', ')
    yield `${label} is ${wanted}${isLength(name) ? ' mm' : ''}, not ${others}`
  }
}

/**
 * Margins and additional margins are one matter in two columns: a report that lists the same set of both is right,
 * whichever of the two it calls additional ("lobulated and spiculated margins").
 */
function foldMargins(told: Map<FeatureName, Set<string | number>>, features: NoduleFeatures): void {
  const names = ['nodule_margins', 'additional_nodule_margins'] as const
  const wanted = new Set<string | number>(names.flatMap((name) => features[name] ?? []))
  const said = new Set(names.flatMap((name) => [...(told.get(name) ?? [])]))
  if (wanted.size !== said.size || ![...said].every((value) => wanted.has(value))) return
  for (const name of names) {
    const value = features[name]
    if (value === undefined) told.delete(name)
    else told.set(name, new Set([value]))
  }
}

/** Something of an answer for a message: an answer may be anything. */
const short = (text: string): string => (text.length > 24 ? `${text.slice(0, 24)}...` : text)

/** The features of a row as lines "label: value (unit)", in the order of the published tables. */
export function featureLines(features: NoduleFeatures): string[] {
  return FEATURE_NAMES.flatMap((name) => {
    const value = features[name]
    if (value === undefined) return []
    return [`${labelOf(name)}: ${isLength(name) ? `${Math.round(Number(value) * 10) / 10} mm` : value}`]
  })
}
