/** Round and flat tubes with round ends: vessels, bronchi, ribs, spicules. */
import type { Triple } from '../scan/scan.ts'
import type { Region } from './scan/lattice.ts'
import { add, cross, distance, dot, perpendicular, scale, subtract, unit } from './vector.ts'

/** A straight piece, tapering from one end to the other; mm. */
export interface Tube {
  readonly from: Triple
  readonly to: Triple
  readonly fromRadius: number
  readonly toRadius: number
  /** A flat one: its half thickness, along the unit vector `normal`, is the radius, its half width `wide` times that. */
  readonly flat?: { readonly normal: Triple; readonly wide: number }
}

/** A point of a curve and the radius there. */
export type Bead = readonly [point: Triple, radius: number]

/** Straight pieces from bead to bead. */
export const chain = (beads: readonly Bead[], flat?: Tube['flat']): Tube[] =>
  beads.slice(1).map(([to, toRadius], n) => {
    const [from, fromRadius] = beads[n]
    return { from, to, fromRadius, toRadius, ...(flat && { flat }) }
  })

/**
 * A smooth curve through beads (Catmull-Rom), in pieces.
 * @param pieces for each pair of neighbours
 */
export function curve(beads: readonly Bead[], pieces = 4): Bead[] {
  const at = (n: number) => beads[Math.min(Math.max(n, 0), beads.length - 1)]
  const out: Bead[] = [beads[0]]
  for (let n = 0; n + 1 < beads.length; n++)
    for (let piece = 1; piece <= pieces; piece++) {
      const t = piece / pieces
      const [a, b, c, d] = [at(n - 1), at(n), at(n + 1), at(n + 2)]
      const blend = (p: number, q: number, r: number, s: number): number =>
        0.5 * (2 * q + (r - p) * t + (2 * p - 5 * q + 4 * r - s) * t * t + (3 * q - p - 3 * r + s) * t * t * t)
      const axis = (i: 0 | 1 | 2): number => blend(a[0][i], b[0][i], c[0][i], d[0][i])
      out.push([[axis(0), axis(1), axis(2)], b[1] + (c[1] - b[1]) * t])
    }
  return out
}

/** The tube without an outer layer: what is inside a cortex or a wall. */
export const hollow = (tubes: readonly Tube[], wallMm: number): Tube[] =>
  tubes.flatMap((tube) => {
    const [fromRadius, toRadius] = [tube.fromRadius - wallMm, tube.toRadius - wallMm]
    if (fromRadius <= 0 || toRadius <= 0) return []
    const { flat } = tube
    // The same wall at the narrow sides.
    const wide = flat && Math.max(1, (tube.fromRadius * flat.wide - wallMm) / fromRadius)
    return [{ ...tube, fromRadius, toRadius, ...(flat && wide && { flat: { normal: flat.normal, wide } }) }]
  })

const reachOf = ({ fromRadius, toRadius, flat }: Tube): number => Math.max(fromRadius, toRadius) * (flat?.wide ?? 1)

/** Whether any of a tube is in a region. */
export function touches(tube: Tube, { min, max }: Region, marginMm: number): boolean {
  const reach = reachOf(tube) + marginMm
  return [0, 1, 2].every(
    (axis) =>
      Math.max(tube.from[axis], tube.to[axis]) + reach >= min[axis] &&
      Math.min(tube.from[axis], tube.to[axis]) - reach <= max[axis],
  )
}

/** Signed distance from a round tube. */
export function tubeDistance({ from, to, fromRadius, toRadius }: Tube, x: number, y: number, z: number): number {
  const dx = to[0] - from[0]
  const dy = to[1] - from[1]
  const dz = to[2] - from[2]
  const px = x - from[0]
  const py = y - from[1]
  const pz = z - from[2]
  const along = (px * dx + py * dy + pz * dz) / Math.max(dx * dx + dy * dy + dz * dz, 1e-9)
  const t = Math.min(1, Math.max(0, along))
  const qx = px - t * dx
  const qy = py - t * dy
  const qz = pz - t * dz
  return Math.sqrt(qx * qx + qy * qy + qz * qz) - fromRadius - t * (toRadius - fromRadius)
}

/** One plane of samples. */
export interface Raster {
  readonly xs: Float64Array
  readonly ys: Float64Array
  /** Width over which a surface fades: the sampling step. */
  readonly soft: number
  /** Coverage of each sample, [y][x]. */
  readonly coverage: Float32Array
  /** First and last sample touched in each row; none where first > last. */
  readonly first: Int32Array
  readonly last: Int32Array
}

export function makeRaster(xs: Float64Array, ys: Float64Array, soft: number): Raster {
  return {
    xs,
    ys,
    soft,
    coverage: new Float32Array(xs.length * ys.length),
    first: new Int32Array(ys.length).fill(xs.length),
    last: new Int32Array(ys.length).fill(-1),
  }
}

/**
 * Draws the cut of a tube with the plane at z: where pieces overlap the larger coverage counts. One thinner than a
 * sample is drawn as wide as a sample and as faint as its share of it.
 */
