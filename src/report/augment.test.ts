import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { augmentReport, cropWords, replaceSynonyms, SYNONYM_GROUPS } from './augment.ts'
import { templateCorpus } from './random-features.ts'
import { readReport } from './read-report.ts'

const TEXT = 'Impression: A 12 mm nodule is seen. It is not attached to the pleura, and shows no signs of retraction.'

describe('augmentReport', () => {
  it('changes one report in six or so: half of them take the flow, each of its steps a fifth', () => {
    const changed = Array.from({ length: 4000 }, (_, i) => augmentReport(TEXT, seededRandom(i))).filter(
      (t) => t !== TEXT,
    )
    // 0.5 * (1 - 0.8 * 0.8) = 0.18; three deviations of the count are 73.
    expect(Math.abs(changed.length - 720)).toBeLessThan(80)
  })

  it('is a function of text and generator', () => {
    expect(augmentReport(TEXT, seededRandom(7))).toBe(augmentReport(TEXT, seededRandom(7)))
  })

  it('draws as many numbers from its generator for one text as for another', () => {
    const numberAfter = (text: string) => {
      const random = seededRandom(5)
      augmentReport(text, random)
      return random.uniform()
    }
    expect(numberAfter(TEXT)).toBe(numberAfter(''))
  })
})

describe('replaceSynonyms', () => {
  it('replaces up to two words, each by one of its group', () => {
    for (let seed = 0; seed < 200; seed++) {
      const changed = replaceSynonyms('The nodule is seen. It shows retraction.', seededRandom(seed), 2)
      const words = changed.split(/[ .]+/)
      const before = 'The nodule is seen It shows retraction '.split(' ')
      const differing = words.filter((word, i) => word !== before[i])
      expect(differing).toHaveLength(2)
      for (const word of differing) expect(SYNONYM_GROUPS.some((group) => group.includes(word))).toBe(true)
    }
  })

  it('takes "not attached" for one phrase, and keeps a capital', () => {
    const all = new Set(Array.from({ length: 50 }, (_, i) => replaceSynonyms('Not attached.', seededRandom(i), 2)))
    expect([...all]).toEqual(['Unattached.'])
  })

  it('never turns a denial into a claim', () => {
    for (const [i, report] of templateCorpus(300, seededRandom(1)).entries()) {
      const signs = (text: string) =>
        readReport(text)
          .claims.filter(({ value }) => value === 'Present' || value === 'Absent')
          .map(({ feature, value }) => `${feature} ${value}`)
      expect(signs(replaceSynonyms(report, seededRandom(i), 50))).toEqual(signs(report))
    }
  })
})

describe('cropWords', () => {
  it('takes out a tenth of the words, neighbours', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(), (count, seed) => {
        const words = Array.from({ length: count }, (_, i) => `w${i}`)
        const left = cropWords(words.join(' '), seededRandom(seed), 0.1).split(' ')
        expect(left).toHaveLength(count - Math.floor(count / 10))
        const gaps = left.slice(1).filter((word, i) => Number(word.slice(1)) !== Number(left[i].slice(1)) + 1)
        expect(gaps.length).toBeLessThanOrEqual(1)
      }),
    )
  })
})
