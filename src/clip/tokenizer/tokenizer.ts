/** Texts to tokens, by a `tokenizer.json`: CLIP's, or one of our own. */
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers'
import * as z from 'zod'
import { SpiculaError } from '../../error.ts'
import { checkShape, parseJson } from '../../files/json.ts'
import type { TensorData } from '../../graph/tensor.ts'
import { END, START } from './json.ts'

export interface Tokenizer {
  /** Tokens of every text, padding counted. */
  readonly context: number
  readonly vocabulary: number
  readonly startToken: number
  readonly endToken: number
  /** Tokens of a text between start and end, however many. */
  count(text: string): number
  /**
   * Start token, the text, end token, then zeros; a text that is too long loses its end, never its end token.
   * @returns `context` numbers
   */
  encode(text: string): number[]
  /** The text of tokens up to the end token: lower case, one space between words. */
  decode(tokens: readonly number[]): string
}

/** What of the file is relied on here; the rest is the library's. */
const format = z.object({
  model: z.object({ type: z.literal('BPE'), vocab: z.record(z.string(), z.int().nonnegative()) }),
  added_tokens: z.array(z.object({ id: z.int().nonnegative(), content: z.string() })),
})

const HINT = "A tokenizer.json of a CLIP model is meant, or the one of a model folder of Spicula's."

/**
 * Makes a tokenizer.
 * @param json the text of `tokenizer.json`
 * @param context tokens of a text that the model takes, CLIP: 77
 * @throws SpiculaError `clip/tokenizer` where it is not a byte-pair encoding with CLIP's start and end tokens
 * @example
 * const tokenizer = parseTokenizer(await readFile('tokenizer.json', 'utf8'))
 * tokenizer.encode('The nodule is well marginated.').slice(0, 4) // [49406, 518, 578, 691]
 */
export function parseTokenizer(json: string, { context = 77, name = 'tokenizer.json' } = {}): Tokenizer {
  const fail = (what: string, cause?: unknown) =>
    new SpiculaError('clip/tokenizer', `${name}: ${what}`, { hint: HINT, cause })
  const about = { name, code: 'clip/tokenizer', hint: HINT }
  // The library gets the document as it is: what it reads beside these is its own affair.
  const object = parseJson(json, z.record(z.string(), z.unknown()), about)
  const { model, added_tokens } = checkShape(object, format, about)
  const ids = new Map([
    ...Object.entries(model.vocab),
    ...added_tokens.map(({ content, id }) => [content, id] as const),
  ])
  const [startToken, endToken] = [ids.get(START), ids.get(END)]
  if (startToken === undefined || endToken === undefined) throw fail(`it has no ${START} and ${END}`)
  let library: HuggingFaceTokenizer
  try {
    library = new HuggingFaceTokenizer(object, {})
  } catch (cause) {
    throw fail(`it cannot be used (${cause instanceof Error ? cause.message : cause})`, cause)
  }
  const inner = (text: string): number[] => library.encode(text.trim(), { add_special_tokens: false }).ids
  return {
    context,
    vocabulary: Math.max(...ids.values()) + 1,
    startToken,
    endToken,
    count: (text) => inner(text).length,
    encode: (text) => {
      const kept = inner(text).slice(0, context - 2)
      const tokens = [startToken, ...kept, endToken]
      return [...tokens, ...new Array<number>(context - tokens.length).fill(0)]
    },
    decode: (tokens) => {
      const start = tokens[0] === startToken ? 1 : 0
      const end = tokens.indexOf(endToken, start)
      const own = tokens.slice(start, end < 0 ? undefined : end)
      return own.length === 0
        ? ''
        : library
            .decode([...own])
            .replaceAll('</w>', ' ')
            .trim()
    },
  }
}

/**
 * The inputs of the text side's graph (model.ts) for texts, several of them in one row of the context where they fit:
 * attention is causal, so that what stands behind an end token is read by no one and need not be computed.
 * @param rows tokens of each text, [texts][context]
 * @returns `tokens` and `positions` int64 [S, context, 1], each token's number and its place in its own text; `reach`
 *   float32 [S, 1, context, context], 0 where a token may look (its own text, up to itself), else minus infinity;
 *   `endOfText` int64 [texts, 1], where each text ends in the flattened [S * context]
 * @throws SpiculaError `clip/tokens` for a text of another length or without an end
 * @example const feeds = textFeeds(texts.map(tokenizer.encode), tokenizer)
 */
export function textFeeds(
  rows: readonly (readonly number[])[],
  { context, endToken }: Pick<Tokenizer, 'context' | 'endToken'>,
) {
  const lengths = rows.map((row, t) => {
    const length = row.indexOf(endToken) + 1
    if (row.length !== context || length === 0)
      throw new SpiculaError(
        'clip/tokens',
        `text ${t}: ${context} tokens with an end token expected, ${row.length} found`,
      )
    return length
  })
  const { starts, sequences } = packed(lengths, context)
  const tokens = new BigInt64Array(sequences * context)
  const positions = new BigInt64Array(tokens.length)
  const reach = new Float32Array(tokens.length * context).fill(Number.NEGATIVE_INFINITY)
  // A token of no text looks at itself: looking at nothing would give NaN.
  for (let at = 0; at < tokens.length; at++) reach[at * context + (at % context)] = 0
  for (const [t, start] of starts.entries())
    for (let place = 0; place < lengths[t]; place++) {
      const at = start + place
      tokens[at] = BigInt(rows[t][place])
      positions[at] = BigInt(place)
      reach.fill(0, at * context + (start % context), at * context + (at % context) + 1)
    }
  const ends = BigInt64Array.from(starts, (start, t) => BigInt(start + lengths[t] - 1))
  return {
    tokens: { dtype: 'int64', shape: [sequences, context, 1], data: tokens },
    positions: { dtype: 'int64', shape: [sequences, context, 1], data: positions },
    reach: { dtype: 'float32', shape: [sequences, 1, context, context], data: reach },
    endOfText: { dtype: 'int64', shape: [rows.length, 1], data: ends },
  } as const satisfies Record<string, TensorData>
}

/**
 * Where texts start in sequences of `context` tokens, the longest first, each in the first sequence with room for it.
 */
function packed(lengths: readonly number[], context: number): { starts: number[]; sequences: number } {
  const starts: number[] = []
  const used: number[] = []
  for (const t of [...lengths.keys()].sort((a, b) => lengths[b] - lengths[a])) {
    const fitting = used.findIndex((count) => count + lengths[t] <= context)
    const sequence = fitting < 0 ? used.length : fitting
    const count = used[sequence] ?? 0
    starts[t] = sequence * context + count
    used[sequence] = count + lengths[t]
  }
  return { starts, sequences: used.length }
}
