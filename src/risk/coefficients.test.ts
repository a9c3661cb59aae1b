/**
 * Every coefficient on its own, entered a second time from the papers: Brock 2a and 2b (McWilliams et al. 2013,
 * supplementary table), Mayo (Swensen et al. 1997), VA (Gould et al. 2007, on the scale of the logit).
 */
import { describe, expect, it } from 'vitest'
import { type BrockInput, brock2a, brock2b } from './brock.ts'
import { checkNumbers, NUMBERS, type NumberName, outside, riskOf } from './inputs.ts'
import { type MayoInput, mayo } from './mayo.ts'
import { type VaInput, va } from './va.ts'

const BROCK: BrockInput = {
  age: 62,
  female: false,
  familyHistory: false,
  emphysema: false,
  diameterMm: 4,
  consistency: 'solid',
  upperLobe: false,
  noduleCount: 4,
}
const MAYO: MayoInput = {
  age: 60,
  everSmoker: false,
  extrathoracicCancer: false,
  diameterMm: 10,
  spiculated: false,
  upperLobe: false,
}
const VA: VaInput = { age: 60, everSmoker: false, diameterMm: 10, yearsSinceQuitting: 0 }

describe('Brock', () => {
  // A man of 62 with four solid nodules of 4 mm has the intercept.
  it.each<[string, Partial<BrockInput>, number, number]>([
    ['a year more', { age: 63 }, 0.0321, 0.0287],
    ['a woman', { female: true }, 0.5635, 0.6011],
    ['family history', { familyHistory: true }, 0.3013, 0.2961],
    ['emphysema', { emphysema: true }, 0.3462, 0.2953],
    ['a part-solid nodule', { consistency: 'part-solid' }, 0.3395, 0.377],
    ['a non-solid nodule', { consistency: 'non-solid' }, -0.3055, -0.1276],
    ['an upper lobe', { upperLobe: true }, 0.7116, 0.6581],
    ['a nodule more', { noduleCount: 5 }, -0.0803, -0.0824],
    ['10 mm', { diameterMm: 10 }, -5.6693 * (1 - 1.58113883), -5.3854 * (1 - 1.58113883)],
  ])('%s', (_, change, a, b) => {
    expect(brock2a({ ...BROCK, ...change }).logit).toBeCloseTo(-6.8071 + a, 7)
    expect(brock2b({ ...BROCK, ...change, spiculated: false }).logit).toBeCloseTo(-6.7892 + b, 7)
  })

  it('begins at its intercept, and spiculation adds to 2b alone', () => {
    expect(brock2a(BROCK).logit).toBeCloseTo(-6.8071, 7)
    expect(brock2b({ ...BROCK, spiculated: true }).logit).toBeCloseTo(-6.7892 + 0.7729, 7)
  })

  it('was made on smokers of 50 to 75 with nodules up to 30 mm', () => {
    const notes = (change: Partial<BrockInput>) => brock2a({ ...BROCK, ...change }).notes
    expect([notes({ age: 50 }), notes({ age: 75 }), notes({ diameterMm: 1 }), notes({ diameterMm: 30 })]).toEqual([
      [],
      [],
      [],
      [],
    ])
    expect(notes({ age: 49 })).toEqual(['age 49 years lies outside the 50 to 75 of the patients the model was made on'])
    expect(notes({ age: 76, diameterMm: 31 })).toEqual([
      'age 76 years lies outside the 50 to 75 of the patients the model was made on',
      'diameter 31 mm lies outside the 1 to 30 of the patients the model was made on',
    ])
    expect(brock2b({ ...BROCK, diameterMm: 0.6, spiculated: false }).notes).toHaveLength(1)
  })
})

describe('Mayo', () => {
  const start = -6.8272 + 0.0391 * 60 + 0.1274 * 10
  it.each<[string, Partial<MayoInput>, number]>([
    ['as it is', {}, 0],
    ['a year more', { age: 61 }, 0.0391],
    ['a smoker', { everSmoker: true }, 0.7917],
    ['a cancer elsewhere', { extrathoracicCancer: true }, 1.3388],
    ['a mm more', { diameterMm: 11 }, 0.1274],
    ['spiculation', { spiculated: true }, 1.0407],
    ['an upper lobe', { upperLobe: true }, 0.7838],
  ])('%s', (_, change, more) => {
    expect(mayo({ ...MAYO, ...change }).logit).toBeCloseTo(start + more, 9)
  })

  it('was made on nodules of 4 to 30 mm', () => {
    const notes = (diameterMm: number) => mayo({ ...MAYO, diameterMm }).notes.length
    expect([3.9, 4, 30, 30.1].map(notes)).toEqual([1, 0, 0, 1])
    expect(() => mayo({ ...MAYO, age: 17 })).toThrow('age is 17 years')
    expect(() => mayo({ ...MAYO, diameterMm: 151 })).toThrow('diameter is 151 mm')
  })
})

describe('VA', () => {
  const start = -8.404 + 0.0779 * 60 + 0.112 * 10
  it.each<[string, Partial<VaInput>, number]>([
    ['as it is', {}, 0],
    ['ten years more', { age: 70 }, 0.779],
    ['a smoker', { everSmoker: true }, 2.061],
    ['a mm more', { diameterMm: 11 }, 0.112],
    ['ten years without smoking', { yearsSinceQuitting: 10 }, -0.567],
  ])('%s', (_, change, more) => {
    expect(va({ ...VA, ...change }).logit).toBeCloseTo(start + more, 9)
  })

  it('was made on nodules of 7 to 30 mm', () => {
    const notes = (diameterMm: number) => va({ ...VA, diameterMm }).notes.length
    expect([6.9, 7, 30, 30.1].map(notes)).toEqual([1, 0, 0, 1])
  })
})

describe('numbers', () => {
  it.each<[NumberName, number, number, string]>([
    ['age', 18, 120, 'age is 17 years; from 18 to 120 makes sense'],
    ['diameterMm', 0.5, 150, 'diameter is -0.5 mm; from 0.5 to 150 makes sense'],
    ['noduleCount', 1, 100, 'nodule count is 0 nodules; a whole number from 1 to 100 makes sense'],
    ['yearsSinceQuitting', 0, 100, 'years since quitting is -1 years; from 0 to 100 makes sense'],
    ['solidDiameterMm', 0, 150, 'diameter of the solid component is -1 mm; from 0 to 150 makes sense'],
  ])('%s makes sense from %d to %d', (name, from, to, message) => {
    expect(NUMBERS[name]).toMatchObject({ from, to })
    for (const value of [from, to]) expect(() => checkNumbers({ [name]: value })).not.toThrow()
    expect(() => checkNumbers({ [name]: from - 1 })).toThrow(
      expect.objectContaining({
        code: 'risk/range',
        message,
        hint: `Check the value and its unit (${NUMBERS[name].unit}).`,
      }),
    )
    for (const value of [to + 1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => checkNumbers({ [name]: value })).toThrow(expect.objectContaining({ code: 'risk/range' }))
  })

  it('that are not given are not checked', () => {
    expect(() => checkNumbers({ age: undefined } as never)).not.toThrow()
    expect(outside({}, { age: [1, 2] })).toEqual([])
    expect(() => checkNumbers({ noduleCount: 1.5 })).toThrow('a whole number')
  })

  it('become a probability by the logistic function', () => {
    expect(riskOf(0, ['a'])).toEqual({ probability: 0.5, logit: 0, notes: ['a'] })
    expect(riskOf(Math.log(3), []).probability).toBeCloseTo(0.75, 14)
  })
})
