/** All views of a nodule on one page, as the model gets them. */
import { pageSvg } from './sheet.ts'
import { viewPanels } from './view-panels.ts'

export interface ContactSheet {
  /** Views scaled so that [-1000, 500] HU is [0, 1], rows as stored, [V, R, R] with V of 1, 3 or 9. */
  readonly views: Float32Array
  /** Name of each view, V of them. */
  readonly labels: readonly string[]
  /** What the sheet shows, e.g. the nodule's identifiers. */
  readonly title: string
  /** How it came about, e.g. the geometry and the version. */
  readonly footer: string
}

/** Width of a panel by the number of views, px. */
const layouts: Record<number, { columns: number; edge: number }> = {
  1: { columns: 1, edge: 448 },
  3: { columns: 3, edge: 336 },
  9: { columns: 3, edge: 280 },
}

/**
 * Draws a contact sheet: one view, three in a row, or nine in a square, each with its label, orientation letters, a
 * 10 mm bar and ticks at the edges that point at the nodule (in turned views to within 0.5 mm). Views whose rows run to
 * the head are turned over for display, so that the head is up; the views themselves stay as they are.
 * @returns an SVG document; `rasterise` makes a PNG of it
 * @throws SpiculaError `drawing/views` for another number of views or labels
 * @example contactSheetSvg({ views, labels: ['axial'], title: '007_1', footer: 'exact geometry' })
 */
export function contactSheetSvg({ views, labels, title, footer }: ContactSheet): string {
  const panels = viewPanels(views, labels)
  const shown = `window -1000..500 HU · 50 mm a view${labels.length > 1 ? ' · head up' : ''} · for research use`
  return pageSvg({ panels, ...layouts[labels.length], title, footer: [footer, shown] }).toString()
}
