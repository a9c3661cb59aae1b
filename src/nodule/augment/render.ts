import type { Triple } from '../../scan/scan.ts'
import { HU_WINDOW } from '../hounsfield.ts'
import { type PlacedView, renderViews, type ViewSize } from '../views.ts'
import type { CropBox } from './reach.ts'

/** Intensities of a part of a crop. */
export interface CropPart {
  readonly box: CropBox
  /** float32 [z, y, x] of the box; [-1000, 500] HU is [0, 1], and they may lie beyond. */
  readonly intensities: Float32Array
}

/**
 * Views of intensities instead of HU, by the very code that prediction uses: noise leaves [0, 1], where `renderViews`
 * would cut HU. Rendering is linear but for that cut, so the intensities go through it squeezed into the window,
 * h = (a + m) / (1 + 2 m), and come out stretched again.
 * @param part of the crop: what the views show (`reachOf`); the rest counts as 0
 * @param inside whether the oblique views lie wholly in the crop (`reachOf`): outside they show 0, not -m
 * @returns float32 [views, resolution, resolution]
 * @throws SpiculaError as `renderViews`
 * @example
 * const { box, inside } = reachOf(placed, 50, [100, 100, 100])
 * const intensities = new Float32Array(box.sizeZyx[0] * box.sizeZyx[1] * box.sizeZyx[2])
 * renderIntensities({ box, intensities }, [100, 100, 100], placed, { inside }).length // placed.length * 224 * 224
 */
export function renderIntensities(
  { box, intensities }: CropPart,
  shapeZyx: Triple,
  placed: readonly PlacedView[],
  { inside, ...size }: ViewSize & { readonly inside: boolean },
): Float32Array {
  const [low, high] = HU_WINDOW
  const span = spanOf(intensities)
  const margin = (span - 1) / 2
  const [scale, offset] = [(high - low) / span, low + ((high - low) * margin) / span]
  const hu = new Float32Array(shapeZyx[0] * shapeZyx[1] * shapeZyx[2]).fill(offset)
  const [depth, height, width] = box.sizeZyx
  for (let z = 0, v = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      let o = ((z + box.startZyx[0]) * shapeZyx[1] + y + box.startZyx[1]) * shapeZyx[2] + box.startZyx[2]
      for (let x = 0; x < width; x++) hu[o++] = scale * intensities[v++] + offset
    }
  }
  const pixels = renderViews({ hu, shapeZyx }, placed, size)
  if (inside) {
    for (let p = 0; p < pixels.length; p++) pixels[p] = span * pixels[p] - margin
    return pixels
  }
  // The share of each pixel that lies in the crop: a view of ones.
  const share = renderViews({ hu: hu.fill(high), shapeZyx }, placed, size)
  for (let p = 0; p < pixels.length; p++) pixels[p] = span * pixels[p] - margin * share[p]
  return pixels
}

/** 1 + 2 m, a power of two (no digits are lost by it), such that -m to 1 + m holds all intensities. */
function spanOf(intensities: Float32Array): number {
  let least = 0
  let most = 1
  for (let v = 0; v < intensities.length; v++) {
    const value = intensities[v]
    if (value < least) least = value
    else if (value > most) most = value
  }
  let span = 2
  while ((span - 1) / 2 < Math.max(-least, most - 1)) span *= 2
  return span
}
