/**
 * The outlines of a body as distances from surfaces: skin, muscles, chest cavity, diaphragm. Millimetres in LPS; the
 * world's origin is the middle of the chest, at the height of the hila. Sizes are those of an adult lying on the back,
 * arms up, breathing in.
 */
import type { Random } from '../../random.ts'
import type { Triple } from '../../scan/scan.ts'
import { bump, smoothMax, smoothMin, superellipse } from '../distance.ts'
import { between } from '../vector.ts'

/** What differs from body to body. */
export interface Body {
  /** All lengths times this. */
  readonly size: number
  /** Fat under the skin at the sides, mm. */
  readonly fatMm: number
  /** How deep the breath is: the domes' height above the mean, mm. */
  readonly domesMm: readonly [right: number, left: number]
  readonly heart: number
  /** Waves that bend the outlines a little: wave vector, phase, and shift in mm. */
  readonly waves: readonly { readonly wave: Triple; readonly phase: number; readonly shift: Triple }[]
}

export function drawBody(random: Random): Body {
  const wave = (): Body['waves'][number] => ({
    wave: [between(random, -0.05, 0.05), between(random, -0.05, 0.05), between(random, -0.04, 0.04)],
    phase: between(random, 0, 2 * Math.PI),
    shift: [between(random, -1.8, 1.8), between(random, -1.8, 1.8), between(random, -1.8, 1.8)],
  })
  return {
    size: between(random, 0.94, 1.04),
    fatMm: between(random, 9, 24),
    domesMm: [between(random, -8, 8), between(random, -8, 8)],
    heart: between(random, 0.93, 1.06),
    waves: [wave(), wave(), wave(), wave()],
  }
}

/** Moves a point by the body's waves, in place. */
export function bendPoint({ waves }: Body, point: Float64Array): void {
  const x = point[0]
  const y = point[1]
  const z = point[2]
  for (const { wave, phase, shift } of waves) {
    const s = Math.sin(wave[0] * x + wave[1] * y + wave[2] * z + phase)
    point[0] += shift[0] * s
    point[1] += shift[1] * s
    point[2] += shift[2] * s
  }
}

/** 0 below `low`, 1 above `high`, smooth between. */
export function smoothStep(low: number, high: number, x: number): number {
  const t = Math.min(1, Math.max(0, (x - low) / (high - low)))
  return t * t * (3 - 2 * t)
}

const APEX = 128
/** Half width and half depth of the cavity where it is widest. */
const CAVITY_WIDTH = 132
const CAVITY_DEPTH = 88

export function skin(body: Body, x: number, y: number, z: number): number {
  const shoulders = smoothStep(62, 140, z)
  const width = 148 + body.fatMm + 46 * shoulders - 10 * smoothStep(-60, -180, z)
  const depth = 108 + 0.7 * body.fatMm - 22 * smoothStep(80, 165, z)
  const groove = 5 * bump(x, 24) * smoothStep(60, 110, y)
  return superellipse(x, y - 7 - 12 * smoothStep(70, 160, z), width, depth, 2.45) + groove
}

/** In one plane: the cavity narrows to the apex, whose front lies lower than its back (the thoracic inlet is tilted). */
function cavityInPlane(x: number, y: number, z: number): number {
  const ahead = (20 - y) / 15
  const tilted = z + 0.36 * 15 * (ahead > 20 ? ahead : Math.log1p(Math.exp(ahead)))
  const below = (APEX - tilted) / 190
  const q = Math.min(1, Math.max(0.004, below))
  const open = Math.sqrt(1 - (1 - q) ** 2.3)
  const over = below < 0.004 ? (0.004 - below) * 190 : 0
  const flank = superellipse(x, y - 2, CAVITY_WIDTH * open, CAVITY_DEPTH * open ** 0.75, 2.35)
  return over > 0 ? Math.sqrt(Math.max(flank, 0) ** 2 + over * over) : flank
}

/** The space inside ribs and intercostal muscles, open below. */
export function cavity(x: number, y: number, z: number): number {
  const here = cavityInPlane(x, y, z)
  const slope = (cavityInPlane(x, y, z + 1) - cavityInPlane(x, y, z - 1)) / 2
  return here / Math.sqrt(1 + slope * slope)
}

/** Muscles of the chest wall and the shoulder girdle; `inner` and `outer` are the distances from cavity and skin. */
export function muscles(body: Body, x: number, y: number, z: number, inner: number, outer: number): number {
  const side = Math.abs(x)
  const back = smoothStep(10, 60, y)
  const front = 1 - back
  const thickness =
    11.5 +
    15 * front * bump(side - 62, 62) * bump(z - 48, 75) +
    5 * bump(y, 70) +
    13 * bump(side - 122, 60) * bump(y - 45, 70) * bump(z - 10, 120) +
    25 * back * bump(side - 26, 36) +
    15 * back * bump(side - 60, 80) * bump(z - 90, 100) +
    85 * smoothStep(55, 115, z)
  return smoothMax(inner - thickness, outer + 3.5 + 0.6 * body.fatMm, 6)
}

const dome = (x: number, y: number, cx: number, cy: number, rx: number, ry: number, top: number): number => {
  const rho2 = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2
  return top - 64 * rho2 * Math.sqrt(Math.sqrt(rho2))
}

function domes({ domesMm }: Body, x: number, y: number): number {
  const right = dome(x, y, -66, 0, 76, 92, -72 + domesMm[0])
  const left = dome(x, y, 72, 4, 74, 90, -86 + domesMm[1])
  const middle = dome(x, y, 6, -22, 88, 70, -94 + (domesMm[0] + domesMm[1]) / 2)
  return -smoothMin(smoothMin(-right, -left, 14), -middle, 14)
}

/** Height above the diaphragm, along its normal. */
export function aboveDiaphragm(body: Body, x: number, y: number, z: number): number {
  const top = domes(body, x, y)
  const slope2 = (domes(body, x + 1, y) - top) ** 2 + (domes(body, x, y + 1) - top) ** 2
  return (z - top) / Math.sqrt(1 + slope2)
}
