/**
 * Where the samples of a crop lie, against the words of docs/method.md M1: the point plus whole millimetres, and as
 * published.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyAffine, invertAffine } from '../scan/affine.ts'
import { memoryScan } from '../scan/memory-scan.ts'
import type { Affine, Scan, Triple } from '../scan/scan.ts'
import { type CropLattice, exactGrid, FILL_HU, publishedGrid } from './geometry.ts'
import type { ObliqueGrid, SeparableGrid, Taps } from './sample.ts'

const scanOf = (shapeIjk: Triple, affineLps: Affine, name = 'ct.nii'): Scan =>
  memoryScan(new Float32Array(shapeIjk[0] * shapeIjk[1] * shapeIjk[2]), shapeIjk, affineLps, { name })

/** The continuous voxel index that a sample reads; undefined where it reads less than all of its two voxels. */
function positionOf({ lower, lowerWeight, upper, upperWeight }: Taps, t: number): number | undefined {
  if (Math.abs(lowerWeight[t] + upperWeight[t] - 1) > 1e-9) return undefined
  return lowerWeight[t] * lower[t] + upperWeight[t] * upper[t]
}

/** Axes in any order and direction, of any spacing. */
const aligned = fc
  .record({
    axes: fc.constantFrom<Triple>([0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]),
    steps: fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: 4, max: 20 }).map((n) => n / 8))),
    signs: fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(1, -1))),
    origin: fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: -400, max: 400 }).map((n) => n / 8))),
  })
  .map(({ axes, steps, signs, origin }) => {
    const affine = [0, 0, 0, origin[0], 0, 0, 0, origin[1], 0, 0, 0, origin[2]]
    for (const [axis, world] of axes.entries()) affine[4 * world + axis] = signs[axis] * steps[axis]
    return { affine: affine as unknown as Affine, axes }
  })
const SHAPE: Triple = [24, 22, 26]
const share = fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: 20, max: 80 }).map((n) => n / 100)))
const pointIn = (affine: Affine, shares: readonly number[]): Triple =>
  applyAffine(affine, shares.map((s, axis) => s * (SHAPE[axis] - 1)) as unknown as Triple)

describe('the exact geometry', () => {
  it('reads the point plus whole millimetres, whatever the order and direction of the axes', () => {
    fc.assert(
      fc.property(aligned, share, ({ affine, axes }, shares) => {
        const pointLps = pointIn(affine, shares)
        const lattice: CropLattice = { pointLps, shapeZyx: [5, 7, 9], centreZyx: [2, 3, 4] }
        const grid = exactGrid(scanOf(SHAPE, affine), lattice) as SeparableGrid
        expect(grid.kind).toBe('separable')
        const inverse = invertAffine(affine)
        for (const [axis, world] of axes.entries()) {
          // The output is [z, y, x]: a step along x is 1, along y 9, along z 63.
          expect(grid.strideIjk[axis]).toBe([1, 9, 63][world])
          const taps = grid.tapsIjk[axis]
          expect(taps.lower).toHaveLength([9, 7, 5][world])
          for (let t = 0; t < taps.lower.length; t++) {
            const at = [...pointLps] as [number, number, number]
            at[world] += t - [4, 3, 2][world]
            const index = applyAffine(inverse, at)[axis]
            const inside = index >= 0 && index <= SHAPE[axis] - 1
            const read = positionOf(taps, t)
            if (inside) expect(read).toBeCloseTo(index, 9)
            else expect(read).toBeUndefined()
          }
        }
      }),
    )
  })

  it('of a scan that is turned against the body reads them too', () => {
    const [c, s] = [Math.cos(0.3), Math.sin(0.3)]
    const affine: Affine = [0.8 * c, -0.9 * s, 0, -30, 0.8 * s, 0.9 * c, 0.1, 12, 0, 0.2, 1.5, 7]
    const pointLps: Triple = [-25.25, 21.5, 20.125]
    const grid = exactGrid(scanOf(SHAPE, affine), {
      pointLps,
      shapeZyx: [5, 7, 9],
      centreZyx: [2, 3, 4],
    }) as ObliqueGrid
    expect(grid).toMatchObject({ kind: 'oblique', shapeZyx: [5, 7, 9], shapeIjk: SHAPE })
    const inverse = invertAffine(affine)
    for (const [x, y, z] of [
      [4, 3, 2],
      [0, 0, 0],
      [8, 1, 4],
      [3, 6, 0],
    ]) {
      const expected = applyAffine(inverse, [pointLps[0] + x - 4, pointLps[1] + y - 3, pointLps[2] + z - 2])
      const read = applyAffine(grid.toIndexIjk, [x, y, z])
      for (const axis of [0, 1, 2]) expect(read[axis]).toBeCloseTo(expected[axis], 9)
    }
  })

  it('of a single slice reads the slice, along its only voxel', () => {
    const lattice: CropLattice = { pointLps: [5, 5, 8], shapeZyx: [1, 3, 3], centreZyx: [0, 1, 1] }
    const straight = exactGrid(scanOf([9, 9, 1], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 5, 7]), lattice, 2) as SeparableGrid
    expect(straight.tapsIjk[2].range).toEqual([0, 0])
    expect(positionOf(straight.tapsIjk[2], 0)).toBe(0)
    const turned = exactGrid(
      scanOf([9, 9, 1], [0.8, -0.6, 0, 0, 0.6, 0.8, 0, 0, 0, 0, 5, 7]),
      lattice,
      2,
    ) as ObliqueGrid
    expect(applyAffine(turned.toIndexIjk, [0, 0, 0])[2]).toBe(0)
    expect(applyAffine(turned.toIndexIjk, [2, 2, 0])[2]).toBe(0)
    expect(applyAffine(turned.toIndexIjk, [1, 1, 0])[0]).toBeCloseTo(0.8 * 5 + 0.6 * 5, 9)
  })
})

