import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BrockInput, brock2a, brock2b } from './brock.ts'
import { CONSISTENCIES, checkNumbers, NUMBERS, type NumberInput, outside } from './inputs.ts'
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

/** exp of the difference in logit that one change makes, in as many digits as `printed` has. */
function oddsRatio<Input>(
  of: (input: Input) => { readonly logit: number },
  from: Input,
  change: Partial<Input>,
  printed: string,
): string {
  const ratio = Math.exp(of({ ...from, ...change }).logit - of(from).logit)
  return ratio.toFixed(printed.length - printed.indexOf('.') - 1)
}

describe('risk models have the odds ratios that their papers print', () => {
  const nodule: BrockInput & { spiculated: boolean } = {
    age: 62,
    female: false,
    familyHistory: false,
    emphysema: false,
    diameterMm: 8,
    consistency: 'solid',
    upperLobe: false,
    noduleCount: 4,
    spiculated: false,
  }
  it.each<[Partial<typeof nodule>, string, string]>([
    [{ age: 63 }, '1.03', '1.03'],
    [{ female: true }, '1.76', '1.82'],
    [{ familyHistory: true }, '1.35', '1.34'],
    [{ emphysema: true }, '1.41', '1.34'],
    [{ consistency: 'non-solid' }, '0.74', '0.88'],
    [{ consistency: 'part-solid' }, '1.40', '1.46'],
    [{ upperLobe: true }, '2.04', '1.93'],
    [{ noduleCount: 5 }, '0.92', '0.92'],
  ])('Brock, %j: %s without and %s with spiculation (McWilliams 2013, table 2)', (change, two2a, two2b) => {
    expect(oddsRatio(brock2a, nodule, change, two2a)).toBe(two2a)
    expect(oddsRatio(brock2b, nodule, change, two2b)).toBe(two2b)
  })

  it('Brock, spiculation: 2.17', () => {
    expect(oddsRatio(brock2b, nodule, { spiculated: true }, '2.17')).toBe('2.17')
  })

  it.each([
    [{ age: 61 }, '1.04'],
    [{ everSmoker: true }, '2.2'],
    [{ extrathoracicCancer: true }, '3.8'],
    [{ diameterMm: 11 }, '1.14'],
    [{ spiculated: true }, '2.8'],
    [{ upperLobe: true }, '2.2'],
  ])('Mayo, %j: %s (Swensen 1997)', (change, printed) => {
    const plain = { age: 60, everSmoker: false, extrathoracicCancer: false, spiculated: false, upperLobe: false }
    expect(oddsRatio(mayo, { ...plain, diameterMm: 10 }, change, printed)).toBe(printed)
  })

  it.each([
    [{ everSmoker: true }, '7.9'],
    [{ age: 70 }, '2.2'],
    [{ diameterMm: 11 }, '1.1'],
    [{ yearsSinceQuitting: 10 }, '0.6'],
  ])('VA, %j: %s (Gould 2007)', (change, printed) => {
    const plain = { age: 60, everSmoker: false, diameterMm: 10, yearsSinceQuitting: 0 }
    expect(oddsRatio(va, plain, change, printed)).toBe(printed)
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

  it.each(Object.entries(NUMBERS))('are taken from one end of what makes sense to the other: %s', (name, input) => {
    const { from, to, unit, label }: NumberInput = input
    const check = (value: number) => () => checkNumbers({ [name]: value })
    expect(check(from)).not.toThrow()
    expect(check(to)).not.toThrow()
    for (const value of [from - 1, to + 1, Number.NaN]) expect(check(value)).toThrow(`${label} is ${value} ${unit};`)
    const error = { code: 'risk/range', hint: `Check the value and its unit (${unit}).` }
    expect(check(to + 1)).toThrow(expect.objectContaining(error))
  })

  it('that are not asked for are not checked, and are outside of nothing', () => {
    expect(() => checkNumbers({ age: undefined as never })).not.toThrow()
    expect(outside({ age: undefined as never }, { age: [50, 75] })).toEqual([])
  })

  it.each([
    ['Brock', 50, 75, 1, 30],
    ['Mayo', 18, 120, 4, 30],
    ['VA', 18, 120, 7, 30],
  ])(
    '%s was made on patients of %i to %i years with nodules of %i to %i mm',
    (name, youngest, oldest, small, large) => {
      const notes = (age: number, diameterMm: number): readonly string[] => {
        const flags = { everSmoker: true, extrathoracicCancer: false, spiculated: false, upperLobe: false }
        if (name === 'Mayo') return mayo({ ...flags, age, diameterMm }).notes
        if (name === 'VA') return va({ ...flags, age, diameterMm, yearsSinceQuitting: 1 }).notes
        return brock2a({ ...CASES[0][0], age, diameterMm }).notes
      }
      expect(notes(youngest, small)).toEqual([])
      expect(notes(oldest, large)).toEqual([])
      const note = (diameterMm: number) =>
        `diameter ${diameterMm} mm lies outside the ${small} to ${large} of the patients the model was made on`
      expect(notes(60, small - 0.5)).toEqual([note(small - 0.5)])
      expect(notes(60, large + 0.5)).toEqual([note(large + 0.5)])
      if (name === 'Brock') expect([notes(49, 8), notes(76, 8)].flat()).toHaveLength(2)
    },
  )

  it.each([
    [
      'mayo',
      (age: number) =>
        mayo({ age, everSmoker: true, extrathoracicCancer: false, spiculated: false, upperLobe: false, diameterMm: 9 }),
    ],
    ['va', (age: number) => va({ age, everSmoker: true, diameterMm: 9, yearsSinceQuitting: 0 })],
  ])('are checked by %s', (_, of) => expect(() => of(17)).toThrow('age is 17 years'))

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
