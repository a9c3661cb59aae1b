/**
 * Brock University's (PanCan) models, McWilliams et al., N Engl J Med 2013;369:910: probability that a nodule found at a
 * first screening CT is cancer.
 */
import { type Consistency, checkNumbers, outside, type Population, type RiskResult, riskOf } from './inputs.ts'

export interface BrockInput {
  readonly age: number
  readonly female: boolean
  readonly familyHistory: boolean
  readonly emphysema: boolean
  /** Longest diameter. */
  readonly diameterMm: number
  readonly consistency: Consistency
  readonly upperLobe: boolean
  /** Nodules in the scan, this one too. */
  readonly noduleCount: number
}

/** PanCan: smokers, present and former, of these ages; a nodule is up to 30 mm. */
const POPULATION: Population = { age: [50, 75], diameterMm: [1, 30] }

interface Coefficients {
  readonly intercept: number
  readonly age: number
  readonly female: number
  readonly familyHistory: number
  readonly emphysema: number
  readonly size: number
  readonly consistency: Readonly<Record<Consistency, number>>
  readonly upperLobe: number
  readonly count: number
}

const MODEL_2A: Coefficients = {
  intercept: -6.8071,
  age: 0.0321,
  female: 0.5635,
  familyHistory: 0.3013,
  emphysema: 0.3462,
  size: -5.6693,
  consistency: { solid: 0, 'part-solid': 0.3395, 'non-solid': -0.3055 },
  upperLobe: 0.7116,
  count: -0.0803,
}

const MODEL_2B: Coefficients = {
  intercept: -6.7892,
  age: 0.0287,
  female: 0.6011,
  familyHistory: 0.2961,
  emphysema: 0.2953,
  size: -5.3854,
  consistency: { solid: 0, 'part-solid': 0.377, 'non-solid': -0.1276 },
  upperLobe: 0.6581,
  count: -0.0824,
}
const SPICULATION_2B = 0.7729

/** sqrt(10 / 4): the size term is centred on a nodule of 4 mm. */
const CENTRE = 1.58113883

const logitOf = (input: BrockInput, c: Coefficients): number =>
  c.intercept +
  c.age * (input.age - 62) +
  (input.female ? c.female : 0) +
  (input.familyHistory ? c.familyHistory : 0) +
  (input.emphysema ? c.emphysema : 0) +
  c.size * ((input.diameterMm / 10) ** -0.5 - CENTRE) +
  c.consistency[input.consistency] +
  (input.upperLobe ? c.upperLobe : 0) +
  c.count * (input.noduleCount - 4)

function checked(input: BrockInput): readonly string[] {
  const { age, diameterMm, noduleCount } = input
  checkNumbers({ age, diameterMm, noduleCount })
  return outside({ age, diameterMm }, POPULATION)
}

/**
 * Brock 2a: the full model without spiculation.
 * @throws SpiculaError `risk/range`
 * @example brock2a({ age: 68, female: true, familyHistory: true, emphysema: false, diameterMm: 10, consistency: 'solid',
 *   upperLobe: true, noduleCount: 2 }).probability // 0.1704
 */
export const brock2a = (input: BrockInput): RiskResult => {
  const notes = checked(input)
  return riskOf(logitOf(input, MODEL_2A), notes)
}

/**
 * Brock 2b: the full model with spiculation.
 * @throws SpiculaError `risk/range`
 * @example brock2b({ age: 68, female: true, familyHistory: true, emphysema: false, diameterMm: 10, consistency: 'solid',
 *   upperLobe: true, noduleCount: 2, spiculated: false }).probability // 0.1459
 */
export const brock2b = (input: BrockInput & { readonly spiculated: boolean }): RiskResult => {
  const notes = checked(input)
  return riskOf(logitOf(input, MODEL_2B) + (input.spiculated ? SPICULATION_2B : 0), notes)
}
