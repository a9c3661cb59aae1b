/** Numbers as a page writes them. */

/**
 * A probability: never 0 or 1 where it is not.
 * @example shown(0.51423) // '0.514'
 * @example shown(0.00001, 2) // '< 0.01'
 */
export function shown(p: number, digits = 3): string {
  const text = p.toFixed(digits)
  const least = 10 ** -digits
  if (p > 0 && Number(text) === 0) return `< ${least.toFixed(digits)}`
  if (p < 1 && Number(text) === 1) return `> ${(1 - least).toFixed(digits)}`
  return text
}

/**
 * From the least to the most that folds say; nothing for one fold.
 * @example range([0.2, 0.4, 0.3], 2) // '0.20 to 0.40'
 */
export const range = (folds: readonly number[], digits = 3): string =>
  folds.length < 2 ? '' : `${shown(Math.min(...folds), digits)} to ${shown(Math.max(...folds), digits)}`

/** The same in brackets, behind another text. */
export const bracketed = (folds: readonly number[], digits = 3): string => {
  const text = range(folds, digits)
  return text === '' ? '' : ` (${text})`
}