/**
 * docs/method.md M1.4: the voxel index on one axis that the published crop reads for an offset from its middle;
 * undefined where it takes 0. `m` and `M` are the smallest and largest world coordinate (RAS) of the voxel centres, N =
 * round(M - m + 1).
 */
function publishedIndex(
  affine: Affine,
  axis: number,
  world: number,
  pointLps: Triple,
  offset: number,
): number | undefined {
  const sign = world === 2 ? 1 : -1
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) =>
    applyAffine(affine, SHAPE.map((n, a) => (bits & (1 << a) ? n - 1 : 0)) as unknown as Triple),
  )
  const ras = corners.map((corner) => sign * corner[world])
  const [m, M] = [Math.min(...ras), Math.max(...ras)]
  const N = roundAsNumPy(M - m + 1)
  const p = sign * pointLps[world]
  const index = Math.trunc(world === 2 ? p - m : m + N - 1 - p) + offset
  if (index < 0 || index >= N) return undefined
  const r = world === 2 ? index : N - 1 - index
  const at = [...pointLps] as [number, number, number]
  at[world] = sign * (m + (r * N) / (N - 1) - 0.5)
  const v = applyAffine(invertAffine(affine), at)[axis]
  return ((v + 0.5) * (SHAPE[axis] - 1)) / SHAPE[axis]
}

/** numpy.round: 0.5 to 0, 1.5 to 2, 2.5 to 2. */
function roundAsNumPy(x: number): number {
  const [below, above] = [Math.floor(x), Math.ceil(x)]
  if (x - below !== above - x) return x - below < above - x ? below : above
  return below % 2 === 0 ? below : above
}

describe('the published geometry', () => {
  it('reads where docs/method.md M1 says, whatever the order and direction of the axes', () => {
    fc.assert(
      fc.property(aligned, share, ({ affine, axes }, shares) => {
        const pointLps = pointIn(affine, shares)
        const lattice: CropLattice = { pointLps, shapeZyx: [40, 42, 44], centreZyx: [20, 21, 22] }
        const grid = publishedGrid(scanOf(SHAPE, affine), lattice)
        for (const [axis, world] of axes.entries()) {
          expect(grid.strideIjk[axis]).toBe([1, 44, 44 * 42][world])
          const taps = grid.tapsIjk[axis]
          expect(taps.lower).toHaveLength([44, 42, 40][world])
          for (let t = 0; t < taps.lower.length; t++) {
            const index = publishedIndex(affine, axis, world, pointLps, t - [22, 21, 20][world])
            const read = positionOf(taps, t)
            if (index === undefined) expect(taps.lowerWeight[t] + taps.upperWeight[t]).toBe(0)
            else if (index >= 0 && index <= SHAPE[axis] - 1) expect(read).toBeCloseTo(index, 8)
            else expect(read).toBeUndefined()
          }
        }
      }),
    )
  })

  it.each<[string, Triple, Affine, string]>([
    ['oblique axes', [9, 9, 9], [0.96, -0.28, 0, 0, 0.28, 0.96, 0, 0, 0, 0, 1, 0], 'oblique to the body'],
    ['a single slice', [9, 9, 1], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], 'with a single voxel on stored axis k'],
    [
      'less than a millimetre',
      [9, 2, 9],
      [1, 0, 0, 0, 0, 0.3, 0, 0, 0, 0, 1, 0],
      'with 2 voxels over 0.30 mm on stored axis j',
    ],
  ])('is refused to %s', (_, shape, affine, told) => {
    const lattice: CropLattice = { pointLps: [2, 0.1, 0], shapeZyx: [4, 4, 4], centreZyx: [2, 2, 2] }
    expect(() => publishedGrid(scanOf(shape, affine), lattice)).toThrow(
      expect.objectContaining({
        code: 'nodule/geometry',
        message: expect.stringContaining(told),
        hint: expect.stringContaining('a model with the exact geometry'),
      }),
    )
    expect(() => publishedGrid(scanOf(shape, affine), lattice)).toThrow(/^ct\.nii: .*no published geometry/)
  })
})

it('outside is air, or water as published', () => {
  expect(FILL_HU).toEqual({ exact: -1000, published: 0 })
})
