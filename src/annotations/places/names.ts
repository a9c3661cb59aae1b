/**
 * What a region is by its name. The words are listed here and nowhere else; the grammar is that of AAPM TG-263
 * (Mayo et al. 2018): GTV is the gross tumour, GTVp the primary, GTVn the nodes; A-B is A without B; a z in front
 * marks what only an optimiser uses.
 */

/** `lesion`: a nodule or tumour in the lung. `other`: known to be something else. `unknown`: the name does not say. */
export type NameKind = 'lesion' | 'other' | 'unknown'

/** Beginnings or middles of words that mean a lesion in any language's spelling; accents do not count. */
const LESION_STEMS = /nodul|tumou?r|tumeur|lesion|lasion|laesion|neoplas|cancer|carcinom|metasta|rundherd/
/** Words that mean a lesion when they stand alone. */
const LESION_WORDS = new Set(['nod', 'mass', 'masses', 'met', 'mets', 'spn', 'ggn', 'ggo', 'knoten', 'herd', 'massa'])
/** GTV, iGTV, with what TG-263 puts behind: p or T for the primary, a number; n, N or LN is a lymph node. */
const GTV = /^i?gtv(.*)$/

/**
 * Words that make something else of a lesion's name: organs that are not lung, targets with margins, parts of a plan.
 */
const OTHER_WORDS = new Set(
  (
    'lungs body external skin heart liver hepatic kidney kidneys renal adrenal adrenals spleen splenic pancreas stomach ' +
    'bowel brain bone bones bony spine spinal vertebra vertebrae vertebral rib ribs sternum thyroid breast breasts oesophagus ' +
    'esophagus trachea aorta mediastinum mediastinal prostate bladder node nodes nodal lymph ln lns ' +
    'ptv ctv itv ictv iptv prv ring rim shell margin expansion expanded exp peritumoral dose isodose hotspot avoid avoidance ' +
    'background artifact artefact couch table'
  ).split(' '),
)
/** Parts of the lung: by themselves no lesion; before a lesion's name they say where it is. */
const LUNG_WORDS = new Set([
  'lung',
  'lobe',
  'rul',
  'rml',
  'rll',
  'lul',
  'lll',
  'lingula',
  'airway',
  'airways',
  'vessels',
])
/** Words for "without": what stands before them is meant. */
const WITHOUT = /^(minus|without|excl|excluding|except)$/
/** The same where a lesion's name follows; "Tumour No. 2" has a number. */
const NEGATION = /^(no|not)$/
/** What may stand beside a hyphen and name no structure of its own: numbers, sides, parts of compound words. */
const PREFIX =
  /^(\d+|[a-y]|lt|rt|left|right|ct|pet|mr|roi|seg|new|old|auto|manual|ai|final|part|partly|semi|sub|non|ground|glass|solid|mixed|pure|pre|post|op|peri|hilar|large|small|cell|primary|target|ln|node|nodes|nodal)$/

/**
 * The kind of a region by its name.
 * @example kindOfName('GTV-1') // 'lesion'
 * @example kindOfName('Lungs-GTV') // 'other': by TG-263 the lungs without the tumour
 * @example kindOfName('Segment_1') // 'unknown'
 */
export function kindOfName(name: string): NameKind {
  // A margin in millimetres is not a lesion, whatever it was made of.
  if (/\+\s*\d+(\.\d+)?\s*(mm|cm)\b/i.test(name)) return 'other'
  const { meant, without } = subject(name)
  if (
    meant[0] === 'z' ||
    meant.some((word) => OTHER_WORDS.has(word) || isTargetWithMargin(word) || isNodal(word, meant))
  )
    return 'other'
  if (meant.some(isLesionWord)) return 'lesion'
  return without.some(isLesionWord) || meant.some((word) => LUNG_WORDS.has(word)) ? 'other' : 'unknown'
}

/** A and B of "A-B", "A minus B", "A no B": the words that are meant, and those that are taken away. */
function subject(name: string): { meant: string[]; without: string[] } {
  const words = wordsOf(name)
  const at = words.findIndex(
    (word, n) => WITHOUT.test(word) || (NEGATION.test(word) && words.slice(n + 1).some(isLesionWord)),
  )
  if (at >= 0) return { meant: words.slice(0, at), without: words.slice(at + 1) }
  const parts = name.split(/[-\u2010-\u2015\u2212]/).map(wordsOf)
  const structures = [...parts.keys()].filter((n) => !parts[n].every((word) => PREFIX.test(word)))
  const next = structures[1] ?? parts.length
  return { meant: parts.slice(0, next).flat(), without: parts.slice(next).flat() }
}

/** Words in small letters without accents, cut at signs, at capitals within, and between letters and digits. */
const wordsOf = (text: string): string[] =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .replace(/\b[iI] (?=GTV)/g, '')
    .toLowerCase()
    .replace(/(\p{L})(?=\d)|(\d)(?=\p{L})/gu, '$1$2 ')
    .split(/[^\p{L}\d]+/u)
    .filter(Boolean)

const isLesionWord = (word: string): boolean => LESION_STEMS.test(word) || LESION_WORDS.has(word) || GTV.test(word)

const isTargetWithMargin = (word: string): boolean => /^(i?ptv|i?ctv|itv)/.test(word)

/** GTVn, GTV-N1, GTV_LN: a lymph node. */
function isNodal(word: string, words: readonly string[]): boolean {
  const rest = GTV.exec(word)?.[1]
  if (rest === undefined) return false
  const next = words[words.indexOf(word) + 1]
  return /^(n|ln|nod(e|es|al))$/.test(rest) || (rest === '' && (next === 'n' || next === 'ln'))
}
