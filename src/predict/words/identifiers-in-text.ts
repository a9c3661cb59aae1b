/** Whether a text names a patient of a cohort. */

/** Identifiers as words, by how many words they are. */
export type IdentifierSet = ReadonlyMap<number, ReadonlySet<string>>

/** Letters and digits, lower case: reports are saved with spaces for hyphens and commas for slashes. */
const words = (text: string): string[] =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')

/**
 * Identifiers ready to be looked for. One of one or two letters names nobody, and would be found in every text.
 * @example identifierSet(['LIDC-IDRI-0001'])
 */
export function identifierSet(pids: readonly string[]): IdentifierSet {
  const byLength = new Map<number, Set<string>>()
  for (const pid of pids) {
    const parts = words(pid)
    const joined = parts.join(' ')
    if (joined.length < 3) continue
    byLength.set(parts.length, (byLength.get(parts.length) ?? new Set()).add(joined))
  }
  return byLength
}

/**
 * Whether a text holds one of the identifiers, whatever its case and punctuation.
 * @example holdsIdentifier('Nodule of LIDC IDRI 0001_2.', identifierSet(['LIDC-IDRI-0001'])) // true
 */
export function holdsIdentifier(text: string, identifiers: IdentifierSet): boolean {
  const all = words(text)
  for (const [length, known] of identifiers)
    for (let start = 0; start + length <= all.length; start++)
      if (known.has(all.slice(start, start + length).join(' '))) return true
  return false
}
