import type { Note, Scan, Triple } from '../scan/scan.ts'
import { cropNodule } from './crop.ts'
import type { Geometry } from './geometry.ts'
import { nineViews, type View, type ViewSet, viewsOf } from './views.ts'

/** How a model's views are made: a property of the model, kept in its `config.json`. */
export interface Preprocessing {
  readonly geometry: Geometry
  readonly views: ViewSet
  /** Edge of the crop that the oblique views are turned in, mm. */
  readonly cropMm: number
  /** Edge of what a view shows, mm. */
  readonly viewMm: number
  /** Edge of a view in pixels. */
  readonly resolution: number
}

/** The published sizes, in the exact geometry. */
export const DEFAULT_PREPROCESSING: Preprocessing = {
  geometry: 'exact',
  views: 'nine',
  cropMm: 100,
  viewMm: 50,
  resolution: 224,
}

/** A nodule as a model sees it, before CLIP's normalisation. */
export interface PreparedViews {
  /** float32 [V, resolution, resolution]; [-1000, 500] HU is [0, 1]. */
  readonly pixels: Float32Array
  /** [V, resolution, resolution] */
  readonly shape: Triple
  /** The views in their order: fewer than asked for where the scan has a single slice. */
  readonly views: readonly View[]
  /** What was odd; see `Crop.notes`. */
  readonly notes: readonly Note[]
}

/**
 * From a nodule's place in a scan to what a model sees of it; prediction, training and contact sheets all go this way.
 * Only what the views show is read and sampled: for the axial view one plane, not the cube.
 * @param pointLps nodule centre, mm, LPS
 * @param preprocessing the model's; what is left out is `DEFAULT_PREPROCESSING`
 * @throws SpiculaError see `cropNodule` and `nineViews`
 * @example
 * const { pixels, shape, views, notes } = await prepareViews(scan, [-60.2, 31.5, -120])
 * shape // [9, 224, 224]
 * views[0].label // 'Axial'
 */
export async function prepareViews(
  scan: Scan,
  pointLps: Triple,
  preprocessing: Partial<Preprocessing> = {},
): Promise<PreparedViews> {
  const { geometry, views, cropMm, viewMm, resolution } = { ...DEFAULT_PREPROCESSING, ...preprocessing }
  const crop = await cropNodule(scan, pointLps, {
    geometry,
    // Only the oblique views need more than they show.
    sizeMm: views === 'nine' ? cropMm : viewMm,
    extent: views === 'axial' ? 'axial' : 'cube',
    shownMm: viewMm,
  })
  const shown = viewsOf(crop, views)
  const pixels = nineViews(crop, { views, viewMm, resolution })
  return { pixels, shape: [shown.length, resolution, resolution], views: shown, notes: crop.notes }
}
