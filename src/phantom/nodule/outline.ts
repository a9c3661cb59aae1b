/** Outlines of nodules as radii by direction: round, ovoid, polygonal or irregular; smooth, lobulated or serrated. */
import type { Random } from '../../random.ts'
import type { Triple } from '../../scan/scan.ts'
import { across } from '../tubes.ts'
import { between, cross, dot, length, randomDirection, scale, unit } from '../vector.ts'

/** A surface round the origin that every ray from it meets once. */
export interface Outline {
  /** Distance of the surface along a unit vector. */
  readonly radius: (x: number, y: number, z: number) => number
  /** Bounds of it. */
  readonly least: number
  readonly most: number
}

export type Shape = 'Round' | 'Ovoid' | 'Polygonal' | 'Complex/Irregular'
export type Margin = 'Smooth' | 'Lobulated' | 'Spiculated/Serrated'

/** Points spread evenly over the sphere (a Fibonacci lattice), turned at random and moved a little. */
export function spreadDirections(count: number, random: Random, jitter = 0.35): Triple[] {
  const axis = randomDirection(random)
  const u = across(axis, randomDirection(random))
  const v = cross(axis, u)
  const step = jitter * Math.sqrt((4 * Math.PI) / count)
  return Array.from({ length: count }, (_, n) => {
    const z = 1 - (2 * n + 1) / count
    const r = Math.sqrt(1 - z * z)
    const angle = n * Math.PI * (3 - Math.sqrt(5))
    const [a, b] = [r * Math.cos(angle), r * Math.sin(angle)]
    const [dx, dy, dz] = scale(randomDirection(random), step * random.uniform())
    return unit([
      a * u[0] + b * v[0] + z * axis[0] + dx,
      a * u[1] + b * v[1] + z * axis[1] + dy,
      a * u[2] + b * v[2] + z * axis[2] + dz,
    ])
  })
}

/** Waves over the sphere: bumps of some `1 / frequency` radians, of standard deviation `amount`. */
function waves(frequency: number, amount: number, random: Random, count = 6) {
  const each = Array.from({ length: count }, () => ({
    vector: scale(randomDirection(random), frequency * between(random, 0.75, 1.25)),
    phase: between(random, 0, 2 * Math.PI),
  }))
  const height = amount * Math.sqrt(2 / count)
  return (x: number, y: number, z: number): number => {
    let sum = 0
    for (const { vector, phase } of each) sum += Math.sin(vector[0] * x + vector[1] * y + vector[2] * z + phase)
    return height * sum
  }
}

/** Radius of an ellipsoid with the given axes along three directions at right angles. */
function ellipsoidOf(axes: Triple, random: Random) {
  const [long, middle, short] = axes
  // Long axes lie near the axial plane: there they are seen and measured.
  const tilt = between(random, -0.5, 0.5)
  const turn = between(random, 0, 2 * Math.PI)
  const a: Triple = [Math.cos(turn) * Math.cos(tilt), Math.sin(turn) * Math.cos(tilt), Math.sin(tilt)]
  const b = across(a, randomDirection(random))
  const c = cross(a, b)
  return (x: number, y: number, z: number): number => {
    const n: Triple = [x, y, z]
    return 1 / Math.sqrt((dot(n, a) / long) ** 2 + (dot(n, b) / middle) ** 2 + (dot(n, c) / short) ** 2)
  }
}

/** Radius of a polyhedron with rounded edges. */
function polyhedron(faces: number, random: Random) {
  const planes = spreadDirections(faces, random, 0.5).map((normal) => scale(normal, 1 / between(random, 0.82, 1.12)))
  const power = 12
  return (x: number, y: number, z: number): number => {
    let sum = 0
    for (const [a, b, c] of planes) {
      const d = a * x + b * y + c * z
      if (d > 0) sum += d ** power
    }
    return sum ** (-1 / power)
  }
}

/** Radius of a cluster of balls about the origin, with notches between them. */
function lobes(count: number, random: Random) {
  const balls = spreadDirections(count, random, 0.45).map((direction) => ({
    centre: scale(direction, between(random, 0.36, 0.52)),
    radius: between(random, 0.5, 0.62),
  }))
  return (x: number, y: number, z: number): number => {
    let most = 0.62
    for (const { centre, radius } of balls) {
      const near = centre[0] * x + centre[1] * y + centre[2] * z
      const root = near * near - dot(centre, centre) + radius * radius
      if (root > 0) most = Math.max(most, near + Math.sqrt(root))
    }
    return most
  }
}

/**
 * Draws an outline of a mean radius near 1, about its own centroid.
 * @param margins the kinds of margin that it has, one or two
 */
export function drawOutline(shape: Shape, margins: readonly Margin[], random: Random): Outline {
  const parts = [baseOf(shape, random.fork('shape'))]
  if (margins.includes('Lobulated')) parts.push(lobes(7 + random.integer(5), random.fork('lobes')))
  const fork = random.fork('waves')
  const rough = margins.includes('Spiculated/Serrated')
    ? [waves(5, 0.045, fork), waves(11, 0.05, fork)]
    : [waves(2.2, 0.025, fork), waves(5, 0.018, fork)]
  const radius = (x: number, y: number, z: number): number => {
    let r = 1
    for (const part of parts) r *= part(x, y, z)
    for (const wave of rough) r *= 1 + wave(x, y, z)
    return r
  }
  return bounded(radius)
}

