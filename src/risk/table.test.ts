import { describe, expect, it } from 'vitest'
import { RISK_MODELS } from './table.ts'

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
    ['age', 'old', 'mayo', 'age is no number'],
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
  it('a table that says nothing leaves blanks', () => {
    expect(answers({ ...ROW, age: 'NA' }).mayo).toEqual({ kind: 'blank', why: 'age is not given' })
  })
})
