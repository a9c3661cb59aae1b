/** One nodule, in one call: from its place in a scan to what there is to say of it. */
import { embeddedModel } from '../model/embedded-model.node.ts'
import { prepareViews } from '../nodule/prepare.ts'
import type { ViewSet } from '../nodule/views.ts'
import type { Scan, Triple } from '../scan/scan.ts'
import { answerOf, type NoduleAnswer } from './answers.ts'
import { openPredictor, type Predictor } from './predictor.node.ts'

export interface NoduleOptions {
  /**
   * A model folder, opened for this one answer; or a predictor that is open already and stays so: opening takes longer
   * than answering. The embedded model where left out.
   */
  readonly model?: string | Predictor
  /** Which views the model sees; all nine where left out. */
  readonly views?: ViewSet
}

/**
 * The malignancy probability of a nodule, for research use: what `spicula predict --ct SCAN --at x,y,z` prints, the same
 * numbers. Views are made by the model's own preprocessing.
 * @param pointLps the nodule's centre, mm, LPS
 * @throws SpiculaError `nodule/outside` and its kin for the place, `inference/*` for the model
 * @example
 * const scan = await openScan('scan.nii.gz')
 * const { probability, range, calibrated, views } = await predictNodule(scan, [-78.5, 52.4, -58.4])
 * `${probability.toFixed(4)}, most by ${views[0].label}` // '0.9745, most by 45° about L-R: back up'
 */
export async function predictNodule(
  scan: Scan,
  pointLps: Triple,
  { model = embeddedModel(), views = 'nine' }: NoduleOptions = {},
): Promise<NoduleAnswer> {
  if (typeof model !== 'string') return answer(scan, pointLps, model, views)
  const predictor = await openPredictor(model)
  try {
    return await answer(scan, pointLps, predictor, views)
  } finally {
    await predictor.close()
  }
}

async function answer(scan: Scan, pointLps: Triple, predictor: Predictor, views: ViewSet): Promise<NoduleAnswer> {
  const prepared = await prepareViews(scan, pointLps, { ...predictor.config.preprocessing, views })
  const [prediction] = await predictor.predict([prepared])
  const names = prepared.views.map(({ name }) => name)
  return answerOf({ prediction, views: names, notes: [...scan.notes, ...prepared.notes] }, predictor.stamp)
}
