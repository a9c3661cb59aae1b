import { describe, expect, it } from 'vitest'
import { CATEGORICAL } from '../features/features.ts'
import { seededRandom } from '../random.ts'
import { diagnosisWeights, drawWithReplacement, semanticWeights } from './samplers.ts'
import { farthest, torchNumbers } from './torch.fixture.node.ts'

const rows = torchNumbers.semantic.table.map((fields) =>
  Object.fromEntries(CATEGORICAL.flatMap((feature, f) => (fields[f] === null ? [] : [[feature, fields[f]]]))),
)

/** Pearson's statistic over its degrees of freedom, in standard deviations of its distribution. */
function chiSquare(drawn: readonly number[], expected: readonly number[]): number {
  const cells = expected.map((e, i) => [e, drawn[i]]).filter(([e]) => e >= 5)
  const statistic = cells.reduce((sum, [e, d]) => sum + (d - e) ** 2 / e, 0)
  const freedom = cells.length - 1
  return (statistic - freedom) / Math.sqrt(2 * freedom)
}

const counts = (rows: readonly number[], length: number) => {
  const out = new Array<number>(length).fill(0)
  for (const row of rows) out[row]++
  return out
}

describe('weights', () => {
  it('by diagnosis are those of a WeightedRandomSampler', () => {
    const { labels, weights } = torchNumbers.diagnosis
    expect(farthest(diagnosisWeights(labels), weights)).toBeLessThan(1e-15)
  })

  it('by semantic features are those of NumPy', () => {
    expect(CATEGORICAL.length).toBe(17)
    expect(farthest(semanticWeights(rows), torchNumbers.semantic.weights)).toBeLessThan(1e-12)
  })

  it('by semantic features need one that is recorded', () => {
    expect(semanticWeights([{ necrosis: 'Present' }, { necrosis: 'Absent' }, {}])).toEqual(
      semanticWeights([{ necrosis: 'Present' }, { necrosis: 'Absent' }, { necrosis: 'Absent' }]),
    )
    expect(() => semanticWeights([{}, {}])).toThrow(expect.objectContaining({ code: 'training/features' }))
  })

  it('are even where all rows are equally rare', () => {
    expect(semanticWeights([{ necrosis: 'Absent' }, { necrosis: 'Absent' }])).toEqual([1, 1])
    // The same rarities on other features, so that their logarithms add up in another order.
    const row = (a: string, b: string, c: string) => ({ necrosis: a, cavitation: b, nodule_shape: c })
    const mirrored = [row('x', 'y', 'y'), row('y', 'x', 'y'), row('y', 'y', 'x')]
    expect(semanticWeights(mirrored)).toEqual([1, 1, 1])
  })
})

describe('draws', () => {
  const { weights, drawn: drawnByTorch } = torchNumbers.semantic
  const total = weights.reduce((sum, weight) => sum + weight, 0)

  it("fall as the weights say, and as PyTorch's fall", () => {
    const ours = counts(drawWithReplacement(weights, 200_000, seededRandom(1)), weights.length)
    const expected = weights.map((weight) => (200_000 * weight) / total)
    expect(Math.abs(chiSquare(ours, expected))).toBeLessThan(4)
    // The test itself would notice PyTorch drawing otherwise.
    expect(Math.abs(chiSquare(drawnByTorch, expected))).toBeLessThan(4)
    expect(
      chiSquare(
        ours,
        expected.map((_, i) => expected[(i + 1) % 80]),
      ),
    ).toBeGreaterThan(100)
  })

  it('draw a row without a diagnosis as often as the average row with one', () => {
    expect(diagnosisWeights([0, 0, 1, null])).toEqual([0.5, 0.5, 1, 2 / 3])
  })

  it('by diagnosis give both classes alike', () => {
    const { labels } = torchNumbers.diagnosis
    const rows = drawWithReplacement(diagnosisWeights(labels), 100_000, seededRandom(2))
    const share = rows.filter((row) => labels[row] === 1).length / 100_000
    expect(Math.abs(share - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / 100_000))
  })

  it('are the same for the same seed, and never of weight 0', () => {
    const draw = () => drawWithReplacement([0, 1, 0, 2, 0], 1000, seededRandom(3, 'epoch 1'))
    expect(draw()).toEqual(draw())
    expect([...new Set(draw())].sort()).toEqual([1, 3])
    expect(drawWithReplacement([0, 1], 0, seededRandom(0))).toEqual([])
  })

  it('reach the end of the list at the largest uniform number, and no further', () => {
    const largest = { ...seededRandom(0), integer: (n: number) => n - 1 }
    expect(drawWithReplacement([1, 0.1, 0.2, 0], 1, largest)).toEqual([2])
  })

  it.each([
    [[], 'add up to 0'],
    [[0, 0], 'add up to 0'],
    [[1, Number.NaN], 'row 1 is NaN'],
    [[1, -1], 'row 1 is -1'],
    [[1, Number.POSITIVE_INFINITY], 'add up to Infinity'],
  ])('of %j are refused', (bad, message) => {
    expect(() => drawWithReplacement(bad, 1, seededRandom(0))).toThrow(message)
  })
})
