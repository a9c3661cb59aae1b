/** Rows of a table to features: lenient with spelling, strict with what remains unknown. */
import { isMissing } from '../files/records.ts'
import { editDistance, letters, nearest } from '../nearest.ts'
import { presenceOf } from './clinical-words.ts'
import {
  type ChoiceName,
  choiceOf,
  FEATURE_LIST,
  FEATURE_NAMES,
  FEATURES,
  type FeatureName,
  isLength,
  isPresence,
  type LengthName,
  type NoduleFeatures,
  type PresenceName,
} from './features.ts'

/** A value that its column does not allow. */
export interface FeatureProblem {
  readonly column: string
  /** `report/unknown-value`, `report/length`, `report/twice` */
  readonly code: string
  readonly message: string
  readonly hint?: string
}

export interface ParsedFeatures {
  readonly features: NoduleFeatures
  readonly problems: readonly FeatureProblem[]
}

/** No nodule is larger than a lung. */
const LARGEST_MM = 300

/** Which column of a table holds which feature. */
export interface FeatureColumns {
  readonly columns: ReadonlyMap<FeatureName, string>
  /** Columns that look like a misspelt feature, with the feature. */
  readonly doubtful: readonly { readonly column: string; readonly feature: FeatureName }[]
  /** The table marks findings with "+": then "-" is a finding that is absent, elsewhere it is a gap. */
  readonly signs?: boolean
}

/**
 * Finds the columns of features: case, punctuation and the known other names do not matter. One column a feature: the
 * published spelling first.
 * @example featureColumns(['pid', 'Cyst-like spaces']).columns.get('cyst-like_spaces') // 'Cyst-like spaces'
 */
export function featureColumns(columns: readonly string[]): FeatureColumns {
  const found = new Map<FeatureName, string>()
  for (const [feature, { aliases = [] }] of FEATURE_LIST) {
    const spellings = [feature, ...aliases].map(letters)
    const column =
      columns.find((one) => one === feature) ??
      spellings.flatMap((spelling) => columns.find((one) => letters(one) === spelling) ?? [])[0]
    if (column !== undefined) found.set(feature, column)
  }
  const taken = new Set(found.values())
  const doubtful = columns.flatMap((column) => {
    const open = FEATURE_NAMES.filter((feature) => !found.has(feature))
    if (taken.has(column) || column.length < 6 || open.length === 0) return []
    const feature = nearest(column, open) as FeatureName
    return editDistance(letters(column), letters(feature)) <= 2 ? [{ column, feature }] : []
  })
  return { columns: found, doubtful }
}

/**
 * The features of one row. Empty, NA and their like are left out; a value that is none of the allowed ones or their
 * known synonyms becomes a problem that names the nearest allowed one.
 * @param values of the row by column
 * @example
 * parseFeatures({ nodule_consistency: 'GGO', necrosis: 'no' }).features
 * // { nodule_consistency: 'Pure ground glass', necrosis: 'Absent' }
 */
export function parseFeatures(
  values: Readonly<Record<string, string>>,
  { columns, signs = usesSigns([values], columns) }: FeatureColumns = featureColumns(Object.keys(values)),
): ParsedFeatures {
  const features: Partial<Record<FeatureName, string | number>> = {}
  const problems: FeatureProblem[] = []
  for (const [feature, column] of columns) {
    const text = (values[column] ?? '').trim()
    if (isMissing(text)) continue
    const read = DASH.test(text) ? readDash(feature, signs) : readField(feature, text)
    if ('value' in read) {
      if (read.value !== undefined) features[feature] = read.value
    } else problems.push({ column, ...read })
  }
  return { features: features as NoduleFeatures, problems }
}

const DASH = /^[-\u2010-\u2015\u2212]+$/

/** Whether findings are marked with "+" in some row. */
export const usesSigns = (
  rows: readonly Readonly<Record<string, string>>[],
  columns: FeatureColumns['columns'],
): boolean =>
  [...columns].some(([feature, column]) => isPresence(feature) && rows.some((row) => row[column]?.trim() === '+'))

