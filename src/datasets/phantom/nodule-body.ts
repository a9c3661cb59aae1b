/** The body of a nodule: its outline, what is in it, and its attenuation at every point. */
import type { Random } from '../../random.ts'
import type { Triple } from '../../volume/volume.ts'
import { smoothStep } from './body.ts'
import { cover, smoothMin } from './distance.ts'
import { valueNoise } from './hash-noise.ts'
import { drawOutline, type Margin, type Outline, outlineDistance, scaled, spreadDirections } from './nodule-outline.ts'
import type { Calcification, NoduleSpec } from './nodule-spec.ts'
import { between, length, randomDirection, scale } from './vector.ts'

/** An inner part: an outline about a centre of its own. */
interface Part {
  readonly outline: Outline
  readonly centre: Triple
}
/** A ball of one attenuation. */
interface Ball {
  readonly centre: Triple
  readonly radius: number
  readonly hu: number
}

/** All places are relative to the body's centre, mm. */
export interface NoduleBody {
  readonly outline: Outline
  /** Part-solid: what is solid; solid: the whole; ground glass: nothing. */
  readonly core: Part | 'all' | 'none'
  readonly solidHu: number
  readonly glassHu: number
  /** Half the width over which the margin fades. */
  readonly fadeMm: number
  readonly cavity: (Part & { readonly wallMm: number }) | undefined
  readonly necrosis: Part | undefined
  readonly bubbles: readonly Ball[]
  readonly calcium: readonly Ball[]
  /** Shells of calcium: radius and half thickness, shares of the outline's radius. */
  readonly shells: readonly (readonly [radius: number, half: number])[]
  /** Attenuation that diffuse calcium adds. */
  readonly diffuseHu: number
  readonly reticulated: boolean
  /** Melts with the chest wall where it meets it. */
  readonly attached: boolean
  /** Holes of emphysema round it. */
  readonly holes: readonly Ball[]
  readonly seed: number
}

const has = (value: string | undefined): boolean => value === 'Present'

/**
 * Draws the body of a nodule.
 * @param outline at its size
 * @param core at its size, of a part-solid one
 */
export function drawBodyOf(spec: NoduleSpec, outline: Outline, core: Outline | undefined, random: Random): NoduleBody {
  const { features, calcification = 'none' } = spec
  const mean = (outline.least + outline.most) / 2
  const place = random.fork('core place')
  const poorly = features.nodule_margin_conspicuity === 'Poorly marginated'
  const hollow = random.fork('cavity')
  // The wall is a third to a half of the radius, thin enough that air is seen in small nodules too.
  const wall = Math.min(between(hollow, 0.3, 0.52) * mean, Math.max(0.3 * mean, 9))
  const hole = drawOutline('Complex/Irregular', ['Smooth'], hollow)
  return {
    outline,
    core: core
      ? { outline: core, centre: offset(place, Math.max(0, outline.least - core.most) * 0.8) }
      : features.nodule_consistency === 'Pure ground glass'
        ? 'none'
        : 'all',
    solidHu: between(random.fork('solid'), 22, 58),
    glassHu: between(random.fork('glass'), -640, -420),
    fadeMm: poorly ? Math.min(between(random.fork('fade'), 2, 3.2), 0.4 * mean) : 0,
    cavity: has(features.cavitation)
      ? {
          // Thinnest where the hole comes nearest to the surface, but never open.
          outline: scaled(hole, (mean - 0.75 * wall) / hole.most),
          centre: offset(hollow, 0.3 * wall),
          wallMm: 0.6 * wall,
        }
      : undefined,
    necrosis: has(features.necrosis)
      ? {
          outline: scaled(drawOutline('Complex/Irregular', ['Lobulated'], random.fork('necrosis')), 0.62 * mean),
          centre: offset(random.fork('necrosis place'), 0.12 * mean),
        }
      : undefined,
    bubbles: has(features['cyst-like_spaces']) ? bubbles(outline, random.fork('bubbles')) : [],
    ...calciumOf(calcification, outline, random.fork('calcium')),
    reticulated: has(features.nodule_reticulation),
    attached: has(features.pleural_attachment),
    holes: has(features.paracicatricial_emphysema) ? holes(outline, random.fork('holes')) : [],
    seed: random.fork('texture').integer(2 ** 31),
  }
}

