import { describe, expect, it } from 'vitest'
import { RISK_COLUMNS, RISK_MODELS } from './table.ts'

const ROW = {
  age: '68',
  sex: 'F',
  family_history: 'yes',
  emphysema: '0',
  'longest_axial_diameter_(mm)': '10',
  mean_diameter: '9',
  nodule_consistency: 'Solid',
  lobe: 'RUL',
  nodule_count: '2',
  nodule_margins: 'Smooth',
  smoking_status: 'former',
  years_since_quitting: '3',
  extrathoracic_cancer: 'no',
}
const answers = (row: Record<string, string>) =>
  Object.fromEntries(RISK_MODELS.map(({ key, answer }) => [key, answer(row)]))

describe('risk models on a row', () => {
  it('read the published columns and common ones', () => {
    const { brock_2a, brock_2b, mayo, va, lung_rads } = answers(ROW)
    expect(brock_2a).toMatchObject({ kind: 'answer', value: expect.closeTo(0.1704, 4) })
    expect(brock_2b).toMatchObject({ kind: 'answer', value: expect.closeTo(0.1459, 4) })
    expect([mayo.kind, va.kind]).toEqual(['answer', 'answer'])
    // By the mean diameter, not the longest.
    expect(lung_rads).toMatchObject({ shown: '4A', notes: [expect.stringContaining('secondary sources')] })
  })

  it.each([
    ['sex', '', 'brock_2a', 'sex is not given'],
    ['sex', '1', 'brock_2b', 'sex is not one of F, M, female, male'],
    ['age', 'old', 'mayo', 'age is not a number'],
    ['age', '680', 'va', 'age is 680 years; from 18 to 120 makes sense'],
    ['years_since_quitting', '', 'va', 'years_since_quitting is not given'],
    ['nodule_consistency', 'soft', 'lung_rads', 'nodule_consistency is not one of solid, part-solid, non-solid'],
  ])('%s "%s" leaves %s blank: %s', (column, value, key, why) => {
    expect(answers({ ...ROW, [column]: value })[key]).toEqual({ kind: 'blank', why })
  })

  it('know spiculation from its own column or from margins, and never smoked from the smoking status', () => {
    const spiculated = answers({ ...ROW, nodule_margins: 'Spiculated/Serrated' }).brock_2b
    expect(answers({ ...ROW, spiculation: '1' }).brock_2b).toEqual(spiculated)
    expect(spiculated).toMatchObject({ value: expect.closeTo(0.27, 2) })
    expect(answers({ ...ROW, smoking_status: 'never', years_since_quitting: '' }).va.kind).toBe('answer')
  })

  // By hand, Mayo: 0.12206; spiculation adds 1.0407 to the logit.
  const UPPER = -6.8272 + 0.0391 * 65 + 0.1274 * 12 + 0.7838
  const MAN = {
    ...ROW,
    age: '65',
    sex: 'M',
    family_history: 'no',
    'longest_axial_diameter_(mm)': '12',
    nodule_count: '1',
  }
  const mayoOf = (row: Record<string, string>) =>
    answers({ ...MAN, smoking_status: 'never', years_since_quitting: '', ...row }).mayo
  it.each([
    'Smooth',
    'Not spiculated',
    'Non-spiculated',
    'Nonspiculated',
    'Smooth, without spiculation',
    'Smooth; no spiculation',
    'Absent spiculation',
    'spiculation: none',
  ])('%j is not spiculated', (nodule_margins) => {
    expect(mayoOf({ nodule_margins })).toMatchObject({ value: expect.closeTo(0.12206, 5) })
  })
  it.each(['Spiculated/Serrated', 'lobulated, spiculated'])('%j is spiculated', (nodule_margins) => {
    expect(mayoOf({ nodule_margins })).toMatchObject({ value: expect.closeTo(0.28244, 5) })
  })
  it.each([
    { nodule_margins: 'possibly spiculated' },
    { nodule_margins: 'Not spiculated', additional_nodule_margins: 'Spiculated' },
  ])('%j is a doubt, and no model answers it', (row) =>
    expect(mayoOf(row)).toMatchObject({ kind: 'blank', why: expect.stringContaining('doubt') }),
  )
  it.each([
    ['spiculation', 'not present', 0.12206],
    ['spiculation', 'not spiculated', 0.12206],
    ['spiculation', 'present', 0.28244],
    ['age', '065Y', 0.12206],
    ['age', '65 years', 0.12206],
    ['longest_axial_diameter_(mm)', '12 mm', 0.12206],
    ['longest_axial_diameter_(mm)', '1.2 cm', 0.12206],
    ['lobe', 'right upper', 0.12206],
    ['lobe', 'Left Upper Lobe', 0.12206],
    ['smoking_status', 'non-smoker', 0.12206],
  ])('%s %j is understood', (column, value, expected) => {
    expect(mayoOf({ [column]: value })).toMatchObject({ value: expect.closeTo(expected, 5) })
  })
  it.each([
    ['lobe', 'LUL (lingula)', false],
    ['lobe', 'lower lobe, right', false],
    ['lobe', 'RUL/RLL', undefined],
    ['lobe', 'hilum', undefined],
  ])('%s %j: upper lobe %s', (column, value, upper) => {
    const said = mayoOf({ [column]: value })
    if (upper === undefined) expect(said.kind).toBe('blank')
    else expect(said).toMatchObject({ value: expect.closeTo(1 / (1 + Math.exp(0.7838 - UPPER)), 5) })
  })
  it.each([
    ['Former smoker', true],
    ['Current smoker', true],
    ['ex-smoker', true],
    ['never smoked', false],
    ['no', false],
    ['not current smoker', undefined],
    ['sometimes', undefined],
  ])('smoking_status %j: ever smoked %s', (smoking_status, ever) => {
    const said = mayoOf({ smoking_status })
    if (ever === undefined) expect(said.kind).toBe('blank')
    else expect(said).toMatchObject({ value: expect.closeTo(1 / (1 + Math.exp(-UPPER - (ever ? 0.7917 : 0))), 5) })
  })
  it.each([
    ['Ground glass opacity', 'non-solid'],
    ['Part solid', 'part-solid'],
    ['subsolid', undefined],
  ])('consistency %j is %s', (nodule_consistency, expected) => {
    const said = answers({ ...ROW, nodule_consistency }).brock_2a
    if (expected === undefined) expect(said.kind).toBe('blank')
    else expect(said).toEqual(answers({ ...ROW, nodule_consistency: expected }).brock_2a)
  })
  /** A row in which every column that is asked for has a telling value. */
  const FULL: Readonly<Record<keyof typeof RISK_COLUMNS, readonly [value: string, other: string]>> = {
    age: ['68', '51'],
    sex: ['F', 'M'],
    familyHistory: ['yes', 'no'],
    emphysema: ['0', '1'],
    longestDiameterMm: ['10', '22'],
    meanDiameterMm: ['7', '16'],
    consistency: ['Solid', 'Part-solid'],
    upperLobe: ['yes', 'no'],
    lobe: ['RUL', 'LLL'],
    noduleCount: ['2', '9'],
    spiculated: ['no', 'yes'],
    margins: ['Smooth', 'Spiculated'],
    moreMargins: ['Smooth', 'Spiculated'],
    everSmoker: ['former', 'never'],
    yearsSinceQuitting: ['3', '20'],
    extrathoracicCancer: ['no', 'yes'],
    solidDiameterMm: ['6.5', '3'],
    isNew: ['no', 'yes'],
    growing: ['no', 'yes'],
    stable: ['no', 'yes'],
    juxtapleuralBenign: ['no', 'yes'],
    suspicious: ['no', 'yes'],
  }
  /** What else must stand in the row, so that the column decides. */
  const BESIDE: Partial<Record<keyof typeof RISK_COLUMNS, Record<string, string>>> = {
    lobe: { upper_lobe: '' },
    margins: { spiculation: '' },
    moreMargins: { spiculation: '' },
    solidDiameterMm: { nodule_consistency: 'Part-solid', mean_diameter: '9' },
    stable: { nodule_consistency: 'Pure ground glass', mean_diameter: '35' },
  }
  const columns = Object.entries(RISK_COLUMNS) as [keyof typeof RISK_COLUMNS, readonly string[]][]
  const said = Object.fromEntries(columns.map(([name, [first]]) => [first, FULL[name][0]]))
  it.each(columns.flatMap(([name, names]) => names.map((column) => [column, name, names[0]] as const)))(
    'the column %s is read as %s',
    (column, name, first) => {
      // Others of its names would be read before it.
      const { [first]: _, ...rest } = { ...said, ...BESIDE[name] }
      const withName = (value: string) => answers({ ...rest, [column]: value })
      expect(withName(FULL[name][0])).toEqual(answers({ ...rest, [first]: FULL[name][0] }))
      expect(withName(FULL[name][1])).toEqual(answers({ ...rest, [first]: FULL[name][1] }))
      expect(withName(FULL[name][1])).not.toEqual(withName(FULL[name][0]))
      // However it is written.
      expect(answers({ ...rest, [column.toUpperCase().replaceAll('_', ' ')]: ` ${FULL[name][1]} ` })).toEqual(
        withName(FULL[name][1]),
      )
    },
  )

  it('say what is missing by the name of its first column', () => {
    const needed = {
      brock_2a: [
        'age',
        'sex',
        'family_history',
        'emphysema',
        'longest_axial_diameter_(mm)',
        'nodule_consistency',
        'lobe',
        'nodule_count',
      ],
      mayo: ['age', 'smoking_status', 'extrathoracic_cancer', 'longest_axial_diameter_(mm)', 'nodule_margins', 'lobe'],
      va: ['age', 'smoking_status', 'longest_axial_diameter_(mm)', 'years_since_quitting'],
      lung_rads: ['nodule_consistency', 'mean_diameter'],
    }
    const called: Record<string, string> = { smoking_status: 'ever_smoker', nodule_margins: 'spiculation' }
    for (const [key, names] of Object.entries(needed))
      for (const column of names) {
        const { [column as keyof typeof ROW]: _, ...rest } = ROW
        expect(answers(rest)[key]).toEqual({ kind: 'blank', why: `${called[column] ?? column} is not given` })
      }
  })

  it('are known by their keys, names and scales', () => {
    expect(RISK_MODELS.map(({ key, label, scale }) => [key, label, scale])).toEqual([
      ['brock_2a', 'Brock 2a', 'probability'],
      ['brock_2b', 'Brock 2b', 'probability'],
      ['mayo', 'Mayo', 'probability'],
      ['va', 'VA', 'probability'],
      ['lung_rads', 'Lung-RADS v2022 (secondary sources)', 'category'],
    ])
  })

  it('say what they answer: a probability as it is, a category with its rank and its rule', () => {
    const { brock_2a, lung_rads } = answers(ROW)
    if (brock_2a.kind !== 'answer') throw new Error('no answer')
    expect([brock_2a.shown, brock_2a.notes]).toEqual([String(brock_2a.value), []])
    expect(lung_rads).toEqual({
      kind: 'answer',
      value: 2,
      shown: '4A',
      notes: ['solid, 8 to < 15 mm; Lung-RADS v2022, compiled from secondary sources'],
    })
    const old = answers({ ...ROW, age: '80' }).brock_2b
    expect(old).toMatchObject({ notes: [expect.stringContaining('age 80 years lies outside')] })
  })

  it.each([
    ['M', 'male'],
    ['man', 'male'],
    ['w', 'F'],
    ['Woman', 'female'],
  ])('sex %j is %j', (sex, same) => {
    expect(answers({ ...ROW, sex }).brock_2a).toEqual(answers({ ...ROW, sex: same }).brock_2a)
    expect(answers({ ...ROW, sex: 'M' }).brock_2a).not.toEqual(answers({ ...ROW, sex: 'F' }).brock_2a)
  })

  it.each([
    ['age', '816 months', '68'],
    ['age', '68yo', '68'],
    ['longest_axial_diameter_(mm)', '1cm', '10'],
    ['longest_axial_diameter_(mm)', '+10.', '10'],
    ['longest_axial_diameter_(mm)', '10 mm.', '10'],
    ['mean_diameter', '.9 cm', '9'],
    ['years_since_quitting', '3 yrs', '3'],
  ])('%s %j is %s', (column, value, same) => {
    expect(answers({ ...ROW, [column]: value })).toEqual(answers({ ...ROW, [column]: same }))
  })

  it.each([
    ['age', '68 kg', 'mayo'],
    ['age', '6 8', 'mayo'],
    ['nodule_count', '2 mm', 'brock_2a'],
    ['longest_axial_diameter_(mm)', '10 in', 'va'],
    ['longest_axial_diameter_(mm)', '1e1', 'va'],
  ])('%s %j is not a number', (column, value, key) => {
    expect(answers({ ...ROW, [column]: value })[key]).toEqual({ kind: 'blank', why: `${column} is not a number` })
  })

  it('do not hide what is not a fault of the row', () => {
    const row = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new TypeError('broken')
        },
      },
    )
    expect(() => RISK_MODELS[0].answer(row)).toThrow(TypeError)
  })

  it('a table that says nothing leaves blanks', () => {
    expect(answers({ ...ROW, age: 'NA' }).mayo).toEqual({ kind: 'blank', why: 'age is not given' })
  })
})
