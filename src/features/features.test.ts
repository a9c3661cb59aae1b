import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseTable } from '../files/table.ts'
import { featureRows } from './feature-rows.ts'
import { CATEGORICAL, choiceOf, FEATURE_NAMES, isLength, PUBLISHED_NAMES } from './features.ts'
import { featureColumns, parseFeatures } from './parse-features.ts'

/** The published columns (docs/method.md M15.5), after the seven of the manifest. */
const PUBLISHED =
  'longest_axial_diameter_(mm), short_diameter_(mm), mean_diameter, psn_longest_diameter_solid_component, ' +
  'nodule_margin_conspicuity, nodule_margins, additional_nodule_margins, nodule_shape, nodule_consistency, ' +
  'nodule_reticulation, cyst-like_spaces, intra-nodular_bronchiectasis, necrosis, cavitation, eccentric_calcification, ' +
  'airway_cut-off, pleural_attachment, pleural_retraction, vascular_convergence, septal_stretching, ' +
  'paracicatricial_emphysema, level_of_suspicion_of_lung_cancer'

describe('the schema', () => {
  it('has the published columns in their order, 17 of them categorical', () => {
    expect(PUBLISHED_NAMES.join(', ')).toBe(PUBLISHED)
    expect(CATEGORICAL).toHaveLength(17)
  })

  it('has no synonym that stands for two values', () => {
    for (const name of FEATURE_NAMES) {
      if (isLength(name)) continue
      const { values, synonyms } = choiceOf(name)
      const all = values.flatMap((value) => [value, ...(synonyms[value] ?? [])]).map((word) => word.toLowerCase())
      expect(new Set(all).size, name).toBe(all.length)
    }
  })
})

