/**
 * How many nodules it takes to show a difference of two AUROCs on the same nodules, and what a cohort can show. The
 * variances are those that DeLong's test estimates (1988), for normally distributed scores.
 */
import { SpiculaError } from '../error.ts'
import { normalQuantile, normalTail } from './intervals/normal.ts'

export interface PowerDesign {
  /** AUROCs of the two models. */
  readonly aurocs: readonly [number, number]
  /** Correlation of the two models' scores among nodules without cancer, and among cancers; 0 for separate nodules. */
  readonly correlation: { readonly benign: number; readonly cancer: number }
  /** Nodules without cancer for each cancer. */
  readonly ratio: number
  /** Two-sided level of the test. */
  readonly level: number
}

/**
 * Cancers needed, not rounded; nodules without cancer are `ratio` times as many. One nodule a patient.
 * @param power probability to show the difference, e.g. 0.8
 * @throws SpiculaError `evaluation/power` for numbers outside their range, or equal AUROCs
 * @example
 * const design = { aurocs: [0.9, 0.85], correlation: { benign: 0.5, cancer: 0.5 }, ratio: 4, level: 0.05 } as const
 * Math.ceil(cancersFor(design, 0.8)) // 133
 */
export function cancersFor(design: PowerDesign, power: number): number {
  if (!(power > 0 && power < 1)) throw outside('power', power, 'between 0 and 1')
  const { difference, variance } = effect(design)
  return variance * ((normalQuantile(1 - design.level / 2) + normalQuantile(power)) / difference) ** 2
}

/**
 * Probability that the test shows the difference.
 * @param cancers in the cohort
 * @throws SpiculaError `evaluation/power`
 * @example powerOf(design, 133) // 0.80
 */
export function powerOf(design: PowerDesign, cancers: number): number {
  if (!(cancers >= 1 && Number.isFinite(cancers))) throw outside('the number of cancers', cancers, '1 or more')
  const { difference, variance } = effect(design)
  return normalTail(normalQuantile(1 - design.level / 2) - difference / Math.sqrt(variance / cancers))
}

/** The difference of the AUROCs, and the variance of its estimate times the number of cancers. */
export function effect(design: PowerDesign): { difference: number; variance: number } {
  checkDesign(design)
  const {
    aurocs: [first, second],
    correlation: { benign, cancer },
    ratio,
  } = design
  const of = (a: number, b: number, c: number, d: number): number =>
    placementCovariance(a, b, c) + placementCovariance(a, b, d) / ratio
  const variance = of(first, first, 1, 1) + of(second, second, 1, 1) - 2 * of(first, second, cancer, benign)
  return { difference: Math.abs(first - second), variance }
}

/**
 * Covariance of two models' placement values (DeLong 1988): the share of the other class that a nodule outranks. With
 * h = Phi^-1(AUROC) and scores correlated by r it is Phi2(h, k; r/2) - Phi(h) Phi(k), here by Plackett's integral (1954)
 * over the angle, which has no cancellation.
 */
export function placementCovariance(auroc: number, other: number, correlation: number): number {
  const [h, k] = [normalQuantile(auroc), normalQuantile(other)]
  const end = Math.asin(correlation / 2)
  const density = (angle: number): number =>
    Math.exp(-(h * h + k * k - 2 * h * k * Math.sin(angle)) / (2 * Math.cos(angle) ** 2)) / (2 * Math.PI)
  // Simpson's rule: the integrand is smooth, and the angle at most 30 degrees.
  const steps = 64
  let sum = density(0) + density(end)
  for (let i = 1; i < steps; i++) sum += (i % 2 === 1 ? 4 : 2) * density((end * i) / steps)
  return (sum * end) / (3 * steps)
}

function checkDesign({ aurocs, correlation, ratio, level }: PowerDesign): void {
  for (const auroc of aurocs) if (!(auroc > 0 && auroc < 1)) throw outside('an AUROC', auroc, 'between 0 and 1')
  if (aurocs[0] === aurocs[1]) throw outside('the difference of the AUROCs', 0, 'not 0')
  for (const r of [correlation.benign, correlation.cancer])
    if (!(r >= 0 && r < 1)) throw outside('a correlation', r, 'from 0 to below 1')
  if (!(ratio > 0 && Number.isFinite(ratio))) throw outside('nodules without cancer a cancer', ratio, 'above 0')
  if (!(level > 0 && level < 1)) throw outside('the level', level, 'between 0 and 1')
}

const outside = (what: string, value: number, range: string): SpiculaError =>
  new SpiculaError('evaluation/power', `${what} is ${value}; it must be ${range}`)
