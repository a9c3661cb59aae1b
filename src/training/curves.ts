/** A run in one picture: losses and ranking metrics over its epochs, the best epochs marked. */
import { colours, round, svgDocument, svgText } from '../drawing/svg.ts'
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

/** Okabe and Ito 2008: told apart by the colour-blind; those of their colours that stand out on a dark ground. */
const PAINT = { both: '#56b4e9', clip: '#e69f00', prediction: '#009e73', auroc: '#f0e442', auprc: '#cc79a7' } as const
const LOSS_NAMES: Record<TrackerName, string> = { both: 'both (total)', clip: 'CLIP', prediction: 'prediction' }

const WIDTH = 960
const LEFT = 76
const RIGHT = 720
const LEGEND = 752
const LOSS_PANEL = { top: 72, bottom: 356 }
const METRIC_PANEL = { top: 396, bottom: 556 }
const HEIGHT = 632

interface Curve {
  readonly name: string
  readonly paint: string
  readonly dashed: boolean
  readonly values: readonly (number | null)[]
  /** Index of the epoch to mark. */
  readonly best?: number | undefined
}

/**
 * Draws the curves of a run: training (dashed) and validation losses, then AUROC and average precision on the
 * validation set. A ring marks the epoch whose weights are kept for each loss, and the highest of each metric; they
 * stand with their numbers in the legend.
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
  const train = records.map((record) => tracked(record.train, lossWeights))
  const val = records.map((record) => tracked(record.val, lossWeights))
  const best = bestEpochs(val)
  const losses = TRACKERS.toReversed().flatMap((name): Curve[] => [
    { name, paint: PAINT[name], dashed: true, values: train.map((losses) => losses[name]) },
    {
      name: LOSS_NAMES[name],
      paint: PAINT[name],
      dashed: false,
      values: val.map((losses) => losses[name]),
      best: best[name],
    },
  ])
  const metric = (name: string, key: 'auroc' | 'auprc'): Curve => {
    const values = records.map((record) => record[key])
    return { name, paint: PAINT[key], dashed: false, values, best: highest(values) }
  }
  const metrics = [metric('AUROC', 'auroc'), metric('average precision', 'auprc')]
  const epochs = records.map(({ epoch }) => epoch)
  const body = [
    svgText(title, LEFT, 32, { size: 17, fill: colours.title, bold: true, maxWidth: WIDTH - LEFT - 24 }),
    svgText('loss (nats)', LEFT, LOSS_PANEL.top - 12, { size: 12, fill: colours.label }),
    ...panel(LOSS_PANEL, losses, epochs, [0, extent(losses)[1]]),
    svgText('on the validation set', LEFT, METRIC_PANEL.top - 12, { size: 12, fill: colours.label }),
    ...panel(METRIC_PANEL, metrics, epochs, [Math.min(0.5, extent(metrics)[0]), 1]),
    ...epochAxis(epochs),
    ...legend(
      LOSS_PANEL.top,
      losses.filter(({ dashed }) => !dashed),
      epochs,
    ),
    ...dashKey(LOSS_PANEL.top + 3 * 44 + 8),
    ...legend(METRIC_PANEL.top, metrics, epochs),
    svgText('spicula · for research use', LEFT, HEIGHT - 16, { size: 11, fill: colours.footer }),
  ]
  if (records.length === 0)
    body.push(svgText('no epoch yet', (LEFT + RIGHT) / 2, 214, { size: 14, fill: colours.footer, anchor: 'middle' }))
  return svgDocument([WIDTH, HEIGHT], body)
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

/** Multiples of 1, 2 or 5 times a power of ten that cover a range in about `count` steps. */
function ticks([low, high]: readonly [number, number], count: number): number[] {
  const rough = Math.max(high - low, Math.abs(high) * 1e-3, 1e-9) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5].find((n) => n * power >= rough * 0.999) ?? 10) * power
  const first = Math.floor(low / step + 1e-9)
  const last = Math.max(Math.ceil(high / step - 1e-9), first + 1)
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

interface Span {
  readonly top: number
  readonly bottom: number
}

const xOf = (epochs: readonly number[]) => {
  const [first, last] = [epochs[0] ?? 0, epochs.at(-1) ?? 1]
  // One epoch alone stands in the middle.
  const width = RIGHT - LEFT - 24
  return (epoch: number) => LEFT + 12 + (last > first ? (width * (epoch - first)) / (last - first) : width / 2)
}