/** A solid core's outline, radius 1. */
export const coreShape = (random: Random): Outline =>
  drawOutline(random.uniform() < 0.5 ? 'Complex/Irregular' : 'Ovoid', ['Smooth'], random.fork('outline'))

/** The kinds of margin that a row names. */
export function marginsOf({ features }: NoduleSpec): Margin[] {
  const named = [features.nodule_margins, features.additional_nodule_margins]
  return named.filter((margin): margin is Margin => margin !== undefined)
}

const offset = (random: Random, most: number): Triple =>
  scale(randomDirection(random), most * Math.sqrt(random.uniform()))

/** A place inside an outline, at shares of the way from its centre to its surface. */
function placeIn(outline: Outline, direction: Triple, share: number): Triple {
  return scale(direction, share * outline.radius(...direction))
}

function bubbles(outline: Outline, random: Random): Ball[] {
  return spreadDirections(4 + random.integer(4), random, 0.6).map((direction) => ({
    centre: placeIn(outline, direction, between(random, 0.25, 0.7)),
    radius: Math.min(3, Math.max(0.9, between(random, 0.09, 0.2) * outline.least)),
    hu: -930,
  }))
}

function holes(outline: Outline, random: Random): Ball[] {
  return spreadDirections(14, random, 0.6)
    .filter(() => random.uniform() < 0.7)
    .map((direction) => {
      const radius = between(random, 2.5, 5.5)
      return {
        centre: scale(direction, outline.radius(...direction) + radius * between(random, 0.75, 1.3)),
        radius,
        hu: -975,
      }
    })
}

function calciumOf(
  kind: Calcification,
  outline: Outline,
  random: Random,
): Pick<NoduleBody, 'calcium' | 'shells' | 'diffuseHu'> {
  const none = { calcium: [], shells: [], diffuseHu: 0 }
  const size = outline.least
  const ball = (centre: Triple, share: number, hu: number): Ball => ({
    centre,
    radius: Math.max(0.9, share * size),
    hu,
  })
  if (kind === 'central') {
    const hu = between(random, 450, 900)
    const middle = offset(random, 0.08 * size)
    // Two balls that overlap are no sphere.
    return { ...none, calcium: [ball(middle, 0.34, hu), ball(offset(random, 0.22 * size), 0.26, hu)] }
  }
  if (kind === 'diffuse') return { ...none, diffuseHu: between(random, 220, 600) }
  if (kind === 'laminated') {
    return {
      calcium: [ball([0, 0, 0], 0.16, 700)],
      shells: [
        [0.5, 0.07],
        [0.85, 0.07],
      ],
      diffuseHu: 0,
    }
  }
  if (kind === 'popcorn') {
    const calcium = spreadDirections(6 + random.integer(4), random, 0.6).map((direction) =>
      ball(
        placeIn(outline, direction, between(random, 0.2, 0.62)),
        between(random, 0.13, 0.24),
        between(random, 350, 900),
      ),
    )
    return { ...none, calcium }
  }
  if (kind === 'eccentric') {
    const direction = randomDirection(random)
    const centre = placeIn(outline, direction, between(random, 0.58, 0.7))
    const hu = between(random, 350, 800)
    const beside = scale(randomDirection(random), 0.16 * size)
    const second: Triple = [centre[0] + beside[0], centre[1] + beside[1], centre[2] + beside[2]]
    return { ...none, calcium: [ball(centre, between(random, 0.14, 0.24), hu), ball(second, 0.13, hu)] }
  }
  return none
}

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
