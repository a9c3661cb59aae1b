import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Triple } from '../scan/scan.ts'
import { parseFrame, toPointLps } from './frame.ts'

const affine = [0, -0.7, 0, 100, 0.7, 0, 0, -50, 0, 0, 1.25, -300]

describe('toPointLps', () => {
  it('leaves LPS, turns x and y of RAS, applies the affine to voxels', () => {
    expect(toPointLps([1, 2, 3], 'lps', affine)).toEqual([1, 2, 3])
    expect(toPointLps([1, 2, 3], 'ras', affine)).toEqual([-1, -2, 3])
    expect(toPointLps([0, 0, 0], 'voxel', affine)).toEqual([100, -50, -300])
    expect(toPointLps([10, 20, 2], 'voxel', affine)).toEqual([86, -43, -297.5])
  })

  it('makes no negative zero', () => {
    expect(Object.is(toPointLps([0, 0, 0], 'ras', affine)[0], 0)).toBe(true)
  })

  it('turns RAS back when applied twice', () => {
    const coordinate = fc.double({ min: -1e4, max: 1e4, noNaN: true }).map((value) => value + 0)
    fc.assert(
      fc.property(fc.tuple(coordinate, coordinate, coordinate), (point: Triple) => {
        expect(toPointLps(toPointLps(point, 'ras', affine), 'ras', affine)).toEqual(point.map((c) => (c === 0 ? 0 : c)))
      }),
      { examples: [[[0, 1, 2]]] },
    )
  })
})

describe('parseFrame', () => {
  it('knows three frames, whatever their case', () => {
    expect(['lps', 'RAS', ' Voxel '].map(parseFrame)).toEqual(['lps', 'ras', 'voxel'])
    expect(() => parseFrame('xyz')).toThrow('"xyz" is not a frame')
  })
})
