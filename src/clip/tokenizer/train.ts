/** A small byte-pair encoding of our own (Sennrich et al. 2016), for models whose only texts are reports. */
import { SpiculaError } from '../../error.ts'
import { byteCharacters, type Merge, tokenizerObject, WORDS } from './json.ts'

/**
 * Trains an encoding: again and again the most frequent pair of neighbouring symbols becomes one, ties by code points.
 * The same corpus gives the same encoding.
 * @param vocabulary tokens in all, at least the 514 of bytes and specials; fewer where the corpus has no more pairs
 * @returns the object of a `tokenizer.json`
 * @throws SpiculaError `clip/vocabulary` where it is too small
 * @example JSON.stringify(trainTokenizer(templateCorpus(2000, seededRandom(1)), { vocabulary: 1024 }))
 */
export function trainTokenizer(corpus: readonly string[], { vocabulary }: { readonly vocabulary: number }) {
  const bytes = 2 * 256 + 2
  if (vocabulary < bytes)
    throw new SpiculaError('clip/vocabulary', `a vocabulary of ${vocabulary} is too small: bytes alone take ${bytes}`)
  const words = countWords(corpus)
  const merges: Merge[] = []
  while (merges.length < vocabulary - bytes) {
    const best = mostFrequentPair(words)
    if (!best) break
    merges.push(best)
    for (const word of words) word.symbols = mergePair(word.symbols, best)
  }
  return tokenizerObject(merges)
}

interface Word {
  symbols: readonly string[]
  readonly count: number
}

/** Words of a corpus as bytes, the last one marked as the end of its word. */
function countWords(corpus: readonly string[]): Word[] {
  const counts = new Map<string, number>()
  const pattern = new RegExp(WORDS, 'gu')
  for (const text of corpus)
    for (const [word] of text.normalize('NFC').toLowerCase().matchAll(pattern))
      counts.set(word, (counts.get(word) ?? 0) + 1)
  const character = new Map(byteCharacters())
  return [...counts].map(([word, count]) => {
    const symbols = [...new TextEncoder().encode(word)].map((byte) => character.get(byte) ?? '')
    return { symbols: [...symbols.slice(0, -1), `${symbols.at(-1)}</w>`], count }
  })
}

function mostFrequentPair(words: readonly Word[]): Merge | undefined {
  const counts = new Map<string, number>()
  for (const { symbols, count } of words)
    for (let i = 1; i < symbols.length; i++) {
      const pair = `${symbols[i - 1]} ${symbols[i]}`
      counts.set(pair, (counts.get(pair) ?? 0) + count)
    }
  let best = ''
  let most = 0
  for (const [pair, count] of counts) if (count > most || (count === most && pair < best)) [best, most] = [pair, count]
  if (most === 0) return undefined
  const [first, second] = best.split(' ')
  return [first, second]
}

function mergePair(symbols: readonly string[], [first, second]: Merge): readonly string[] {
  if (!symbols.includes(first)) return symbols
  const merged: string[] = []
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === first && symbols[i + 1] === second) merged.push(first + symbols[++i])
    else merged.push(symbols[i])
  }
  return merged
}
