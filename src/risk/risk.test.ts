import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BrockInput, brock2a, brock2b } from './brock.ts'
import { CONSISTENCIES } from './inputs.ts'
import { mayo } from './mayo.ts'
import { va } from './va.ts'

const CASES: readonly (readonly [BrockInput & { spiculated: boolean }, string, string])[] = [
  [
    {
      age: 68,
      female: true,
      familyHistory: true,
      emphysema: false,
      diameterMm: 10,
      consistency: 'solid',
      upperLobe: true,
      noduleCount: 2,
      spiculated: false,
    },
    '17.04',
    '14.59',
  ],
  [
    {
      age: 65,
      female: false,
      familyHistory: false,
      emphysema: false,
      diameterMm: 10,
      consistency: 'solid',
      upperLobe: false,
      noduleCount: 1,
      spiculated: false,
    },
    '4.011',
    '3.468',
  ],
  [
    {
      age: 80,
      female: true,
      familyHistory: true,
      emphysema: true,
      diameterMm: 30,
      consistency: 'part-solid',
      upperLobe: true,
      noduleCount: 1,
      spiculated: true,
    },
    '87.70',
    '91.54',
  ],
]
const percent = ({ probability }: { probability: number }): string => (probability * 100).toPrecision(4)

describe('risk models have their check values, to four digits', () => {
  it.each(CASES)('Brock, case %#', (input, two2a, two2b) => {
    expect(percent(brock2a(input))).toBe(two2a)
    expect(percent(brock2b(input))).toBe(two2b)
  })

  it('Mayo', () => {
    const plain = { age: 65, everSmoker: true, extrathoracicCancer: false, spiculated: false, upperLobe: false }
    expect(percent(mayo({ ...plain, diameterMm: 10 }))).toBe('9.797')
    expect(percent(mayo({ ...plain, age: 70, diameterMm: 20, spiculated: true, upperLobe: true }))).toBe('74.54')
  })

  it('VA', () => {
    expect(percent(va({ age: 65, everSmoker: true, diameterMm: 15, yearsSinceQuitting: 0 }))).toBe('59.88')
  })
})

describe('inputs', () => {
  it('are refused beyond what makes sense, by name, value and range', () => {
    const [input] = CASES[0]
    expect(() => brock2a({ ...input, age: 680 })).toThrow('age is 680 years; from 18 to 120 makes sense')
    expect(() => brock2b({ ...input, diameterMm: 0 })).toThrow(expect.objectContaining({ code: 'risk/range' }))
    expect(() => brock2b({ ...input, noduleCount: 1.5 })).toThrow('a whole number from 1 to 100')
    expect(() => brock2a({ ...input, age: Number.NaN })).toThrow('age is NaN')
    expect(() => va({ age: 65, everSmoker: true, diameterMm: 15, yearsSinceQuitting: -1 })).toThrow(
      'years since quitting',
    )
  })

  it('outside the population of a model are answered with a note', () => {
    expect(brock2b(CASES[2][0]).notes).toEqual([
      'age 80 years lies outside the 50 to 75 of the patients the model was made on',
    ])
    expect(brock2b(CASES[0][0]).notes).toEqual([])
  })

  it('give more risk with size, spiculation and the upper lobe, always a probability', () => {
    const input = fc.record({
      age: fc.integer({ min: 18, max: 120 }),
      female: fc.boolean(),
      familyHistory: fc.boolean(),
      emphysema: fc.boolean(),
      diameterMm: fc.double({ min: 0.5, max: 149, noNaN: true }),
      consistency: fc.constantFrom(...CONSISTENCIES),
      upperLobe: fc.constant(false),
      noduleCount: fc.integer({ min: 1, max: 100 }),
      spiculated: fc.constant(false),
    })
    fc.assert(
      fc.property(input, (one) => {
        const { probability } = brock2b(one)
        expect(probability).toBeGreaterThanOrEqual(0)
        expect(probability).toBeLessThanOrEqual(1)
        for (const change of [{ diameterMm: one.diameterMm + 1 }, { spiculated: true }, { upperLobe: true }]) {
          expect(brock2b({ ...one, ...change }).probability).toBeGreaterThan(probability)
        }
      }),
    )
  })
})
