/**
 * From a chest to a scan: planes of samples are drawn, blurred by the point spread, averaged over the slice profile, and
 * get their noise. One plane is held at a time. Every number depends on its own place only, so that a box has the very
 * voxels that the whole scan has there.
 */
import type { Box } from '../../scan/scan.ts'
import type { Chest } from '../anatomy/chest.ts'
import { FIELDS, SKIN } from '../anatomy/chest.ts'
import type { PlacedNodule } from '../nodule/nodule.ts'
import { makeRaster } from '../tubes.ts'
import { buildLattice, cellsOf, planeOf, type Region } from './lattice.ts'
import { noisePlanes } from './noise.ts'
import { type Grid, noiseHu, type Scanner, samplesPerVoxel, sliceTaps, spreadTaps, type Taps } from './scanner.ts'
import { tissuePlanes } from './tissue.ts'

/** Smallest and largest number that scanners store. */
const LOWEST = -1024
const HIGHEST = 3071

/** What is scanned: a chest, and the seed of the scan's noise. */
export interface Scene {
  readonly chest: Chest
  readonly nodules: readonly PlacedNodule[]
  readonly noiseSeed: number
}

/**
 * Scans a box of the grid.
 * @param onSlice is told when a slice is done
 * @returns HU, i fastest
 */
export function renderBox(
  scene: Scene,
  grid: Grid,
  scanner: Scanner,
  box: Box,
  onSlice: () => void = () => undefined,
): Int16Array {
  const samples = samplesPerVoxel(grid)
  const [spreadX, spreadY] = [0, 1].map((axis) => spreadTaps(scanner.kernel, grid.spacingMm[axis], samples[axis]))
  const slice = sliceTaps(scanner.thicknessMm, grid.spacingMm[2], samples[2])
  const xs = samplePlaces(grid, box, 0, samples[0], spreadX)
  const ys = samplePlaces(grid, box, 1, samples[1], spreadY)
  const zs = samplePlaces(grid, box, 2, samples[2], slice)
  const soft = Math.max(...grid.spacingMm.map((mm, axis) => mm / samples[axis]))
  const raster = makeRaster(xs, ys, soft)
  const region: Region = {
    min: [xs[0], ys[0], zs[0]],
    max: [xs[xs.length - 1], ys[ys.length - 1], zs[zs.length - 1]],
  }
  const nodules = scene.nodules.filter((nodule) => meet(nodule.region, region))
  const drawTissue = tissuePlanes(scene.chest, nodules, raster, region)
  const finish = finisher(scene, grid, scanner, box)

  const [ni, nj, nk] = box.sizeIjk
  const voxels = new Int16Array(ni * nj * nk)
  const hu = new Float32Array(xs.length * ys.length)
  const blurred = new Float32Array(ni * nj)
  const rows = new Float32Array(ni * ys.length)
  const sums = new Map<number, Float32Array>()
  zs.forEach((z, n) => {
    drawTissue(z, hu)
    spread(hu, rows, blurred, ni, nj, samples, spreadX, spreadY)
    // This plane is tap `t` of slice k where n = k * samples + t.
    for (let k = Math.max(0, Math.ceil((n - slice.weights.length + 1) / samples[2])); k < nk; k++) {
      const t = n - k * samples[2]
      if (t < 0) break
      let sum = sums.get(k)
      if (!sum) {
        sum = new Float32Array(ni * nj)
        sums.set(k, sum)
      }
      const weight = slice.weights[t]
      for (let at = 0; at < sum.length; at++) sum[at] += weight * blurred[at]
      if (t === slice.weights.length - 1) {
        finish(k, sum, voxels.subarray(k * ni * nj, (k + 1) * ni * nj))
        sums.delete(k)
        onSlice()
      }
    }
  })
  return voxels
}

const meet = (a: Region, b: Region): boolean =>
  [0, 1, 2].every((axis) => a.max[axis] >= b.min[axis] && a.min[axis] <= b.max[axis])

/** Places of the samples that the voxels of a box need along an axis; the same whatever the box. */
function samplePlaces(grid: Grid, { startIjk, sizeIjk }: Box, axis: 0 | 1 | 2, samples: number, taps: Taps) {
  const first = startIjk[axis] * samples - taps.before
  return Float64Array.from(
    { length: sizeIjk[axis] * samples + 2 * taps.before },
    (_, n) => grid.originLps[axis] + ((first + n + 0.5) / samples - 0.5) * grid.spacingMm[axis],
  )
}

/** Blurs along rows and columns, from samples to voxels. */
function spread(
  hu: Float32Array,
  rows: Float32Array,
  out: Float32Array,
  ni: number,
  nj: number,
  [sx, sy]: readonly [number, number, number],
  x: Taps,
  y: Taps,
): void {
  const wide = ni * sx + 2 * x.before
  const high = nj * sy + 2 * y.before
  for (let j = 0; j < high; j++)
    for (let i = 0; i < ni; i++) {
      let sum = 0
      for (let t = 0, at = j * wide + i * sx; t < x.weights.length; t++, at++) sum += x.weights[t] * hu[at]
      rows[j * ni + i] = sum
    }
  out.fill(0)
  for (let j = 0; j < nj; j++)
    for (let t = 0; t < y.weights.length; t++) {
      const weight = y.weights[t]
      const from = (j * sy + t) * ni
      for (let i = 0, at = j * ni; i < ni; i++, at++) out[at] += weight * rows[from + i]
    }
}

/** Adds the noise and rounds. Under thick tissue fewer photons arrive: the noise grows from the skin inwards. */
function finisher({ chest, noiseSeed }: Scene, grid: Grid, scanner: Scanner, box: Box) {
  const deviation = noiseHu(scanner)
  const [ni, nj] = box.sizeIjk
  const none: Taps = { weights: new Float64Array(1), before: 0 }
  const xs = samplePlaces(grid, box, 0, 1, none)
  const ys = samplePlaces(grid, box, 1, 1, none)
  const zs = samplePlaces(grid, box, 2, 1, none)
  const region: Region = { min: [xs[0], ys[0], zs[0]], max: [xs[ni - 1], ys[nj - 1], zs[zs.length - 1]] }
  const fields = new Float64Array(FIELDS)
  const lattice = buildLattice(region, 12, 1, (x, y, z, out) => {
    chest.fieldsAt(x, y, z, fields)
    out[0] = noiseShare(-fields[SKIN])
  })
  const shares = planeOf(lattice)
  const { cell, share } = cellsOf(lattice, xs)
  const fill = noisePlanes(noiseSeed, grid, scanner, box)
  const noise = new Float32Array(ni * nj)
  return (k: number, hu: Float32Array, out: Int16Array) => {
    if (deviation > 0) {
      fill(box.startIjk[2] + k, noise)
      shares.moveTo(zs[k])
      for (let j = 0; j < nj; j++) {
        const [line] = shares.rows(ys[j])
        for (let i = 0, at = j * ni; i < ni; i++, at++) {
          const a = line[cell[i]]
          hu[at] += deviation * (a + share[i] * (line[cell[i] + 1] - a)) * noise[at]
        }
      }
    }
    for (let at = 0; at < out.length; at++) out[at] = Math.min(HIGHEST, Math.max(LOWEST, Math.round(hu[at])))
  }
}

/** Noise at a depth under the skin, relative to that in the middle of the body. */
export const noiseShare = (depthMm: number): number => 0.55 + 0.45 * Math.min(1, Math.max(0, depthMm) / 90)
