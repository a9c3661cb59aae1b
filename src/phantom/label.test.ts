import { describe, expect, it } from 'vitest'
import { auroc } from '../evaluation/metrics/auroc.ts'
import { seededRandom } from '../random.ts'
import { computedProbability, drawLabel } from './label.ts'
import { someNodules } from './phantom.fixture.ts'

const nodule = (mm: number, nodule_margins: 'Smooth' | 'Lobulated' | 'Spiculated/Serrated') =>
  ({ 'longest_axial_diameter_(mm)': mm, nodule_margins }) as const

describe('computedProbability', () => {
  it.each([
    ['18 mm, smooth', nodule(18, 'Smooth'), -1.2],
    ['18 mm, spiculated', nodule(18, 'Spiculated/Serrated'), 1.8],
    ['21 mm, lobulated', nodule(21, 'Lobulated'), 0],
    ['8 mm, smooth', nodule(8, 'Smooth'), -5.2],
    ['28 mm, spiculated', nodule(28, 'Spiculated/Serrated'), 5.8],
    [
      '18 mm, lobulated and spiculated',
      { ...nodule(18, 'Lobulated'), additional_nodule_margins: 'Spiculated/Serrated' as const },
      1.8,
    ],
  ])('of %s', (_, features, logit) => {
    expect(computedProbability(features)).toBeCloseTo(1 / (1 + Math.exp(-logit)), 12)
  })
})

describe('drawLabel', () => {
  const drawn = someNodules(4000).map(({ features }, n) => drawLabel(features, seededRandom(n, 'label')))

  it('gives a 1 as often as the probability says, low or high', () => {
    for (const [low, high] of [
      [0, 0.1],
      [0.1, 0.4],
      [0.4, 0.7],
      [0.7, 0.95],
      [0.95, 1],
    ]) {
      const within = drawn.filter(({ probability }) => probability >= low && probability < high)
      const expected = within.reduce((sum, { probability }) => sum + probability, 0)
      const deviation = Math.sqrt(within.reduce((sum, { probability: p }) => sum + p * (1 - p), 0))
      const ones = within.filter(({ malignant }) => malignant === 1).length
      expect(within.length).toBeGreaterThan(200)
      expect(Math.abs(ones - expected)).toBeLessThan(3.5 * deviation)
    }
  })

  it('makes halves that the probability ranks at 0.92', () => {
    const labels = drawn.map(({ malignant }) => malignant)
    const ones = labels.filter((label) => label === 1).length
    expect(ones / drawn.length).toBeGreaterThan(0.45)
    expect(ones / drawn.length).toBeLessThan(0.55)
    const area = auroc(
      drawn.map(({ probability }) => probability),
      labels,
    )
    expect(Math.abs(Number(area) - 0.92)).toBeLessThan(0.01)
  })
})
