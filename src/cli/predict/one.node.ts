/** `spicula predict --ct --at`: one nodule by the library's own call. Loaded only where it is asked for. */
import { resolve } from 'node:path'
import { type Frame, toPointLps } from '../../cohort/frame.ts'
import { VIEWS, type ViewSet } from '../../nodule/views.ts'
import { predictNodule } from '../../predict/nodule.node.ts'
import { openPredictor, type PredictorOptions } from '../../predict/predictor.node.ts'
import { openScan } from '../../scan/open.node.ts'
import type { Triple } from '../../scan/scan.ts'
import { printAnswer, rowAt, writeResults } from './predict-output.node.ts'

export interface OneOptions {
  readonly ct: string
  readonly at: Triple
  readonly frame: Frame
  readonly views: ViewSet
  readonly out?: string
  readonly quiet?: boolean
  readonly reader: PredictorOptions
}

export async function predictOne(model: string, options: OneOptions): Promise<void> {
  const { ct, at, frame, views, out, quiet = false, reader } = options
  const predictor = await openPredictor(model, reader)
  try {
    const scan = await openScan(resolve(ct))
    const point = toPointLps(at, frame, scan.affineLps)
    const answer = await predictNodule(scan, point, { model: predictor, views })
    printAnswer(answer, quiet)
    if (out === undefined) return
    const { prediction, notes } = answer
    const made = VIEWS.map(({ name }) => name).filter((name) => answer.views.some((view) => view.name === name))
    await writeResults([{ row: rowAt(ct, at, 1), prediction, views: made, notes }], predictor, out)
  } finally {
    await predictor.close()
  }
}
