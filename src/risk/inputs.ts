/** What the clinic's models ask for: names, units, the values that make sense, and those they were made on. */
import { SpiculaError } from '../error.ts'

export const CONSISTENCIES = ['solid', 'part-solid', 'non-solid'] as const
export type Consistency = (typeof CONSISTENCIES)[number]

/** A number that a model asks for. */
export interface NumberInput {
  readonly label: string
  readonly unit: string
  /** Beyond these it is a slip of the pen: refused. */
  readonly from: number
  readonly to: number
  readonly whole?: boolean
}

/** Every number that some model asks for. */
export const NUMBERS = {
  age: { label: 'age', unit: 'years', from: 18, to: 120 },
  diameterMm: { label: 'diameter', unit: 'mm', from: 0.5, to: 150 },
  noduleCount: { label: 'nodule count', unit: 'nodules', from: 1, to: 100, whole: true },
  yearsSinceQuitting: { label: 'years since quitting', unit: 'years', from: 0, to: 100 },
  solidDiameterMm: { label: 'diameter of the solid component', unit: 'mm', from: 0, to: 150 },
} as const satisfies Record<string, NumberInput>

export type NumberName = keyof typeof NUMBERS

/** The range of a number among the patients that a model was made on; outside it the model guesses. */
export type Population = Readonly<Partial<Record<NumberName, readonly [from: number, to: number]>>>

export interface RiskResult {
  /** In [0, 1]. */
  readonly probability: number
  readonly logit: number
  /** Inputs outside the population that the model was made on. */
  readonly notes: readonly string[]
}

/**
 * Checks numbers against what makes sense.
 * @throws SpiculaError `risk/range` naming the input, its value and its range
 * @example checkNumbers({ age: 500 }) // throws: age is 500 years; from 18 to 120 makes sense
 */
export function checkNumbers(values: Readonly<Partial<Record<NumberName, number>>>): void {
  for (const [name, value] of Object.entries(values) as [NumberName, number | undefined][]) {
    if (value === undefined) continue
    const { label, unit, from, to, ...rest }: NumberInput = NUMBERS[name]
    const fits = value >= from && value <= to && (!rest.whole || Number.isInteger(value))
    if (!fits) {
      const kind = rest.whole ? 'a whole number from' : 'from'
      throw new SpiculaError('risk/range', `${label} is ${value} ${unit}; ${kind} ${from} to ${to} makes sense`, {
        hint: `Check the value and its unit (${unit}).`,
      })
    }
  }
}

/** Remarks on inputs outside a model's population. */
export const outside = (
  values: Readonly<Partial<Record<NumberName, number>>>,
  population: Population,
): readonly string[] =>
  (Object.entries(population) as [NumberName, readonly [number, number]][]).flatMap(([name, [from, to]]) => {
    const value = values[name]
    if (value === undefined || (value >= from && value <= to)) return []
    const { label, unit } = NUMBERS[name]
    return [`${label} ${value} ${unit} lies outside the ${from} to ${to} of the patients the model was made on`]
  })

/** A logit as a result. */
export const riskOf = (logit: number, notes: readonly string[]): RiskResult => ({
  probability: 1 / (1 + Math.exp(-logit)),
  logit,
  notes,
})
