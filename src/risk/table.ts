/** Risk models on rows of a table: which columns are read, and why a model has no answer for a row. */
import { SpiculaError } from '../error.ts'
import { findingIn, presenceOf, SPICULATION } from '../features/clinical-words.ts'
import { choiceValue } from '../features/parse-features.ts'
import { isMissing } from '../files/records.ts'
import { type BrockInput, brock2a, brock2b } from './brock.ts'
import type { Consistency } from './inputs.ts'
import { CATEGORIES, LUNG_RADS_SOURCE, lungRads } from './lung-rads.ts'
import { mayo } from './mayo.ts'
import { va } from './va.ts'

/** Columns by what they say; names are compared by letters and digits alone. */
export const RISK_COLUMNS = {
  age: ['age', 'age_at_studydate', 'age_years', 'patient_age'],
  sex: ['sex', 'gender'],
  familyHistory: ['family_history', 'family_history_lung_cancer', 'famhx'],
  emphysema: ['emphysema'],
  longestDiameterMm: ['longest_axial_diameter_(mm)', 'longest_diameter', 'diameter_mm', 'diameter', 'size_mm'],
  meanDiameterMm: ['mean_diameter', 'mean_diameter_mm', 'diameter_mm', 'diameter'],
  consistency: ['nodule_consistency', 'consistency', 'nodule_type', 'attenuation'],
  upperLobe: ['upper_lobe'],
  lobe: ['lobe', 'location', 'nodule_location'],
  noduleCount: ['nodule_count', 'count', 'nodules'],
  spiculated: ['spiculation', 'spiculated'],
  margins: ['nodule_margins', 'margins', 'margin'],
  moreMargins: ['additional_nodule_margins'],
  everSmoker: ['ever_smoker', 'smoker', 'smoking', 'smoking_status'],
  yearsSinceQuitting: ['years_since_quitting', 'years_quit', 'quit_years'],
  extrathoracicCancer: ['extrathoracic_cancer', 'prior_extrathoracic_cancer', 'prior_cancer'],
  solidDiameterMm: ['psn_longest_diameter_solid_component', 'solid_diameter_mm', 'solid_diameter'],
  isNew: ['is_new', 'new'],
  growing: ['growing', 'growth'],
  stable: ['stable'],
  juxtapleuralBenign: ['juxtapleural_benign', 'juxtapleural'],
  suspicious: ['suspicious', 'suspicious_features'],
} as const

type Said = keyof typeof RISK_COLUMNS

/** A model's answer for a row: a number (Lung-RADS: its rank among the categories), or why there is none. */
export type RiskAnswer =
  | { readonly kind: 'answer'; readonly value: number; readonly shown: string; readonly notes: readonly string[] }
  | { readonly kind: 'blank'; readonly why: string }

export interface RiskModel {
  readonly key: string
  readonly label: string
  /** Probability, or an ordered category. */
  readonly scale: 'probability' | 'category'
  readonly answer: (row: Readonly<Record<string, string>>) => RiskAnswer
}

