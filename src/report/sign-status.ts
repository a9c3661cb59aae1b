/**
 * Whether a sentence claims or denies each sign that it names. Reports state absences in lists ("no A, B or C"), before
 * and after the signs, several to a sentence; mistaking a denial for a claim is the one mistake that a check of reports
 * must not make. So a sentence is read word by word by a small grammar, and whatever does not fit is unclear.
 */
import { BUT, HEDGE } from './concepts.ts'

export type Status = 'Present' | 'Absent' | 'unclear'

/** A sign in a sentence: where its words stand. */
export interface Sign {
  readonly start: number
  readonly end: number
}

type Kind = 'sign' | 'and' | 'or' | 'deny' | 'claim' | 'denied' | 'claimed' | 'not'

/** Words by what they do to the signs beside them; the first that fits counts. `\u0001` stands for a sign. */
const GRAMMAR: readonly (readonly [Kind, string])[] = [
  ['sign', '\\u0001'],
  // "is not attached": denies what follows.
  ['deny', '(?:(?:is|are|was|were|does|do|did|has|have) )?not (?=\\u0001)'],
  // "is not seen", "is absent", "absent": denies what stood before, or, at the head of a list, what follows.
  [
    'denied',
    '(?:(?:is|are|was|were|does|do|did|has|have|appears?|remains?) )?(?:not|never)(?: been)? (?:present|seen|observed|noted|evident|identified|detected|demonstrated|visible|appreciated|recorded|shown|confirmed|appear|show|display|exhibit|demonstrate|reveal|have|contain)\\b',
  ],
  ['denied', '(?:(?:is|are|was|were|appears?|remains?) )?absent\\b'],
  ['denied', ': ?(?:none|no|negative)\\b(?! \\u0001)|\\bnone\\b'],
  [
    'deny',
    '(?:there (?:is|are) )?(?:no|without|absence|lacks?|lacking|neither|free|negative)\\b(?: (?:any|evidence|signs?|presence|of|for|both))*',
  ],
  [
    'claimed',
    '(?:(?:is|are|was|were|has been|have been) )?(?:also )?(?:present|seen|observed|noted|evident|identified|detected|demonstrated|visible|appreciated|recorded|shown|confirmed)\\b',
  ],
  [
    'claim',
    '(?:there (?:is|are)|shows?|showing|displays?|displaying|exhibits?|exhibiting|presents?|presenting|demonstrates?|demonstrating|reveals?|revealing|showcases?|has|having|contains?|containing|with|presence|evidence|signs?)\\b(?: of)?',
  ],
  ['not', '\\b(?:not|never|cannot|n t|t)\\b'],
  ['or', '\\b(?:or|nor)\\b'],
  ['and', ',|\\band\\b|\\bas well as\\b'],
]
// A word begins where none goes on; a comma may follow one.
const TOKEN = new RegExp(`(?:(?<!\\w)|(?=[,:]))(?:${GRAMMAR.map(([, pattern]) => `(${pattern})`).join('|')})`, 'g')
const BOUNDARY = new RegExp(BUT.source, 'g')

/**
 * The status of each sign of a sentence, in the order of the signs.
 * @param sentence lower case, hyphens as spaces
 * @param signs that do not overlap, in order
 * @example signStatuses('no cavitation is seen', [{ start: 3, end: 13 }]) // ['Absent']
 */
export function signStatuses(sentence: string, signs: readonly Sign[]): Status[] {
  if (signs.length === 0) return []
  if (HEDGE.test(sentence)) return signs.map(() => 'unclear')
  let marked = ''
  let at = 0
  for (const { start, end } of signs) {
    marked += `${sentence.slice(at, start)}\u0001`
    at = end
  }
  const clauses = (marked + sentence.slice(at)).split(BOUNDARY).filter((part) => part !== undefined)
  return clauses.flatMap((clause) => readClause(clause))
}

/** One clause: lists of signs, each after its denial or claim, or before it. */
function readClause(clause: string): Status[] {
  const tokens = [...clause.matchAll(TOKEN)].map(
    (match) => GRAMMAR[match.slice(1).findIndex((part) => part !== undefined)][0],
  )
  const found: (Status | 'bare')[] = []
  /** Signs of the list that is open, what stands before it, and how its last two are joined. */
  let open: number[] = []
  let head: 'deny' | 'claim' | undefined
  let joined: 'and' | 'or' | undefined
  let joinedNow = false
  let denials = false
  let doubtful = false

  const settle = (status: Status | 'bare') => {
    for (const index of open) found[index] = status
    open = []
    head = undefined
    joined = undefined
  }
  const settleByHead = () => {
    // A denial of nothing ("necrosis, no") leaves the clause unclear.
    if (head === 'deny' && open.length === 0) doubtful = true
    settle(head === 'deny' ? 'Absent' : head === 'claim' ? (joined === 'or' ? 'unclear' : 'Present') : 'bare')
  }
  for (const token of tokens) {
    if (token === 'deny' || token === 'denied' || token === 'not') denials = true
    if (token === 'sign') {
      open.push(found.push('bare') - 1)
    } else if (token === 'and' || token === 'or') {
      if (open.length > 0) joined = token
    } else if (token === 'not') {
      doubtful = true
    } else if (token === 'deny' || token === 'claim') {
      // "no A with B": nobody can tell on which side B is.
      if (token === 'claim' && head === 'deny' && !joinedNow) doubtful = true
      if (open.length > 0 || head === 'deny') settleByHead()
      head = token
    } else if (open.length === 0) {
      if (head === 'deny') doubtful = true
      head = token === 'denied' ? 'deny' : 'claim'
    } else if (token === 'denied') settle(head === undefined && joined !== 'or' ? 'Absent' : 'unclear')
    else if (head === 'deny') settle(open.length === 1 || joined === 'or' ? 'Absent' : 'unclear')
    else settle(joined === 'or' ? 'unclear' : 'Present')
    joinedNow = token === 'and'
  }
  settleByHead()
  return found.map((status) => {
    if (doubtful) return 'unclear'
    return status === 'bare' ? (denials || tokens.includes('or') ? 'unclear' : 'Present') : status
  })
}
