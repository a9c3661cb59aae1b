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
  // All of it solid but a rim too thin to be measured.
  [part(9, 9), '4B', 'part-solid, solid component >= 8 mm'],
  [part(9, 6, { juxtapleuralBenign: true }), '4A', 'part-solid, solid component 6 to < 8 mm'],
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

  it.each<[LungRadsInput, string, string]>([
    [part(7), 'risk/missing', 'a part-solid nodule needs the diameter of its solid component'],
    [part(5, undefined, growing), 'risk/missing', 'a part-solid nodule needs'],
    [part(7, 8), 'risk/contradiction', 'its solid component of 8 mm is larger than the nodule of 7 mm'],
    [solid(7, { stable: true, ...isNew }), 'risk/contradiction', 'stable is neither new nor growing'],
    [solid(7, { stable: true, ...growing }), 'risk/contradiction', 'stable is neither new nor growing'],
    [solid(Number.NaN), 'risk/range', 'diameter is NaN mm'],
    [part(9, -1), 'risk/range', 'diameter of the solid component is -1 mm'],
  ])('refuses what cannot be: %j, %s', (input, code, message) => {
    expect(() => lungRads(input)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }))
  })

  it('growth is more than 1.5 mm within a year', () => {
    expect(hasGrown({ beforeMm: 6, nowMm: 7.5, months: 12 })).toBe(false)
    expect(hasGrown({ beforeMm: 6, nowMm: 7.6, months: 12 })).toBe(true)
    expect(hasGrown({ beforeMm: 6, nowMm: 7.6, months: 13 })).toBe(false)
  })
})
