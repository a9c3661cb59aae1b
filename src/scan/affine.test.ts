import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  affineFault,
  applyAffine,
  axisAlignment,
  invertAffine,
  multiplyAffine,
  rasToLps,
  rasToLpsPoint,
  spacingMm,
} from './affine.ts'
import { rotationQuaternion } from './nifti/quaternion.ts'
import type { Affine, Triple } from './scan.ts'

const CT: Affine = [0.7, 0, 0, -180, 0, 0.7, 0, -180, 0, 0, 1.25, -300]

const angle = fc.double({ min: -Math.PI, max: Math.PI, noNaN: true })
const spacing = fc.double({ min: 0.05, max: 10, noNaN: true })
const place = fc.double({ min: -2000, max: 2000, noNaN: true })
const triple = <T>(arbitrary: fc.Arbitrary<T>) => fc.tuple(arbitrary, arbitrary, arbitrary)

/** Any rotation, spacing, translation and mirroring. */
const affines = fc
  .tuple(triple(angle), triple(spacing), triple(place), fc.boolean())
  .map(([[a, b, c], [di, dj, dk], [x, y, z], mirrored]): Affine => {
    const turn = multiplyAffine(
      multiplyAffine(
        [Math.cos(a), -Math.sin(a), 0, 0, Math.sin(a), Math.cos(a), 0, 0, 0, 0, 1, 0],
        [Math.cos(b), 0, Math.sin(b), 0, 0, 1, 0, 0, -Math.sin(b), 0, Math.cos(b), 0],
      ),
      [1, 0, 0, 0, 0, Math.cos(c), -Math.sin(c), 0, 0, Math.sin(c), Math.cos(c), 0],
    )
    const scaled = multiplyAffine(turn, [di, 0, 0, 0, 0, dj, 0, 0, 0, 0, mirrored ? -dk : dk, 0])
    return scaled.map((value, n) => (n % 4 === 3 ? [x, y, z][(n - 3) / 4] : value))
  })

describe('affine', () => {
  it('places a voxel index', () => {
    const point = applyAffine(CT, [256, 256, 0])
    expect(point[0]).toBeCloseTo(-0.8, 12)
    expect(point[2]).toBe(-300)
  })

  it('goes there and back', () => {
    fc.assert(
      fc.property(affines, triple(place), (a, point) => {
        const back = applyAffine(a, applyAffine(invertAffine(a), point))
        for (const axis of [0, 1, 2]) expect(back[axis]).toBeCloseTo(point[axis], 6)
        const identity = multiplyAffine(invertAffine(a), a)
        ;[1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0].forEach((value, n) => void expect(identity[n]).toBeCloseTo(value, 6))
      }),
    )
  })

  it('inverts spacings of very different size', () => {
    const a: Affine = [1e-9, 0, 0, 1, 0, 1e9, 0, 2, 0, 0, 1, 3]
    const point = applyAffine(invertAffine(a), [1 + 5e-9, 2 + 7e9, 4])
    expect(point[0]).toBeCloseTo(5, 5)
    expect(point[1]).toBeCloseTo(7, 9)
    expect(point[2]).toBe(1)
  })

  it.each<[string, Affine, RegExp]>([
    ['NaN', CT.with(6, Number.NaN), /row 2, column 3 is NaN/],
    ['infinite', CT.with(3, Number.POSITIVE_INFINITY), /row 1, column 4 is Infinity/],
    ['an axis of no length', CT.with(5, 0), /singular: axis j has no length/],
    ['axes in one plane', [1, 2, 3, 0, 1, 2, 3.5, 0, 1, 2, 3, 0], /singular: its axes lie in one plane/],
    ['nearly in one plane', [1, 1, 0, 0, 0, 1e-9, 0, 0, 0, 0, 1, 0], /one plane/],
    ['too short', [1, 0, 0], /3 numbers, not 12/],
    ['overflowing', CT.with(0, 1e308).with(4, 1.7e308), /longer than any number/],
  ])('refuses to invert: %s', (_, a, message) => {
    expect(affineFault(a)).toMatch(message)
    expect(() => invertAffine(a)).toThrow(expect.objectContaining({ code: 'volume/affine' }))
  })

  it('measures spacing', () => {
    fc.assert(
      fc.property(triple(angle), triple(spacing), ([a], [di, dj, dk]) => {
        const [c, s] = [Math.cos(a), Math.sin(a)]
        const measured = spacingMm([c * di, -s * dj, 0, 9, s * di, c * dj, 0, 9, 0, 0, -dk, 9])
        ;[di, dj, dk].forEach((mm, axis) => void expect(measured[axis]).toBeCloseTo(mm, 9))
      }),
    )
  })

  it('turns RAS to LPS and back', () => {
    expect(rasToLps(CT)).toEqual([-0.7, 0, 0, 180, 0, -0.7, 0, 180, 0, 0, 1.25, -300])
    expect(rasToLps(rasToLps(CT))).toEqual(CT)
    expect(rasToLpsPoint([10, 0, 30])).toEqual([-10, 0, 30])
    const index: Triple = [3, 4, 5]
    expect(applyAffine(rasToLps(CT), index)).toEqual(rasToLpsPoint(applyAffine(CT, index)))
  })

  it('names the world axis of each stored axis', () => {
    expect(axisAlignment([0, 0, 5, 0, -1, 0, 0, 0, 0, -1, 0, 0])).toEqual([
      { world: 1, sign: -1 },
      { world: 2, sign: -1 },
      { world: 0, sign: 1 },
    ])
    expect(axisAlignment(CT.with(1, 0.7e-5))).not.toBeNull()
    expect(axisAlignment(CT.with(1, 0.7e-3))).toBeNull()
    expect(axisAlignment([1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0])).toBeNull() // two axes along x
    expect(axisAlignment([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0])).toBeNull() // one without length
  })
})

describe('quaternion', () => {
  it('says any rotation, as the standard reads it', () => {
    fc.assert(
      fc.property(affines, (a) => {
        const rotation = rotationQuaternion(a)
        expect(rotation).toBeDefined()
        if (!rotation) return
        const [x, y, z] = rotation.bcd
        const w = Math.sqrt(Math.max(0, 1 - x * x - y * y - z * z))
        const [di, dj, dk] = spacingMm(a)
        const k = rotation.qfac * dk
        // nifti1.h, "METHOD 2"
        const expected = [
          [(w * w + x * x - y * y - z * z) * di, 2 * (x * y - w * z) * dj, 2 * (x * z + w * y) * k],
          [2 * (x * y + w * z) * di, (w * w + y * y - x * x - z * z) * dj, 2 * (y * z - w * x) * k],
          [2 * (x * z - w * y) * di, 2 * (y * z + w * x) * dj, (w * w + z * z - x * x - y * y) * k],
        ]
        expected.forEach((row, r) => {
          row.forEach((value, c) => void expect(value).toBeCloseTo(a[4 * r + c], 5))
        })
      }),
    )
  })

  it('cannot say a shear', () => {
    expect(rotationQuaternion([1, 0.1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0])).toBeUndefined()
  })
})
