import { describe, expect, it } from 'vitest'
import { learningRateAt, type Schedule } from './schedule.ts'
import { farthest, torchNumbers } from './torch.fixture.node.ts'

const rates = (options: Schedule) => Array.from({ length: 51 }, (_, step) => learningRateAt(step, options))

describe('the learning rate', () => {
  it("is PyTorch's cosine", () => {
    const ours = rates({ base: 3e-4, totalSteps: 50, schedule: 'cosine' })
    expect(farthest(ours, torchNumbers.cosine)).toBeLessThan(1e-17)
  })

  it("is PyTorch's warm-up and cosine", () => {
    const ours = rates({ base: 3e-4, warmupSteps: 10, totalSteps: 50, schedule: 'cosine' })
    expect(farthest(ours, torchNumbers.warmCosine)).toBeLessThan(1e-17)
  })

  it('is constant unless asked otherwise, after any warm-up', () => {
    expect(rates({ base: 1e-4, totalSteps: 10 }).every((rate) => rate === 1e-4)).toBe(true)
    expect(rates({ base: 1, totalSteps: 10, warmupSteps: 4 }).slice(0, 6)).toEqual([0.25, 0.5, 0.75, 1, 1, 1])
  })

  it('stays at the end of the cosine, also when warm-up is all there is', () => {
    expect(learningRateAt(1000, { base: 1, totalSteps: 10, schedule: 'cosine' })).toBe(0)
    expect(learningRateAt(9, { base: 1, warmupSteps: 10, totalSteps: 10, schedule: 'cosine' })).toBe(1)
  })
})
