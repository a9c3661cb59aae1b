/** Taps, boxes and samples on small grids, against trilinear interpolation by its definition. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Affine, Box, Triple } from '../scan/scan.ts'
import { linearTaps, neededBox, type ObliqueGrid, type SeparableGrid, sampleGrid, type Taps } from './sample.ts'

/** Voxels that each sample reads, with their weights, as [index, weight] where the weight is not 0. */
const read = ({ lower, upper, lowerWeight, upperWeight }: Taps, t: number) =>
  [
    [lower[t], lowerWeight[t]],
    [upper[t], upperWeight[t]],
  ].filter(([, weight]) => weight !== 0)

describe('linearTaps', () => {
  it.each<[number, [number, number][]]>([
    [0, [[0, 1]]],
    [1, [[1, 1]]],
    [3, [[3, 1]]], // the last voxel asks for none after it
    [
      1.25,
      [
        [1, 0.75],
        [2, 0.25],
      ],
    ],
    [-0.25, [[0, 0.75]]],
    [-1, []],
    [-1.5, []],
    [3.75, [[3, 0.25]]],
    [4, []],
    [Number.NaN, []],
  ])('of position %d among four voxels', (position, expected) => {
    expect(read(linearTaps([position], 4), 0)).toEqual(expected)
  })

  it.each<[number[], number, readonly [number, number]]>([
    [[1.25, 2], 9, [1, 2]],
    [[2, 3], 9, [2, 3]],
    [[2.5, 3], 9, [2, 3]],
    [[-0.5], 9, [0, 0]],
    [[8.5], 9, [8, 8]],
    [[Number.NaN, 4], 9, [4, 4]],
    [[6, 1.5, 4], 9, [1, 6]],
    [[-7, 20, Number.NaN], 9, [0, 0]],
  ])('of positions %j among %i voxels read voxels %j', (positions, voxels, range) => {
    const taps = linearTaps(positions, voxels)
    expect(taps.range).toEqual(range)
    // What has no weight is moved into the range, so that it may be read all the same.
    for (const index of [...taps.lower, ...taps.upper]) {
      expect(index).toBeGreaterThanOrEqual(range[0])
      expect(index).toBeLessThanOrEqual(range[1])
    }
  })

  it('is linear: inside, the weights sum to 1 and their mean is the position', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 6, noNaN: true }), (position) => {
        const taps = read(linearTaps([position], 7), 0)
        expect(taps.reduce((sum, [, weight]) => sum + weight, 0)).toBeCloseTo(1, 12)
        expect(taps.reduce((sum, [index, weight]) => sum + index * weight, 0)).toBeCloseTo(position, 12)
      }),
    )
  })
})

const SHAPE: Triple = [5, 4, 6]
const noise = Float32Array.from({ length: 5 * 4 * 6 }, (_, v) => ((v * 7919) % 1400) - 1000)
const FILL = -777

/** A continuous index read by the definition: eight neighbours, each 1 minus its distance along every axis. */
function trilinear(at: readonly number[]): number {
  let sum = 0
  for (const i of [Math.floor(at[0]), Math.floor(at[0]) + 1])
    for (const j of [Math.floor(at[1]), Math.floor(at[1]) + 1])
      for (const k of [Math.floor(at[2]), Math.floor(at[2]) + 1]) {
        const inside = [i, j, k].every((index, axis) => index >= 0 && index < SHAPE[axis])
        const weight = [i, j, k].reduce((product, index, axis) => product * (1 - Math.abs(at[axis] - index)), 1)
        sum += weight * (inside ? noise[i + SHAPE[0] * (j + SHAPE[1] * k)] : FILL)
      }
  return sum
}

/** The voxels of a box, and nothing else: a read beyond it gives NaN. */
function cut({ startIjk: [i0, j0, k0], sizeIjk: [ni, nj, nk] }: Box): Float32Array {
  return Float32Array.from({ length: ni * nj * nk }, (_, v) => {
    const [i, j, k] = [i0 + (v % ni), j0 + (Math.floor(v / ni) % nj), k0 + Math.floor(v / (ni * nj))]
    return noise[i + SHAPE[0] * (j + SHAPE[1] * k)]
  })
}

const position = fc.double({ min: -2, max: 7, noNaN: true })

