/** The views of a nodule as panels. */
import { SpiculaError } from '../error.ts'
import type { PreparedViews } from '../nodule/prepare.ts'
import type { Panel } from './panel.ts'
import { viewPlane } from './planes.ts'

/** Of a crop of 1 mm the views show indices 0 to 49 end to end; the nodule's point is index 25 of them. */
const spanMm = 49
const pointMm = 25

/**
 * A panel of each view, with ticks at the edges that point at the nodule (in turned views to within 0.5 mm).
 * @throws SpiculaError `drawing/views` unless the pixels are those of so many square views
 * @example viewPanels(await prepareViews(scan, pointLps, preprocessing))[0].label // 'Axial'
 */
export function viewPanels({
  pixels: gray,
  views,
}: Pick<PreparedViews, 'pixels' | 'views'>): (Panel & { readonly label: string })[] {
  const pixels = Math.sqrt(gray.length / views.length)
  if (!Number.isInteger(pixels) || pixels < 2) {
    throw new SpiculaError('drawing/views', `${gray.length} pixels are not those of ${views.length} square views`)
  }
  const pixelMm = spanMm / (pixels - 1)
  const point = pointMm / pixelMm
  return views.map((view, i) => ({
    label: view.label,
    gray: gray.subarray(i * pixels * pixels, (i + 1) * pixels * pixels),
    pixels,
    pixelMm,
    plane: viewPlane(view),
    pointRowColumn: [point, point],
    mark: 'ticks',
  }))
}

/**
 * A panel with fewer pixels, each the mean of a square of the old: views are enlarged from 50 pixels, so that half of
 * their 224 shows all there is.
 * @param least pixels on an edge that must be left
 * @returns the panel itself where no whole number of pixels goes into one
 */
export function coarser<P extends Panel>(panel: P, least: number): P {
  const { gray, pixels, pixelMm, pointRowColumn } = panel
  const step = Math.floor(pixels / least)
  if (step < 2 || pixels % step !== 0) return panel
  const few = pixels / step
  const means = new Float32Array(few * few)
  for (let row = 0; row < pixels; row++) {
    for (let column = 0; column < pixels; column++) {
      means[Math.floor(row / step) * few + Math.floor(column / step)] += gray[row * pixels + column] / step ** 2
    }
  }
  // A pixel's centre is its index: that of a square lies half its width less half a pixel behind its first.
  const moved = (index: number) => (index - (step - 1) / 2) / step
  const [row, column] = pointRowColumn
  return { ...panel, gray: means, pixels: few, pixelMm: pixelMm * step, pointRowColumn: [moved(row), moved(column)] }
}
