import type { Affine, Box, Triple } from '../scan/scan.ts'

/** Where the samples of one stored axis read: two voxels each, with weight 0 for a voxel that is outside the scan. */
export interface Taps {
  /** Index of the lower voxel of each sample, clamped into the scan. */
  readonly lower: Int32Array
  /** Index of the upper voxel of each sample, clamped into the scan. */
  readonly upper: Int32Array
  readonly lowerWeight: Float64Array
  readonly upperWeight: Float64Array
  /** First and last voxel that any sample reads. */
  readonly range: readonly [number, number]
}

/**
 * Linear interpolation along one stored axis.
 * @param positions continuous voxel indices; NaN for a sample that is outside whatever the voxels are
 * @param voxels number of voxels on the axis
 * @example
 * linearTaps([-0.25, 1.5], 3) // weights 0 and 0.75 (half outside), then 0.5 and 0.5 of voxels 1 and 2
 */
export function linearTaps(positions: ArrayLike<number>, voxels: number): Taps {
  const count = positions.length
  const taps = {
    lower: new Int32Array(count),
    upper: new Int32Array(count),
    lowerWeight: new Float64Array(count),
    upperWeight: new Float64Array(count),
  }
  let first = voxels
  let last = -1
  for (let t = 0; t < count; t++) {
    const position = positions[t]
    const index = Math.floor(position)
    // NaN fails every comparison: both weights stay 0 and the sample is all fill.
    if (index >= 0 && index < voxels) {
      taps.lower[t] = index
      taps.lowerWeight[t] = 1 - (position - index)
      if (index < first) first = index
      if (index > last) last = index
    }
    // A weight of exactly 0 reads nothing, so that a sample on the last voxel does not ask for the one after it.
    if (index + 1 >= 0 && index + 1 < voxels && position > index) {
      taps.upper[t] = index + 1
      taps.upperWeight[t] = position - index
      if (index + 1 < first) first = index + 1
      if (index + 1 > last) last = index + 1
    }
  }
  if (last < 0) first = last = 0 // nothing of the scan is touched: one voxel keeps the box valid
  for (let t = 0; t < count; t++) {
    // Voxels of weight 0 are moved into the range, so that only what is needed has to be read.
    taps.lower[t] = Math.min(Math.max(taps.lower[t], first), last)
    taps.upper[t] = Math.min(Math.max(taps.upper[t], first), last)
  }
  return { ...taps, range: [first, last] }
}

/** The samples of a crop whose axes are the scan's: one table for each stored axis. */
export interface SeparableGrid {
  readonly kind: 'separable'
  /** Tables of stored axes i, j, k. */
  readonly tapsIjk: readonly [Taps, Taps, Taps]
  /** Step in the output array for a step along stored axes i, j, k. */
  readonly strideIjk: Triple
}

/** The samples of a crop that is turned against the scan. */
export interface ObliqueGrid {
  readonly kind: 'oblique'
  /** Position (x, y, z) in the output array to continuous voxel index, [3, 4]. */
  readonly toIndexIjk: Affine
  /** Output samples along z, y, x. */
  readonly shapeZyx: Triple
  readonly shapeIjk: Triple
}

/** The voxels that a grid touches: all that has to be read of a scan. */
export function neededBox(grid: SeparableGrid | ObliqueGrid): Box {
  const range = (axis: number) => (grid.kind === 'separable' ? grid.tapsIjk[axis].range : obliqueRange(grid, axis))
  const [i, j, k] = [range(0), range(1), range(2)]
  return { startIjk: [i[0], j[0], k[0]], sizeIjk: [i[1] - i[0] + 1, j[1] - j[0] + 1, k[1] - k[0] + 1] }
}

function obliqueRange({ toIndexIjk, shapeZyx, shapeIjk }: ObliqueGrid, axis: number): readonly [number, number] {
  let low = toIndexIjk[4 * axis + 3]
  let high = low
  for (let w = 0; w < 3; w++) {
    const reach = toIndexIjk[4 * axis + w] * (shapeZyx[2 - w] - 1)
    if (reach < 0) low += reach
    else high += reach
  }
  const last = shapeIjk[axis] - 1
  const clamp = (index: number) => Math.min(Math.max(index, 0), last)
  return [clamp(Math.floor(low)), clamp(Math.ceil(high))]
}