function panel({ top, bottom }: Span, curves: readonly Curve[], epochs: readonly number[], range: [number, number]) {
  const at = ticks(range, bottom - top > 200 ? 6 : 4)
  const [low, high] = [at[0], at[at.length - 1]]
  const y = (value: number) => bottom - ((bottom - top) * (value - low)) / (high - low)
  const x = xOf(epochs)
  const out: string[] = []
  for (const tick of at) {
    out.push(line([LEFT, y(tick)], [RIGHT, y(tick)], colours.frame))
    out.push(svgText(String(tick), LEFT - 10, y(tick) + 4, { size: 12, fill: colours.label, anchor: 'end' }))
  }
  for (const curve of curves) out.push(...drawCurve(curve, epochs.map(x), y))
  return out
}

function drawCurve({ values, paint, dashed, best }: Curve, x: readonly number[], y: (value: number) => number) {
  const stroke = `stroke="${paint}" stroke-width="${dashed ? 1.5 : 2}"${dashed ? ' stroke-dasharray="6 4"' : ''}`
  const out: string[] = []
  let run: string[] = []
  const finish = () => {
    if (run.length > 1) out.push(`<polyline points="${run.join(' ')}" fill="none" stroke-linejoin="round" ${stroke}/>`)
    // A line needs two points: one alone is a dot.
    else for (const point of run) out.push(dot(point, dashed ? 2.5 : 3.5, paint))
    run = []
  }
  for (const [i, value] of values.entries()) {
    if (value === null) finish()
    else run.push(`${round(x[i])},${round(y(value))}`)
  }
  finish()
  const value = best === undefined ? null : values[best]
  if (best !== undefined && value !== null)
    out.push(
      `<circle cx="${round(x[best])}" cy="${round(y(value))}" r="6" fill="${colours.ground}" stroke="${paint}" stroke-width="2.5"/>`,
    )
  return out
}

const dot = (point: string, radius: number, paint: string): string => {
  const [cx, cy] = point.split(',')
  return `<circle cx="${cx}" cy="${cy}" r="${radius}" fill="${paint}"/>`
}

const line = (from: readonly [number, number], to: readonly [number, number], paint: string, more = ''): string =>
  `<line x1="${round(from[0])}" y1="${round(from[1])}" x2="${round(to[0])}" y2="${round(to[1])}" stroke="${paint}"${more}/>`

function epochAxis(epochs: readonly number[]): string[] {
  const x = xOf(epochs)
  const { bottom } = METRIC_PANEL
  const [first, last] = [epochs[0] ?? 0, epochs.at(-1) ?? 0]
  const whole = ticks([first, Math.max(last, first + 1)], 8).filter(
    (tick) => Number.isInteger(tick) && tick >= first && tick <= last,
  )
  return [
    ...whole.flatMap((tick) => [
      line([x(tick), bottom], [x(tick), bottom + 5], colours.label),
      svgText(String(tick), x(tick), bottom + 20, { size: 12, fill: colours.label, anchor: 'middle' }),
    ]),
    svgText('epoch', RIGHT, bottom + 38, { size: 12, fill: colours.label, anchor: 'end' }),
  ]
}

/** A line of each colour with its name, and below it the best value and its epoch. */
function legend(top: number, curves: readonly Curve[], epochs: readonly number[]): string[] {
  return curves.flatMap(({ name, paint, values, best }, i) => {
    const y = top + 12 + i * 44
    const value = best === undefined ? null : values[best]
    const told = best === undefined || value === null ? 'none' : `${value.toPrecision(4)} at epoch ${epochs[best]}`
    return [
      line([LEGEND, y - 4], [LEGEND + 28, y - 4], paint, ' stroke-width="3"'),
      svgText(name, LEGEND + 38, y, { size: 13, fill: colours.title }),
      `<circle cx="${LEGEND + 14}" cy="${y + 14}" r="5" fill="none" stroke="${paint}" stroke-width="2"/>`,
      svgText(`best ${told}`, LEGEND + 38, y + 18, { size: 12, fill: colours.label }),
    ]
  })
}

const dashKey = (y: number): string[] => [
  line([LEGEND, y + 8], [LEGEND + 28, y + 8], colours.label, ' stroke-width="2"'),
  svgText('validation', LEGEND + 38, y + 12, { size: 12, fill: colours.label }),
  line([LEGEND, y + 28], [LEGEND + 28, y + 28], colours.label, ' stroke-width="1.5" stroke-dasharray="6 4"'),
  svgText('training', LEGEND + 38, y + 32, { size: 12, fill: colours.label }),
]
