import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyAffine, invertAffine } from '../scan/affine.ts'
import { memoryScan } from '../scan/memory-scan.ts'
import type { Affine, Box, Scan, Triple } from '../scan/scan.ts'
import { type CropOptions, cropNodule } from './crop.ts'
import type { Geometry } from './geometry.ts'

type Matrix = readonly [Triple, Triple, Triple]

const product = (p: Matrix, q: Matrix): Matrix => {
  const row = (r: Triple): Triple => {
    const cell = (c: number) => r[0] * q[0][c] + r[1] * q[1][c] + r[2] * q[2][c]
    return [cell(0), cell(1), cell(2)]
  }
  return [row(p[0]), row(p[1]), row(p[2])]
}

const turnZ = (t: number): Matrix => [
  [Math.cos(t), -Math.sin(t), 0],
  [Math.sin(t), Math.cos(t), 0],
  [0, 0, 1],
]
const turnX = (t: number): Matrix => [
  [1, 0, 0],
  [0, Math.cos(t), -Math.sin(t)],
  [0, Math.sin(t), Math.cos(t)],
]

/** Affines of all kinds: axes permuted and flipped, oblique or not, anisotropic, far from the origin. */
const anyAffine: fc.Arbitrary<Affine> = fc
  .record({
    axes: fc.constantFrom<Triple>([0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]),
    signs: fc.tuple(fc.constantFrom(1, -1), fc.constantFrom(1, -1), fc.constantFrom(1, -1)),
    spacing: fc.tuple(span(0.5, 3), span(0.5, 3), span(0.5, 3)),
    angles: fc.oneof(fc.constant([0, 0] as const), fc.tuple(span(-3, 3), span(-3, 3))),
    origin: fc.tuple(span(-500, 500), span(-500, 500), span(-500, 500)),
  })
  .map(({ axes, signs, spacing, angles, origin }) => {
    const column = (world: number): Triple => {
      const cell = (axis: number) => (axes[axis] === world ? signs[axis] * spacing[axis] : 0)
      return [cell(0), cell(1), cell(2)]
    }
    const m = product(product(turnZ(angles[0]), turnX(angles[1])), [column(0), column(1), column(2)])
    return [...m[0], origin[0], ...m[1], origin[1], ...m[2], origin[2]]
  })

function span(min: number, max: number): fc.Arbitrary<number> {
  return fc.double({ min, max, noNaN: true })
}

function fieldScan(shape: Triple, affineLps: Affine, field: (pointLps: Triple) => number): Scan {
  const hu = new Float32Array(shape[0] * shape[1] * shape[2])
  for (let k = 0, v = 0; k < shape[2]; k++) {
    for (let j = 0; j < shape[1]; j++) {
      for (let i = 0; i < shape[0]; i++) hu[v++] = field(applyAffine(affineLps, [i, j, k]))
    }
  }
  return memoryScan(hu, shape, affineLps, { name: 'scan.nii.gz' })
}