describe('a grid along the axes of the scan', () => {
  it('samples as the definition does, from no more voxels than it touches', () => {
    const positions = (count: number) => fc.array(position, { minLength: count, maxLength: count })
    fc.assert(
      fc.property(positions(3), positions(4), positions(2), (pi, pj, pk) => {
        // Output [z, y, x] of 4, 2 and 3 samples: its z runs along j, its y along k, its x along i.
        const grid: SeparableGrid = {
          kind: 'separable',
          tapsIjk: [linearTaps(pi, 5), linearTaps(pj, 4), linearTaps(pk, 6)],
          strideIjk: [1, 6, 3],
        }
        const box = neededBox(grid)
        const out = sampleGrid(cut(box), box, grid, FILL, [4, 2, 3])
        for (let z = 0; z < 4; z++)
          for (let y = 0; y < 2; y++)
            for (let x = 0; x < 3; x++)
              expect(out[(z * 2 + y) * 3 + x]).toBeCloseTo(trilinear([pi[x], pj[z], pk[y]]), 2)
        const touched = [pi, pj, pk].map((all, axis) =>
          all
            .flatMap((at) => [Math.floor(at), Math.ceil(at)])
            .filter((index) => index >= 0 && index < SHAPE[axis])
            .map(Math.abs) // -0 is 0 here
            .sort((a, b) => a - b),
        )
        for (const [axis, indices] of touched.entries()) {
          expect(Math.abs(box.startIjk[axis])).toBe(indices.at(0) ?? 0)
          expect(box.startIjk[axis] + box.sizeIjk[axis] - 1).toBe(indices.at(-1) ?? 0)
        }
      }),
    )
  })
})

describe('a grid that is turned against the scan', () => {
  const slope = fc.oneof(fc.constant(0), fc.double({ min: -1.5, max: 1.5, noNaN: true }))
  const affines = fc.tuple(slope, slope, slope, position, slope, slope, slope, position, slope, slope, slope, position)

  it('samples as the definition does, within a box of the scan', () => {
    fc.assert(
      fc.property(affines, (toIndexIjk: Affine) => {
        const grid: ObliqueGrid = { kind: 'oblique', toIndexIjk, shapeZyx: [3, 4, 7], shapeIjk: SHAPE }
        const box = neededBox(grid)
        for (const axis of [0, 1, 2]) {
          expect(box.startIjk[axis]).toBeGreaterThanOrEqual(0)
          expect(box.sizeIjk[axis]).toBeGreaterThanOrEqual(1)
          expect(box.startIjk[axis] + box.sizeIjk[axis]).toBeLessThanOrEqual(SHAPE[axis])
        }
        const out = sampleGrid(cut(box), box, grid, FILL, [3, 4, 7])
        for (let z = 0, o = 0; z < 3; z++)
          for (let y = 0; y < 4; y++)
            for (let x = 0; x < 7; x++, o++) {
              const at = [0, 4, 8].map(
                (row) => toIndexIjk[row] * x + toIndexIjk[row + 1] * y + toIndexIjk[row + 2] * z + toIndexIjk[row + 3],
              )
              expect(Math.abs(out[o] - trilinear(at))).toBeLessThan(0.02)
            }
      }),
      { numRuns: 300 },
    )
  })

  it.each<[string, Affine, Box]>([
    ['inside', [1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 2], { startIjk: [1, 0, 2], sizeIjk: [2, 2, 2] }],
    ['between voxels', [1, 0, 0, 1.5, 0, 1, 0, 0.5, 0, 0, 1, 2.5], { startIjk: [1, 0, 2], sizeIjk: [3, 3, 3] }],
    ['running backwards', [-1, 0, 0, 3, 0, -1, 0, 2, 0, 0, -1, 5], { startIjk: [2, 1, 4], sizeIjk: [2, 2, 2] }],
    ['beyond the scan', [1, 0, 0, 40, 0, 1, 0, -9, 0, 0, 1, 5], { startIjk: [4, 0, 5], sizeIjk: [1, 1, 1] }],
    ['by all three', [0.5, 0.25, 0.25, 1, 0, 1, 0, 0, 0, 0, 1, 0], { startIjk: [1, 0, 0], sizeIjk: [2, 2, 2] }],
  ])('needs the voxels round its samples: %s', (_, toIndexIjk, box) => {
    expect(neededBox({ kind: 'oblique', toIndexIjk, shapeZyx: [2, 2, 2], shapeIjk: SHAPE })).toEqual(box)
  })
})