/**
 * Trilinear samples of a box of voxels; a voxel outside the scan counts as `fill`, so values blend at the border.
 * @param hu voxels of the box, i fastest
 * @param box as `neededBox` gave it
 * @param fill HU outside the scan
 * @returns float32, [z, y, x] of the crop
 */
export function sampleGrid(
  hu: Float32Array,
  box: Box,
  grid: SeparableGrid | ObliqueGrid,
  fill: number,
  shapeZyx: Triple,
): Float32Array {
  const out = new Float32Array(shapeZyx[0] * shapeZyx[1] * shapeZyx[2])
  if (grid.kind === 'separable') sampleSeparable(hu, box, grid, fill, out)
  else sampleOblique(hu, box, grid, fill, out)
  return out
}

/**
 * Walks the crop in the order in which the voxels are stored: four rows of voxels are blended into one, which is then
 * interpolated along i. Voxels outside have weight 0; what the weights lack of 1 is the share of `fill`.
 */
function sampleSeparable(
  hu: Float32Array,
  { startIjk, sizeIjk }: Box,
  { tapsIjk, strideIjk }: SeparableGrid,
  fill: number,
  out: Float32Array,
): void {
  const [tapsI, tapsJ, tapsK] = tapsIjk
  const [strideI, strideJ, strideK] = strideIjk
  const [ni, nj] = sizeIjk
  const countI = tapsI.lower.length
  const countJ = tapsJ.lower.length
  const countK = tapsK.lower.length
  const row = new Float64Array(ni)
  const lowerI = tapsI.lower.map((index) => index - startIjk[0])
  const upperI = tapsI.upper.map((index) => index - startIjk[0])
  const lowerWeightI = tapsI.lowerWeight
  const upperWeightI = tapsI.upperWeight
  for (let k = 0; k < countK; k++) {
    const k0 = ni * nj * (tapsK.lower[k] - startIjk[2])
    const k1 = ni * nj * (tapsK.upper[k] - startIjk[2])
    const wk0 = tapsK.lowerWeight[k]
    const wk1 = tapsK.upperWeight[k]
    for (let j = 0; j < countJ; j++) {
      const j0 = ni * (tapsJ.lower[j] - startIjk[1])
      const j1 = ni * (tapsJ.upper[j] - startIjk[1])
      const w00 = wk0 * tapsJ.lowerWeight[j]
      const w01 = wk0 * tapsJ.upperWeight[j]
      const w10 = wk1 * tapsJ.lowerWeight[j]
      const w11 = wk1 * tapsJ.upperWeight[j]
      const inside = w00 + w01 + w10 + w11
      const r00 = k0 + j0
      const r01 = k0 + j1
      const r10 = k1 + j0
      const r11 = k1 + j1
      // With the fill taken off first, a voxel outside adds nothing: its weight is 0.
      for (let i = 0; i < ni; i++) {
        row[i] = w00 * hu[r00 + i] + w01 * hu[r01 + i] + w10 * hu[r10 + i] + w11 * hu[r11 + i] - inside * fill
      }
      let o = k * strideK + j * strideJ
      for (let i = 0; i < countI; i++, o += strideI) {
        out[o] = lowerWeightI[i] * row[lowerI[i]] + upperWeightI[i] * row[upperI[i]] + fill
      }
    }
  }
}

/**
 * Steps through the voxels along each row of the crop. The stretch of the row whose eight neighbours are all inside is
 * one interval (a line meets a box in an interval), and is sampled without a test.
 */
