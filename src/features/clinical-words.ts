/**
 * Words about a finding, as people write them into tables: said, denied or doubted. Nothing is read as its opposite:
 * what cannot be told for certain is doubtful, and the caller refuses it by name.
 */

/** `unsaid` where the text does not speak of the finding. */
export type Said = 'present' | 'absent' | 'doubtful' | 'unsaid'

/** Stems by which a finding is known in a text, in lower case. */
export const SPICULATION = /spicul\p{L}*|serrat\p{L}*/u

const NEGATION =
  /^(no|not|non|without|absent|absence|negative|neg|none|never|nil|lack|lacks|lacking|free|denied|denies|excluded|unremarkable|cannot|isnt|arent|wasnt|doesnt|false)$/
const DOUBT =
  /^(possible|possibly|probable|probably|questionable|question|suspected|suspicious|suspicion|may|maybe|might|could|perhaps|equivocal|unclear|uncertain|unsure|sure|indeterminate|indefinite|borderline|likely|unlikely|doubtful|doubt|appears|apparent|suggest|suggests|suggested|suggestive|versus|vs|if|whether|rule|cannot|history|resolved|previously|formerly)$/
/** What may stand between a finding and a denial after it: "spiculation was not seen". */
const SEEING =
  /^(is|are|was|were|be|been|has|have|present|seen|identified|noted|evident|visible|observed|appreciated|found|detected|demonstrated|apparent|any|at|all|here|margin|margins|nodule|lesion|finding|findings|of|sign|signs|evidence|for|the|a|an)$/

/**
 * What a text says of a finding, with negations and doubts before and after it.
 * @param finding its stems, in lower case
 * @example findingIn('Smooth, without spiculation', SPICULATION) // 'absent'
 * @example findingIn('spiculation not excluded', SPICULATION) // 'doubtful'
 */
export function findingIn(text: string, finding: RegExp): Said {
  const said = new Set(clausesOf(text).map((clause) => ofClause(clause, finding)))
  said.delete('unsaid')
  if (said.size === 0) return 'unsaid'
  const [first] = said
  return said.size === 1 ? first : 'doubtful'
}

/** A part of a text that has one subject, and how it hangs on the part before. */
interface Clause {
  readonly words: readonly string[]
  /** After a comma or "and", a negation of the part before may go on or not: nobody can tell. */
  readonly inDoubt: boolean
}

function clausesOf(text: string): Clause[] {
  const plain = text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\u2010-\u2015\u2212]/gu, '-')
    .replaceAll(/['\u2019]/gu, '')
    .replaceAll(/\bw\/o\b/g, 'without')
    .replaceAll(/\br\/o\b/g, 'rule out')
    .replaceAll(/\bneither\b/g, 'no')
    .replaceAll(/\bnor\b/g, 'or')
    .replaceAll(/\bfree of\b/g, 'without')
    .replaceAll(/\(\s*-\s*\)|:\s*-(?=\s|$)|\s-\s*$/g, ' none ')
    .replaceAll(/\(\s*\+\s*\)|\s\+\s*$/g, ' ')
    .replaceAll('?', ' unclear ')
  const clauses: Clause[] = []
  let hangs = false
  for (const part of plain.split(/([;.,/]|\b(?:and|but|with|except|although|however|while)\b)/)) {
    if (/^([;.,/]|and|but|with|except|although|however|while)$/.test(part)) {
      hangs = part === ',' || part === 'and' || part === '/'
      continue
    }
    const words = part.match(/[\p{L}\p{N}]+/gu) ?? []
    if (words.length === 0) continue
    const before = clauses.at(-1)
    const openNegation = before !== undefined && (before.inDoubt || before.words.some((word) => NEGATION.test(word)))
    const denies = words.some((word) => NEGATION.test(word))
    clauses.push({ words, inDoubt: hangs && openNegation && !denies })
    hangs = false
  }
  return clauses
}

function ofClause({ words, inDoubt }: Clause, finding: RegExp): Said {
  const whole = new RegExp(`^(non|un|not|a)?(?:${finding.source})$`, finding.flags)
  const at = words.findIndex((word) => whole.test(word))
  if (at < 0) return 'unsaid'
  if (inDoubt || words.some((word) => DOUBT.test(word))) return 'doubtful'
  const glued = words.filter((word) => {
    const prefix = whole.exec(word)?.[1]
    return prefix !== undefined && !new RegExp(`^(?:${finding.source})$`, finding.flags).test(word)
  }).length
  const before = words.slice(0, at).filter((word) => NEGATION.test(word)).length
  const last = words.findLastIndex((word) => whole.test(word))
  const after = words.slice(last + 1)
  const denials = after.filter((word) => NEGATION.test(word)).length
  const between = words.slice(at, last).filter((word) => NEGATION.test(word)).length
  // "spiculated not lobulated" denies something else, if anything.
  if (denials > 0 && !after.every((word) => NEGATION.test(word) || SEEING.test(word))) return 'doubtful'
  const alternative = words.includes('or') && words.some((word) => isOther(word, whole))
  switch (before + denials + between + glued) {
    case 0:
      return alternative ? 'doubtful' : 'present'
    case 1:
      return 'absent'
    default:
      return 'doubtful'
  }
}

const isOther = (word: string, whole: RegExp): boolean =>
  word !== 'or' && !NEGATION.test(word) && !SEEING.test(word) && !whole.test(word)

const YES = new Set([
  '1',
  '1.0',
  'yes',
  'y',
  'true',
  't',
  'pos',
  'positive',
  '+',
  '\u2713',
  '\u2714',
  '\u2705',
  '\u2611',
  '\u221a',
])
const NO = new Set([
  '0',
  '0.0',
  'no',
  'n',
  'false',
  'f',
  'none',
  'neg',
  'negative',
  '\u2717',
  '\u2718',
  '\u274c',
  '\u2610',
])
const PRESENCE = /present|presence|seen|identified|noted|evident|visible|observed|detected|found/u

/**
 * Whether a field says that something is there: a word, a sign, or a sentence about it.
 * @param finding its stems, in lower case, where a sentence may name it
 * @example presenceOf('not seen') // 'absent'
 * @example presenceOf('no spiculation', SPICULATION) // 'absent'
 */
export function presenceOf(text: string, finding?: RegExp): Said {
  const word = text
    .trim()
    .toLowerCase()
    .replaceAll(/\ufe0f/g, '')
  if (YES.has(word)) return 'present'
  if (NO.has(word) || /^(absent|never)$/.test(word)) return 'absent'
  const named = finding === undefined ? 'unsaid' : findingIn(text, finding)
  if (named !== 'unsaid') return named
  const bare = findingIn(text, PRESENCE)
  return bare === 'unsaid' && clausesOf(text).some(({ words }) => words.some((one) => DOUBT.test(one)))
    ? 'doubtful'
    : bare
}
