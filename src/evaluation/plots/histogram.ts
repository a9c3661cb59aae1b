/** Where the scores of cancers and of others lie. */

import { chart, niceTicks, segment } from '../../drawing/chart.ts'
import { BENIGN, CANCER, INK } from '../../drawing/chart-style.ts'
import { round } from '../../drawing/svg.ts'
import type { Plotted } from './curves.ts'

/** Ids are shared by all drawings of a page: each takes one from its title. */
const patternId = (title: string): string => `hatch-${title.replace(/[^A-Za-z0-9]+/g, '-')}`
/** Hatching tells the classes apart without colour. */
const patterns = (id: string): string =>
  `<pattern id="${id}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" fill="#fbe3d3"/><rect width="3" height="6" fill="${CANCER}"/></pattern>`

/** Histograms back to back: cancers upwards, others downwards. */
export function histogramPlot(title: string, { label, result }: Plotted): string {
  const { from, to, benign, cancer } = result.curves.histogram
  const hatch = patternId(title)
  const most = (counts: readonly number[]): number => Math.max(1, ...counts)
  const up = most(cancer) * 1.08
  const down = most(benign) * 1.08
  const cancers = cancer.reduce((a, b) => a + b, 0)
  const others = benign.reduce((a, b) => a + b, 0)
  const ticks = niceTicks(-down, up, 6).filter((tick) => Number.isInteger(tick))
  const step = (to - from) / cancer.length
  return chart({
    title,
    description: `Histogram of ${label}: ${cancers} cancers upwards, ${others} others downwards, 20 bins`,
    x: { label: `score of ${label}`, from, to, ticks: niceTicks(from, to) },
    y: { label: 'nodules in a bin', from: -down, to: up, ticks, show: (tick) => String(Math.abs(tick)) },
    plotHeight: 280,
    definitions: patterns(hatch),
    legend: [
      { sample: { fill: `url(#${hatch})` }, text: `cancer, upwards: ${cancers} nodules` },
      { sample: { fill: BENIGN }, text: `no cancer, downwards: ${others} nodules` },
    ],
    body: (frame) => {
      const bar = (i: number, count: number, fill: string): string => {
        if (count === 0) return ''
        const x = frame.x(from + i * step)
        const width = frame.x(from + (i + 1) * step) - x
        const y = [frame.y(count), frame.y(0)].sort((a, b) => a - b)
        return `<rect x="${round(x + 0.8)}" y="${round(y[0])}" width="${round(width - 1.6)}" height="${round(y[1] - y[0])}" fill="${fill}" stroke="${INK}" stroke-width="0.5"/>`
      }
      return [
        ...cancer.map((count, i) => bar(i, count, `url(#${hatch})`)),
        ...benign.map((count, i) => bar(i, -count, BENIGN)),
        segment(frame.left, frame.y(0), frame.right, frame.y(0), INK),
      ]
    },
  })
}
