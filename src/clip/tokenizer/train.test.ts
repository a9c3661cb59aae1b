/** Byte-pair encoding on the corpus of Sennrich et al. 2016, section 3.2, merges counted by hand. */
import { describe, expect, it } from 'vitest'
import { trainTokenizer } from './train.ts'

const mergesOf = (corpus: readonly string[], count: number) =>
  trainTokenizer(corpus, { vocabulary: 514 + count }).model.merges

// low 5 times, lower 2, newest 6, widest 3.
const PAPER = [
  ...new Array<string>(5).fill('low'),
  ...new Array<string>(2).fill('lower'),
  ...new Array<string>(6).fill('newest'),
  'widest widest',
  'widest',
]

describe('trainTokenizer', () => {
  it('merges the most frequent pair again and again, ties by code points', () => {
    expect(mergesOf(PAPER, 8)).toEqual([
      'e s', // 9, before "s t</w>", of which there are as many
      'es t</w>', // 9
      'l o', // 7
      'e w', // 6, as "n e", "w est</w>" and others
      'ew est</w>', // 6
      'n ewest</w>', // 6
      'lo w</w>', // 5
      'd est</w>', // 3, as "i d" and "w i"
    ])
  })

  it('stops where every word is one symbol', () => {
    expect(mergesOf(['ab ab'], 10)).toEqual(['a b</w>'])
    expect(mergesOf(['a b'], 10)).toEqual([])
  })

  it('merges pairs from the left, each symbol once', () => {
    // "aaaa" ends with a</w>: a a a a</w>; the first two are a pair, the third stands alone.
    expect(mergesOf(['aaaa'], 1)).toEqual(['a a'])
    expect(mergesOf(['aaaa'], 2)[1]).toBe('a a</w>')
    expect(mergesOf(['aaaaaa'], 3)).toEqual(['a a', 'a a</w>', 'aa aa'])
  })

  it("cuts words as CLIP does: lower case, composed, digits alone, 's apart", () => {
    // Of "e" and U+0301 is one letter, two bytes: the first of them, and the second at the end of its word.
    expect(mergesOf(['É É', 'e\u0301'], 5)).toEqual(['Ã ©</w>'])
    expect(mergesOf(['12 12'], 5)).toEqual([])
    expect(mergesOf(["it's", "it's"], 5)).toEqual(["' s</w>", 'i t</w>'])
    expect(mergesOf(['ab-ab'], 5)).toEqual(['a b</w>'])
  })

  it('counts a pair in every word that has it, as often as the word', () => {
    expect(mergesOf(['xy xy xy', 'abz abz', 'abw abw'], 1)).toEqual(['a b'])
  })

  it('needs room for the bytes, and says how much', () => {
    expect(() => trainTokenizer([], { vocabulary: 513 })).toThrow(
      expect.objectContaining({ code: 'clip/vocabulary', message: expect.stringContaining('514') }),
    )
    expect(trainTokenizer(['ab'], { vocabulary: 514 }).model.merges).toEqual([])
  })
})
