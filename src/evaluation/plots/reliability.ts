/** Calibration: what was predicted against what was seen, with how many stand behind each point. */

import type { Frame } from '../../drawing/chart/axes.ts'
import { chart, note } from '../../drawing/chart/chart.ts'
import { box, marker, polyline, segment } from '../../drawing/chart/marks.ts'
import { filled, GRID, QUIET, REFERENCE } from '../../drawing/chart/style.ts'
import { type Content, lines, type Markup } from '../../drawing/markup.ts'
import { svgText } from '../../drawing/svg.ts'
import { wilson } from '../intervals/estimate.ts'
import type { ReliabilityBin } from '../metrics/reliability.ts'
import { inWords, type Plotted } from './curves.ts'

const SHARE = [0, 0.2, 0.4, 0.6, 0.8, 1]
/** Height of the counts below, as a share of the plot. */
const COUNTS = 0.22

/** Reliability curves of probabilities (before and after calibration, say), counts of the first below. */
export function reliabilityPlot(title: string, all: readonly Plotted[]): Markup {
  const shown = all.filter(({ result }) => result.curves.reliability.length > 0).slice(0, 3)
  return chart({
    title,
    description: `Observed share of cancers against mean probability in ten bins: ${shown.map(({ label, result }) => `${label}, ECE ${inWords(result.metrics.ece)}`).join('; ')}`,
    x: { label: 'mean predicted probability', from: 0, to: 1, ticks: SHARE },
    y: { label: 'observed share of cancers', from: -COUNTS, to: 1, ticks: SHARE },
    legend: [
      ...shown.map(({ label, result, style }) => ({
        sample: { line: style },
        text: `${label}: ECE ${inWords(result.metrics.ece)}; perfect ${result.eceOfPerfect?.toFixed(3) ?? ''}`,
      })),
      { sample: { line: REFERENCE }, text: 'perfect calibration; bars: 95 % of a share (Wilson)' },
      { sample: { fill: GRID }, text: `${shown[0]?.result.unit ?? 'nodule'}s in each bin of ${shown[0]?.label ?? ''}` },
    ],
    marks: (frame) => [
      segment(frame.at(0, 0), frame.at(1, 1), REFERENCE),
      segment(frame.at(0, 0), frame.at(1, 0), { stroke: QUIET, width: 1 }),
      ...counts(shown[0]?.result.curves.reliability ?? [], frame),
      // The first is drawn last, on top.
      ...shown.map((one) => curve(one, frame)).toReversed(),
      shown.length === 0 && note('no probabilities', frame),
    ],
  })
}

/** A point a bin, the interval of its share, and a line through the points. */
function curve({ result, style }: Plotted, frame: Frame): Markup {
  const bins = result.curves.reliability.flatMap(({ predicted, observed, count }) =>
    predicted === null || observed === null ? [] : [{ predicted, observed, count }],
  )
  const points = bins.map(({ predicted, observed }) => frame.at(predicted, observed))
  return lines([
    polyline(points, style),
    ...bins.map(({ predicted, observed, count }) => {
      const { low, high } = wilson(observed, count)
      return segment(frame.at(predicted, low), frame.at(predicted, high), { stroke: style.stroke, width: 1.2 })
    }),
    ...points.map((point) => marker(style.marker, point, filled(style.stroke), 4.5)),
  ])
}

/** Bars below the line of zero with their number. */
function counts(bins: readonly ReliabilityBin[], frame: Frame): Content[] {
  const most = Math.max(1, ...bins.map(({ count }) => count))
  return bins.map(({ low, high, count }) => {
    const top = frame.y(-COUNTS + (count / most) * (COUNTS - 0.08))
    const [left, right] = [frame.x(low) + 2, frame.x(high) - 2]
    const style = { size: 9.5, fill: QUIET, anchor: 'middle', maxWidth: right - left + 4 } as const
    return (
      count > 0 &&
      lines([
        box([left, top], [right, frame.bottom], { fill: GRID, stroke: QUIET, width: 0.6 }),
        svgText(String(count), (left + right) / 2, top - 3, style),
      ])
    )
  })
}
