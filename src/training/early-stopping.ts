/** Three early-stopping trackers over the validation losses (docs/method.md M9.4), each with a best epoch of its own. */
import type { LossWeights } from './objective.ts'

export const TRACKERS = ['prediction', 'clip', 'both'] as const
export type TrackerName = (typeof TRACKERS)[number]

export interface Tracker {
  /** Lowest finite loss so far; null before the first. */
  readonly best: number | null
  readonly bestEpoch: number | null
  /** Epochs in a row since then; at `patience` the tracker's flag is up, and improvement takes it down again. */
  readonly waited: number
}

/** Plain JSON, kept in checkpoints. */
export type Trackers = Readonly<Record<TrackerName, Tracker>>

/**
 * What the trackers look at: the heads' part of the loss, the contrastive loss, and the whole (docs/method.md M7.1).
 * @example trackedLosses({ clip: 1, image: 0.5, text: 0.7 }, { clip: 1, image: 1, text: 1 }).both // 1.6
 */
export function trackedLosses(
  { clip, image, text }: Readonly<Record<keyof LossWeights, number>>,
  weights: LossWeights,
): Record<TrackerName, number> {
  const prediction = (weights.image * image + weights.text * text) / 2
  return { prediction, clip, both: weights.clip * clip + prediction }
}

/** Trackers that have seen nothing. */
export const initTrackers = (): Trackers => {
  const fresh: Tracker = { best: null, bestEpoch: null, waited: 0 }
  return { prediction: fresh, clip: fresh, both: fresh }
}

/**
 * One validation. An equal loss counts as better, as published. A flag goes down when its loss improves again; the
 * published flags stay up once raised, which stops runs that are still getting better.
 * @param losses a loss that is not finite never counts as better
 * @param epoch of the validation
 * @returns the trackers after it, which of them improved (their checkpoints are due), and whether all flags are up
 * @example
 * const { state, improved, stop } = updateTrackers(trackers, { prediction: 0.5, clip: 1, both: 1.5 }, epoch)
 */
export function updateTrackers(
  state: Trackers,
  losses: Readonly<Record<TrackerName, number>>,
  epoch: number,
  { patience = 5 }: { patience?: number } = {},
): { readonly state: Trackers; readonly improved: Readonly<Record<TrackerName, boolean>>; readonly stop: boolean } {
  const next = { ...state }
  const improved = { prediction: false, clip: false, both: false }
  for (const name of TRACKERS) {
    const { best, waited } = state[name]
    const loss = losses[name]
    improved[name] = Number.isFinite(loss) && (best === null || loss <= best)
    next[name] = improved[name] ? { best: loss, bestEpoch: epoch, waited: 0 } : { ...state[name], waited: waited + 1 }
  }
  return { state: next, improved, stop: TRACKERS.every((name) => next[name].waited >= patience) }
}
