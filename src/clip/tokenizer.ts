/** Texts to tokens, by a `tokenizer.json`: CLIP's, or one of our own. */
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers'
import { z } from 'zod'
import { SpiculaError } from '../error.ts'
import type { TensorData } from '../graph/tensor.ts'
import { END, START } from './tokenizer-json.ts'

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

/**
 * Makes a tokenizer.
 * @param json the text of `tokenizer.json`
 * @param context tokens of a text that the model takes, CLIP: 77
 * @throws SpiculaError `clip/tokenizer` where it is no byte-pair encoding with CLIP's start and end tokens
 * @example
 * const tokenizer = parseTokenizer(await readFile('tokenizer.json', 'utf8'))
 * tokenizer.encode('The nodule is well marginated.').slice(0, 4) // [49406, 518, 578, 691]
 */
export function parseTokenizer(json: string, { context = 77, name = 'tokenizer.json' } = {}): Tokenizer {
  const fail = (what: string, cause?: unknown) =>
    new SpiculaError('clip/tokenizer', `${name}: ${what}`, {
      hint: "A tokenizer.json of a CLIP model is meant, or the one of a model folder of Spicula's.",
      cause,
    })
  let object: unknown
  try {
    object = JSON.parse(json)
  } catch (cause) {
    throw fail('it is no JSON', cause)
  }
  const checked = format.safeParse(object)
  if (!checked.success) {
    const [{ path, message }] = checked.error.issues
    throw fail(`${path.join('.') || 'it'}: ${message}`)
  }
  const { model, added_tokens } = checked.data
  const ids = new Map([
    ...Object.entries(model.vocab),
    ...added_tokens.map(({ content, id }) => [content, id] as const),
  ])
  const [startToken, endToken] = [ids.get(START), ids.get(END)]
  if (startToken === undefined || endToken === undefined) throw fail(`it has no ${START} and ${END}`)
  let library: HuggingFaceTokenizer
  try {
    library = new HuggingFaceTokenizer(object as object, {})
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
 * The inputs of the text side's graph (model.ts) for texts.
 * @param rows tokens of each text, [texts][context]
 * @returns `tokens` int64 [texts, context] and `endOfText` int64 [texts], the row of each first end token
 * @example const feeds = textFeeds(texts.map(tokenizer.encode), tokenizer)
 */
export function textFeeds(
  rows: readonly (readonly number[])[],
  { context, endToken }: Pick<Tokenizer, 'context' | 'endToken'>,
): { tokens: TensorData; endOfText: TensorData } {
  const tokens = new BigInt64Array(rows.length * context)
  const ends = new BigInt64Array(rows.length)
  for (const [t, row] of rows.entries()) {
    const end = row.indexOf(endToken)
    if (row.length !== context || end < 0)
      throw new SpiculaError(
        'clip/tokens',
        `text ${t}: ${context} tokens with an end token expected, ${row.length} found`,
      )
    tokens.set(row.map(BigInt), t * context)
    ends[t] = BigInt(t * context + end)
  }
  return {
    tokens: { dtype: 'int64', shape: [rows.length, context], data: tokens },
    endOfText: { dtype: 'int64', shape: [rows.length], data: ends },
  }
}
