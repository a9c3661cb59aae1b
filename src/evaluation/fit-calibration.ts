/** Fitting the maps that turn a model's probabilities into ones that mean what they say. */
import { SpiculaError } from '../error.ts'
import type { BetaCalibration } from '../model/config.ts'
import { fitLogistic, type LogisticFit, sigmoid } from './logistic.ts'
import { logit } from './metrics/calibration-line.ts'

/** A fitted beta calibration and how it came about. */
export interface BetaFit extends BetaCalibration {
  /**
   * `full`: all three parameters; `a = 0`, `b = 0`: refitted without the one that came out negative; `constant`: the
   * prevalence, where all probabilities are the same; `penalised`: the likelihood has no single finite maximum (the
   * classes are separated, or there are two distinct probabilities only), so a trace of penalty decides.
   */
  readonly kind: 'full' | 'a = 0' | 'b = 0' | 'constant' | 'penalised'
  /** What to know before trusting it. */
  readonly warning?: string
}

/** scikit-learn's C = 99999999999 in betacal: a penalty too small to be seen where the likelihood has a maximum. */
const TRACE = 1 / 99999999999

/**
 * Fits beta calibration (Kull, Silva Filho and Flach 2017): logistic regression without penalty on [ln p, -ln(1 - p)];
 * where the first coefficient is negative again on -ln(1 - p) alone (a = 0), else where the second is on ln p alone
 * (b = 0), so that the map rises.
 * @param probabilities in [0, 1], kept one machine epsilon off both ends
 * @param labels 0 or 1
 * @throws SpiculaError `calibration/one-class`, `calibration/probability`
 * @example fitBeta([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]).kind
 */
export function fitBeta(probabilities: ArrayLike<number>, labels: ArrayLike<number>): BetaFit {
  const p = checked(probabilities, labels)
  const n = p.length
  if (p.every((one) => one === p[0])) {
    const prevalence = Array.from(labels).reduce((sum, label) => sum + label, 0) / n
    return {
      a: 0,
      b: 0,
      c: logit(prevalence),
      kind: 'constant',
      warning: 'all probabilities are the same: the prevalence',
    }
  }
  const ones = new Float64Array(n).fill(1)
  const lnP = p.map((one) => Math.log(one))
  const lnQ = p.map((one) => -Math.log1p(-one))
  if (new Set(p).size === 2) {
    // A line passes through two points in many ways; all are one map on these nodules.
    const [c, a] = regress([ones, lnP], labels).coefficients
    const warning = 'only two probabilities differ: the map between and beyond them is a guess'
    return { a, b: 0, c, kind: 'penalised', warning }
  }
  const full = regress([ones, lnP, lnQ], labels)
  let kind: BetaFit['kind'] = full.penalised ? 'penalised' : 'full'
  let penalised = full.penalised
  let [c, a, b] = full.coefficients
  if (a < 0) {
    const refit = regress([ones, lnQ], labels)
    ;[c, b] = refit.coefficients
    ;[a, kind, penalised] = [0, 'a = 0', refit.penalised]
  } else if (b < 0) {
    const refit = regress([ones, lnP], labels)
    ;[c, a] = refit.coefficients
    ;[b, kind, penalised] = [0, 'b = 0', refit.penalised]
  }
  if (a < 0 || b < 0) {
    return { a, b, c, kind, warning: 'the map falls: higher probabilities went with fewer cancers' }
  }
  if (penalised) {
    const warning =
      'no single best map: the classes are separated, or too few probabilities differ; more nodules are needed'
    return { a, b, c, kind, warning }
  }
  return { a, b, c, kind }
}

/** The maximum of the likelihood, or where there is none that of the likelihood with a trace of penalty. */
function regress(columns: readonly Float64Array[], labels: ArrayLike<number>) {
  const fit = fitLogistic(columns, labels)
  if (fit.kind === 'fitted') return { coefficients: fit.coefficients, penalised: false }
  // A trace may be too little to bend a likelihood so flat: the least that does.
  for (let ridge = TRACE; ridge < 1; ridge *= 100) {
    const bent = fitLogistic(columns, labels, { ridge })
    if (bent.kind === 'fitted') return { coefficients: bent.coefficients, penalised: true }
  }
  return { coefficients: fittedOf(fitLogistic(columns, labels, { ridge: 1 })), penalised: true }
}