describe('parseFeatures', () => {
  it.each([
    ['nodule_consistency', 'GGO', 'Pure ground glass'],
    ['nodule_consistency', 'part solid', 'Part-solid'],
    ['nodule_consistency', 'PART-SOLID ', 'Part-solid'],
    ['nodule_margins', 'spiculated', 'Spiculated/Serrated'],
    ['nodule_margins', 'Spiculated / Serrated', 'Spiculated/Serrated'],
    ['nodule_shape', 'irregular', 'Complex/Irregular'],
    ['nodule_margin_conspicuity', 'poorly-marginated', 'Poorly marginated'],
    ['necrosis', 'no', 'Absent'],
    ['necrosis', '1.0', 'Present'],
    ['level_of_suspicion_of_lung_cancer', 'moderately high', 'Moderately High'],
    ['short_diameter_(mm)', '0.8 cm', 8],
    ['mean_diameter', '12', 12],
  ])('%s %j is %j', (column, text, value) => {
    expect(parseFeatures({ [column]: text })).toEqual({ features: { [column]: value }, problems: [] })
  })

  it('takes every published value as itself', () => {
    for (const name of FEATURE_NAMES)
      if (!isLength(name))
        for (const value of choiceOf(name).values)
          expect(parseFeatures({ [name]: value }).features).toEqual({ [name]: value })
  })

  it.each([
    ['necrosis', 'not present', 'Absent'],
    ['necrosis', 'no necrosis', 'Absent'],
    ['necrosis', 'Necrosis present', 'Present'],
    ['cavitation', '\u2713', 'Present'],
    ['pleural_attachment', 'without pleural attachment', 'Absent'],
  ])('%s %j is %j by its words', (column, text, value) => {
    expect(parseFeatures({ [column]: text })).toEqual({ features: { [column]: value }, problems: [] })
  })

  it('never reads a denial of a value as the value', () => {
    const spellings = FEATURE_NAMES.flatMap((name) => {
      if (isLength(name)) return []
      const { values, synonyms } = choiceOf(name)
      return values.flatMap((value) => [value, ...(synonyms[value] ?? [])].map((text) => [name, value, text] as const))
    })
    const denials = fc.constantFrom('not ', 'Not ', 'no ', 'without ', 'absent ')
    fc.assert(
      fc.property(fc.constantFrom(...spellings), denials, ([name, value, text], denial) => {
        const { features } = parseFeatures({ [name]: `${denial}${text}` })
        // "not absent" says nothing, "not present" is the other value.
        return value === 'Absent' || features[name] !== value
      }),
    )
  })

  it('reads "-" as absent beside "+", and as a gap elsewhere', () => {
    expect(parseFeatures({ necrosis: '+', cavitation: '-' }).features).toEqual({
      necrosis: 'Present',
      cavitation: 'Absent',
    })
    const { rows } = featureRows(parseTable('pid,nodule_id,necrosis,cavitation\n1,1,-,yes\n2,1,+,no\n', 'a.csv'))
    expect(rows.map(({ features }) => features.necrosis)).toEqual(['Absent', 'Present'])
    expect(parseFeatures({ necrosis: '-', cavitation: 'yes' }).features).toEqual({ cavitation: 'Present' })
  })

  it('takes 0 mm of a solid component as nothing measured, and of no other length', () => {
    expect(parseFeatures({ psn_longest_diameter_solid_component: '0.0', necrosis: 'no' })).toEqual({
      features: { necrosis: 'Absent' },
      problems: [],
    })
    expect(parseFeatures({ mean_diameter: '0.0' }).problems).toHaveLength(1)
  })

  it.each(['', ' ', 'NA', 'nan', 'N/A', '-', 'unknown'])('leaves %j out', (text) => {
    expect(parseFeatures({ necrosis: text, mean_diameter: text })).toEqual({ features: {}, problems: [] })
  })

  it.each([
    ['nodule_margins', 'Lobulatd', /not one of Smooth, Lobulated/, /"Lobulated"/],
    ['nodule_consistency', 'grund glass', /Pure ground glass/, /"Pure ground glass"/],
    ['necrosis', '10', /not one of Present, Absent/, /nothing/],
    ['necrosis', 'Presnt', /not one of Present, Absent/, /"Present"/],
    ['necrosis', 'possibly', /doubt/, /empty/],
    ['nodule_consistency', 'subsolid', /Part-solid/, /nothing/],
    ['mean_diameter', '-3', /not a length/, /mm/],
    ['mean_diameter', '3,5', /not a length/, /decimal point/],
    ['mean_diameter', '1e9', /not a length/, /mm/],
    ['mean_diameter', 'Infinity', /not a length/, /mm/],
  ])('%s %j is a problem that helps', (column, text, message, hint) => {
    const { features, problems } = parseFeatures({ [column]: text })
    expect(features).toEqual({})
    expect(problems).toMatchObject([
      { column, message: expect.stringMatching(message), hint: expect.stringMatching(hint) },
    ])
  })

  it('does not repeat what may be a name', () => {
    const { problems } = parseFeatures({ necrosis: 'Jane Doe, born 1950-01-01; St. Mary' })
    expect(JSON.stringify(problems)).not.toContain('Jane')
  })

  it('finds columns in other spellings, each once, and points at slips', () => {
    const { columns, doubtful } = featureColumns(['Cyst like spaces', 'AIRWAY_CUTOFF', 'necrosis ', 'nodule_shpae'])
    expect(Object.fromEntries(columns)).toEqual({
      'cyst-like_spaces': 'Cyst like spaces',
      'airway_cut-off': 'AIRWAY_CUTOFF',
      necrosis: 'necrosis ',
    })
    expect(doubtful).toEqual([{ column: 'nodule_shpae', feature: 'nodule_shape' }])
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...FEATURE_NAMES), fc.string({ unit: 'binary' })), (values) => {
        parseFeatures(values)
      }),
    )
  })
})

describe('featureRows', () => {
  it('keeps good rows beside bad ones', () => {
    const table = parseTable('pid,nodule_id,necrosis\n1,1,Absent\n2,1,Perhaps\n3,1,\n4\n,1,Absent\n', 'a.csv')
    const { rows, problems } = featureRows(table)
    expect(rows.map(({ line, pid }) => [line, pid])).toEqual([[2, '1']])
    expect(problems.map(({ line, code }) => [line, code])).toEqual([
      [5, 'cohort/fields'],
      [3, 'report/unknown-value'],
      [4, 'report/no-features'],
      [6, 'cohort/identifier'],
    ])
  })

  it('refuses a table without features or identifiers', () => {
    expect(() => featureRows(parseTable('pid,nodule_id,x\n1,1,2\n', 'a.csv'))).toThrow(/semantic feature/)
    expect(() => featureRows(parseTable('pid,necrosis\n1,Absent\n', 'a.csv'))).toThrow(/nodule_id/)
    expect(() => parseTable('', 'a.csv')).toThrow(/empty/)
    expect(() => parseTable('a\0', 'a.csv')).toThrow(/binary/)
  })
})
