/** The word that a misspelt one was probably meant to be. */

/** Letters, digits and decimal points, lower case: what tables agree on when they disagree on punctuation. */
export const letters = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}+.]|(?<!\d)\.|\.(?!\d)/gu, '')

/**
 * The nearest of some candidates by edit distance; the first of equals.
 * @example nearest('Lobulatd', ['Smooth', 'Lobulated']) // 'Lobulated'
 */
export function nearest(word: string, candidates: readonly string[]): string {
  const target = letters(word).slice(0, 80)
  const distance = candidates.map((candidate) => editDistance(target, letters(candidate)))
  return candidates[distance.indexOf(Math.min(...distance))]
}

/** Levenshtein distance. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]
}