/** Every model, in the order of the tables. */
export const RISK_MODELS: readonly RiskModel[] = [
  model('brock_2a', 'Brock 2a', (read) => brock2a(brockInput(read))),
  model('brock_2b', 'Brock 2b', (read) => brock2b({ ...brockInput(read), spiculated: spiculated(read) })),
  model('mayo', 'Mayo', (read) =>
    mayo({
      age: number(read, 'age'),
      everSmoker: smoker(read),
      extrathoracicCancer: yes(read, 'extrathoracicCancer'),
      diameterMm: number(read, 'longestDiameterMm'),
      spiculated: spiculated(read),
      upperLobe: upperLobe(read),
    }),
  ),
  model('va', 'VA', (read) => {
    const everSmoker = smoker(read)
    return va({
      age: number(read, 'age'),
      everSmoker,
      diameterMm: number(read, 'longestDiameterMm'),
      // Who never smoked has nothing to quit.
      yearsSinceQuitting: everSmoker ? number(read, 'yearsSinceQuitting') : 0,
    })
  }),
  {
    key: 'lung_rads',
    label: `Lung-RADS v2022 (secondary sources)`,
    scale: 'category',
    answer: (row) =>
      answered(() => {
        const read = reader(row)
        const flag = (said: Said): boolean => read(said) !== undefined && yes(read, said)
        const { category, rule } = lungRads({
          consistency: consistency(read),
          diameterMm: number(read, 'meanDiameterMm'),
          solidDiameterMm: read('solidDiameterMm') === undefined ? undefined : number(read, 'solidDiameterMm'),
          isNew: flag('isNew'),
          growing: flag('growing'),
          stable: flag('stable'),
          juxtapleuralBenign: flag('juxtapleuralBenign'),
          suspicious: flag('suspicious'),
        })
        const notes = [`${rule}; ${LUNG_RADS_SOURCE}`]
        return { kind: 'answer', value: CATEGORIES.indexOf(category), shown: category, notes }
      }),
  },
]

type Reader = (said: Said) => string | undefined

function model(key: string, label: string, of: (read: Reader) => ReturnType<typeof brock2a>): RiskModel {
  const answer = (row: Readonly<Record<string, string>>): RiskAnswer =>
    answered(() => {
      const { probability, notes } = of(reader(row))
      return { kind: 'answer', value: probability, shown: String(probability), notes }
    })
  return { key, label, scale: 'probability', answer }
}

function answered(work: () => RiskAnswer): RiskAnswer {
  try {
    return work()
  } catch (error) {
    if (error instanceof SpiculaError && error.code.startsWith('risk/')) return { kind: 'blank', why: error.message }
    throw error
  }
}

const letters = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')

/** What a row says; undefined where its column is absent or says that nothing is known. */
function reader(row: Readonly<Record<string, string>>): Reader {
  const fields = new Map(Object.entries(row).map(([column, value]) => [letters(column), value.trim()]))
  return (said) => {
    for (const name of RISK_COLUMNS[said]) {
      const value = fields.get(letters(name))
      if (value !== undefined && !isMissing(value)) return value
    }
    return undefined
  }
}

function need(read: Reader, said: Said): string {
  const value = read(said)
  if (value !== undefined) return value
  throw new SpiculaError('risk/missing', `${RISK_COLUMNS[said][0]} is not given`)
}

/** Years, as people and DICOM's PatientAge (AS, PS3.5 6.2) write them; lengths with their unit. */
const UNITS: Readonly<Partial<Record<Said, Readonly<Record<string, number>>>>> = {
  age: { y: 1, yr: 1, yrs: 1, yo: 1, year: 1, years: 1, m: 1 / 12, months: 1 / 12 },
  longestDiameterMm: { mm: 1, cm: 10 },
  meanDiameterMm: { mm: 1, cm: 10 },
  solidDiameterMm: { mm: 1, cm: 10 },
  yearsSinceQuitting: { y: 1, yr: 1, yrs: 1, year: 1, years: 1 },
}

function number(read: Reader, said: Said): number {
  const [, text = '', unit = ''] = /^([+-]?(?:\d+\.?\d*|\.\d+))\s*([a-z/]*)\.?$/i.exec(need(read, said)) ?? []
  const factor = unit === '' ? 1 : UNITS[said]?.[letters(unit)]
  if (text !== '' && factor !== undefined) return Number(text) * factor
  throw new SpiculaError('risk/value', `${RISK_COLUMNS[said][0]} is not a number`)
}

const unknownValue = (said: Said, expected: string): SpiculaError =>
  new SpiculaError('risk/value', `${RISK_COLUMNS[said][0]} is not one of ${expected}`)

const inDoubt = (said: Said): SpiculaError =>
  new SpiculaError('risk/value', `${RISK_COLUMNS[said][0]} is a doubt or says two things: neither yes nor no`)

