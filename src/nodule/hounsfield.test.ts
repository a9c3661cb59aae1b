/** Voxels that are no Hounsfield units, told by their range; voxels that are no numbers, told by their place. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Triple } from '../scan/scan.ts'
import { huNotes, unitIntensity } from './hounsfield.ts'

const box = (sizeIjk: Triple, startIjk: Triple = [0, 0, 0]) => ({ startIjk, sizeIjk })
const notes = (...hu: number[]) => huNotes('ct.nii', Float32Array.from(hu), box([hu.length, 1, 1]))

describe('unitIntensity', () => {
  it.each([
    [-1000, 0],
    [-250, 0.5],
    [500, 1],
    [-700, 0.2],
    [-1001, 0],
    [-3024, 0],
    [501, 1],
    [3071, 1],
  ])('of %d HU is %d', (hu, intensity) => expect(unitIntensity(hu)).toBeCloseTo(intensity, 12))
})

describe('huNotes', () => {
  it.each([
    [-1000, 400],
    [-300.5, 3000],
    [-1024, -301],
  ])('has nothing to say of %d to %d', (low, high) => expect(notes(low, 0, high)).toEqual([]))

  it.each([
    [-1000, -1000, 'all are -1000. There is nothing to see there: is it padding?'],
    [0, 0, 'all are 0. There is nothing to see there: is the scan empty or masked?'],
    [-300, -300, 'all are -300. There is nothing to see there: is the scan empty or masked?'],
    [0, 1, 'they run from 0 to 1. They look scaled to [0, 1]: give the scan in HU.'],
    [-1, 1, 'they run from -1 to 1. They look scaled to [-1, 1]: give the scan in HU.'],
    [-0.5, 0.5, 'they run from -0.5 to 0.5. They look scaled to [-1, 1]: give the scan in HU.'],
    [0, 1.5, 'they run from 0 to 1.5. They look like 8-bit grey values: give the scan in HU.'],
    [0, 255, 'they run from 0 to 255. They look like 8-bit grey values: give the scan in HU.'],
    [0, 256, 'they run from 0 to 256. Is the rescale intercept (often -1024) missing?'],
    [-0.5, 200, 'they run from -0.5 to 200. Is the rescale intercept (often -1024) missing?'],
    [-10, 2000, 'they run from -10 to 2000. Is the rescale intercept (often -1024) missing?'],
    [-11, 2000, 'they run from -11 to 2000. Nothing is below -300 HU, though lung is mostly air'],
    [-300, 2000, 'they run from -300 to 2000. Nothing is below -300 HU, though lung is mostly air'],
    [-1.5, 0.5, 'they run from -1.5 to 0.5. Is the rescale intercept (often -1024) missing?'],
  ])('says of %d to %d: %s', (low, high, told) => {
    // Neither the first nor the last: the whole range counts.
    const middle = (low + high) / 2
    const [{ code, message }, ...others] = notes(middle, high, low, middle)
    expect([code, others]).toEqual(['nodule/not-hu', []])
    expect(message).toContain(`ct.nii: the voxels round the nodule do not look like HU: ${told}`)
  })

  it('tells numbers in six digits', () => {
    expect(notes(1 / 3, 1)[0].message).toContain('from 0.333333 to 1.')
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'refuses %d by its index in the scan, wherever it stands',
    (bad) => {
      const sizes: Triple = [4, 3, 5]
      const place = fc.tuple(fc.nat(3), fc.nat(2), fc.nat(4))
      fc.assert(
        fc.property(place, fc.tuple(fc.nat(300), fc.nat(300), fc.nat(300)), (at, start) => {
          const hu = new Float32Array(60).fill(-800)
          hu[at[0] + 4 * (at[1] + 3 * at[2])] = bad
          hu[59] = bad
          const index = at.map((n, axis) => n + start[axis]).join(', ')
          const count = at.join() === '3,2,4' ? 1 : 2
          expect(() => huNotes('ct.nii', hu, box(sizes, start))).toThrow(
            expect.objectContaining({
              code: 'nodule/non-finite',
              message:
                `ct.nii: ${count} of the 60 voxels round the nodule are not finite numbers; ` +
                `the first, ${bad}, is voxel (${index})`,
              hint: expect.stringContaining('-1000 HU (air)'),
            }),
          )
        }),
      )
    },
  )
})
