/**
 * Fields of the whole body that change slowly (distances from surfaces, mottle) are computed on a coarse lattice and
 * interpolated: a distance from a surface of radius R, on a lattice of h mm, is off by h^2 / 8R, 0.04 mm at 50 mm.
 * Nodes lie at whole multiples of the step from the world's origin, so that every part of a volume sees the same ones.
 */
import type { Triple } from '../../scan/scan.ts'

/** Corners of a region, mm. */
export interface Region {
  readonly min: Triple
  readonly max: Triple
}

export interface Lattice {
  readonly stepMm: number
  /** Index of the first node. */
  readonly first: Triple
  readonly size: Triple
  /** One array a field, i fastest. */
  readonly fields: readonly Float32Array[]
}

/**
 * Computes fields on the nodes round a region.
 * @param evaluate writes the fields' values at a point
 */
export function buildLattice(
  region: Region,
  stepMm: number,
  count: number,
  evaluate: (x: number, y: number, z: number, out: Float64Array) => void,
): Lattice {
  const first = region.min.map((mm) => Math.floor(mm / stepMm)) as unknown as Triple
  const size = region.max.map((mm, axis) => Math.floor(mm / stepMm) + 2 - first[axis]) as unknown as Triple
  const [ni, nj, nk] = size
  const fields = Array.from({ length: count }, () => new Float32Array(ni * nj * nk))
  const out = new Float64Array(count)
  for (let k = 0, node = 0; k < nk; k++)
    for (let j = 0; j < nj; j++)
      for (let i = 0; i < ni; i++, node++) {
        evaluate((first[0] + i) * stepMm, (first[1] + j) * stepMm, (first[2] + k) * stepMm, out)
        for (let f = 0; f < count; f++) fields[f][node] = out[f]
      }
  return { stepMm, first, size, fields }
}

/** Where samples of a row lie between nodes. */
export interface Cells {
  readonly cell: Int32Array
  readonly share: Float32Array
}

/** Cells of the samples at `xs`. */
export function cellsOf({ stepMm, first }: Lattice, xs: Float64Array): Cells {
  const cell = new Int32Array(xs.length)
  const share = new Float32Array(xs.length)
  xs.forEach((x, n) => {
    const at = x / stepMm - first[0]
    cell[n] = Math.floor(at)
    share[n] = at - cell[n]
  })
  return { cell, share }
}

/** Interpolates along k, then along j: `rows(y)` are the nodes of a line at (y, z), one array a field. */
export function planeOf({ stepMm, first, size: [ni, nj], fields }: Lattice): {
  readonly moveTo: (z: number) => void
  readonly rows: (y: number) => readonly Float32Array[]
  /** One field alone. */
  readonly row: (field: number, y: number) => Float32Array
} {
  const planes = fields.map(() => new Float32Array(ni * nj))
  const lines = fields.map(() => new Float32Array(ni))
  const row = (f: number, y: number): Float32Array => {
    const at = y / stepMm - first[1]
    const j = Math.floor(at)
    const v = at - j
    const plane = planes[f]
    const line = lines[f]
    for (let i = 0, a = j * ni, b = a + ni; i < ni; i++, a++, b++) line[i] = plane[a] + v * (plane[b] - plane[a])
    return line
  }
  return {
    moveTo: (z) => {
      const at = z / stepMm - first[2]
      const k = Math.floor(at)
      const w = at - k
      fields.forEach((field, f) => {
        const plane = planes[f]
        for (let n = 0, a = k * ni * nj, b = a + ni * nj; n < plane.length; n++, a++, b++)
          plane[n] = field[a] + w * (field[b] - field[a])
      })
    },
    row,
    rows: (y) => {
      for (let f = 0; f < planes.length; f++) row(f, y)
      return lines
    },
  }
}

/**
 * A field near a point, from a lattice: for those who ask for many values.
 * @param reachMm beyond it the field itself is asked
 */
export function fieldNear(
  field: (x: number, y: number, z: number) => number,
  centre: Triple,
  reachMm: number,
  stepMm: number,
): (x: number, y: number, z: number) => number {
  const region: Region = {
    min: [centre[0] - reachMm, centre[1] - reachMm, centre[2] - reachMm],
    max: [centre[0] + reachMm, centre[1] + reachMm, centre[2] + reachMm],
  }
  const { first, size, fields } = buildLattice(region, stepMm, 1, (x, y, z, out) => {
    out[0] = field(x, y, z)
  })
  const [nodes] = fields
  const [ni, nj] = size
  const inside = (at: number, axis: 0 | 1 | 2): boolean => at >= 0 && at < size[axis] - 1
  return (x, y, z) => {
    const a = x / stepMm - first[0]
    const b = y / stepMm - first[1]
    const c = z / stepMm - first[2]
    if (!inside(a, 0) || !inside(b, 1) || !inside(c, 2)) return field(x, y, z)
    const i = Math.floor(a)
    const j = Math.floor(b)
    const k = Math.floor(c)
    const u = a - i
    const v = b - j
    const w = c - k
    const at = i + ni * (j + nj * k)
    const line = (n: number): number => nodes[n] + u * (nodes[n + 1] - nodes[n])
    const near = line(at) + v * (line(at + ni) - line(at))
    const far = line(at + ni * nj) + v * (line(at + ni * nj + ni) - line(at + ni * nj))
    return near + w * (far - near)
  }
}
