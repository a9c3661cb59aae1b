/** A bar on a terminal, plain lines in a pipe, nothing when quiet. */
import { Presets, SingleBar } from 'cli-progress'

export interface Progress {
  step(count?: number): void
  /** Prints a line without tearing the bar. */
  say(line: string): void
  done(): void
}

/** Work shorter than this shows nothing. */
const PATIENCE_MS = 2000
/** Time between lines in a pipe. */
const LINE_EVERY_MS = 10_000

/**
 * Progress of `total` equal steps on standard error, shown once the work has taken two seconds.
 * @param what the steps, e.g. 'nodules'
 */
export function startProgress(what: string, total: number, { quiet }: { quiet: boolean }): Progress {
  const out = process.stderr
  const started = performance.now()
  let done = 0
  let bar: SingleBar | undefined
  let lastLine = started
  const rate = () => done / Math.max((performance.now() - started) / 1000, 1e-3)
  const show = () => {
    if (quiet) return
    const elapsed = performance.now() - started
    if (elapsed < PATIENCE_MS) return
    const left = formatSeconds((total - done) / Math.max(rate(), 1e-9))
    if (out.isTTY) {
      const format = `{bar} {value}/{total} ${what}  {rate}/s  {left} left`
      bar ??= startBar(format, total)
      bar.update(done, { rate: rate().toFixed(1), left })
    } else if (performance.now() - lastLine >= LINE_EVERY_MS) {
      lastLine = performance.now()
      out.write(`${done}/${total} ${what}, ${rate().toFixed(1)}/s, ${left} left\n`)
    }
  }
  return {
    step: (count = 1) => {
      done += count
      show()
    },
    say: (line) => {
      if (quiet) return
      if (bar) out.write('\r\x1b[K')
      out.write(`${line}\n`)
    },
    done: () => bar?.stop(),
  }
}

function startBar(format: string, total: number): SingleBar {
  const bar = new SingleBar(
    { format, stream: process.stderr, clearOnComplete: true, hideCursor: true },
    Presets.shades_classic,
  )
  bar.start(total, 0, { rate: '-', left: '-' })
  return bar
}

function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}
