/** Logistic regression without penalty, by its likelihood's maximum: what calibration slopes and calibrators need. */

/** Why no finite maximum exists, or the maximum. */
export type LogisticFit =
  | { readonly kind: 'fitted'; readonly coefficients: readonly number[]; readonly logLikelihood: number }
  /** A combination of the columns tells the classes apart wholly or but for ties: the likelihood rises without end. */
  | { readonly kind: 'separated' }
  /** A class is missing, or a column tells nothing that others do not tell: many maxima. */
  | { readonly kind: 'undetermined'; readonly why: string }

export interface LogisticOptions {
  /** How often each row counts. */
  readonly weights?: ArrayLike<number> | undefined
  /** Known part of the logit of each row, its coefficient fixed at 1. */
  readonly offset?: ArrayLike<number> | undefined
  /** Half of this times the squared coefficients but the first (the intercept) is taken off the likelihood; none by default. */
  readonly ridge?: number | undefined
  /** Where to begin; zeros by default. */
  readonly start?: readonly number[] | undefined
}

/** The logistic function, without overflow. */
export const sigmoid = (x: number): number => {
  if (x >= 0) return 1 / (1 + Math.exp(-x))
  const e = Math.exp(x)
  return e / (1 + e)
}

const MAX_STEPS = 100
/** Newton's method doubles its digits each step: the gradient's own rounding is reached soon after this. */
const CONVERGED = 1e-12
/** Beyond this a fitted logit is a certainty: on data that are not separated no sane maximum lies there. */
const RUNAWAY = 1e6

/**
 * Maximises the likelihood of labels given columns, by Newton's method with halved steps where one goes too far.
 * @param columns of the design, each [N]; a column of ones is the intercept
 * @param labels 0 or 1, [N]
 * @example fitLogistic([[1, 1, 1, 1], [0, 1, 2, 3]], [0, 1, 0, 1]).kind // 'fitted'
 */
export function fitLogistic(
  columns: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
  { weights, offset, ridge = 0, start }: LogisticOptions = {},
): LogisticFit {
  const n = labels.length
  const k = columns.length
  let total = 0
  let ones = 0
  for (let i = 0; i < n; i++) {
    const weight = weights === undefined ? 1 : weights[i]
    total += weight
    ones += weight * labels[i]
  }
  if (ones === 0 || ones === total) return { kind: 'undetermined', why: 'one class only' }

  /** Log-likelihood, gradient and information at once: one pass over the rows, one exponential and one logarithm each. */
  const evaluate = (beta: readonly number[]) => {
    let logLikelihood = 0
    const gradient = new Float64Array(k)
    const information = new Float64Array(k * k)
    const row = new Float64Array(k)
    for (let i = 0; i < n; i++) {
      const weight = weights === undefined ? 1 : weights[i]
      if (weight === 0) continue
      let eta = offset === undefined ? 0 : offset[i]
      for (let j = 0; j < k; j++) {
        row[j] = columns[j][i]
        eta += beta[j] * row[j]
      }
      const e = Math.exp(-Math.abs(eta))
      const p = (eta >= 0 ? 1 : e) / (1 + e)
      logLikelihood += weight * (labels[i] * eta - Math.max(eta, 0) - Math.log1p(e))
      const residual = weight * (labels[i] - p)
      const variance = (weight * e) / ((1 + e) * (1 + e))
      for (let j = 0; j < k; j++) {
        gradient[j] += residual * row[j]
        for (let l = 0; l <= j; l++) information[j * k + l] += variance * row[j] * row[l]
      }
    }
    for (let j = 1; j < k; j++) {
      logLikelihood -= (ridge / 2) * beta[j] ** 2
      gradient[j] -= ridge * beta[j]
      information[j * k + j] += ridge
    }
    return { logLikelihood, gradient, information }
  }

  let beta = start === undefined ? new Array<number>(k).fill(0) : [...start]
  let here = evaluate(beta)
  for (let step = 0; step < MAX_STEPS; step++) {
    const direction = solve(here.information, here.gradient)
    if (direction === null) {
      // Without curvature from the start columns repeat each other; later, the likelihood has come to its end.
      return step === 0 ? { kind: 'undetermined', why: 'the columns tell nothing of their own' } : { kind: 'separated' }
    }
    // Newton's decrement: what the quadratic model still promises, in units of log-likelihood.
    const promise = direction.reduce((sum, d, j) => sum + d * here.gradient[j], 0)
    if (promise < CONVERGED * CONVERGED * total) break
    let scale = 1
    let next = here
    let candidate = beta
    for (; scale > 1e-10; scale /= 2) {
      candidate = beta.map((b, j) => b + scale * direction[j])
      next = evaluate(candidate)
      if (next.logLikelihood >= here.logLikelihood - 1e-13 * Math.abs(here.logLikelihood)) break
    }
    if (scale <= 1e-10) break
    beta = candidate
    here = next
    if (ridge > 0) continue
    if (-here.logLikelihood < 1e-9 * total || beta.some((b) => !(Math.abs(b) < RUNAWAY))) return { kind: 'separated' }
  }
  const left = solve(here.information, here.gradient)
  const settled = left?.every((d, j) => Math.abs(d) <= 1e-7 * Math.max(1, Math.abs(beta[j]))) ?? false
  return settled ? { kind: 'fitted', coefficients: beta, logLikelihood: here.logLikelihood } : { kind: 'separated' }
}

/** Solves A x = b for a symmetric positive A of which the lower half counts, by Cholesky; null where it is singular. */
function solve(matrix: Float64Array, b: Float64Array): number[] | null {
  const k = b.length
  const l = matrix.slice()
  for (let j = 0; j < k; j++) {
    for (let m = 0; m < j; m++) l[j * k + j] -= l[j * k + m] ** 2
    // Relative to the diagonal it came from: columns may be of any size.
    if (!(l[j * k + j] > 1e-13 * matrix[j * k + j])) return null
    l[j * k + j] = Math.sqrt(l[j * k + j])
    for (let i = j + 1; i < k; i++) {
      for (let m = 0; m < j; m++) l[i * k + j] -= l[i * k + m] * l[j * k + m]
      l[i * k + j] /= l[j * k + j]
    }
  }
  const x = Array.from(b)
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < i; j++) x[i] -= l[i * k + j] * x[j]
    x[i] /= l[i * k + i]
  }
  for (let i = k - 1; i >= 0; i--) {
    for (let j = i + 1; j < k; j++) x[i] -= l[j * k + i] * x[j]
    x[i] /= l[i * k + i]
  }
  return x
}
