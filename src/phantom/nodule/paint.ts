/** Attenuation of a nodule at every point, painted over the lung that is there. */
import { smoothStep } from '../anatomy/body.ts'
import { cover, smoothMin } from '../distance.ts'
import { valueNoise } from '../scan/hash-noise.ts'
import { length } from '../vector.ts'
import type { NoduleBody } from './body.ts'
import { outlineDistance } from './outline.ts'

/** How far from the centre the body changes anything, mm. */
export const bodyReach = ({ outline, fadeMm, reticulated, holes }: NoduleBody): number =>
  Math.max(
    outline.most * (reticulated ? 1.5 : 1) + fadeMm + 3,
    ...holes.map(({ centre, radius }) => length(centre) + radius + 1),
  )

/** Holes of emphysema: lung alone is destroyed, vessels go on through them. */
export function paintHoles({ holes }: NoduleBody, x: number, y: number, z: number, hu: number): number {
  let value = hu
  for (const { centre, radius, hu: air } of holes) {
    const d = Math.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2) - radius
    if (d < 1 && value < -700) value += cover(d, 1.2) * (air - value)
  }
  return value
}

/**
 * Paints the body over a sample of the lung.
 * @param hu what is there already
 * @param deep how deep in the lung the sample lies, mm; the chest wall is where it is below 0
 * @param soft width over which sharp surfaces fade
 */
export function paintBody(
  body: NoduleBody,
  x: number,
  y: number,
  z: number,
  hu: number,
  deep: number,
  soft: number,
): number {
  const { outline, core, cavity, necrosis, fadeMm, seed } = body
  const surface = outlineDistance(outline, x, y, z)
  let value = hu
  if (body.reticulated) value = reticulate(body, surface, x, y, z, value)
  if (surface > fadeMm + 4) return value
  const fine = valueNoise(seed, x / 1.9, y / 1.9, z / 1.9)
  const broad = 0.7 * valueNoise(seed + 5, x / 5.5, y / 5.5, z / 5.5) + 0.5 * fine

  const glass = core === 'all' ? 0 : glassShare(body, surface, broad, soft)
  if (glass > 0 && value > -940) {
    const target = body.glassHu + 90 * fine + 60 * valueNoise(seed + 1, x / 5, y / 5, z / 5)
    // Vessels are still seen through it.
    value = Math.max(value, value + glass * (target - value))
  }
  let solid = 0
  if (core !== 'none') {
    const d =
      core === 'all'
        ? body.attached && surface < 5
          ? smoothMin(surface, deep + soft / 2, 5)
          : surface
        : outlineDistance(core.outline, x - core.centre[0], y - core.centre[1], z - core.centre[2])
    solid = core === 'all' ? solidShare(d, fadeMm, broad, soft) : solidShare(d, Math.min(1, fadeMm), broad, soft)
    let target = body.solidHu + 10 * fine
    if (necrosis) {
      const inner = outlineDistance(
        necrosis.outline,
        x - necrosis.centre[0],
        y - necrosis.centre[1],
        z - necrosis.centre[2],
      )
      target += cover(inner, 2) * (6 - target)
    }
    value += solid * (target - value)
  } else if (necrosis) {
    const inner = outlineDistance(
      necrosis.outline,
      x - necrosis.centre[0],
      y - necrosis.centre[1],
      z - necrosis.centre[2],
    )
    value -= 110 * cover(inner, 2)
  }
  value = calcify(body, surface, fine, x, y, z, value, soft)
  for (const { centre, radius, hu: air } of body.bubbles) {
    const d = Math.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2) - radius
    if (d < soft) value += cover(d, soft) * (air - value)
  }
  if (cavity) {
    const d = outlineDistance(cavity.outline, x - cavity.centre[0], y - cavity.centre[1], z - cavity.centre[2])
    // Towards the pleura too there is a wall.
    const air = Math.max(d, cavity.wallMm - deep)
    if (air < soft) value += cover(air, soft) * (-970 - value)
  }
  return value
}

/** Ground glass fades gently even where its margin is well defined. */
function glassShare({ fadeMm }: NoduleBody, surface: number, broad: number, soft: number): number {
  return fadeMm > 0 ? faded(surface, Math.max(fadeMm, 0.6), broad) : cover(surface, 1.2 + soft)
}

const solidShare = (surface: number, fadeMm: number, broad: number, soft: number): number =>
  fadeMm > 0 ? faded(surface, fadeMm, broad) : cover(surface, soft)

/** An ill-defined margin: wide, and wider here than there. Half of it is at the surface, on the whole. */
const faded = (surface: number, width: number, broad: number): number =>
  1 - smoothStep(-width, width * (1 + 0.5 * broad), surface + 0.5 * width * broad)

function calcify(
  { outline, calcium, shells, diffuseHu, seed }: NoduleBody,
  surface: number,
  fine: number,
  x: number,
  y: number,
  z: number,
  hu: number,
  soft: number,
): number {
  let value = hu
  if (diffuseHu > 0) {
    const target = diffuseHu * (1 + 0.3 * fine + 0.3 * valueNoise(seed + 2, x / 4, y / 4, z / 4))
    value += cover(surface + 0.6, soft) * (target - value)
  }
  for (const { centre, radius, hu: target } of calcium) {
    const d = Math.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2) - radius
    // Rough: calcium has no smooth surface.
    if (d < 2) value += cover(d + 0.35 * radius * fine, soft + 0.4) * Math.max(0, target - value)
  }
  if (shells.length > 0) {
    const r = Math.sqrt(x * x + y * y + z * z)
    const share = r / Math.max(1e-6, r - surface)
    for (const [radius, half] of shells)
      value += cover((Math.abs(share - radius) - half) * outline.least, soft) * Math.max(0, 420 - value)
  }
  return value
}

/** A net of thin lines in the nodule and round it: sheets where smooth noise passes zero. */
function reticulate(
  { outline, seed }: NoduleBody,
  surface: number,
  x: number,
  y: number,
  z: number,
  hu: number,
): number {
  const fade = 1 - smoothStep(0.2, 0.5, surface / outline.most)
  if (fade <= 0) return hu
  const sheet = (key: number): number =>
    Math.max(0, 1 - Math.abs(valueNoise(seed + key, x / 4.4, y / 4.4, z / 4.4)) / 0.13)
  const net = Math.max(sheet(3), sheet(4))
  return hu < -100 ? hu + 0.6 * fade * net * (-100 - hu) : hu
}
