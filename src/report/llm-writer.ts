/** A report from a language model, taken only if it says what the row says. */

import type { NoduleFeatures } from '../features/features.ts'
import type { Random } from '../random.ts'
import { checkReport } from './check-report.ts'
import { type Prompt, promptOf } from './llm-prompt.ts'
import { LlmFailure, type Writer } from './llm-provider.ts'
import { cleanReport, unwrapped } from './report-text.ts'

/** Answers that were taken before. */
export interface ReportCache {
  get(prompt: Prompt, features: NoduleFeatures, model: string): Promise<string | undefined>
  set(prompt: Prompt, features: NoduleFeatures, model: string, report: string): Promise<void>
}

export interface LlmOptions {
  readonly writer: Writer
  readonly cache?: ReportCache
  /** How often a row is asked for before the template takes its place. */
  readonly attempts?: number
  /** First wait after a failure of the endpoint; it doubles each time. */
  readonly backOffMs?: number
  /** Waits for the right to send the next request. */
  readonly turn?: () => Promise<void>
  readonly sleep?: (ms: number) => Promise<void>
}

export type LlmOutcome =
  | { readonly report: string; readonly from: 'model' | 'cache'; readonly requests: number }
  /** `answered`: there was a text at least once, if a wrong one. */
  | { readonly failed: string; readonly requests: number; readonly answered: boolean }

const MAX_BACK_OFF_MS = 60_000
export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Asks a model for the report of a row until an answer passes `checkReport`.
 * @returns the report, cleaned, or why there is none
 * @throws LlmFailure of kind `stop` where no row can be answered
 * @example await writeLlmReport(features, seededRandom(1), { writer: openWriter(options) })
 */
export async function writeLlmReport(
  features: NoduleFeatures,
  random: Random,
  { writer, cache, attempts = 4, backOffMs = 1000, turn = async () => {}, sleep = wait }: LlmOptions,
): Promise<LlmOutcome> {
  const first = promptOf(features, random.fork('prompt'))
  const stored = await cache?.get(first, features, writer.id)
  // What lies on a disk may have been changed there: it is checked like an answer.
  if (stored !== undefined && checkReport(stored, features).length === 0)
    return { report: stored, from: 'cache', requests: 0 }

  let faults: readonly string[] = []
  let why = ''
  let answered = false
  for (let attempt = 0; attempt < attempts; attempt++) {
    const prompt = attempt === 0 ? first : promptOf(features, random.fork('prompt'), faults)
    await turn()
    try {
      const answer = await writer.write(prompt)
      answered = true
      const report = answer.length > 100_000 ? answer : `${cleanReport(unwrapped(answer)).trim()}\n`
      faults = checkReport(report, features)
      if (faults.length === 0) {
        await cache?.set(first, features, writer.id, report)
        return { report, from: 'model', requests: attempt + 1 }
      }
      why = `the answer was wrong: ${faults.join('; ')}`
    } catch (error) {
      if (!(error instanceof LlmFailure) || error.kind === 'stop') throw error
      why = error.message
      if (error.kind === 'row') return { failed: why, requests: attempt + 1, answered }
      if (attempt + 1 === attempts) break
      const own = Math.min(backOffMs * 2 ** attempt, MAX_BACK_OFF_MS) * (0.75 + 0.5 * random.uniform())
      await sleep(Math.max(error.waitMs ?? 0, own))
    }
  }
  return { failed: why, requests: attempts, answered }
}

/**
 * The right to send, at most `perMinute` times a minute, evenly spaced.
 * @example const turn = rateLimit(60) // resolves once a second
 */
export function rateLimit(
  perMinute: number,
  { now = () => performance.now(), sleep = wait }: { now?: () => number; sleep?: (ms: number) => Promise<void> } = {},
): () => Promise<void> {
  let next = Number.NEGATIVE_INFINITY
  return async () => {
    const start = Math.max(next, now())
    next = start + 60_000 / perMinute
    if (start > now()) await sleep(start - now())
  }
}
