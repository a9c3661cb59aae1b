import { describe, expect, it } from 'vitest'
import { range, shown } from '../drawing/numbers.ts'
import { FEATURE_LIST } from '../features/features.ts'
import { groupOf, phrase, standingOut } from './words.ts'

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

  it('knows every feature there is', () => {
    for (const [feature, { kind }] of FEATURE_LIST) expect(groupOf(feature) === 'sizes').toBe(kind === 'length')
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
  })
})

describe('numbers', () => {
  it('are 0 or 1 only where they are', () => {
    expect([0, 1, 1e-9, 1 - 1e-9, 0.51449].map((p) => shown(p))).toEqual([
      '0.000',
      '1.000',
      '< 0.001',
      '> 0.999',
      '0.514',
    ])
    expect([range([0.4, 0.2], 2), range([0.4])]).toEqual(['0.20 to 0.40', ''])
  })
})
