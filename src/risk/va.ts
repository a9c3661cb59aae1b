/** The Veterans Affairs' model, Gould et al., Chest 2007;131:383: a solitary nodule of 7 to 30 mm in a veteran. */
import { checkNumbers, outside, type Population, type RiskResult, riskOf } from './inputs.ts'

export interface VaInput {
  readonly age: number
  readonly everSmoker: boolean
  readonly diameterMm: number
  /** 0 for a current smoker, and for somebody who never smoked. */
  readonly yearsSinceQuitting: number
}

const POPULATION: Population = { diameterMm: [7, 30] }

/**
 * VA model.
 * @throws SpiculaError `risk/range`
 * @example va({ age: 65, everSmoker: true, diameterMm: 15, yearsSinceQuitting: 0 }).probability // 0.5988
 */
export function va(input: VaInput): RiskResult {
  const { age, diameterMm, yearsSinceQuitting } = input
  checkNumbers({ age, diameterMm, yearsSinceQuitting })
  const logit =
    -8.404 + (input.everSmoker ? 2.061 : 0) + 0.0779 * age + 0.112 * diameterMm - 0.0567 * yearsSinceQuitting
  return riskOf(logit, outside({ diameterMm }, POPULATION))
}