export function drawTube(raster: Raster, z: number, tube: Tube): void {
  const { xs, ys, soft, coverage, first, last } = raster
  const { from, to, fromRadius, toRadius, flat } = tube
  const [dx, dy, dz] = [to[0] - from[0], to[1] - from[1], to[2] - from[2]]
  const squared = Math.max(dx * dx + dy * dy + dz * dz, 1e-9)
  const thinnest = soft / 2
  const reach = Math.max(reachOf(tube), thinnest) + soft
  // The part of the axis that can come near this plane.
  let [tMin, tMax] = [0, 1]
  if (Math.abs(dz) > 1e-6) {
    const [a, b] = [(z - reach - from[2]) / dz, (z + reach - from[2]) / dz]
    tMin = Math.max(0, Math.min(a, b))
    tMax = Math.min(1, Math.max(a, b))
    if (tMin > tMax) return
  } else if (Math.abs(z - from[2]) > reach) return
  const [xa, xb, ya, yb] = [from[0] + tMin * dx, from[0] + tMax * dx, from[1] + tMin * dy, from[1] + tMax * dy]
  const stepX = xs[1] - xs[0]
  const stepY = ys[1] - ys[0]
  const i0 = Math.max(0, Math.ceil((Math.min(xa, xb) - reach - xs[0]) / stepX))
  const i1 = Math.min(xs.length - 1, Math.floor((Math.max(xa, xb) + reach - xs[0]) / stepX))
  const j0 = Math.max(0, Math.ceil((Math.min(ya, yb) - reach - ys[0]) / stepY))
  const j1 = Math.min(ys.length - 1, Math.floor((Math.max(ya, yb) + reach - ys[0]) / stepY))
  if (i0 > i1) return
  const pz = z - from[2]
  const [nx, ny, nz] = flat?.normal ?? [0, 0, 0]
  const flatter = flat ? 1 / (flat.wide * flat.wide) : 1
  for (let j = j0; j <= j1; j++) {
    const py = ys[j] - from[1]
    let [left, right] = [xs.length, -1]
    for (let i = i0, at = j * xs.length + i0; i <= i1; i++, at++) {
      const px = xs[i] - from[0]
      const t = Math.min(1, Math.max(0, (px * dx + py * dy + pz * dz) / squared))
      const qx = px - t * dx
      const qy = py - t * dy
      const qz = pz - t * dz
      const radius = fromRadius + t * (toRadius - fromRadius)
      const drawn = Math.max(radius, thinnest)
      let d2 = qx * qx + qy * qy + qz * qz
      let outside: number
      if (flat) {
        const across = qx * nx + qy * ny + qz * nz
        const n2 = across * across
        const w2 = Math.max(0, d2 - n2) * flatter
        d2 = Math.sqrt(n2 + w2)
        // First-order distance from the ellipse.
        const slope = d2 < 1e-9 ? 1 : Math.sqrt(n2 + w2 * flatter) / d2
        outside = (d2 - drawn) / slope
      } else {
        if (d2 > (drawn + soft) * (drawn + soft)) continue
        outside = Math.sqrt(d2) - drawn
      }
      const share = 0.5 - outside / soft
      if (share <= 0) continue
      const thin = radius / drawn
      const value = Math.min(1, share) * (flat ? thin : thin * thin)
      if (value > coverage[at]) coverage[at] = value
      if (i < left) left = i
      right = i
    }
    if (left < first[j]) first[j] = left
    if (right > last[j]) last[j] = right
  }
}

/**
 * Hands every touched sample to `paint`, and clears the raster.
 * @param paint gets the sample's index and its coverage
 */
export function flush(raster: Raster, paint: (at: number, coverage: number) => void): void {
  const { xs, ys, coverage, first, last } = raster
  for (let j = 0; j < ys.length; j++) {
    for (let i = first[j], at = j * xs.length + i; i <= last[j]; i++, at++) {
      if (coverage[at] > 0) paint(at, coverage[at])
      coverage[at] = 0
    }
    first[j] = xs.length
    last[j] = -1
  }
}

/** Tubes by the planes that they meet: `at(z)` lists those near it, in their order. */
export function byPlane(
  tubes: readonly Tube[],
  zMin: number,
  zMax: number,
  soft: number,
): (z: number) => readonly Tube[] {
  const thickness = 4
  const buckets: Tube[][] = Array.from({ length: Math.floor((zMax - zMin) / thickness) + 1 }, () => [])
  const bucket = (z: number): number => Math.min(buckets.length - 1, Math.max(0, Math.floor((z - zMin) / thickness)))
  for (const tube of tubes) {
    const reach = Math.max(reachOf(tube), soft / 2) + soft
    const low = Math.min(tube.from[2], tube.to[2]) - reach
    const high = Math.max(tube.from[2], tube.to[2]) + reach
    if (high < zMin || low > zMax) continue
    for (let b = bucket(low); b <= bucket(high); b++) buckets[b].push(tube)
  }
  return (z) => buckets[bucket(z)]
}

/** A unit vector across `axis` that is as near to `wanted` as it can be. */
export function across(axis: Triple, wanted: Triple): Triple {
  const u = unit(axis)
  const rest = subtract(wanted, scale(u, dot(wanted, u)))
  return dot(rest, rest) < 1e-9 ? perpendicular(u) : unit(rest)
}

/** The midpoint of two points moved aside by a share of their distance: a gentle bend. */
export function bent(from: Triple, to: Triple, aside: Triple, share: number): Triple {
  const middle = scale(add(from, to), 0.5)
  const side = unit(cross(subtract(to, from), aside))
  return add(middle, scale(side, share * distance(from, to)))
}
