import type { Note, Scan, Triple } from '../scan/scan.ts'
import { type CropOptions, cropNodule } from './crop.ts'
import type { Geometry } from './geometry.ts'
import { type NoduleViews, nineViews, type View, type ViewSet, viewsOf } from './views.ts'

/** How a model's views are made: a property of the model, and of nothing else. */
export interface Preprocessing {
  readonly geometry: Geometry
  /** Edge of a view in pixels. */
  readonly resolution: number
  /** Which of them; all nine where left out. */
  readonly views?: ViewSet
  /** Edge of the crop that the oblique views are turned in, mm; 100 where left out. */
  readonly cropMm?: number
  /** Edge of what a view shows, mm; 50 where left out. */
  readonly viewMm?: number
}

/** The published sizes, in the exact geometry: how views are made where no model asks. */
export const DEFAULT_PREPROCESSING = {
  geometry: 'exact',
  resolution: 224,
  views: 'nine',
  cropMm: 100,
  viewMm: 50,
} as const satisfies Preprocessing

/** Views that were made, and what there is to say of them. */
export interface PreparedViews extends NoduleViews {
  /** The views in their order: fewer than asked for where the scan has a single slice. */
  readonly views: readonly View[]
  /** What was odd; see `Crop.notes`. */
  readonly notes: readonly Note[]
}

/**
 * From a nodule's place in a scan to what a model sees of it; prediction, training and contact sheets all go this way.
 * Only what the views show is read and sampled: for the axial view one plane, not the cube.
 * @param pointLps nodule centre, mm, LPS
 * @param preprocessing the model's
 * @throws SpiculaError see `cropNodule` and `nineViews`
 * @example
 * const prepared = await prepareViews(scan, [-60.2, 31.5, -120], predictor.config.preprocessing)
 * prepared.views[0].label // 'Axial'
 * const [{ ensemble }] = await predictor.predict([prepared])
 */
export async function prepareViews(scan: Scan, pointLps: Triple, preprocessing: Preprocessing): Promise<PreparedViews> {
  const whole = wholePreprocessing(preprocessing)
  const { views, viewMm, resolution } = whole
  const crop = await cropNodule(scan, pointLps, cropOf(whole))
  const shown = viewsOf(crop, views)
  const pixels = nineViews(crop, { views, viewMm, resolution })
  return { pixels, count: shown.length, views: shown, notes: crop.notes }
}

/** With the published sizes for those that are left out. */
export const wholePreprocessing = ({
  geometry,
  resolution,
  views = DEFAULT_PREPROCESSING.views,
  cropMm = DEFAULT_PREPROCESSING.cropMm,
  viewMm = DEFAULT_PREPROCESSING.viewMm,
}: Preprocessing): Required<Preprocessing> => ({ geometry, resolution, views, cropMm, viewMm })

/** What is cut out for views that stay where they are. */
export const cropOf = ({ geometry, views, cropMm, viewMm }: Required<Preprocessing>): Required<CropOptions> => ({
  geometry,
  // Only the oblique views need more than they show.
  sizeMm: views === 'nine' ? cropMm : viewMm,
  extent: views === 'axial' ? 'axial' : 'cube',
  shownMm: viewMm,
})
