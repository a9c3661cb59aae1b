/** How charts look: dark on white for paper; colours of Okabe and Ito (2008) that every eye tells apart, never alone. */

export const INK = '#1a1a1a'
export const QUIET = '#595959'
export const GRID = '#e3e3e3'
export const PAPER = '#ffffff'

/** How a mark is painted: with colours, or by a class of a page's style sheet, where a page has two dresses. */
export type Paint = Colours | { readonly class: string }

export interface Colours {
  readonly stroke?: string
  readonly fill?: string
  /** Of the stroke, px. */
  readonly width?: number
  /** SVG dash pattern; an unbroken line without it. */
  readonly dash?: string
}

export type Marker = 'circle' | 'square' | 'triangle' | 'diamond' | 'cross'

export interface LineStyle extends Colours {
  readonly stroke: string
  readonly width: number
  readonly marker: Marker
}

/** One a series; dashes and markers differ too, so that they survive a gray printer. */
export const SERIES: readonly LineStyle[] = [
  { stroke: '#0072b2', width: 2.6, marker: 'circle' },
  { stroke: '#d55e00', dash: '8 4', width: 2, marker: 'square' },
  { stroke: '#009e73', dash: '2 3', width: 2.2, marker: 'triangle' },
  { stroke: '#cc79a7', dash: '11 3 2 3', width: 2, marker: 'diamond' },
  { stroke: '#e69f00', dash: '16 5', width: 2, marker: 'cross' },
  { stroke: '#56b4e9', dash: '5 2', width: 2.2, marker: 'square' },
  { stroke: '#000000', dash: '1 4', width: 2, marker: 'triangle' },
  { stroke: '#7a7a7a', dash: '20 3 3 3', width: 2, marker: 'diamond' },
]

/** What chance, an ideal or a reference would give. */
export const REFERENCE: Colours = { stroke: QUIET, dash: '3 4', width: 1 }

export const CANCER = '#d55e00'
export const BENIGN = '#0072b2'

/** A sign of one colour with a white edge, so that it stands off lines and other signs. */
export const filled = (colour: string): Colours => ({ fill: colour, stroke: PAPER, width: 1.2 })

/** A sign that is only an outline. */
export const hollow = (colour: string): Colours => ({ fill: PAPER, stroke: colour, width: 1.6 })
