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
    ['sex', '1', 'brock_2b', 'sex is none of F, M, female, male'],
    ['age', 'old', 'mayo', 'age is no number'],
    ['age', '680', 'va', 'age is 680 years; from 18 to 120 makes sense'],
    ['years_since_quitting', '', 'va', 'years_since_quitting is not given'],
    ['nodule_consistency', 'soft', 'lung_rads', 'nodule_consistency is none of solid, part-solid, non-solid'],
  ])('%s "%s" leaves %s blank: %s', (column, value, key, why) => {
    expect(answers({ ...ROW, [column]: value })[key]).toEqual({ kind: 'blank', why })
  })

  it('know spiculation from its own column or from margins, and never smoked from the smoking status', () => {
    const spiculated = answers({ ...ROW, nodule_margins: 'Spiculated/Serrated' }).brock_2b
    expect(answers({ ...ROW, spiculation: '1' }).brock_2b).toEqual(spiculated)
    expect(spiculated).toMatchObject({ value: expect.closeTo(0.27, 2) })
    expect(answers({ ...ROW, smoking_status: 'never', years_since_quitting: '' }).va.kind).toBe('answer')
  })
})