function yes(read: Reader, said: Said, finding?: RegExp): boolean {
  const answer = presenceOf(need(read, said), finding)
  if (answer === 'doubtful') throw inDoubt(said)
  if (answer === 'unsaid') throw unknownValue(said, 'yes, no, 1, 0')
  return answer === 'present'
}

const CONSISTENCY: Readonly<Record<string, Consistency>> = {
  Solid: 'solid',
  'Part-solid': 'part-solid',
  'Pure ground glass': 'non-solid',
}

function consistency(read: Reader): Consistency {
  const value = CONSISTENCY[choiceValue('nodule_consistency', need(read, 'consistency')) ?? '']
  if (value === undefined) throw unknownValue('consistency', 'solid, part-solid, non-solid')
  return value
}

function female(read: Reader): boolean {
  const text = letters(need(read, 'sex'))
  if (['f', 'female', 'w', 'woman'].includes(text)) return true
  if (['m', 'male', 'man'].includes(text)) return false
  // 0 and 1 (or 1 and 2) mean one thing in one table and the other in the next.
  throw unknownValue('sex', 'F, M, female, male')
}

/** Upper lobe in any order of words; the lingula is not counted as upper, as in the trials' tables. */
function upperLobe(read: Reader): boolean {
  if (read('upperLobe') !== undefined) return yes(read, 'upperLobe')
  const words =
    need(read, 'lobe')
      .toLowerCase()
      .match(/\p{L}+/gu) ?? []
  const known = /^(rul|lul|rml|rll|lll|upper|middle|lower|lingula|lingular|right|left|lobe|r|l|lung)$/
  const has = (pattern: RegExp): boolean => words.some((word) => pattern.test(word))
  const lingula = has(/^lingular?$/)
  const levels = [has(/^(rul|lul|upper)$/) && !lingula, lingula || has(/^(rml|middle)$/), has(/^(rll|lll|lower)$/)]
  if (!words.every((word) => known.test(word)) || levels.filter(Boolean).length !== 1)
    throw unknownValue('lobe', 'RUL, RML, RLL, LUL, LLL, lingula')
  return levels[0]
}

/** Margins in words: the first column that speaks of spicules counts, and two that disagree are a doubt. */
function spiculated(read: Reader): boolean {
  if (read('spiculated') !== undefined) return yes(read, 'spiculated', SPICULATION)
  const margins = [read('margins'), read('moreMargins')].filter((text) => text !== undefined)
  if (margins.length === 0) throw new SpiculaError('risk/missing', 'spiculation is not given')
  const said = new Set(margins.map((text) => findingIn(text, SPICULATION)))
  if (said.has('doubtful') || (said.has('present') && said.has('absent'))) throw inDoubt('margins')
  return said.has('present')
}

function smoker(read: Reader): boolean {
  const words: readonly string[] =
    need(read, 'everSmoker')
      .toLowerCase()
      .match(/\p{L}+|\d+/gu) ?? []
  const known =
    /^(ever|never|current|currently|active|former|formerly|previous|past|ex|quit|non|nonsmoker|not|no|smoker|smoked|smoking|smokes|a)$/
  const has = (pattern: RegExp): boolean => words.some((word) => pattern.test(word))
  if (words.length > 0 && words.every((word) => known.test(word)) && !/^(no|not)$/.test(words.join(' '))) {
    const ever = has(/^(ever|current|currently|active|former|formerly|previous|past|ex|quit)$/)
    const denied = has(/^(never|non|nonsmoker|not|no)$/)
    // Who does not smoke now may have smoked before.
    if (ever && denied) throw inDoubt('everSmoker')
    return !denied
  }
  return yes(read, 'everSmoker')
}

const brockInput = (read: Reader): BrockInput => ({
  age: number(read, 'age'),
  female: female(read),
  familyHistory: yes(read, 'familyHistory'),
  emphysema: yes(read, 'emphysema'),
  diameterMm: number(read, 'longestDiameterMm'),
  consistency: consistency(read),
  upperLobe: upperLobe(read),
  noduleCount: number(read, 'noduleCount'),
})
