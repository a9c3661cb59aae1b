/** Features with several values, such as margins smooth, lobulated or spiculated. */
import { auroc } from './auroc.ts'

export interface MulticlassAuroc {
  /** Mean over the values, each against all others, weighted by how many rows have it. */
  readonly weighted: number
  /** Each value on its own; null where no row, or every row, has it. */
  readonly byValue: readonly { readonly value: string; readonly rows: number; readonly auroc: number | null }[]
}

/**
 * Weighted one-vs-rest AUROC (Provost and Domingos 2000; scikit-learn's `multi_class='ovr', average='weighted'`). A
 * value that no row has weighs nothing.
 * @param probabilities of each value, [V][N]
 * @param truth value of each row, [N]
 * @returns null where the rows have fewer than two values: nothing to tell apart
 * @example weightedAuroc({ Smooth: [0.9, 0.2], Lobulated: [0.1, 0.8] }, ['Smooth', 'Lobulated'])?.weighted // 1
 */
export function weightedAuroc(
  probabilities: Readonly<Record<string, ArrayLike<number>>>,
  truth: readonly string[],
): MulticlassAuroc | null {
  const byValue = Object.entries(probabilities).map(([value, scores]) => {
    const labels = truth.map((one) => (one === value ? 1 : 0))
    return { value, rows: labels.filter((label) => label === 1).length, auroc: auroc(scores, labels) }
  })
  const told = byValue.filter((one): one is typeof one & { auroc: number } => one.auroc !== null)
  const rows = told.reduce((sum, one) => sum + one.rows, 0)
  if (rows === 0) return null
  return { weighted: told.reduce((sum, one) => sum + one.auroc * one.rows, 0) / rows, byValue }
}
