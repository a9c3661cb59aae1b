/**
 * `tokenizer.json`, the format of Hugging Face's tokenizers, for byte-pair encodings laid out as CLIP's (Radford et al.
 * 2021): 256 bytes, the same at the end of a word, the merges, and two tokens that open and close a text.
 */

export const START = '<|startoftext|>'
export const END = '<|endoftext|>'
const END_OF_WORD = '</w>'

/** What CLIP takes for a word: contractions, runs of letters, single digits, runs of anything else but spaces. */
export const WORDS = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"

/** Merges of the file `bpe_simple_vocab_16e6.txt` that CLIP uses: 49,152 tokens less bytes and the two specials. */
const CLIP_MERGES = 49_152 - 256 - 2

/**
 * The printable character that stands for each byte (Radford et al. 2019, GPT-2): printable ones for themselves.
 * @returns 256 pairs of byte and character, in the order of CLIP's vocabulary
 */
export function byteCharacters(): readonly (readonly [byte: number, character: string])[] {
  const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i)
  const printable = [...range(0x21, 0x7e), ...range(0xa1, 0xac), ...range(0xae, 0xff)]
  const others = range(0, 255).filter((byte) => !printable.includes(byte))
  return [
    ...printable.map((byte) => [byte, String.fromCodePoint(byte)] as const),
    ...others.map((byte, n) => [byte, String.fromCodePoint(256 + n)] as const),
  ]
}

/** A merge of two symbols into one. */
export type Merge = readonly [string, string]

/**
 * The object of a `tokenizer.json` from its merges, best first.
 * @example JSON.stringify(tokenizerObject([['t', 'h'], ['th', 'e</w>']]))
 */
export function tokenizerObject(merges: readonly Merge[]) {
  const bytes = byteCharacters().map(([, character]) => character)
  const symbols = [
    ...bytes,
    ...bytes.map((character) => character + END_OF_WORD),
    ...merges.map((merge) => merge.join('')),
    START,
    END,
  ]
  const vocab = Object.fromEntries(symbols.map((symbol, id) => [symbol, id]))
  const special = (content: string) => ({
    id: vocab[content],
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [special(START), special(END)],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: WORDS }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: {
      type: 'RobertaProcessing',
      sep: [END, vocab[END]],
      cls: [START, vocab[START]],
      trim_offsets: false,
      add_prefix_space: false,
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: END,
      continuing_subword_prefix: '',
      end_of_word_suffix: END_OF_WORD,
      fuse_unk: false,
      byte_fallback: false,
      vocab,
      merges: merges.map((merge) => merge.join(' ')),
    },
  }
}

/**
 * CLIP's own `tokenizer.json` from OpenAI's list of merges.
 * @param text of `bpe_simple_vocab_16e6.txt`, its first line a comment
 * @example tokenizerObject(clipMerges(gunzipSync(await readFile('bpe_simple_vocab_16e6.txt.gz')).toString()))
 */
export function clipMerges(text: string): Merge[] {
  return text
    .split('\n')
    .slice(1, CLIP_MERGES + 1)
    .map((line) => {
      const [first, second] = line.split(' ')
      return [first, second]
    })
}
