/**
 * Holm's step-down correction (1979): p-values of many comparisons such that the chance of any false alarm stays what
 * it was for one.
 * @param pValues null where a comparison could not be made: it stays null and does not count
 * @example holm([0.01, 0.04, null, 0.03]) // [0.03, 0.06, null, 0.06]
 */
export function holm(pValues: readonly (number | null)[]): (number | null)[] {
  const tested = pValues.flatMap((p, i) => (p === null ? [] : [{ p, i }])).sort((a, b) => a.p - b.p)
  const adjusted: (number | null)[] = pValues.map(() => null)
  let highest = 0
  for (const [rank, { p, i }] of tested.entries()) {
    highest = Math.max(highest, Math.min(1, p * (tested.length - rank)))
    adjusted[i] = highest
  }
  return adjusted
}
