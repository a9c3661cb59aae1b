import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyAffine, invertAffine } from './affine.ts'
import { boxOfCube, checkBox, insideScan } from './box.ts'
import type { Affine, Triple } from './scan.ts'

const shapeIjk: Triple = [40, 50, 30]
const CT: Affine = [0.7, 0, 0, -14, 0, 0.8, 0, -20, 0, 0, 2.5, -35]
const OBLIQUE: Affine = [0.6, 0.3, -0.2, -20, -0.3, 0.7, 0.4, -10, 0.2, -0.2, 2.4, -30]

describe('insideScan', () => {
  it('reaches half a voxel beyond the outer centres', () => {
    expect(insideScan(shapeIjk, [-0.5, 0, 29.5])).toBe(true)
    expect(insideScan(shapeIjk, [-0.51, 0, 0])).toBe(false)
    expect(insideScan(shapeIjk, [0, 49.51, 0])).toBe(false)
    expect(insideScan(shapeIjk, [0, Number.NaN, 0])).toBe(false)
  })
})

describe('boxOfCube', () => {
  it('holds what trilinear interpolation needs, and a margin of one', () => {
    // indices 5.5 to 8.3, 10 to 20, 4.2 to 4.4
    const cube = { minLps: [-14 + 0.7 * 5.5, -12, -24.5] as const, maxLps: [-14 + 0.7 * 8.3, -4, -24] as const }
    expect(boxOfCube({ shapeIjk, affineLps: CT }, cube)).toEqual({ startIjk: [4, 9, 3], sizeIjk: [7, 13, 4] })
    expect(boxOfCube({ shapeIjk, affineLps: CT }, cube, 0)).toEqual({ startIjk: [5, 10, 4], sizeIjk: [5, 11, 2] })
  })

  it('is clipped to the scan, and empty outside of it', () => {
    const everywhere = { minLps: [-1e6, -1e6, -1e6] as const, maxLps: [1e6, 1e6, 1e6] as const }
    expect(boxOfCube({ shapeIjk, affineLps: OBLIQUE }, everywhere)).toEqual({ startIjk: [0, 0, 0], sizeIjk: shapeIjk })
    const beyond = { minLps: [500, 0, 0] as const, maxLps: [600, 10, 10] as const }
    expect(boxOfCube({ shapeIjk, affineLps: CT }, beyond)).toEqual({ startIjk: [0, 0, 0], sizeIjk: [0, 0, 0] })
  })

  it('refuses a cube without a place', () => {
    const nowhere = { minLps: [0, Number.NaN, 0] as const, maxLps: [1, 1, 1] as const }
    expect(() => boxOfCube({ shapeIjk, affineLps: CT }, nowhere)).toThrow(
      expect.objectContaining({ code: 'volume/box' }),
    )
  })

  it('holds the eight neighbours of every point of the cube that lies in the scan', () => {
    const coordinate = fc.double({ min: -60, max: 60, noNaN: true })
    const unit = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(
        fc.constantFrom(CT, OBLIQUE),
        fc.tuple(coordinate, coordinate, coordinate),
        fc.double({ min: 0, max: 50, noNaN: true }),
        fc.tuple(unit, unit, unit),
        (affineLps, centre, half, [u, v, w]) => {
          const minLps: Triple = [centre[0] - half, centre[1] - half, centre[2] - half]
          const maxLps: Triple = [centre[0] + half, centre[1] + half, centre[2] + half]
          const box = boxOfCube({ shapeIjk, affineLps }, { minLps, maxLps }, 0)
          checkBox({ name: 'scan', shapeIjk }, box)
          const point: Triple = [minLps[0] + 2 * half * u, minLps[1] + 2 * half * v, minLps[2] + 2 * half * w]
          const index = applyAffine(invertAffine(affineLps), point)
          fc.pre(index.every((value, axis) => value >= 0 && value <= shapeIjk[axis] - 1))
          for (const axis of [0, 1, 2] as const) {
            // A point on a face may round to the other side of it.
            expect(box.startIjk[axis]).toBeLessThanOrEqual(Math.floor(index[axis] + 1e-9))
            expect(box.startIjk[axis] + box.sizeIjk[axis] - 1).toBeGreaterThanOrEqual(Math.ceil(index[axis] - 1e-9))
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('checkBox', () => {
  it.each<[string, Triple, Triple]>([
    ['negative start', [-1, 0, 0], [1, 1, 1]],
    ['beyond the end', [0, 0, 29], [1, 1, 2]],
    ['half a voxel', [0, 0.5, 0], [1, 1, 1]],
    ['negative size', [0, 0, 0], [1, -1, 1]],
    ['not a number', [0, 0, 0], [1, 1, Number.NaN]],
  ])('refuses %s', (_, startIjk, sizeIjk) => {
    expect(() => checkBox({ name: 'scan.nii', shapeIjk }, { startIjk, sizeIjk })).toThrow(
      expect.objectContaining({ code: 'volume/box', message: expect.stringContaining('scan.nii') }),
    )
  })

  it('accepts whole boxes and empty ones', () => {
    checkBox({ name: 'scan.nii', shapeIjk }, { startIjk: [0, 0, 0], sizeIjk: shapeIjk })
    checkBox({ name: 'scan.nii', shapeIjk }, { startIjk: [40, 0, 0], sizeIjk: [0, 0, 0] })
  })
})
