/** All views of a nodule on one page, as the model gets them. */
import { SpiculaError } from '../error.ts'
import { HU_WINDOW } from '../nodule/hounsfield.ts'
import type { PreparedViews } from '../nodule/prepare.ts'
import { pageSvg } from './sheet.ts'
import { viewPanels } from './view-panels.ts'

export interface ContactSheet extends Pick<PreparedViews, 'pixels' | 'views'> {
  /** What the sheet shows, e.g. the nodule's identifiers. */
  readonly title: string
  /** How it came about, e.g. the geometry and the version. */
  readonly footer: string
}

/** Width of a panel by the number of views, px. */
const layouts: Record<number, { columns: number; edge: number } | undefined> = {
  1: { columns: 1, edge: 448 },
  3: { columns: 3, edge: 336 },
  9: { columns: 3, edge: 280 },
}

/**
 * Draws a contact sheet: one view, three in a row, or nine in a square, each with its label, orientation letters, a
 * 10 mm bar and ticks at the edges that point at the nodule (in turned views to within 0.5 mm). Views whose rows run to
 * the head are turned over for display, so that the head is up; the views themselves stay as they are.
 * @returns an SVG document; `rasterise` makes a PNG of it
 * @throws SpiculaError `drawing/views` for another number of views, or pixels that are not theirs
 * @example contactSheetSvg({ ...(await prepareViews(scan, pointLps, preprocessing)), title: '007_1', footer: 'exact geometry' })
 */
export function contactSheetSvg({ pixels, views, title, footer }: ContactSheet): string {
  const layout = layouts[views.length]
  if (layout === undefined) {
    throw new SpiculaError('drawing/views', `${views.length} views make no sheet: they are 1, 3 or 9`)
  }
  const headUp = views.length > 1 ? ' · head up' : ''
  const shown = `window ${HU_WINDOW.join('..')} HU · 50 mm a view${headUp} · for research use`
  return pageSvg({ panels: viewPanels({ pixels, views }), ...layout, title, footer: [footer, shown] }).toString()
}
