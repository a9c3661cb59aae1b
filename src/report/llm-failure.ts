/** Why an endpoint gave no answer, from its status, headers and body: wait, leave the row, or stop. */
import { LlmFailure } from './llm-provider.ts'

/** An answer that is not a report. */
export interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Longer than this nobody waits in a run: quotas of a day ask for hours. */
const LONGEST_WAIT_MS = 15 * 60_000

/**
 * Sorts a refusal. A wrong key, an empty account, a model or place that is not served and a spent quota of a day refuse
 * every row, whatever the status: the run stops. Overload and quotas of a minute pass: the delay that is asked for is
 * obeyed, wherever the protocol puts it. Anything else is about this prompt.
 * @param now milliseconds since 1970, for delays given as dates
 * @example failureOf({ status: 429, headers: { 'retry-after': '7' }, body: '' }).waitMs // 7000
 */
export function failureOf({ status, headers, body }: Refusal, now = Date.now()): LlmFailure {
  const said = readBody(body)
  const message = `the endpoint answers ${status}${said.reason === '' ? '' : `: ${said.reason}`}`
  const passing = status === 429 || status === 408 || status >= 500
  if (!passing && status < 400) return new LlmFailure('again', `${message}, not of the protocol`)
  if (
    HOPELESS.test(said.codes) ||
    (!passing && (STOPPING.has(status) || UNSERVED.test(`${said.codes} ${said.reason}`)))
  )
    return new LlmFailure('stop', message)
  if (!passing) return new LlmFailure('row', message)
  const waitMs = delayOf(headers, now) ?? said.delayMs
  if (waitMs !== undefined && waitMs > LONGEST_WAIT_MS)
    return new LlmFailure('stop', `${message}; it asks to wait for ${Math.round(waitMs / 60_000)} minutes`)
  return new LlmFailure('again', message, waitMs)
}

const STOPPING = new Set([401, 402, 403, 404, 405, 410])
/** Codes that no waiting helps, also with status 429. */
const HOPELESS = /API_KEY|invalid_api_key|insufficient_quota|billing|PerDay|account_deactivated|PERMISSION_DENIED/i
/** What a 400 says where it is not about the prompt. */
const UNSERVED =
  /api[ _-]?key|authenticat|authoriz|credential|permission|FAILED_PRECONDITION|location is not supported|insufficient (balance|credit|funds)|model_not_found|(model|parameter)\b.{0,80}\b(not (found|exist|supported|available)|does not exist|unsupported|no longer)/i

interface Said {
  /** The endpoint's own sentence, printable and short. */
  readonly reason: string
  /** Every code, status and type of the error, joined. */
  readonly codes: string
  readonly delayMs: number | undefined
}

function readBody(body: string): Said {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    return { reason: '', codes: '', delayMs: undefined }
  }
  // Gemini's OpenAI endpoint wraps its error in a list.
  const root = Array.isArray(json) ? json[0] : json
  const error = isRecord(root) && isRecord(root.error) ? root.error : root
  if (!isRecord(error)) return { reason: '', codes: '', delayMs: undefined }
  const details = Array.isArray(error.details) ? error.details.filter(isRecord) : []
  const text = [error.message, error.detail, isRecord(root) ? root.error : undefined].find(
    (one) => typeof one === 'string',
  )
  const quotas = details.flatMap(({ violations }) => (Array.isArray(violations) ? violations.filter(isRecord) : []))
  const codes = [
    error.code,
    error.status,
    error.type,
    ...details.map(({ reason }) => reason),
    ...quotas.map((one) => one.quotaId),
  ]
  const retry = details.map(({ retryDelay }) => retryDelay).find((one) => typeof one === 'string')
  return {
    reason: printable(typeof text === 'string' ? text : ''),
    codes: codes.filter((one) => typeof one === 'string').join(' '),
    delayMs:
      spanMs(String(retry ?? '')) ??
      spanMs(/(?:retry|try again) (?:in|after) ([\d.]+ ?[a-z]*(?:[\d.]+[a-z]+)*)/i.exec(String(text))?.[1] ?? ''),
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** One line, no control characters, no longer than a sentence; and no key that an endpoint may repeat. */
const printable = (text: string): string =>
  text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '')
    .replaceAll(/\b[\w-]{24,}\b/g, '...')
    .trim()
    .slice(0, 200)

/** Delays as headers have them: seconds or a date (RFC 9110, 10.2.3), milliseconds, OpenAI's "6m0s". */
function delayOf(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const ms = headers['retry-after-ms']
  if (ms !== undefined && /^\d+(\.\d+)?$/.test(ms)) return Number(ms)
  const after = headers['retry-after']
  if (after !== undefined) {
    const wait = /^\d+(\.\d+)?$/.test(after) ? Number(after) * 1000 : Date.parse(after) - now
    if (Number.isFinite(wait)) return Math.max(wait, 0)
  }
  return undefined
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** @example spanMs('1m2.5s') // 62500 */
function spanMs(text: string): number | undefined {
  const parts = [...text.trim().matchAll(/([\d.]+) ?(ms|s|m|h)?[a-z]*/gi)]
  if (parts.length === 0) return undefined
  const total = parts.reduce((sum, [, value, unit]) => sum + Number(value) * UNIT_MS[(unit ?? 's').toLowerCase()], 0)
  return Number.isFinite(total) ? total : undefined
}
