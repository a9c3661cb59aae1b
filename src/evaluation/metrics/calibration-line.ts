/** The two numbers in which miscalibration mostly shows: slope and intercept on the scale of logits. */
import { fitLogistic, type LogisticFit } from '../logistic.ts'

/** ln(p / (1 - p)), p kept one machine epsilon off 0 and 1. */
export const logit = (p: number): number => {
  const kept = Math.min(Math.max(p, Number.EPSILON), 1 - Number.EPSILON)
  return Math.log(kept) - Math.log1p(-kept)
}

/**
 * Calibration slope (Cox 1958; Van Calster et al. 2019): coefficient of the probability's logit in a logistic
 * regression of the truth. 1 is right; below 1 the probabilities are too extreme.
 * @param logits of the probabilities, see {@link logit}
 * @param start intercept and slope to begin with
 * @returns the fit, coefficients [intercept, slope]
 */
export function calibrationSlope(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  { weights, start }: { weights?: ArrayLike<number> | undefined; start?: readonly number[] | undefined } = {},
): LogisticFit {
  return fitLogistic([new Float64Array(labels.length).fill(1), logits], labels, { weights, start })
}

/**
 * Calibration intercept, "calibration in the large": what must be added to every logit so that as many cancers are
 * predicted as there are, the slope held at 1. 0 is right; below 0 the probabilities are too high.
 * @returns the fit, coefficients [intercept]
 */
export function calibrationIntercept(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  { weights, start }: { weights?: ArrayLike<number> | undefined; start?: readonly number[] | undefined } = {},
): LogisticFit {
  return fitLogistic([new Float64Array(labels.length).fill(1)], labels, {
    weights,
    start,
    offset: logits,
  })
}
