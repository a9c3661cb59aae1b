/** Medians of several, measured side by side; peak memory of a process. */
import { readFileSync } from 'node:fs'

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

/**
 * Times several pieces of work in turn, round after round, so that what slows the machine for a while slows all alike.
 * @returns milliseconds of each, by name, all rounds but the first
 */
export async function timeInTurn<Name extends string>(
  rounds: number,
  work: Readonly<Record<Name, () => Promise<unknown> | unknown>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(work) as Name[]
  const times = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>
  for (let round = 0; round <= rounds; round++)
    for (const name of names) {
      const start = performance.now()
      await work[name]()
      if (round > 0) times[name].push(performance.now() - start)
    }
  return times
}

/** The middle of the ratios of rounds measured together. */
export const medianRatio = (a: readonly number[], b: readonly number[]): number => median(a.map((x, i) => x / b[i]))

/**
 * Peak resident memory of this process in MB. Linux's own count for the process image: what `getrusage` tells begins
 * with the peak of the process that started this one.
 */
export function peakMemoryMb(): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024
  } catch {
    return process.resourceUsage().maxRSS / 1024
  }
}
