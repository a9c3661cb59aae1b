/** Progress of sentences through the text side, which a large tower needs a while for. */
import { type Progress, startProgress } from './progress.node.ts'

/** @returns what `embedTexts` calls after every batch */
export function textProgress(quiet: boolean): (done: number, total: number) => void {
  let progress: Progress | undefined
  let before = 0
  return (done, total) => {
    progress ??= startProgress('sentences', total, { quiet })
    progress.step(done - before)
    before = done
    if (done === total) progress.done()
  }
}
