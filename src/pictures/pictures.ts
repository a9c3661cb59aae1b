/** The pictures of a nodule on its page. */

import { SpiculaError } from '../error.ts'
import type { PreparedViews } from '../nodule/prepare.ts'
import type { Scan, Triple } from '../scan/scan.ts'
import { overview } from './overview.ts'
import { panelSvg } from './panel.ts'
import { coarser, viewPanels } from './view-panels.ts'

export interface Picture {
  readonly label: string
  /** An element of its own, as wide as its place. */
  readonly svg: string
}

export interface CasePictures {
  /** The three planes through the nodule over the whole scan, or why there are none. */
  readonly overview: { readonly planes: readonly Picture[] } | { readonly why: string }
  /** What the model saw, in the order of its views. */
  readonly views: readonly Picture[]
}

/** A view is 50 mm wide, one sample a millimetre: twice as many pixels show it smoothly. */
const VIEW_PIXELS = 100
/** Sizes that letters and marks are drawn for, px. */
const VIEW_EDGE = 170
const OVERVIEW_EDGE = 320

/**
 * Draws a nodule. The views are those that the model gets; a scan that cannot be shown as a whole keeps them.
 * @param prepared as the model gets it
 * @example const { views } = await drawNodule(scan, pointLps, await prepareViews(scan, pointLps, preprocessing))
 */
export async function drawNodule(scan: Scan, pointLps: Triple, prepared: PreparedViews): Promise<CasePictures> {
  const views = viewPanels(prepared).map((panel) => ({
    label: panel.label,
    svg: panelSvg(coarser(panel, VIEW_PIXELS), VIEW_EDGE, `${panel.label}, 50 mm round the nodule`).toString(),
  }))
  return { views, overview: await drawOverview(scan, pointLps) }
}

async function drawOverview(scan: Scan, pointLps: Triple): Promise<CasePictures['overview']> {
  try {
    const planes = (await overview(scan, pointLps)).map((panel) => ({
      label: panel.label,
      svg: panelSvg(panel, OVERVIEW_EDGE, `${panel.label} plane of the scan, cross-hair on the nodule`).toString(),
    }))
    return { planes }
  } catch (error) {
    // Far from the nodule a scan may be damaged where the model never looked: the page says so, the answer stands.
    if (error instanceof SpiculaError) return { why: error.message }
    throw error
  }
}