/** A value, undefined where nothing was recorded, or what is wrong. */
type Read = { readonly value: string | number | undefined } | Omit<FeatureProblem, 'column'>

const readDash = (feature: FeatureName, signs: boolean): Read => ({
  value: signs && isPresence(feature) ? 'Absent' : undefined,
})

function readField(feature: FeatureName, text: string): Read {
  if (isLength(feature)) return readLength(feature, text)
  return isPresence(feature) ? readPresence(feature, text) : readChoice(feature, text)
}

/** Present or absent, in a word or a sentence that may name the finding. */
function readPresence(name: PresenceName, text: string): Read {
  const known = choiceValue(name, text)
  if (known !== undefined) return { value: known }
  // Its last word tells it from its neighbours: pleural attachment, pleural retraction.
  const [word] = (FEATURES[name].label.split(' ').at(-1) ?? '').split('-')
  const said = presenceOf(text, new RegExp(`${word.slice(0, -1)}\\p{L}*`, 'u'))
  if (said === 'present') return { value: 'Present' }
  if (said === 'absent') return { value: 'Absent' }
  if (said === 'unsaid') return readChoice(name, text)
  return {
    code: 'report/unknown-value',
    message: `${shown(text)} is a doubt or says two things: neither Present nor Absent`,
    hint: 'Leave the field empty where it is not known.',
  }
}

/** The allowed value that a text means, or undefined. */
export function choiceValue(name: ChoiceName, text: string): string | undefined {
  const { values, synonyms } = choiceOf(name)
  const wanted = letters(text)
  return values.find((value) => [value, ...(synonyms[value] ?? [])].some((one) => letters(one) === wanted))
}

function readChoice(name: ChoiceName, text: string): Read {
  const value = choiceValue(name, text)
  if (value !== undefined) return { value }
  const { values, synonyms } = choiceOf(name)
  // What a nodule is not says nothing of what it is.
  if (DENIED.test(text) && !isPresence(name)) return { value: undefined }
  const spellings = new Map(values.flatMap((one) => [one, ...(synonyms[one] ?? [])].map((spelling) => [spelling, one])))
  const candidates = [...spellings.keys()].filter((one) => one.length > 2)
  const spelling = nearest(text, candidates)
  // A slip of the pen, not another word: a far-fetched suggestion may be the opposite.
  const near = editDistance(letters(text), letters(spelling)) <= 2 && letters(text).length > 2
  return {
    code: 'report/unknown-value',
    message: `${shown(text)} is not one of ${values.join(', ')}`,
    hint: near ? `Is "${spellings.get(spelling)}" meant?` : 'Write one of these, or nothing where it is not known.',
  }
}

/**
 * "Not spiculated", "no lobulation", "nonspiculated"; but for the values that begin so ("non-solid" is known above).
 */
const DENIED = /^\s*((no|not|without|absent)\b|non-?\s*(?=spicul|lobul|serrat|smooth|round|ovoid|solid))/i

function readLength(name: LengthName, text: string): Read {
  const match = /^(\d+\.?\d*|\.\d+)\s*(mm|cm)?$/i.exec(text)
  const value = match ? Number(match[1]) * (match[2]?.toLowerCase() === 'cm' ? 10 : 1) : Number.NaN
  if (value > 0 && value <= LARGEST_MM) return { value }
  // The published tables write 0.0 where there is no solid component to measure.
  if (value === 0 && name === 'psn_longest_diameter_solid_component') return { value: undefined }
  const hint = /^\d+,\d+/.test(text) ? 'Write a decimal point.' : 'Lengths are in mm.'
  return { code: 'report/length', message: `${shown(text)} is not a length above 0 mm, up to ${LARGEST_MM} mm`, hint }
}

/** A value for a message. In a row whose fields have slipped it may be anything, so long ones are only described. */
const shown = (text: string): string =>
  text.length <= 30 && /^[\p{L}\p{N} .,/+-]*$/u.test(text) ? `"${text}"` : `a text of ${text.length} characters`
