/** How many of CLIP's tokens a text takes at most, told without CLIP's vocabulary, which is not ours to carry. */

/** Tokens of the words that impressions are made of (counted with CLIP's encoding; a test counts again). */
const WORD_TOKENS: Readonly<Record<number, string>> = {
  1: `a additional an attachment cancer complex convergence cut eccentric glass ground high impression intermediate
    irregular is like low lung margins mm of off part poorly pure round smooth solid spaces stretching suspicion the
    vascular well with`,
  2: 'airway calcification cavitation cyst intra marginated moderately ovoid pleural retraction septal serrated',
  3: 'emphysema lobulated necrosis nodular nodule polygonal reticulation spiculated',
  5: 'bronchiectasis paracicatricial',
}

const tokensOf = new Map(
  Object.entries(WORD_TOKENS).flatMap(([tokens, words]) => words.split(/\s+/).map((word) => [word, Number(tokens)])),
)

/** CLIP's context: start and end tokens counted. */
export const CLIP_CONTEXT = 77

/**
 * An upper bound of the tokens of a text, start and end counted. A word that is not known takes a token a byte, which
 * no byte-pair encoding exceeds.
 * @example tokenBound('A solid nodule.') // 8
 */
export function tokenBound(text: string): number {
  const words = text.toLowerCase().match(/\p{L}+|\p{N}|[^\s\p{L}\p{N}]/gu) ?? []
  const bytes = (word: string) => new TextEncoder().encode(word).length
  return words.reduce((sum, word) => sum + (tokensOf.get(word) ?? bytes(word)), 2)
}