describe('the exact crop', () => {
  it('gives a linear field back at the right world points, whatever the affine', async () => {
    await fc.assert(
      fc.asyncProperty(anyAffine, fc.tuple(span(-4, 4), span(-4, 4), span(-4, 4)), async (affine, gradient) => {
        const shape: Triple = [45, 45, 45] // at 0.5 mm still holds a turned cube of 10 mm
        const point = applyAffine(affine, [22.3, 21.8, 22.1])
        const field = ([x, y, z]: Triple) =>
          -400 + gradient[0] * (x - point[0]) + gradient[1] * (y - point[1]) + gradient[2] * (z - point[2])
        const { hu } = await cropNodule(fieldScan(shape, affine, field), point, { geometry: 'exact', sizeMm: 10 })
        for (let z = 0, o = 0; z < 10; z++) {
          for (let y = 0; y < 10; y++) {
            for (let x = 0; x < 10; x++, o++) {
              const expected = field([point[0] + x - 5, point[1] + y - 5, point[2] + z - 5])
              expect(Math.abs(hu[o] - expected)).toBeLessThan(1e-3)
            }
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  it('equals plain trilinear interpolation of noise, air outside, at every border', async () => {
    const shape: Triple = [7, 6, 5]
    const noise = Float32Array.from({ length: 210 }, (_, v) => ((v * 7919) % 1400) - 1000)
    const place = fc.tuple(span(-0.4, 6.4), span(-0.4, 5.4), span(-0.4, 4.4))
    await fc.assert(
      fc.asyncProperty(anyAffine, place, fc.integer({ min: 1, max: 13 }), async (affine, index, sizeMm) => {
        const point = applyAffine(affine, index)
        const crop = await cropNodule(memoryScan(noise, shape, affine), point, { geometry: 'exact', sizeMm })
        const half = Math.floor(sizeMm / 2)
        expect(crop.centreZyx).toEqual([half, half, half])
        const inverse = invertAffine(affine)
        for (let z = 0, o = 0; z < sizeMm; z++) {
          for (let y = 0; y < sizeMm; y++) {
            for (let x = 0; x < sizeMm; x++, o++) {
              const at = applyAffine(inverse, [point[0] + x - half, point[1] + y - half, point[2] + z - half])
              expect(Math.abs(crop.hu[o] - trilinear(noise, shape, at, -1000))).toBeLessThan(1e-3)
            }
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  it('equals it for a scan a hair off its axes, whose rows meet the border at no finite place', async () => {
    const noise = Float32Array.from({ length: 125 }, (_, v) => ((v * 7919) % 1400) - 1000)
    for (const tilt of [1e-5, 1e-7, 1e-12, 1e-300]) {
      const affine = [1, tilt, 0, 0, -tilt, 1, 0, 0, 0, 0, 1, 0]
      const { hu } = await cropNodule(memoryScan(noise, [5, 5, 5], affine), [4, 0, 2], {
        geometry: 'exact',
        sizeMm: 12,
      })
      const inverse = invertAffine(affine)
      for (let v = 0; v < hu.length; v++) {
        const at = applyAffine(inverse, [4 - 6 + (v % 12), (Math.floor(v / 12) % 12) - 6, 2 - 6 + Math.floor(v / 144)])
        expect(Math.abs(hu[v] - trilinear(noise, [5, 5, 5], at, -1000))).toBeLessThan(1e-3)
      }
    }
  })

  it('reads no more voxels than it needs, once', async () => {
    const boxes: Box[] = []
    const scan = fieldScan([60, 60, 60], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], ([x]) => x - 900)
    const readHu = (box: Box) => {
      boxes.push(box)
      return scan.readHu(box)
    }
    const spy: Scan = { ...scan, readHu }
    await cropNodule(spy, [30, 30, 30.5], { geometry: 'exact', sizeMm: 20 })
    await cropNodule(spy, [30, 30, 30.5], { geometry: 'exact', sizeMm: 20, extent: 'axial' })
    expect(boxes).toEqual([
      { startIjk: [20, 20, 20], sizeIjk: [20, 20, 21] },
      { startIjk: [20, 20, 30], sizeIjk: [20, 20, 2] },
    ])
  })

  it.each<Geometry>(['exact', 'published'])('axial is the middle plane of the cube (%s)', async (geometry) => {
    const scan = fieldScan([50, 40, 30], [-0.8, 0, 0, 20, 0, 0.9, 0, -18, 0, 0, 1.7, 4], ([x, y, z]) => x * y - 9 * z)
    const cube = await cropNodule(scan, [3.3, -2.2, 28.1], { geometry, sizeMm: 30 })
    const axial = await cropNodule(scan, [3.3, -2.2, 28.1], { geometry, sizeMm: 30, extent: 'axial' })
    expect(axial.shapeZyx).toEqual([1, 30, 30])
    expect(axial.hu).toEqual(cube.hu.subarray(15 * 900, 16 * 900))
  })
})

function trilinear(hu: Float32Array, [ni, nj, nk]: Triple, [pi, pj, pk]: Triple, fill: number): number {
  let sum = 0
  for (const i of [Math.floor(pi), Math.floor(pi) + 1]) {
    for (const j of [Math.floor(pj), Math.floor(pj) + 1]) {
      for (const k of [Math.floor(pk), Math.floor(pk) + 1]) {
        const inside = i >= 0 && j >= 0 && k >= 0 && i < ni && j < nj && k < nk
        const weight = (1 - Math.abs(pi - i)) * (1 - Math.abs(pj - j)) * (1 - Math.abs(pk - k))
        sum += weight * (inside ? hu[i + ni * (j + nj * k)] : fill)
      }
    }
  }
  return sum
}

describe('what is refused', () => {
  // 40 x 40 x 20 voxels of 1 x 1 x 2 mm; x 100 to 139, y 60 to 99, z 0 to 38 mm
  const lung = () => fieldScan([40, 40, 20], [1, 0, 0, 100, 0, 1, 0, 60, 0, 0, 2, 0], ([x]) => x - 900)
  const refused = async (scan: Scan, point: Triple, options: Partial<CropOptions> = {}) =>
    cropNodule(scan, point, { geometry: 'exact', sizeMm: 20, ...options }).then(
      () => expect.unreachable('not refused'),
      (error) => error,
    )

  it('a point that is not three numbers', async () => {
    expect(await refused(lung(), [Number.NaN, 80, 20])).toMatchObject({ code: 'nodule/point' })
    expect(await refused(lung(), [120, Number.POSITIVE_INFINITY, 20])).toMatchObject({ code: 'nodule/point' })
  })

  it('a point outside: by how much, on which axis, and what the scan spans', async () => {
    const error = await refused(lung(), [120, 80, 41.5])
    expect(error).toMatchObject({ code: 'nodule/outside' })
    expect(error.message).toContain('2.5 mm (1.3 voxels) beyond the last voxel of stored axis k (z, towards superior)')
    expect(error.message).toContain('x 99.5 to 139.5, y 59.5 to 99.5, z -1.0 to 39.0 mm LPS')
    expect(error.hint).toContain('right scan')
  })

  it('half a voxel beyond the outermost centres is inside', async () => {
    await cropNodule(lung(), [99.6, 99.4, 38.9], { geometry: 'exact', sizeMm: 20 })
  })

  it('a point that looks like RAS, or like voxel indices', async () => {
    expect((await refused(lung(), [-120, -80, 20])).hint).toMatch(/look like RAS/)
    const indices = await refused(lung(), [20, 20, 10])
    expect(indices.hint).toMatch(/look like voxels/)
    expect(indices.hint).not.toMatch(/RAS/)
  })

  it('voxels that are not finite, with the first one', async () => {
    const hu = new Float32Array(8000).fill(-800)
    hu[10 + 20 * (11 + 20 * 12)] = Number.NaN
    hu[11 + 20 * (11 + 20 * 12)] = Number.NEGATIVE_INFINITY
    const scan = memoryScan(hu, [20, 20, 20], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0])
    const error = await refused(scan, [10, 10, 10], { sizeMm: 10 })
    expect(error).toMatchObject({ code: 'nodule/non-finite' })
    expect(error.message).toMatch(/2 of the 1000 .* NaN, is voxel \(10, 11, 12\)/)
    // Far from them the scan serves.
    await cropNodule(scan, [4, 4, 4], { geometry: 'exact', sizeMm: 6 })
  })

  it('scans without a published geometry', async () => {
    const oblique = fieldScan([9, 9, 9], [0.96, -0.28, 0, 0, 0.28, 0.96, 0, 0, 0, 0, 1, 0], ([x]) => x - 900)
    const slice = fieldScan([9, 9, 1], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], ([x]) => x - 900)
    const tiny = fieldScan([9, 9, 2], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0.3, 0], ([x]) => x - 900)
    for (const [scan, point] of [
      [oblique, [3, 4, 4]],
      [slice, [4, 4, 0]],
      [tiny, [4, 4, 0]],
    ] as const) {
      expect(await refused(scan, point, { geometry: 'published' })).toMatchObject({ code: 'nodule/geometry' })
    }
  })

  it.each([0, -4, 2.5, Number.NaN])('a crop of %d mm', async (sizeMm) => {
    expect(await refused(lung(), [120, 80, 20], { sizeMm })).toMatchObject({ code: 'nodule/size' })
  })
})

describe('what is noted', () => {
  const identity: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]
  const lungLike = ([x]: Triple) => (x % 2 < 1 ? -850 : 30)
  const options = { geometry: 'exact', sizeMm: 50 } as const

  it('nothing for a nodule well inside a scan in HU', async () => {
    const scan = fieldScan([60, 60, 60], identity, lungLike)
    expect((await cropNodule(scan, [30, 30, 30], options)).notes).toEqual([])
  })

  it('the share of what is shown that lies outside', async () => {
    // Indices 5 to 54 of 60 along x and y; along z -20 to 29: 20 of 50 below the first slice.
    const scan = fieldScan([60, 60, 60], identity, lungLike)
    const { notes } = await cropNodule(scan, [30, 30, 5], options)
    expect(notes).toMatchObject([{ code: 'nodule/border' }])
    expect(notes[0].message).toMatch(/^40 % of the 50 mm cube .* shown as -1000 HU/)
    const axial = await cropNodule(scan, [30, 30, 5], { ...options, extent: 'axial' })
    expect(axial.notes).toEqual([])
  })

  it.each([
    ['scaled to [0, 1]', ([x]: Triple) => x / 60],
    ['scaled to [-1, 1]', ([x]: Triple) => x / 30 - 1],
    ['8-bit', ([x]: Triple) => 4 * x],
    ['intercept', ([x]: Triple) => 170 + 20 * x],
    ['mostly air', ([x]: Triple) => x - 100],
    ['empty or masked', () => 0],
    ['padding', () => -1000],
  ])('voxels that do not look like HU: %s', async (cause, field) => {
    const { notes } = await cropNodule(fieldScan([60, 60, 60], identity, field), [30, 30, 30], options)
    expect(notes).toMatchObject([{ code: 'nodule/not-hu' }])
    expect(notes[0].message).toContain(cause)
  })
})

describe('a single slice', () => {
  const field = ([x, y]: Triple) => -700 + 3 * x - 2 * y
  // 5 mm thick, at z = 12; the in-plane axes turned by 30 degrees
  const [c, s] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)]
  const affine: Affine = [c, -s, 0, -5, s, c, 0, -30, 0, 0, 5, 12]

  it.each([
    ['turned in its plane', affine, [40, 40, 1]],
    ['stored as i', [0, 0, 1, -20, 0, 1, 0, -20, 5, 0, 0, 12], [1, 40, 40]],
  ] as [string, Affine, Triple][])('shows the slice itself: %s', async (_, a, shape) => {
    const [x0, y0] = applyAffine(a, shape.map((n) => (n - 1) / 2) as [number, number, number])
    const crop = await cropNodule(fieldScan(shape, a, field), [x0, y0, 14.2], { geometry: 'exact', sizeMm: 12 })
    expect(crop.shapeZyx).toEqual([1, 12, 12])
    expect(crop.notes).toMatchObject([{ code: 'nodule/single-slice' }])
    for (let y = 0, o = 0; y < 12; y++) {
      for (let x = 0; x < 12; x++, o++) expect(crop.hu[o]).toBeCloseTo(field([x0 + x - 6, y0 + y - 6, 12]), 3)
    }
  })

  it('serves half its thickness to both sides', async () => {
    const scan = fieldScan([40, 40, 1], affine, field)
    const [x, y] = applyAffine(affine, [20, 20, 0])
    await cropNodule(scan, [x, y, 14.4], { geometry: 'exact', sizeMm: 12 })
    await expect(cropNodule(scan, [x, y, 14.6], { geometry: 'exact', sizeMm: 12 })).rejects.toMatchObject({
      code: 'nodule/outside',
    })
  })

  it('must be axial', async () => {
    const coronal = fieldScan([40, 1, 40], [1, 0, 0, 0, 0, 5, 0, 0, 0, 0, 1, 0], field)
    const line = fieldScan([40, 1, 1], [1, 0, 0, 0, 0, 5, 0, 0, 0, 0, 1, 0], field)
    for (const scan of [coronal, line]) {
      const point: Triple = [20, 0, scan.shapeIjk[2] / 2 - 0.5]
      await expect(cropNodule(scan, point, { geometry: 'exact' })).rejects.toMatchObject({ code: 'nodule/not-axial' })
    }
  })
})
