/** What is plotted, in words beside a sample of each mark. */
import { lines, type Markup } from '../markup.ts'
import { svgText } from '../svg.ts'
import { group } from './axes.ts'
import { box, marker, segment } from './marks.ts'
import { type Colours, INK, type Marker } from './style.ts'

export interface LegendEntry {
  readonly text: string
  /** A line, a sign, or a filled box. */
  readonly sample:
    | { readonly line: Colours }
    | { readonly marker: Marker; readonly paint: Colours }
    | { readonly fill: string }
}

const LINE = 19

/** Height of so many entries, px. */
export const legendHeight = (entries: readonly LegendEntry[]): number => entries.length * LINE

/**
 * Entries one below another.
 * @param left of the samples, px
 * @param baseline of the first text, px
 * @param width that samples and texts may take, px
 */
export function legend(entries: readonly LegendEntry[], left: number, baseline: number, width: number): Markup {
  return group(
    'legend',
    entries.map(({ text, sample }, i) => {
      const y = baseline + i * LINE
      return lines([
        sampleOf(sample, left, y),
        svgText(text, left + 42, y, { size: 11.5, fill: INK, maxWidth: width - 42 }),
      ])
    }),
  )
}

function sampleOf(sample: LegendEntry['sample'], left: number, y: number): Markup {
  if ('line' in sample) return segment([left, y - 4], [left + 34, y - 4], sample.line)
  if ('marker' in sample) return marker(sample.marker, [left + 17, y - 4], sample.paint)
  return box([left + 8, y - 11], [left + 26, y + 1], { fill: sample.fill, stroke: INK, width: 0.7 })
}
