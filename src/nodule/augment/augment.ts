import type { Random } from '../../random.ts'
import type { Affine, Triple } from '../../scan/scan.ts'
import type { Crop } from '../crop.ts'
import { HU_WINDOW } from '../hounsfield.ts'
import { type ObliqueGrid, sampleGrid } from '../sample.ts'
import type { PlacedView, View, ViewSize } from '../views.ts'
import { gaussianNoise } from './noise.ts'
import { type CropBox, reachOf } from './reach.ts'
import { type CropPart, renderIntensities } from './render.ts'

/** How crops are varied in training, in this order. */
export interface AugmentationConfig {
  /** Chance of a flip, for each axis by itself. */
  readonly flip: number
  /** Largest rotation about each axis, degrees. */
  readonly rotationDegrees: number
  /** Largest change of size along each axis: 0.1 is 0.9 to 1.1. */
  readonly scale: number
  /** Standard deviation of the Gaussian noise, of intensities whose window is [0, 1]. */
  readonly noise: number
  /** Largest |ln gamma|. */
  readonly logGamma: number
}

/** The published augmentation (docs/method.md M10). */
export const PUBLISHED_AUGMENTATION: AugmentationConfig = {
  flip: 0.5,
  rotationDegrees: 10,
  scale: 0.1,
  noise: 0.02,
  logGamma: 0.2,
}

/** One variation: what happens to one crop. */
export interface Augmentation {
  readonly flipZyx: readonly [boolean, boolean, boolean]
  /** About the axes z, y, x. */
  readonly rotationDegreesZyx: Triple
  /** 1.1 shows things a tenth larger. */
  readonly scaleZyx: Triple
  readonly noise: number
  readonly gamma: number
}

/**
 * Draws a variation.
 * @example drawAugmentation(PUBLISHED_AUGMENTATION, seededRandom(1)).scaleZyx // three numbers in [0.9, 1.1)
 */
export function drawAugmentation(config: AugmentationConfig, random: Random): Augmentation {
  const within = (most: number) => most * (2 * random.uniform() - 1)
  const three = <Value>(draw: () => Value): [Value, Value, Value] => [draw(), draw(), draw()]
  return {
    flipZyx: three(() => random.uniform() < config.flip),
    rotationDegreesZyx: three(() => within(config.rotationDegrees)),
    scaleZyx: three(() => 1 + within(config.scale)),
    noise: config.noise,
    gamma: Math.exp(within(config.logGamma)),
  }
}

/** Views move by an integer in [-5, 5) mm along each axis. */
export const JITTER_MM = 5

/**
 * Places each view at random near the crop's centre, as training shows it (docs/method.md M3.5): along its plane and across
 * it. A view that is the only one stays on the nodule's plane: 5 mm off it a small nodule would not be seen at all.
 * @example jitterViews(VIEWS, crop.centreZyx, seededRandom(1)) // nine centres within 5 mm of index 50
 */
export function jitterViews(views: readonly View[], centreZyx: Triple, random: Random): PlacedView[] {
  return views.map((view) => {
    const [z, y, x] = centreZyx.map((centre, axis) => {
      const offset = random.integer(2 * JITTER_MM) - JITTER_MM
      return views.length === 1 && axis === view.normal ? centre : centre + offset
    })
    return { view, centreZyx: [z, y, x] }
  })
}

/**
 * Views of a crop that is varied in three dimensions first: flips, rotation and scale about the nodule's point (one
 * trilinear resampling for all three), Gaussian noise, gamma; all of intensities, that is after the cut to the HU window.
 * A crop of a single slice is varied in its plane. Only what the views show is computed.
 * @param random draws the noise
 * @returns float32 [views, resolution, resolution], as `renderViews`
 * @throws SpiculaError `nodule/size` as `renderViews`
 * @see docs/method.md M10
 * @example
 * const random = seededRandom(1, 'epoch 3, nodule 17')
 * const placed = jitterViews(VIEWS, crop.centreZyx, random.fork('jitter'))
 * const augmentation = drawAugmentation(PUBLISHED_AUGMENTATION, random.fork('augmentation'))
 * augmentedViews(crop, placed, augmentation, random.fork('noise')).length // 9 * 224 * 224
 */
