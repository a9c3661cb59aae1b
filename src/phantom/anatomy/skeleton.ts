/** Ribs, spine, breast bone, collar bones, shoulder blades: tubes of cortex with marrow inside. */
import type { Triple } from '../../scan/scan.ts'
import { across, type Bead, chain, curve, hollow, type Tube } from '../tubes.ts'
import { subtract } from '../vector.ts'
import { cavity, smoothStep } from './body.ts'
import { spineY } from './mediastinum.ts'

export interface Skeleton {
  readonly cortex: readonly Tube[]
  readonly marrow: readonly Tube[]
  readonly cartilage: readonly Tube[]
  /** Vertebrae and discs in one: see `columnPart`. */
  readonly column: readonly Tube[]
  /** The spinal canal with what is in it. */
  readonly canal: readonly Tube[]
}

const LEVELS = 15
/** Height of the first thoracic vertebra, and from one to the next. */
const FIRST = 120
const PITCH = 21.5

/**
 * A point outside the chest cavity.
 * @param angle from the back (0) over the side (pi / 2) to the front (pi)
 * @param side 1 left, -1 right
 * @param outMm beyond the cavity's surface
 */
function wallPoint(angle: number, side: number, z: number, outMm: number): { point: Triple; outward: Triple } {
  const outward: Triple = [side * Math.sin(angle), Math.cos(angle), 0]
  // The inlet is tilted: high up only the back of the chest is cavity.
  const y0 = 8 + 0.35 * Math.max(0, z)
  let [inside, outside] = [0, 220]
  for (let step = 0; step < 14; step++) {
    const middle = (inside + outside) / 2
    if (cavity(middle * outward[0], y0 + middle * outward[1], z) < 0) inside = middle
    else outside = middle
  }
  const r = inside + outMm
  return { point: [r * outward[0], y0 + r * outward[1], z], outward }
}

/** How far round each rib reaches, radians from the back, and how far its front lies below its head, mm. */
const REACH = [2.45, 2.5, 2.5, 2.45, 2.4, 2.35, 2.3, 2.2, 2.1, 1.95, 1.5, 1.1]
const DROP = [28, 42, 54, 62, 68, 74, 80, 84, 84, 78, 55, 38]

function rib(n: number, side: number): { bone: Tube[]; cartilage: Tube[] } {
  const head = FIRST - PITCH * n
  const heightAt = (angle: number): number => head + 3 - (DROP[n] + 3) * smoothStep(-0.25, 2.6, angle)
  const thin = n === 0 ? 2.8 : 3.4
  const wide = n === 0 ? 2.2 : 1.75
  const pieces = Math.round(REACH[n] / 0.12)
  const bone: Tube[] = []
  let from: Triple = [side * 20, spineY(head) + 6, head + 2]
  for (let piece = 1; piece <= pieces; piece++) {
    const angle = 0.3 + ((REACH[n] - 0.3) * piece) / pieces
    const { point, outward } = wallPoint(angle, side, heightAt(angle), thin + 2)
    const normal = across(subtract(point, from), outward)
    bone.push({ from, to: point, fromRadius: thin, toRadius: thin, flat: { normal, wide } })
    from = point
  }
  if (n > 6) return { bone, cartilage: [] }
  const end: Triple = [side * 20, wallPoint(Math.PI, side, from[2] + 8, 7).point[1], from[2] + (n < 2 ? 4 : 12 + n)]
  const { point: middle } = wallPoint((REACH[n] + Math.PI) / 2, side, (from[2] + end[2]) / 2 - 2, thin + 2)
  const beads = curve([from, middle, end].map((point): Bead => [point, thin]))
  return { bone, cartilage: chain(beads, { normal: [0, 1, 0], wide: 1.7 }) }
}

