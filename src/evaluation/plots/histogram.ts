/** Where the scores of cancers and of others lie. */

import type { Frame } from '../../drawing/chart/axes.ts'
import { chart } from '../../drawing/chart/chart.ts'
import { box, segment } from '../../drawing/chart/marks.ts'
import { niceTicks } from '../../drawing/chart/scale.ts'
import { BENIGN, CANCER, INK } from '../../drawing/chart/style.ts'
import { type Markup, svg } from '../../drawing/markup.ts'
import type { Plotted } from './curves.ts'

/** Ids are shared by all drawings of a page: each takes one from its title. */
const patternId = (title: string): string => `hatch-${title.replace(/[^A-Za-z0-9]+/g, '-')}`
/** Hatching tells the classes apart without colour. */
const hatching = (id: string): Markup =>
  svg`<pattern id="${id}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" fill="#fbe3d3"/><rect width="3" height="6" fill="${CANCER}"/></pattern>`

/** Histograms back to back: cancers upwards, others downwards. */
export function histogramPlot(title: string, { label, result }: Plotted): Markup {
  const { unit } = result
  const { from, to, benign, cancer } = result.curves.histogram
  const hatch = patternId(title)
  const most = (counts: readonly number[]): number => Math.max(1, ...counts)
  const up = most(cancer) * 1.08
  const down = most(benign) * 1.08
  const cancers = cancer.reduce((a, b) => a + b, 0)
  const others = benign.reduce((a, b) => a + b, 0)
  const ticks = niceTicks(-down, up, 6).filter((tick) => Number.isInteger(tick))
  const step = (to - from) / cancer.length
  /** Bars from the line of zero, a little apart. */
  const bars = (frame: Frame, counts: readonly number[], sign: 1 | -1, fill: string) =>
    counts.map((count, bin) => {
      const [left, right] = [frame.x(from + bin * step) + 0.8, frame.x(from + (bin + 1) * step) - 0.8]
      return count > 0 && box([left, frame.y(0)], [right, frame.y(sign * count)], { fill, stroke: INK, width: 0.5 })
    })
  return chart({
    title,
    description: `Histogram of ${label}: ${cancers} cancers upwards, ${others} others downwards, ${cancer.length} bins`,
    x: { label: `score of ${label}`, from, to, ticks: niceTicks(from, to) },
    y: { label: `${unit}s in a bin`, from: -down, to: up, ticks, show: (tick) => String(Math.abs(tick)) },
    plotHeight: 280,
    definitions: hatching(hatch),
    legend: [
      { sample: { fill: `url(#${hatch})` }, text: `cancer, upwards: ${cancers} ${unit}s` },
      { sample: { fill: BENIGN }, text: `no cancer, downwards: ${others} ${unit}s` },
    ],
    marks: (frame) => [
      ...bars(frame, cancer, 1, `url(#${hatch})`),
      ...bars(frame, benign, -1, BENIGN),
      segment(frame.at(from, 0), frame.at(to, 0), { stroke: INK, width: 1 }),
    ],
  })
}
