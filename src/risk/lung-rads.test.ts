import { describe, expect, it } from 'vitest'
import { type Category, hasGrown, LUNG_RADS_SOURCE, type LungRadsInput, lungRads } from './lung-rads.ts'

const solid = (diameterMm: number, rest: Partial<LungRadsInput> = {}): LungRadsInput => ({
  consistency: 'solid',
  diameterMm,
  ...rest,
})
const part = (diameterMm: number, solidDiameterMm?: number, rest: Partial<LungRadsInput> = {}): LungRadsInput => ({
  consistency: 'part-solid',
  diameterMm,
  solidDiameterMm,
  ...rest,
})
const glass = (diameterMm: number, rest: Partial<LungRadsInput> = {}): LungRadsInput => ({
  consistency: 'non-solid',
  diameterMm,
  ...rest,
})
const isNew = { isNew: true }
const growing = { growing: true }

/** Both sides of every border, with the line of the table that decides. */
const CASES: readonly (readonly [LungRadsInput, Category, string])[] = [
  [solid(5.9), '2', 'solid, < 6 mm'],
  [solid(6), '3', 'solid, 6 to < 8 mm'],
  [solid(7.9), '3', 'solid, 6 to < 8 mm'],
  [solid(8), '4A', 'solid, 8 to < 15 mm'],
  [solid(14.9), '4A', 'solid, 8 to < 15 mm'],
  [solid(15), '4B', 'solid, >= 15 mm'],
  [solid(3.9, isNew), '2', 'solid, new, < 4 mm'],
  [solid(4, isNew), '3', 'solid, new, 4 to < 6 mm'],
  [solid(6, isNew), '4A', 'solid, new, 6 to < 8 mm'],
  [solid(8, isNew), '4B', 'solid, new or growing, >= 8 mm'],
  [solid(5, growing), '4A', 'solid, growing, < 8 mm'],
  [solid(8, growing), '4B', 'solid, new or growing, >= 8 mm'],
  [solid(9.9, { juxtapleuralBenign: true }), '2', 'juxtapleural, solid, smooth, oval or lentiform, < 10 mm'],
  [solid(10, { juxtapleuralBenign: true }), '4A', 'solid, 8 to < 15 mm'],
  [part(5.9), '2', 'part-solid, < 6 mm'],
  [part(6, 5.9), '3', 'part-solid, >= 6 mm with solid component < 6 mm'],
  [part(9, 6), '4A', 'part-solid, solid component 6 to < 8 mm'],
  [part(9, 8), '4B', 'part-solid, solid component >= 8 mm'],
  [part(5, undefined, isNew), '3', 'part-solid, new, < 6 mm'],
  [part(9, 3.9, isNew), '4A', 'part-solid, new or growing solid component < 4 mm'],
  [part(9, 4, growing), '4B', 'part-solid, new or growing solid component >= 4 mm'],
  [part(5, 3, growing), '4A', 'part-solid, new or growing solid component < 4 mm'],
  [glass(29.9), '2', 'non-solid, < 30 mm'],
  [glass(12, isNew), '2', 'non-solid, < 30 mm'],
  [glass(30), '3', 'non-solid, >= 30 mm, first seen or new'],
  [glass(30, isNew), '3', 'non-solid, >= 30 mm, first seen or new'],
  [glass(35, { stable: true }), '2', 'non-solid, >= 30 mm, stable'],
  [solid(7, { suspicious: true }), '4X', 'solid, 6 to < 8 mm (category 3), with suspicious features'],
  [solid(20, { suspicious: true }), '4X', 'solid, >= 15 mm (category 4B), with suspicious features'],
  [solid(5, { suspicious: true }), '2', 'solid, < 6 mm'],
]

describe('Lung-RADS v2022', () => {
  it.each(CASES)('%j is %s: %s', (input, category, rule) => {
    expect(lungRads(input)).toEqual({ category, rule, source: LUNG_RADS_SOURCE })
  })

  it('says where it comes from', () => expect(LUNG_RADS_SOURCE).toContain('secondary sources'))

  it('refuses what cannot be', () => {
    expect(() => lungRads(part(7))).toThrow(expect.objectContaining({ code: 'risk/missing' }))
    expect(() => lungRads(part(7, 8))).toThrow(expect.objectContaining({ code: 'risk/contradiction' }))
    expect(() => lungRads(solid(7, { stable: true, isNew: true }))).toThrow(
      expect.objectContaining({ code: 'risk/contradiction' }),
    )
    expect(() => lungRads(solid(Number.NaN))).toThrow(expect.objectContaining({ code: 'risk/range' }))
  })

  it('growth is more than 1.5 mm within a year', () => {
    expect(hasGrown({ beforeMm: 6, nowMm: 7.5, months: 12 })).toBe(false)
    expect(hasGrown({ beforeMm: 6, nowMm: 7.6, months: 12 })).toBe(true)
    expect(hasGrown({ beforeMm: 6, nowMm: 7.6, months: 13 })).toBe(false)
  })
})
