/** Calibration: what was predicted against what was seen, with how many nodules stand behind each point. */

import { chart, marker, note, polyline, segment } from '../../drawing/chart.ts'
import { GRID, QUIET } from '../../drawing/chart-style.ts'
import { round, svgText } from '../../drawing/svg.ts'
import { wilson } from '../intervals/estimate.ts'
import type { ReliabilityBin } from '../metrics/reliability.ts'
import { inWords, type Plotted } from './curves.ts'

const SHARE = [0, 0.2, 0.4, 0.6, 0.8, 1]
/** Height of the counts below, as a share of the plot. */
const COUNTS = 0.22

/** Reliability curves of probabilities (before and after calibration, say), counts of the first below. */
export function reliabilityPlot(title: string, all: readonly Plotted[]): string {
  const lines = all.filter(({ result }) => result.curves.reliability.length > 0).slice(0, 3)
  const ideal = { colour: QUIET, dash: '3 4', width: 1, marker: 'circle' } as const
  return chart({
    title,
    description: `Observed share of cancers against mean probability in ten bins: ${lines.map(({ label, result }) => `${label}, ECE ${inWords(result.metrics.ece)}`).join('; ')}`,
    x: { label: 'mean predicted probability', from: 0, to: 1, ticks: SHARE },
    y: { label: 'observed share of cancers', from: -COUNTS, to: 1, ticks: SHARE },
    legend: [
      ...lines.map(({ label, result, style }) => ({
        sample: { line: style },
        text: `${label}: ECE ${inWords(result.metrics.ece)}; perfect ${result.eceOfPerfect?.toFixed(3) ?? ''}`,
      })),
      { sample: { line: ideal }, text: 'perfect calibration; bars: 95 % of a share (Wilson)' },
      { sample: { fill: GRID }, text: `nodules in each bin of ${lines[0]?.label ?? ''}` },
    ],
    body: (frame) => [
      polyline(
        [
          [0, 0],
          [1, 1],
        ],
        frame,
        ideal,
      ),
      segment(frame.left, frame.y(0), frame.right, frame.y(0), QUIET),
      ...counts(
        lines[0]?.result.curves.reliability ?? [],
        (v) => frame.x(v),
        (v) => frame.y(v),
      ),
      ...lines
        .map(({ result, style }) => {
          const bins = result.curves.reliability.flatMap(({ predicted, observed, count }) =>
            predicted === null || observed === null ? [] : [{ predicted, observed, count }],
          )
          const bars = bins.map(({ predicted, observed, count }) => {
            const { low, high } = wilson(observed, count)
            return segment(frame.x(predicted), frame.y(low), frame.x(predicted), frame.y(high), style.colour, 1.2)
          })
          const points = bins.map(({ predicted, observed }) =>
            marker(style.marker, frame.x(predicted), frame.y(observed), style.colour, 4.5),
          )
          const line = polyline(
            bins.map(({ predicted, observed }) => [predicted, observed]),
            frame,
            style,
          )
          return [line, ...bars, ...points].join('\n')
        })
        .reverse(),
      lines.length === 0 ? note('no probabilities', frame) : '',
    ],
  })
}

/** Bars below the zero line with their number. */
function counts(bins: readonly ReliabilityBin[], x: (v: number) => number, y: (v: number) => number): string[] {
  const most = Math.max(1, ...bins.map(({ count }) => count))
  return bins.flatMap(({ low, high, count }) => {
    if (count === 0) return []
    const top = -COUNTS + (count / most) * (COUNTS - 0.08)
    const width = x(high) - x(low) - 4
    return [
      `<rect x="${round(x(low) + 2)}" y="${round(y(top))}" width="${round(width)}" height="${round(y(-COUNTS) - y(top))}" fill="${GRID}" stroke="${QUIET}" stroke-width="0.6"/>`,
      svgText(String(count), (x(low) + x(high)) / 2, y(top) - 3, {
        size: 9.5,
        fill: QUIET,
        anchor: 'middle',
        maxWidth: width + 4,
      }),
    ]
  })
}
