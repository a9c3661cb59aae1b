/** How plots look: dark on white for paper; colours of Okabe and Ito (2008) that every eye tells apart, never alone. */

export const INK = '#1a1a1a'
export const QUIET = '#595959'
export const GRID = '#e3e3e3'
export const PAPER = '#ffffff'

export interface LineStyle {
  readonly colour: string
  /** SVG dash pattern; empty for an unbroken line. */
  readonly dash: string
  readonly width: number
  readonly marker: Marker
}

export type Marker = 'circle' | 'square' | 'triangle' | 'diamond' | 'cross'

/** One a series; dashes and markers differ too, so that they survive a gray printer. */
export const SERIES: readonly LineStyle[] = [
  { colour: '#0072b2', dash: '', width: 2.6, marker: 'circle' },
  { colour: '#d55e00', dash: '8 4', width: 2, marker: 'square' },
  { colour: '#009e73', dash: '2 3', width: 2.2, marker: 'triangle' },
  { colour: '#cc79a7', dash: '11 3 2 3', width: 2, marker: 'diamond' },
  { colour: '#e69f00', dash: '16 5', width: 2, marker: 'cross' },
  { colour: '#56b4e9', dash: '5 2', width: 2.2, marker: 'square' },
  { colour: '#000000', dash: '1 4', width: 2, marker: 'triangle' },
  { colour: '#7a7a7a', dash: '20 3 3 3', width: 2, marker: 'diamond' },
]

export const CANCER = '#d55e00'
export const BENIGN = '#0072b2'