/** The arch of a vertebra, and its processes. */
function arch(z: number): Tube[] {
  const y = spineY(z)
  const bone = (from: Triple, to: Triple, fromRadius: number, toRadius: number): Tube => ({
    from,
    to,
    fromRadius,
    toRadius,
  })
  const sides = [-1, 1].flatMap((side) => [
    bone([side * 11, y + 10, z + 4], [side * 13, y + 23, z + 3], 4.2, 4.5), // pedicle
    bone([side * 13, y + 24, z + 2], [side * 2, y + 34, z - 5], 3.8, 3.6), // lamina
    bone([side * 14, y + 24, z + 2], [side * 30, y + 31, z + 4], 4.2, 4.6), // transverse process
  ])
  return [...sides, bone([0, y + 34, z - 4], [0, y + 56, z - 20], 3.6, 3.2)] // spinous process
}

/** The column of vertebrae and discs. */
const column = (): Tube[] =>
  chain(
    Array.from({ length: LEVELS + 1 }, (_, n): Bead => {
      const z = FIRST + PITCH - PITCH * n
      return [[0, spineY(z), z], 13 + 0.22 * n]
    }),
    { normal: [0, 1, 0], wide: 1.2 },
  )

const canal = (): Tube[] =>
  chain(
    Array.from({ length: LEVELS + 1 }, (_, n): Bead => {
      const z = FIRST + PITCH - PITCH * n
      return [[0, spineY(z) + 22, z], 7.5]
    }),
  )

/** What the column is at a height: a vertebra's body, the plate that ends it, or the disc to the next. */
export function columnPart(z: number): 'body' | 'plate' | 'disc' {
  const turns = (FIRST - z) / PITCH
  const off = Math.abs(turns - Math.round(turns)) * PITCH
  return off < 8 ? 'body' : off < 8.9 ? 'plate' : 'disc'
}

function breastBone(): Tube[] {
  const front = (z: number): Triple => wallPoint(Math.PI, 1, z, 9).point
  const plate = (high: number, low: number, wideHigh: number, wideLow: number): Tube[] => {
    const beads = [high, (high + low) / 2, low].map((z): Bead => [[0, front(z)[1], z], 4.8])
    return chain(curve(beads, 2)).map((tube, n) => ({
      ...tube,
      flat: { normal: [0, 1, 0] as const, wide: wideHigh + ((wideLow - wideHigh) * n) / 3 },
    }))
  }
  return [...plate(86, 52, 5.2, 3.4), ...plate(43, -52, 2.9, 3.6)]
}

function shoulder(side: number): Tube[] {
  const blade = [104, 80, 50, 20, -5].map((z, n): Bead => {
    const { point } = wallPoint(0.82 + 0.05 * n, side, z, 17)
    return [point, n === 4 ? 1.4 : 1.9]
  })
  const { outward } = wallPoint(0.9, side, 50, 0)
  const plate = chain(curve(blade, 3)).map((tube) => ({
    ...tube,
    flat: { normal: across(subtract(tube.to, tube.from), outward), wide: 12 },
  }))
  const ridge = chain([
    [wallPoint(0.6, side, 84, 21).point, 4],
    [[side * 128, 62, 116], 5.5],
    [[side * 150, 40, 140], 7],
  ])
  const collar = chain(
    curve([
      [[side * 20, -64, 92], 7],
      [[side * 60, -52, 112], 5.5],
      [[side * 105, -12, 130], 5.5],
      [[side * 148, 22, 146], 6],
    ]),
  )
  const arm = chain([
    [[side * 164, 34, 150], 22],
    [[side * 176, 20, 190], 17],
  ])
  return [...plate, ...ridge, ...collar, ...arm]
}

/** The skeleton of the mean body. */
export function skeleton(): Skeleton {
  const ribs = [-1, 1].flatMap((side) => REACH.map((_, n) => rib(n, side)))
  const heights = Array.from({ length: LEVELS }, (_, n) => FIRST - PITCH * n)
  const slender = [...ribs.flatMap(({ bone }) => bone), ...heights.flatMap(arch), ...shoulder(-1), ...shoulder(1)]
  const stout = breastBone()
  return {
    cortex: [...slender, ...stout],
    marrow: [...hollow(slender, 1.25), ...hollow(stout, 1)],
    cartilage: ribs.flatMap(({ cartilage }) => cartilage),
    column: column(),
    canal: canal(),
  }
}
