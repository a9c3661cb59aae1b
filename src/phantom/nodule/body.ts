/** The body of a nodule: its outline and what is in it. */
import type { Random } from '../../random.ts'
import type { Triple } from '../../scan/scan.ts'
import { between, randomDirection, scale } from '../vector.ts'
import { drawOutline, type Margin, type Outline, scaled, spreadDirections } from './outline.ts'
import type { Calcification, NoduleSpec } from './spec.ts'

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
    // Two balls that overlap are not a sphere.
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
