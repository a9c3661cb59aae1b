/** What is said of a nodule outside its scan, or near its border. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SpiculaError } from '../error.ts'
import { applyAffine, invertAffine } from '../scan/affine.ts'
import { memoryScan } from '../scan/memory-scan.ts'
import type { Affine, Scan, Triple } from '../scan/scan.ts'
import { borderNotes, checkPlace } from './place.ts'

const scanOf = (shapeIjk: Triple, affineLps: Affine): Scan =>
  memoryScan(new Float32Array(shapeIjk[0] * shapeIjk[1] * shapeIjk[2]), shapeIjk, affineLps, { name: 'ct.nii' })
const refusal = (scan: Scan, pointLps: Triple): SpiculaError => {
  try {
    checkPlace(scan, pointLps)
  } catch (error) {
    return error as SpiculaError
  }
  return expect.unreachable('not refused')
}

// 40 x 40 x 20 voxels of 1 x 1 x 2 mm; x 100 to 139, y 60 to 99, z 0 to 38 mm
const LUNG = scanOf([40, 40, 20], [1, 0, 0, 100, 0, 1, 0, 60, 0, 0, 2, 0])

describe('a point that is not three numbers', () => {
  it('is refused with its numbers and what to look at', () => {
    const { code, message, hint } = refusal(LUNG, [120, Number.NaN, 4])
    expect(code).toBe('nodule/point')
    expect(message).toBe('ct.nii: nodule at (120, NaN, 4): not three finite numbers')
    expect(hint).toContain('LPS; check the row for empty or misread cells')
  })
})

describe('a point outside', () => {
  it('is told in full', () => {
    const { code, message, hint } = refusal(LUNG, [120.123, 80, 41.5])
    expect(code).toBe('nodule/outside')
    expect(message).toBe(
      'ct.nii: the nodule at (120.12, 80, 41.5) mm LPS lies outside the scan: 2.5 mm (1.3 voxels) beyond the last voxel ' +
        'of stored axis k (z, towards superior). The scan spans x 99.5 to 139.5, y 59.5 to 99.5, z -1.0 to 39.0 mm LPS',
    )
    expect(hint).toBe('Check that the row names the right scan, and the frame of its coordinates.')
  })

  it('is told on every axis on which it is outside, in the order in which they are stored', () => {
    expect(refusal(LUNG, [90, 80, 50]).message).toContain(
      ': 9.5 mm (9.5 voxels) before the first voxel of stored axis i (x, towards left), ' +
        '11.0 mm (5.5 voxels) beyond the last voxel of stored axis k (z, towards superior). The',
    )
  })

  // Columns of the affine: where a step along i, j and k leads. +x is left, +y posterior, +z superior (DICOM PS3.3,
  // C.7.6.2).
  it.each<[string, Affine, readonly string[]]>([
    ['LPS', [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], ['x, towards left', 'y, towards posterior', 'z, towards superior']],
    [
      'RAI',
      [-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, -1, 0],
      ['x, towards right', 'y, towards anterior', 'z, towards inferior'],
    ],
    [
      'sagittal, head first',
      [0, 0, 1, 0, 1, 0, 0, 0, 0, -1, 0, 0],
      ['y, towards posterior', 'z, towards inferior', 'x, towards left'],
    ],
    [
      'turned by 30 degrees',
      [0.866, -0.5, 0, 0, 0.5, 0.866, 0, 0, 0, 0, 1, 0],
      ['x, towards left', 'y, towards posterior', 'z, towards superior'],
    ],
    [
      'turned by 60 degrees',
      [0.5, -0.866, 0, 0, 0.866, 0.5, 0, 0, 0, 0, 1, 0],
      ['y, towards posterior', 'x, towards right', 'z, towards superior'],
    ],
  ])('names the stored axis and where it leads: %s', (_, affine, axes) => {
    const scan = scanOf([10, 10, 10], affine)
    for (const [axis, name] of axes.entries()) {
      const index = [5, 5, 5]
      index[axis] = 20
      const { message } = refusal(scan, applyAffine(affine, index as unknown as Triple))
      expect(message).toContain(` beyond the last voxel of stored axis ${'ijk'[axis]} (${name}). `)
    }
  })

  it('is told with the extent of all voxels, edges counted, whatever the orientation', () => {
    const number = fc.integer({ min: -20, max: 20 }).map((n) => n / 8)
    const affines = fc.tuple(...Array.from({ length: 12 }, () => number))
    fc.assert(
      fc.property(affines, (numbers) => {
        const affine = numbers as unknown as Affine
        // Voxels that are flat, or nearly, are not a scan.
        const [a, b, c, , d, e, f, , g, h, i] = affine
        fc.pre(Math.abs(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)) > 0.1)
        const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) =>
          applyAffine(affine, [bits & 1 ? 3.5 : -0.5, bits & 2 ? 4.5 : -0.5, bits & 4 ? 5.5 : -0.5]),
        )
        const { message } = refusal(scanOf([4, 5, 6], affine), applyAffine(affine, [50, 2, 2]))
        const told = [...message.split('The scan spans')[1].matchAll(/([xyz]) (\S+) to ([^ ,]+)/g)]
        expect(told.map(([, axis]) => axis)).toEqual(['x', 'y', 'z'])
        for (const [world, [, , low, high]] of told.entries()) {
          const values = corners.map((corner) => corner[world])
          expect(Math.abs(Number(low) - Math.min(...values))).toBeLessThan(0.051)
          expect(Math.abs(Number(high) - Math.max(...values))).toBeLessThan(0.051)
        }
      }),
    )
  })

  it('may look like one in another frame, or in both', () => {
    const ras = 'With the signs of x and y flipped the point lies inside: the coordinates look like RAS (--frame ras).'
    const voxels =
      'The numbers fit as voxel indices: the coordinates look like voxels, not millimetres (--frame voxel).'
    expect(refusal(LUNG, [-120, -80, 20]).hint).toBe(ras)
    expect(refusal(LUNG, [20, 20, 10]).hint).toBe(voxels)
    const both = scanOf([40, 40, 20], [1, 0, 0, -39, 0, 1, 0, -39, 0, 0, 1, 0])
    expect(refusal(both, [20, 20, 10]).hint).toBe(`${ras} ${voxels}`)
  })
})

describe('the note on a border', () => {
  const SHAPE: Triple = [60, 50, 40]
  const affine: Affine = [0.9, 0.1, 0, -20, -0.1, 0.9, 0, -10, 0, 0, 1.3, 5]

  /** By the definition: samples 1 mm apart, the point at index floor(n / 2), more than half a voxel outside. */
  function shareOutside(point: Triple, [depth, height, width]: Triple): number {
    const inverse = invertAffine(affine)
    let outside = 0
    for (let z = 0; z < depth; z++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const offsets = [x - Math.floor(width / 2), y - Math.floor(height / 2), z - Math.floor(depth / 2)]
          const at = applyAffine(inverse, [point[0] + offsets[0], point[1] + offsets[1], point[2] + offsets[2]])
          if (at.some((index, axis) => index < -0.5 || index > SHAPE[axis] - 0.5)) outside++
        }
    return outside / (depth * height * width)
  }

  const scan = scanOf(SHAPE, affine)
  it.each<[string, Triple, Triple]>([
    ['the first slices', [30, 25, 3], [30, 30, 30]],
    ['the last slices', [30, 25, 37], [30, 30, 30]],
    ['the first columns', [2, 25, 20], [12, 20, 24]],
    ['the last columns', [57, 25, 20], [12, 20, 24]],
    ['the first rows', [30, 1, 20], [12, 20, 24]],
    ['the last rows', [30, 48, 20], [12, 20, 24]],
    ['a corner', [58, 48, 39], [15, 15, 15]],
  ])('at %s tells the share outside', (_, index, shape) => {
    const point = applyAffine(affine, index)
    const [{ code, message }, ...others] = borderNotes(scan, point, shape, -1000)
    expect([code, others]).toEqual(['nodule/border', []])
    expect(message).toBe(
      `${(100 * shareOutside(point, shape)).toFixed(0)} % of the ${shape[1]} mm cube round the nodule lies outside ct.nii ` +
        'and is shown as -1000 HU',
    )
  })

  it('of a scan that is smaller than what is shown tells that most is outside', () => {
    const small = scanOf([10, 10, 10], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0])
    // All corners are outside; of the 50 mm, 10 are inside on each axis.
    const [{ message }] = borderNotes(small, [5, 5, 5], [50, 50, 50], 0)
    expect(message).toContain('99 % of the 50 mm cube')
    expect(message).toContain('shown as 0 HU')
  })

  const flat = scanOf([200, 200, 1], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 5, 0])
  // From the left: all but one of the plane's columns are inside.
  it.each([
    [150, '< 1 % of the 150 mm square'],
    [100, '1 % of the 100 mm square'],
    [16, '6 % of the 16 mm square'],
  ])('of a plane of %i mm speaks of a square: %s', (size, told) => {
    const point: Triple = [size / 2 - 1, 100, 0]
    expect(borderNotes(flat, point, [1, size, size], -1000)[0].message.startsWith(told)).toBe(true)
  })

  it('is not there where all of it is inside, to the last sample', () => {
    const cube = scanOf([60, 60, 60], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0])
    // Index floor(20 / 2) is the point: 10 samples before it, 9 after it.
    expect(borderNotes(cube, [9.5, 9.5, 9.5], [20, 20, 20], 0)).toEqual([])
    expect(borderNotes(cube, [50.5, 50.5, 50.5], [20, 20, 20], 0)).toEqual([])
    expect(borderNotes(cube, [50.6, 50.5, 50.5], [20, 20, 20], 0)).toHaveLength(1)
    expect(borderNotes(cube, [9.4, 9.5, 9.5], [20, 20, 20], 0)).toHaveLength(1)
  })
})