function sampleOblique(
  hu: Float32Array,
  { startIjk, sizeIjk }: Box,
  grid: ObliqueGrid,
  fill: number,
  out: Float32Array,
) {
  const [depth, height, width] = grid.shapeZyx
  const [ni, nj, nk] = sizeIjk
  const nij = ni * nj
  const a = grid.toIndexIjk
  const [di, dj, dk] = [a[0], a[4], a[8]]
  for (let z = 0, o = 0; z < depth; z++) {
    for (let y = 0; y < height; y++, o += width) {
      const i0 = a[1] * y + a[2] * z + a[3] - startIjk[0]
      const j0 = a[5] * y + a[6] * z + a[7] - startIjk[1]
      const k0 = a[9] * y + a[10] * z + a[11] - startIjk[2]
      const interior = (x: number) => within(i0 + x * di, ni) && within(j0 + x * dj, nj) && within(k0 + x * dk, nk)
      let [first, end] = intersect(
        interval(i0, di, ni, width),
        interval(j0, dj, nj, width),
        interval(k0, dk, nk, width),
      )
      // The division may be off by a rounding error: the ends are settled by the very expression the loop uses.
      while (first < end && !interior(first)) first++
      while (end > first && !interior(end - 1)) end--
      for (let x = first; x < end; x++) {
        const pi = i0 + x * di
        const pj = j0 + x * dj
        const pk = k0 + x * dk
        const i = Math.trunc(pi)
        const j = Math.trunc(pj)
        const k = Math.trunc(pk)
        const [fi, fj, fk] = [pi - i, pj - j, pk - k]
        const v = i + ni * j + nij * k
        const u = v + nij
        const v00 = hu[v] + fi * (hu[v + 1] - hu[v])
        const v01 = hu[v + ni] + fi * (hu[v + ni + 1] - hu[v + ni])
        const v10 = hu[u] + fi * (hu[u + 1] - hu[u])
        const v11 = hu[u + ni] + fi * (hu[u + ni + 1] - hu[u + ni])
        const v0 = v00 + fj * (v01 - v00)
        out[o + x] = v0 + fk * (v10 + fj * (v11 - v10) - v0)
      }
      const border = (x: number) => blend(hu, sizeIjk, i0 + x * di, j0 + x * dj, k0 + x * dk, fill)
      for (let x = 0; x < first; x++) out[o + x] = border(x)
      for (let x = end; x < width; x++) out[o + x] = border(x)
    }
  }
}

/** Whether a position has both its neighbours among `n` voxels. */
const within = (position: number, n: number): boolean => position >= 0 && position < n - 1

/** Steps x in [0, width) at which start + x * step lies in [0, n - 1), give or take one. */
function interval(start: number, step: number, n: number, width: number): readonly [number, number] {
  if (step === 0) return within(start, n) ? [0, width] : [0, 0]
  const a = -start / step
  const b = (n - 1 - start) / step
  const clamp = (x: number) => Math.min(Math.max(x, 0), width)
  return [clamp(Math.floor(Math.min(a, b))), clamp(Math.ceil(Math.max(a, b)) + 1)]
}

function intersect(...intervals: (readonly [number, number])[]): [number, number] {
  const first = Math.max(...intervals.map(([low]) => low))
  return [first, Math.max(first, Math.min(...intervals.map(([, high]) => high)))]
}

/** One trilinear sample anywhere; voxels outside count as `fill`. */
function blend(hu: Float32Array, [ni, nj, nk]: Triple, pi: number, pj: number, pk: number, fill: number): number {
  const [i, j, k] = [Math.floor(pi), Math.floor(pj), Math.floor(pk)]
  let value = fill
  for (let corner = 0; corner < 8; corner++) {
    const [ci, cj, ck] = [i + (corner & 1), j + ((corner >> 1) & 1), k + (corner >> 2)]
    if (ci < 0 || cj < 0 || ck < 0 || ci >= ni || cj >= nj || ck >= nk) continue
    const weight = (1 - Math.abs(pi - ci)) * (1 - Math.abs(pj - cj)) * (1 - Math.abs(pk - ck))
    value += weight * (hu[ci + ni * (cj + nj * ck)] - fill)
  }
  return value
}
