/** The format of `tokenizer.json` as openai/clip-vit-base-patch32 has it, and GPT-2's characters for bytes. */
import { describe, expect, it } from 'vitest'
import { byteCharacters, clipMerges, tokenizerObject } from './json.ts'

describe('byteCharacters', () => {
  const characters = new Map(byteCharacters())

  it("is GPT-2's table: printable bytes for themselves, the others from U+0100 on", () => {
    expect(characters.size).toBe(256)
    expect(new Set(characters.values()).size).toBe(256)
    for (const [byte, character] of [
      [0x00, 'Ā'],
      [0x0a, 'Ċ'],
      [0x20, 'Ġ'],
      [0x21, '!'],
      [0x61, 'a'],
      [0x7e, '~'],
      [0x7f, 'ġ'],
      [0xa0, 'ł'],
      [0xa1, '¡'],
      [0xac, '¬'],
      [0xad, 'Ń'],
      [0xae, '®'],
      [0xff, 'ÿ'],
    ] as const)
      expect(characters.get(byte), byte.toString(16)).toBe(character)
  })

  it("is in the order of CLIP's vocabulary", () => {
    const order = byteCharacters().map(([, character]) => character)
    // Ids of the stored vocabulary.
    for (const [id, character] of [
      [0, '!'],
      [93, '~'],
      [94, '¡'],
      [187, 'ÿ'],
      [188, 'Ā'],
      [220, 'Ġ'],
      [255, 'Ń'],
    ] as const)
      expect(order[id]).toBe(character)
  })
})

describe('tokenizerObject', () => {
  const { model, added_tokens, ...rest } = tokenizerObject([
    ['i', 'n'],
    ['t', 'h'],
    ['th', 'e</w>'],
  ])

  it('has bytes, bytes that end a word, merges and the two special tokens, in this order', () => {
    const ids = (...symbols: string[]) => symbols.map((symbol) => model.vocab[symbol])
    expect(ids('!', '!</w>', 'in', 'th', 'the</w>')).toEqual([0, 256, 512, 513, 514])
    expect(ids('<|startoftext|>', '<|endoftext|>')).toEqual([515, 516])
    expect(Object.keys(model.vocab)).toHaveLength(517)
    const special = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }
    expect(added_tokens).toEqual([
      { id: 515, content: '<|startoftext|>', ...special },
      { id: 516, content: '<|endoftext|>', ...special },
    ])
  })

  it("is laid out as CLIP's", () => {
    const { vocab, ...about } = model
    expect(about).toEqual({
      type: 'BPE',
      dropout: null,
      unk_token: '<|endoftext|>',
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      fuse_unk: false,
      byte_fallback: false,
      merges: ['i n', 't h', 'th e</w>'],
    })
    const pattern = { Regex: "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+" }
    const byteLevel = { type: 'ByteLevel', trim_offsets: true, use_regex: true }
    expect(rest).toEqual({
      version: '1.0',
      truncation: null,
      padding: null,
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
          { type: 'Split', pattern, behavior: 'Removed', invert: true },
          { ...byteLevel, add_prefix_space: false },
        ],
      },
      post_processor: {
        type: 'RobertaProcessing',
        sep: ['<|endoftext|>', 516],
        cls: ['<|startoftext|>', 515],
        trim_offsets: false,
        add_prefix_space: false,
      },
      decoder: { ...byteLevel, add_prefix_space: true },
    })
  })
})

it("clipMerges leaves out the comment, and what the file has beyond CLIP's vocabulary", () => {
  const lines = Array.from({ length: 50_000 }, (_, n) => `a${n} b${n}`)
  const merges = clipMerges(['#version: 0.2', ...lines].join('\n'))
  // 49,408 tokens are 2 x 256 bytes, the merges and two specials.
  expect(merges).toHaveLength(49_408 - 512 - 2)
  expect([merges[0], merges.at(-1)]).toEqual([
    ['a0', 'b0'],
    ['a48893', 'b48893'],
  ])
})
