import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bagFeeds, MAX_VIEWS } from './view-bags.ts'

const PIXELS = 9 // views of 3 x 3
const bag = (first: number, count: number) => ({
  count,
  pixels: Float32Array.from({ length: count * PIXELS }, (_, p) => first + p),
})

describe('bagFeeds', () => {
  it('lays views one after another and tells which belong to whom', () => {
    const { views, members, present } = bagFeeds([bag(0, 2), bag(100, 1), bag(200, 9)], 3)
    expect([views.shape, members.shape, present.shape]).toEqual([
      [12, 3, 3],
      [3, MAX_VIEWS, 1],
      [3, MAX_VIEWS],
    ])
    expect([views.dtype, members.dtype, present.dtype]).toEqual(['float32', 'int64', 'float32'])
    expect([...views.data]).toEqual([...bag(0, 2).pixels, ...bag(100, 1).pixels, ...bag(200, 9).pixels])
    expect([...members.data].map(Number)).toEqual([
      ...[0, 1, 0, 0, 0, 0, 0, 0, 0],
      ...[2, 0, 0, 0, 0, 0, 0, 0, 0],
      ...[3, 4, 5, 6, 7, 8, 9, 10, 11],
    ])
    expect([...present.data]).toEqual([
      ...[1, 1, 0, 0, 0, 0, 0, 0, 0],
      ...[1, 0, 0, 0, 0, 0, 0, 0, 0],
      ...[1, 1, 1, 1, 1, 1, 1, 1, 1],
    ])
  })

  it('gives every nodule its own pixels back', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: MAX_VIEWS }), { minLength: 1, maxLength: 5 }), (counts) => {
        const bags = counts.map((count, n) => bag(1000 * n, count))
        const { views, members, present } = bagFeeds(bags, 3)
        for (const [n, { pixels }] of bags.entries()) {
          const own = [...Array(MAX_VIEWS).keys()].filter((v) => present.data[n * MAX_VIEWS + v] === 1)
          const read = own.flatMap((v) => {
            const at = Number(members.data[n * MAX_VIEWS + v]) * PIXELS
            return [...views.data.subarray(at, at + PIXELS)]
          })
          expect(read).toEqual([...pixels])
        }
      }),
    )
  })

  it.each([
    ['none', 0, 0],
    ['ten', 10, 90],
    ['one and a half', 1.5, 13.5],
    ['a pixel too few', 2, 17],
    ['a pixel too many', 2, 19],
  ])('refuses a bag of views: %s', (_, count, length) => {
    const bad = { count, pixels: new Float32Array(Math.ceil(length)) }
    expect(() => bagFeeds([bag(0, 1), bad], 3)).toThrow(
      expect.objectContaining({
        code: 'clip/views',
        message: `${count} views of 3x3 are not ${Math.ceil(length)} numbers`,
      }),
    )
  })
})