function baseOf(shape: Shape, random: Random) {
  const near = () => between(random, 0.93, 1.07)
  if (shape === 'Round') return ellipsoidOf([near(), near(), near()], random)
  if (shape === 'Ovoid') return ellipsoidOf([between(random, 1.3, 1.6), near(), near()], random)
  if (shape === 'Polygonal') return polyhedron(7 + random.integer(3), random)
  const base = ellipsoidOf([between(random, 1.05, 1.35), near(), between(random, 0.8, 1)], random)
  const large = waves(2.4, 0.16, random)
  const small = waves(4.5, 0.07, random)
  return (x: number, y: number, z: number) => base(x, y, z) * Math.max(0.45, 1 + large(x, y, z) + small(x, y, z))
}

/** Directions by which outlines are measured. */
const PROBES: readonly Triple[] = Array.from({ length: 400 }, (_, n) => {
  const z = 1 - (2 * n + 1) / 400
  const angle = n * Math.PI * (3 - Math.sqrt(5))
  const r = Math.sqrt(1 - z * z)
  return [r * Math.cos(angle), r * Math.sin(angle), z]
})

function bounded(radius: Outline['radius']): Outline {
  const radii = PROBES.map((direction) => radius(...direction))
  return { radius, least: 0.96 * Math.min(...radii), most: 1.04 * Math.max(...radii) }
}

/** An outline times a length. */
export const scaled = ({ radius, least, most }: Outline, s: number): Outline => ({
  radius: (x, y, z) => s * radius(x, y, z),
  least: s * least,
  most: s * most,
})

/** Signed distance along the ray, mm: below zero inside. */
export function outlineDistance({ radius, least, most }: Outline, x: number, y: number, z: number): number {
  const r = Math.sqrt(x * x + y * y + z * z)
  if (r > most + 6) return r - most
  if (r < least - 6) return r - least
  return r < 1e-6 ? -least : r - radius(x / r, y / r, z / r)
}

/** Whether a point belongs to what is measured, e.g. lies in the lung. */
export type Inside = (x: number, y: number, z: number) => boolean

/**
 * Centroid of an outline's volume, by rays: each carries the volume of its cone, r^3 / 3, centred at 3/4 of r. With
 * `inside`, of the part of each ray that is inside.
 */
export function centroidOf(outline: Outline, inside?: Inside): Triple {
  let volume = 0
  let [x, y, z] = [0, 0, 0]
  for (const [u, v, w] of PROBES) {
    const r = rayLength(outline, u, v, w, inside)
    volume += r ** 3 / 3
    const moment = r ** 4 / 4
    x += u * moment
    y += v * moment
    z += w * moment
  }
  return [x / volume, y / volume, z / volume]
}

function rayLength(outline: Outline, u: number, v: number, w: number, inside?: Inside): number {
  const r = outline.radius(u, v, w)
  if (!inside || inside(u * r, v * r, w * r)) return r
  let [low, high] = [0, r]
  for (let step = 0; step < 10; step++) {
    const middle = (low + high) / 2
    if (inside(u * middle, v * middle, w * middle)) low = middle
    else high = middle
  }
  return low
}

/** Longest diameter in an axial plane, and the longest across it in the same plane. */
export interface AxialDiameters {
  readonly longest: number
  readonly short: number
}

const ANGLES = 60

/** Measures an outline as a radiologist does: in the axial plane where it is longest, and across that. */
export function axialDiameters(outline: Outline, inside?: Inside): AxialDiameters {
  let best: AxialDiameters = { longest: 0, short: 0 }
  for (let slice = -4; slice <= 4; slice++) {
    const z = slice * 0.12 * outline.least
    const points = contour(outline, z, inside)
    let [longest, from, to] = [0, points[0], points[0]]
    for (let a = 0; a < points.length; a++)
      for (let b = a + 1; b < points.length; b++) {
        const d = Math.hypot(points[a][0] - points[b][0], points[a][1] - points[b][1])
        if (d > longest) [longest, from, to] = [d, points[a], points[b]]
      }
    if (longest <= best.longest) continue
    const across = [-(to[1] - from[1]) / longest, (to[0] - from[0]) / longest]
    const places = points.map(([x, y]) => x * across[0] + y * across[1])
    best = { longest, short: Math.max(...places) - Math.min(...places) }
  }
  return best
}

/** Points of the outline in the plane at z. */
function contour(outline: Outline, z: number, inside?: Inside): [number, number][] {
  return Array.from({ length: ANGLES }, (_, n) => {
    const angle = (2 * Math.PI * n) / ANGLES
    const [c, s] = [Math.cos(angle), Math.sin(angle)]
    let [low, high] = [0, outline.most]
    for (let step = 0; step < 12; step++) {
      const middle = (low + high) / 2
      const [x, y] = [middle * c, middle * s]
      const r = length([x, y, z])
      const within = r < outline.radius(x / r, y / r, z / r) && (!inside || inside(x, y, z))
      if (within) low = middle
      else high = middle
    }
    return [low * c, low * s]
  })
}
