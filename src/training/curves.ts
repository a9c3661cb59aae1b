/** A run in one picture: losses and ranking metrics over its epochs, the best epochs marked. */
import { type Axis, type Frame, frameOf } from '../drawing/chart/axes.ts'
import { drawing, note, plot } from '../drawing/chart/chart.ts'
import { type LegendEntry, legend } from '../drawing/chart/legend.ts'
import { marker, type Place, polyline } from '../drawing/chart/marks.ts'
import { coveringTicks, niceTicks } from '../drawing/chart/scale.ts'
import { filled, hollow, INK, type LineStyle, QUIET, SERIES } from '../drawing/chart/style.ts'
import { lines, type Markup } from '../drawing/markup.ts'
import { svgText } from '../drawing/svg.ts'
import { initTrackers, TRACKERS, type TrackerName, trackedLosses, updateTrackers } from './early-stopping.ts'
import type { LossWeights } from './objective.ts'

/** An epoch, as far as its curves go; a null is a gap. */
export interface CurveRecord {
  /** From 0. */
  readonly epoch: number
  readonly train: Readonly<Record<keyof LossWeights, number | null>>
  readonly val: Readonly<Record<keyof LossWeights, number | null>>
  readonly auroc: number | null
  readonly auprc: number | null
}

/**
 * Whether a line of the metrics log is that of an epoch.
 * @example trainingCurveSvg((await readMetrics(path)).filter(isCurveRecord), { title: 'fold 0' })
 */
export function isCurveRecord(record: unknown): record is CurveRecord {
  if (typeof record !== 'object' || record === null) return false
  const fields = record as Partial<Record<keyof CurveRecord, unknown>>
  const losses = (value: unknown) =>
    typeof value === 'object' && value !== null && ['clip', 'image', 'text'].every((name) => name in value)
  return (
    typeof fields.epoch === 'number' &&
    losses(fields.train) &&
    losses(fields.val) &&
    fields.auroc !== undefined &&
    fields.auprc !== undefined
  )
}

/** One a loss and a metric, as it is drawn on the validation set. */
const STYLES = { both: SERIES[0], clip: SERIES[1], prediction: SERIES[2], auroc: SERIES[3], auprc: SERIES[4] } as const
const LOSS_NAMES: Record<TrackerName, string> = { both: 'both (total)', clip: 'CLIP', prediction: 'prediction' }

const LINES = { training: { width: 1.5, dash: '6 4' }, validation: { width: 2.2 } } as const

const WIDTH = 960
const HEIGHT = 640
const LOSS_PLOT = { left: 76, right: 700, top: 52, bottom: 336 }
const METRIC_PLOT = { ...LOSS_PLOT, top: 366, bottom: 546 }
const LEGEND = 724

interface Curve {
  readonly name: string
  readonly set: keyof typeof LINES
  /** Its colour, and its sign for the best epoch. */
  readonly style: LineStyle
  readonly values: readonly (number | null)[]
  /** Index of the epoch to mark. */
  readonly best?: number | undefined
}

/**
 * Draws the curves of a run: training (dashed) and validation losses, then AUROC and average precision on the
 * validation set. An open sign marks the epoch whose weights are kept for each loss, and the highest of each metric;
 * they stand with their numbers in the legend.
 * @param records one an epoch, in order
 * @param title e.g. the run and its fold
 * @param lossWeights of the run; all 1 as published
 * @returns an SVG document; `rasterise` makes a PNG of it
 * @example await writeFileAtomic('curves.svg', trainingCurveSvg(records, { title: 'fold 0', lossWeights }))
 */
export function trainingCurveSvg(
  records: readonly CurveRecord[],
  {
    title = 'training',
    lossWeights = { clip: 1, image: 1, text: 1 },
  }: { title?: string; lossWeights?: LossWeights } = {},
): string {
  const losses = lossCurves(records, lossWeights)
  const metrics = [metricCurve(records, 'AUROC', 'auroc'), metricCurve(records, 'average precision', 'auprc')]
  const epochs = records.map(({ epoch }) => epoch)
  const x = epochAxis(epochs)
  const lossAxis = valueAxis('loss (nats)', coveringTicks(0, extent(losses)[1], 6))
  const metricAxis = valueAxis('on the validation set', coveringTicks(Math.min(0.5, extent(metrics)[0]), 1, 4))
  const lossFrame = frameOf(LOSS_PLOT, x, lossAxis)
  const metricFrame = frameOf(METRIC_PLOT, x, metricAxis)
  const entries = (curves: readonly Curve[]) => curves.flatMap((curve) => entriesOf(curve, epochs))
  const width = WIDTH - LEGEND - 12
  const description = `Losses and ranking metrics of ${epochs.length} epochs. ${[...entries(losses), ...entries(metrics)].map(({ text }) => text).join(', ')}`
  return drawing([WIDTH, HEIGHT], { title, description }, [
    svgText(title, LOSS_PLOT.left, 32, { size: 17, fill: INK, bold: true, maxWidth: WIDTH - LOSS_PLOT.left - 24 }),
    // Both plots share the epochs below.
    plot({ ...x, label: '', show: () => '' }, lossAxis, lossFrame, [
      losses.map((curve) => curveMarks(curve, epochs, lossFrame)),
      records.length === 0 && note('no epoch yet', lossFrame),
    ]),
    plot(
      x,
      metricAxis,
      metricFrame,
      metrics.map((curve) => curveMarks(curve, epochs, metricFrame)),
    ),
    legend([...entries(losses), ...SET_ENTRIES], LEGEND, LOSS_PLOT.top + 12, width),
    legend(entries(metrics), LEGEND, METRIC_PLOT.top + 12, width),
    svgText('spicula · for research use', LOSS_PLOT.left, HEIGHT - 16, { size: 11, fill: QUIET }),
  ]).toString()
}

