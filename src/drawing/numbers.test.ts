import { describe, expect, it } from 'vitest'
import { bracketed, range, shown } from './numbers.ts'

describe('numbers', () => {
  it('are 0 or 1 only where they are', () => {
    expect([0, 1, 1e-9, 1 - 1e-9, 0.51449, 0.9996, 0.0004].map((p) => shown(p))).toEqual([
      '0.000',
      '1.000',
      '< 0.001',
      '> 0.999',
      '0.514',
      '> 0.999',
      '< 0.001',
    ])
    expect([shown(0.004, 2), shown(0.996, 2), shown(0.005, 2), shown(1.2, 2), shown(-0.2, 1)]).toEqual([
      '< 0.01',
      '> 0.99',
      '0.01',
      '1.20',
      '-0.2',
    ])
  })

  it('of folds go from the least to the most, and tell nothing of one fold', () => {
    expect([range([0.4, 0.2, 0.3], 2), range([0.4, 0.2]), range([0.4])]).toEqual(['0.20 to 0.40', '0.200 to 0.400', ''])
    expect([bracketed([0.4, 0.2], 1), bracketed([0.4])]).toEqual([' (0.2 to 0.4)', ''])
  })
})
