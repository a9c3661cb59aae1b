import { fitLogistic, sigmoid } from '../src/evaluation/logistic.ts'

/** The logit of an embedding e is intercept + slopes . e. */
export interface LinearHead {
  readonly intercept: number
  readonly slopes: readonly number[]
}

const LEAST_DEVIATION = 0.1

/**
 * Ridge logistic regression on embeddings; the penalty is of slopes of standardised numbers. Units that hardly ever answer
 * are divided by a tenth of what the others deviate by, not by their own nothing: one answer on unseen data must not decide.
 * @param embeddings of all rows
 * @param fitted the rows to learn from
 * @throws where a class is missing among the fitted rows
 * @example const head = fitHead(embeddings, [0, 1, 2, 3], [0, 1, 1, 0], 30)
 */
export function fitHead(
  embeddings: readonly (readonly number[])[],
  fitted: readonly number[],
  labels: readonly (number | null)[],
  ridge: number,
): LinearHead {
  const moments = embeddings[0].map((_, j) => {
    const column = fitted.map((i) => embeddings[i][j])
    const mean = column.reduce((a, b) => a + b, 0) / column.length
    return { mean, variance: column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / column.length }
  })
  const typical = Math.sqrt(moments.reduce((sum, { variance }) => sum + variance, 0) / moments.length)
  const deviations = moments.map(({ variance }) => Math.max(Math.sqrt(variance), LEAST_DEVIATION * typical))
  const standard = moments.map(({ mean }, j) => fitted.map((i) => (embeddings[i][j] - mean) / deviations[j]))
  const wanted = fitted.map((i) => Number(labels[i]))
  const fit = fitLogistic([fitted.map(() => 1), ...standard], wanted, { ridge })
  if (fit.kind !== 'fitted') throw new Error(`logistic regression on ${fitted.length} rows: ${fit.kind}`)
  const [constant, ...coefficients] = fit.coefficients
  const slopes = coefficients.map((b, j) => b / deviations[j])
  return { intercept: slopes.reduce((sum, slope, j) => sum - slope * moments[j].mean, constant), slopes }
}

export const probabilityBy = ({ intercept, slopes }: LinearHead, embedding: readonly number[]): number =>
  sigmoid(slopes.reduce((sum, slope, j) => sum + slope * embedding[j], intercept))
