import { describe, expect, it } from 'vitest'
import { FEATURE_LIST } from '../features/features.ts'
import { groupOf, labelOf, phrase, standingOut, top } from './words.ts'

const answer = (feature: string, probabilities: readonly number[]) => ({
  feature,
  values: probabilities.map((probability, i) => ({ value: String(i), probability, folds: [probability] })),
})

describe('phrase', () => {
  it.each([
    ['nodule_margin_conspicuity', 'Poorly marginated', 'poorly marginated'],
    ['nodule_margins', 'Spiculated/Serrated', 'spiculated/serrated margins'],
    ['necrosis', 'Absent', 'no necrosis'],
    ['pleural_attachment', 'Present', 'pleural attachment'],
    ['longest_axial_diameter_(mm)', '8', 'about 8 mm'],
    ['level_of_suspicion_of_lung_cancer', 'Moderately High', 'moderately high suspicion'],
    ['prompt', 'The nodule is round.', 'the nodule is round.'],
  ])('%s %s: %s', (feature, value, words) => {
    expect(phrase(feature, value)).toBe(words)
  })

  it.each([
    ['additional_nodule_margins', 'Lobulated', 'additional lobulated margins'],
    ['nodule_shape', 'Ovoid', 'ovoid'],
    ['a question of its own', 'Present', 'a question of its own'],
    ['a question of its own', 'Absent', 'no a question of its own'],
  ])('%s %s: %s', (feature, value, words) => {
    expect(phrase(feature, value)).toBe(words)
  })

  it('names every feature by its label or its value, as published', () => {
    expect(FEATURE_LIST.length).toBeGreaterThan(20)
    for (const [feature, known] of FEATURE_LIST) {
      expect(labelOf(feature)).toBe(known.label)
      const values = known.kind === 'length' ? ['8'] : known.values
      expect(values.length).toBeGreaterThan(0)
      for (const value of values) {
        const isSign = value === 'Present' || value === 'Absent'
        expect(phrase(feature, value)).toContain(isSign ? known.label : value.toLowerCase())
      }
      expect(new Set(values.map((value) => phrase(feature, value))).size).toBe(values.length)
    }
  })
})

describe('groupOf', () => {
  it('is the published group, sizes apart, and general for what is not known', () => {
    for (const [feature, { kind, group }] of FEATURE_LIST)
      expect(groupOf(feature)).toBe(kind === 'length' ? 'sizes' : group)
    expect(groupOf('a question of its own')).toBe('general')
    expect(new Set(FEATURE_LIST.map(([feature]) => groupOf(feature)))).toEqual(
      new Set(['sizes', 'general', 'internal', 'external', 'assessment']),
    )
  })
})

describe('top', () => {
  it('is the likeliest value, the first of equals', () => {
    expect(top(answer('necrosis', [0.2, 0.5, 0.3])).value).toBe('1')
    expect(top(answer('necrosis', [0.4, 0.2, 0.4])).value).toBe('0')
  })
})

describe('standingOut', () => {
  it('goes by the distance from a guess among as many values, and leaves sizes out', () => {
    const answers = [
      answer('necrosis', [0.7, 0.3]), // 0.4 of the way from 0.5 to 1
      answer('nodule_shape', [0.6, 0.2, 0.1, 0.1]), // 0.47 of the way from 0.25
      answer('cavitation', [0.45, 0.55]),
      answer('mean_diameter', [0.99, 0.01]),
    ]
    expect(standingOut(answers, 2).map(({ feature }) => feature)).toEqual(['nodule_shape', 'necrosis'])
    // A guess between two is far nearer than a guess between four: 0.5 of the way against 0.47.
    const both = [answer('nodule_shape', [0.6, 0.2, 0.1, 0.1]), answer('necrosis', [0.75, 0.25])]
    expect(standingOut(both, 2).map(({ feature }) => feature)).toEqual(['necrosis', 'nodule_shape'])
    expect(standingOut(answers, 9).map(({ feature }) => feature)).toEqual(['nodule_shape', 'necrosis', 'cavitation'])
  })
})
