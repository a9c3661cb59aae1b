/** Progress of an import, whose number of weights is known when the first one comes. */
import { type Progress, startProgress } from '../shared/progress.node.ts'

export function weightProgress(quiet: boolean): {
  readonly onWeight: (done: number, total: number) => void
  readonly done: () => void
} {
  let progress: Progress | undefined
  return {
    onWeight: (_, total) => {
      progress ??= startProgress('weights', total, { quiet })
      progress.step()
    },
    done: () => progress?.done(),
  }
}