function fittedOf(fit: LogisticFit): readonly number[] {
  if (fit.kind === 'fitted') return fit.coefficients
  throw new SpiculaError('calibration/fit', 'the calibration does not settle on these probabilities', {
    hint: 'Are there enough nodules of both classes?',
  })
}

function checked(probabilities: ArrayLike<number>, labels: ArrayLike<number>): Float64Array {
  const ones = Array.from(labels).filter((label) => label === 1).length
  if (ones === 0 || ones === labels.length) {
    throw new SpiculaError(
      'calibration/one-class',
      `${labels.length} nodules, ${ones} of them cancers: calibration needs both classes`,
    )
  }
  return Float64Array.from(probabilities, (p, i) => {
    if (!(p >= 0 && p <= 1)) throw new SpiculaError('calibration/probability', `probability ${i} is ${p}`)
    return Math.min(Math.max(p, Number.EPSILON), 1 - Number.EPSILON)
  })
}

/** Platt's map on the logit: sigmoid(slope * logit(p) + intercept). */
export interface PlattCalibration {
  readonly slope: number
  readonly intercept: number
}

/**
 * Platt scaling (1999) on the logit of the probability, with his smoothed targets (N+ + 1)/(N+ + 2) and 1/(N- + 2),
 * which keep it finite where the classes are separated.
 * @throws SpiculaError as {@link fitBeta}
 */
export function fitPlatt(probabilities: ArrayLike<number>, labels: ArrayLike<number>): PlattCalibration {
  const p = checked(probabilities, labels)
  const positives = Array.from(labels).filter((label) => label === 1).length
  const high = (positives + 1) / (positives + 2)
  const low = 1 / (labels.length - positives + 2)
  const targets = Float64Array.from(labels, (label) => (label === 1 ? high : low))
  if (p.every((one) => one === p[0])) {
    return { slope: 0, intercept: logit(targets.reduce((sum, t) => sum + t, 0) / targets.length) }
  }
  const fit = fitLogistic([new Float64Array(p.length).fill(1), p.map(logit)], targets)
  const [intercept, slope] = fittedOf(fit)
  return { slope, intercept }
}

/** @example applyPlatt(0.5, { slope: 1, intercept: 0 }) // 0.5 */
export const applyPlatt = (probability: number, { slope, intercept }: PlattCalibration): number =>
  sigmoid(slope * logit(probability) + intercept)

/** A rising map by its corners: [probability, calibrated]. */
export type IsotonicCalibration = readonly (readonly [number, number])[]

/**
 * Isotonic regression by pooling adjacent violators (Ayer et al. 1955), probabilities that are equal pooled first.
 * @throws SpiculaError as {@link fitBeta}
 * @example fitIsotonic([0.1, 0.2, 0.3], [0, 1, 0]) // [[0.1, 0], [0.2, 0.5], [0.3, 0.5]]
 */
export function fitIsotonic(probabilities: ArrayLike<number>, labels: ArrayLike<number>): IsotonicCalibration {
  checked(probabilities, labels)
  const order = Array.from({ length: labels.length }, (_, i) => i).sort((i, j) => probabilities[i] - probabilities[j])
  const blocks: { from: number; to: number; sum: number; weight: number }[] = []
  for (const i of order) {
    const p = probabilities[i]
    const last = blocks.at(-1)
    if (last !== undefined && last.from === p) {
      last.sum += labels[i]
      last.weight++
    } else blocks.push({ from: p, to: p, sum: labels[i], weight: 1 })
  }
  const pooled: typeof blocks = []
  for (const block of blocks) {
    let current = block
    for (
      let last = pooled.at(-1);
      last !== undefined && last.sum * current.weight >= current.sum * last.weight;
      last = pooled.at(-1)
    ) {
      pooled.pop()
      current = { from: last.from, to: current.to, sum: last.sum + current.sum, weight: last.weight + current.weight }
    }
    pooled.push(current)
  }
  return pooled.flatMap(({ from, to, sum, weight }) =>
    from === to ? [[from, sum / weight] as const] : [[from, sum / weight] as const, [to, sum / weight] as const],
  )
}

/** Between corners on the straight line, beyond them flat. */
export function applyIsotonic(probability: number, corners: IsotonicCalibration): number {
  const above = corners.findIndex(([x]) => x >= probability)
  if (above === 0) return corners[0][1]
  if (above < 0) return corners[corners.length - 1][1]
  const [x0, y0] = corners[above - 1]
  const [x1, y1] = corners[above]
  return y0 + ((probability - x0) / (x1 - x0)) * (y1 - y0)
}
