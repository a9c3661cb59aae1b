/** The Mayo Clinic's model, Swensen et al., Arch Intern Med 1997;157:849: a solitary nodule found on a radiograph. */
import { checkNumbers, outside, type Population, type RiskResult, riskOf } from './inputs.ts'

export interface MayoInput {
  readonly age: number
  readonly everSmoker: boolean
  /** A cancer outside the chest more than five years ago. */
  readonly extrathoracicCancer: boolean
  readonly diameterMm: number
  readonly spiculated: boolean
  readonly upperLobe: boolean
}

/** Nodules of 4 to 30 mm. */
const POPULATION: Population = { diameterMm: [4, 30] }

/**
 * Mayo model.
 * @throws SpiculaError `risk/range`
 * @example mayo({ age: 65, everSmoker: true, extrathoracicCancer: false, diameterMm: 10, spiculated: false,
 *   upperLobe: false }).probability // 0.09797
 */
export function mayo(input: MayoInput): RiskResult {
  const { age, diameterMm } = input
  checkNumbers({ age, diameterMm })
  const logit =
    -6.8272 +
    0.0391 * age +
    (input.everSmoker ? 0.7917 : 0) +
    (input.extrathoracicCancer ? 1.3388 : 0) +
    0.1274 * diameterMm +
    (input.spiculated ? 1.0407 : 0) +
    (input.upperLobe ? 0.7838 : 0)
  return riskOf(logit, outside({ diameterMm }, POPULATION))
}