const SET_ENTRIES: readonly LegendEntry[] = [
  { sample: { line: { ...LINES.validation, stroke: QUIET } }, text: 'validation' },
  { sample: { line: { ...LINES.training, stroke: QUIET } }, text: 'training' },
]

/** Training below validation, the total below its parts. */
function lossCurves(records: readonly CurveRecord[], weights: LossWeights): Curve[] {
  const train = records.map((record) => tracked(record.train, weights))
  const val = records.map((record) => tracked(record.val, weights))
  const best = bestEpochs(val)
  return TRACKERS.toReversed().flatMap((key): Curve[] => {
    const [name, style] = [LOSS_NAMES[key], STYLES[key]]
    return [
      { name, style, set: 'training', values: train.map((losses) => losses[key]) },
      { name, style, set: 'validation', values: val.map((losses) => losses[key]), best: best[key] },
    ]
  })
}

function metricCurve(records: readonly CurveRecord[], name: string, key: 'auroc' | 'auprc'): Curve {
  const values = records.map((record) => record[key])
  return { name, style: STYLES[key], set: 'validation', values, best: highest(values) }
}

const tracked = (losses: CurveRecord['train'], weights: LossWeights): Record<TrackerName, number | null> => {
  const { clip, image, text } = losses
  const or = (value: number | null) => value ?? Number.NaN
  const all = trackedLosses({ clip: or(clip), image: or(image), text: or(text) }, weights)
  const finite = (value: number) => (Number.isFinite(value) ? value : null)
  return { prediction: finite(all.prediction), clip: finite(all.clip), both: finite(all.both) }
}

/** By the rule that keeps the checkpoints, so that the picture and they agree. */
function bestEpochs(val: readonly Record<TrackerName, number | null>[]): Record<TrackerName, number | undefined> {
  let state = initTrackers()
  for (const [i, { prediction, clip, both }] of val.entries()) {
    const losses = { prediction: prediction ?? Number.NaN, clip: clip ?? Number.NaN, both: both ?? Number.NaN }
    state = updateTrackers(state, losses, i).state
  }
  const at = (name: TrackerName) => state[name].bestEpoch ?? undefined
  return { prediction: at('prediction'), clip: at('clip'), both: at('both') }
}

function highest(values: readonly (number | null)[]): number | undefined {
  let best: number | undefined
  for (const [i, value] of values.entries())
    if (value !== null && value > (best === undefined ? Number.NEGATIVE_INFINITY : (values[best] ?? 0))) best = i
  return best
}

/** Least and greatest value; [0, 1] where there is none. */
function extent(curves: readonly Curve[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { values } of curves)
    for (const value of values) if (value !== null) [low, high] = [Math.min(low, value), Math.max(high, value)]
  return low <= high ? [low, high] : [0, 1]
}

const valueAxis = (label: string, ticks: readonly number[]): Axis => ({
  label,
  from: ticks[0],
  to: ticks[ticks.length - 1],
  ticks,
})

/** From the first epoch to the last, with room at both ends; one alone stands in the middle. */
function epochAxis(epochs: readonly number[]): Axis {
  const [first, last] = [epochs[0] ?? 0, epochs.at(-1) ?? 0]
  const room = last > first ? 0.02 * (last - first) : 0.5
  const ticks = last > first ? niceTicks(first, last, 8).filter(Number.isInteger) : epochs
  return { label: 'epoch', from: first - room, to: last + room, ticks }
}

/** A line that breaks where a value is missing, and a sign on the best. */
function curveMarks({ values, style, set, best }: Curve, epochs: readonly number[], frame: Frame): Markup {
  const runs: Place[][] = [[]]
  for (const [i, value] of values.entries()) {
    if (value === null) runs.push([])
    else runs[runs.length - 1].push(frame.at(epochs[i], value))
  }
  const value = best === undefined ? null : values[best]
  return lines([
    ...runs.map((run) =>
      // A line needs two places: one alone is a dot.
      run.length === 1
        ? marker('circle', run[0], filled(style.stroke), LINES[set].width + 1)
        : polyline(run, { ...LINES[set], stroke: style.stroke }),
    ),
    best !== undefined &&
      value !== null &&
      marker(style.marker, frame.at(epochs[best], value), hollow(style.stroke), 6),
  ])
}

/** The line of a curve on the validation set, and the sign of its best value with its number and epoch. */
function entriesOf({ name, style, set, values, best }: Curve, epochs: readonly number[]): LegendEntry[] {
  if (set === 'training') return []
  const value = best === undefined ? null : values[best]
  const told =
    best === undefined || value === null
      ? 'no finite value yet'
      : `best ${value.toPrecision(4)} at epoch ${epochs[best]}`
  return [
    { sample: { line: { ...LINES[set], stroke: style.stroke } }, text: name },
    { sample: { marker: style.marker, paint: hollow(style.stroke) }, text: told },
  ]
}
