import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readReport } from './read-report.ts'

/** P present, A absent, ? unclear: of the signs in the order of the sentence. */
const told = (sentence: string): string =>
  readReport(sentence)
    .claims.map(({ value }) => (value === 'Present' ? 'P' : value === 'Absent' ? 'A' : '?'))
    .join('')

describe('signStatuses', () => {
  it.each([
    ['Cavitation is present, necrosis is absent.', 'PA'],
    ['Cavitation and necrosis are absent.', 'AA'],
    ['Cavitation, necrosis and reticulation are not present.', 'AAA'],
    ['Neither cavitation nor necrosis is seen.', 'AA'],
    ['There is no cavitation, necrosis, or reticulation.', 'AAA'],
    ['There is cavitation, no necrosis.', 'PA'],
    ['There is no cavitation; necrosis is seen.', 'AP'],
    ['No cavitation is seen, and there is necrosis.', 'AP'],
    ['Absence of cavitation, presence of necrosis.', 'AP'],
    ['The nodule lacks cavitation and shows necrosis.', 'AP'],
    ['The nodule shows necrosis and lacks cavitation.', 'PA'],
    ['Cavitation is present without necrosis.', 'PA'],
    ['Cavitation: Present. Necrosis: Absent.', 'PA'],
    ['Cavitation absent, necrosis present.', 'AP'],
    ['Cavitation (absent) and necrosis (present) are noted.', 'AP'],
    ['Noted is the absence of both cavitation and necrosis.', 'AA'],
    ['Cavitation has not been identified.', 'A'],
    ['Cavitation is absent whereas necrosis is present.', 'AP'],
    ['No evidence of cavitation, but evidence of necrosis.', 'AP'],
    ['The nodule is unattached to the pleura.', 'A'],
    ['The nodule is not attached to the pleura.', 'A'],
    ['The nodule does not show cavitation.', 'A'],
    ['Absent: cavitation, necrosis. Present: reticulation.', 'AAP'],
    ['Features present: cavitation. Features not present: necrosis.', 'PA'],
    ['A nodule with cavitation, necrosis and pleural retraction.', 'PPP'],
  ])('%s', (sentence, statuses) => {
    expect(told(sentence)).toBe(statuses)
  })

  it.each([
    'There is no cavitation, necrosis is present.',
    'No cavitation with necrosis.',
    'Without necrosis, cavitation is present.',
    'Cavitation is present and necrosis is not.',
    'Signs of cavitation are absent, signs of necrosis are not.',
    'Cavitation or necrosis is present.',
    'No cavitation is not seen.',
    'Cavitation may be present.',
    "Cavitation isn't present.",
    'It is not without cavitation.',
  ])('takes "%s" for unclear, never for its contrary', (sentence) => {
    expect(told(sentence)).toContain('?')
  })

  it('never calls present what stands alone in a sentence with a plain denial of it', () => {
    const signs = fc.constantFrom(
      'cavitation',
      'necrosis',
      'reticulation',
      'septal stretching',
      'eccentric calcification',
    )
    const list = fc.uniqueArray(signs, { minLength: 1, maxLength: 4 })
    const joined = (words: string[], last: string) =>
      words.length === 1 ? words[0] : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`
    const denial = fc.constantFrom(
      (words: string[]) => `There is no evidence of ${joined(words, 'or')}.`,
      (words: string[]) => `No ${joined(words, 'or')} is seen.`,
      (words: string[]) => `The nodule is without ${joined(words, 'and')}.`,
      (words: string[]) => `${joined(words, 'and')} are not observed.`,
      (words: string[]) => `The nodule lacks ${joined(words, 'and')}.`,
      (words: string[]) => `Absent: ${words.join(', ')}.`,
    )
    fc.assert(
      fc.property(list, denial, (words, sentence) => {
        expect(told(sentence(words))).toBe('A'.repeat(words.length))
      }),
    )
  })
})
