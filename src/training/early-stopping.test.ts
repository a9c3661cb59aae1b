import { describe, expect, it } from 'vitest'
import { initTrackers, TRACKERS, trackedLosses, updateTrackers } from './early-stopping.ts'

/** Runs the trackers over losses that are the same for all three, or one list for each. */
function run(lists: readonly (readonly number[])[], patience?: number) {
  let state = initTrackers()
  const improved: string[] = []
  let stoppedAt: number | undefined
  for (const epoch of lists[0].keys()) {
    const [prediction, clip, both] = [0, 1, 2].map((i) => lists[i % lists.length][epoch])
    // Through JSON, as a checkpoint takes it.
    const before = JSON.parse(JSON.stringify(state))
    const next = updateTrackers(before, { prediction, clip, both }, epoch, patience === undefined ? {} : { patience })
    state = next.state
    improved.push(TRACKERS.filter((name) => next.improved[name]).join(' '))
    if (next.stop) stoppedAt ??= epoch
  }
  return { state, improved, stoppedAt }
}

describe('early stopping', () => {
  it('follows each loss by itself', () => {
    const { state, improved } = run([
      [3, 2, 4],
      [1, 1, 2],
      [4, 3, 2],
    ])
    expect(improved).toEqual(['prediction clip both', 'prediction clip both', 'both'])
    expect(state.prediction).toEqual({ best: 2, bestEpoch: 1, waited: 1 })
    expect(state.clip).toEqual({ best: 1, bestEpoch: 1, waited: 1 })
    expect(state.both).toEqual({ best: 2, bestEpoch: 2, waited: 0 })
  })

  it('takes an equal loss for better', () => {
    expect(run([[1, 1, 1, 1, 1, 1, 1, 1]]).stoppedAt).toBeUndefined()
  })

  it('stops after five epochs without improvement of any', () => {
    expect(run([[1, 2, 2, 2, 2, 2, 2]]).stoppedAt).toBe(5)
    expect(run([[1, 2, 2, 2, 2, 2, 2]], 2).stoppedAt).toBe(2)
  })

  it('goes on while one improves, and takes a flag down when its loss improves again', () => {
    const falling = [9, 8, 7, 6, 5, 4, 3, 2, 1]
    const late = [5, 6, 6, 6, 6, 6, 6, 4, 6]
    const flat = [5, 6, 6, 6, 6, 6, 6, 6, 6]
    expect(run([falling, flat, flat]).stoppedAt).toBeUndefined()
    // All flags were up at some time, but never together; the published ones would have stopped at epoch 7.
    const other = [5, 4, 6, 6, 6, 6, 6, 6, 6]
    expect(run([late, other, [9, 8, 7, 6, 5, 4, 3, 2, 9]]).stoppedAt).toBeUndefined()
    expect(run([late, late, late]).stoppedAt).toBe(5)
  })

  it('never takes a NaN loss for better', () => {
    const { state, improved, stoppedAt } = run([[Number.NaN, 2, Number.NaN, Number.NEGATIVE_INFINITY]], 2)
    expect(improved).toEqual(['', 'prediction clip both', '', ''])
    expect(state.both).toEqual({ best: 2, bestEpoch: 1, waited: 2 })
    expect(stoppedAt).toBe(3)
  })

  it('tracks the heads, the contrastive loss and the sum', () => {
    const losses = trackedLosses({ clip: 2, image: 0.5, text: 0.25 }, { clip: 0.5, image: 1, text: 2 })
    expect(losses).toEqual({ prediction: 0.5, clip: 2, both: 1.5 })
  })
})