export function augmentedViews(
  crop: Pick<Crop, 'hu' | 'shapeZyx' | 'centreZyx'>,
  placed: readonly PlacedView[],
  augmentation: Augmentation,
  random: Random,
  { viewMm = 50, resolution = 224 }: ViewSize = {},
): Float32Array {
  const { box, inside } = reachOf(placed, viewMm, crop.shapeZyx)
  const part = augmentCrop(crop, box, augmentation, random)
  return renderIntensities(part, crop.shapeZyx, placed, { viewMm, resolution, inside })
}

/**
 * Part of a crop, varied.
 * @param random draws the noise
 * @example
 * const box = { startZyx: [50, 25, 25], sizeZyx: [1, 50, 50] } as const
 * augmentCrop(crop, box, augmentation, seededRandom(1)).intensities.length // 2500
 */
export function augmentCrop(
  { hu, shapeZyx, centreZyx }: Pick<Crop, 'hu' | 'shapeZyx' | 'centreZyx'>,
  box: CropBox,
  augmentation: Augmentation,
  random: Random,
): CropPart {
  const [depth, height, width] = shapeZyx
  const { startZyx, sizeZyx } = box
  const grid: ObliqueGrid = {
    kind: 'oblique',
    toIndexIjk: readingPosition(augmentation, { centreZyx, startZyx, flat: depth === 1 }),
    shapeZyx: sizeZyx,
    shapeIjk: [width, height, depth],
  }
  const whole = { startIjk: [0, 0, 0], sizeIjk: grid.shapeIjk } as const
  const { unit, least } = unitCrop(hu)
  const intensities = sampleGrid(unit, whole, grid, least, sizeZyx)
  distort(intensities, augmentation, random)
  return { box, intensities }
}

/** A crop's intensities, and the least of them: what flips and rotations bring in from outside. */
function unitCrop(hu: Float32Array): { readonly unit: Float32Array; readonly least: number } {
  const [low, high] = HU_WINDOW
  const unit = new Float32Array(hu.length)
  let least = 1
  for (let v = 0; v < hu.length; v++) {
    // As unitIntensity, written out: a million calls would take twice the time.
    const value = (Math.min(Math.max(hu[v], low), high) - low) / (high - low)
    unit[v] = value
    if (value < least) least = value
  }
  return { unit, least }
}

/**
 * Where the samples of a varied crop read: index (x, y, z) within the box to index (x, y, z) of the crop, 3x4.
 * With F the flips, S the scales and R = Rz Ry Rx, an offset o from the nodule's point reads F S^-1 R o: the crop is
 * flipped, then scaled along its axes, then turned.
 * @param flat a single slice: what would leave its plane is left out
 */
function readingPosition(
  { flipZyx, rotationDegreesZyx, scaleZyx }: Augmentation,
  { centreZyx, startZyx, flat }: { readonly centreZyx: Triple; readonly startZyx: Triple; readonly flat: boolean },
): Affine {
  const [c, s] = [Math.cos, Math.sin].map((f) => rotationDegreesZyx.map((angle) => f((angle * Math.PI) / 180)))
  const [cz, cy, cx] = flat ? [c[0], 1, 1] : c
  const [sz, sy, sx] = flat ? [s[0], 0, 0] : s
  const rotation = [
    [cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx],
    [sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx],
    [-sy, cy * sx, cy * cx],
  ]
  return rotation.flatMap((turned, world) => {
    const axis = 2 - world
    const factor = flat && axis === 0 ? 1 : (flipZyx[axis] ? -1 : 1) / scaleZyx[axis]
    const row = turned.map((element) => factor * element)
    const origin = row.reduce((sum, slope, w) => sum + slope * (startZyx[2 - w] - centreZyx[2 - w]), centreZyx[axis])
    return [...row, origin]
  })
}

/** Adds noise, then raises magnitudes to gamma: what noise made negative stays so. In place. */
function distort(part: Float32Array, { noise, gamma }: Augmentation, random: Random): void {
  if (noise > 0) {
    const added = gaussianNoise(part.length, noise, random)
    for (let v = 0; v < part.length; v++) part[v] += added[v]
  }
  if (gamma === 1) return
  for (let v = 0; v < part.length; v++) {
    const value = part[v]
    // exp(gamma ln a) takes half the time of a ** gamma; 0 stays 0 by way of -Infinity.
    part[v] = value < 0 ? -Math.exp(gamma * Math.log(-value)) : Math.exp(gamma * Math.log(value))
  }
}
