/** Refusals as the services send them: which stop a run, which pass, and how long to wait. */
import { describe, expect, it } from 'vitest'
import { failureOf } from './llm-failure.ts'

const gemini = (code: number, message: string, status: string, details: readonly object[] = []) =>
  JSON.stringify({ error: { code, message, status, details } })
const openai = (message: string, code: string | null, type = 'invalid_request_error') =>
  JSON.stringify({ error: { message, type, code } })
const sorted = (status: number, body = '', headers: Record<string, string> = {}) =>
  failureOf({ status, body, headers }, Date.UTC(2026, 0, 1))
const RETRY = (delay: string) => [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: delay }]

describe('what no row will get past stops the run', () => {
  it.each([
    [401, ''],
    [402, openai('Insufficient Balance', 'invalid_request_error')],
    [403, ''],
    [404, gemini(404, 'models/m is no longer available to new users.', 'NOT_FOUND')],
    [
      400,
      gemini(400, 'API key not valid. Please pass a valid API key.', 'INVALID_ARGUMENT', [
        { reason: 'API_KEY_INVALID' },
      ]),
    ],
    [400, gemini(400, 'User location is not supported for the API use.', 'FAILED_PRECONDITION')],
    [400, openai('The model `gpt-9` does not exist', 'model_not_found')],
    [400, openai("Unsupported parameter: 'temperature' is not supported with this model.", 'unsupported_parameter')],
    [
      429,
      openai('You exceeded your current quota, please check your plan', 'insufficient_quota', 'insufficient_quota'),
    ],
    [
      429,
      gemini(429, 'Quota.', 'RESOURCE_EXHAUSTED', [{ violations: [{ quotaId: 'GenerateRequestsPerDayPerProject' }] }]),
    ],
    [429, gemini(429, 'Later.', 'RESOURCE_EXHAUSTED', RETRY('7200s'))],
  ])('%d %s', (status, body) => expect(sorted(status, body).kind).toBe('stop'))
})

describe('what is about one prompt leaves its row', () => {
  it.each([
    [400, '{}'],
    [400, openai("This model's maximum context length is 10 tokens", 'context_length_exceeded')],
    [413, ''],
    [422, '{"detail": "too short"}'],
  ])('%d %s', (status, body) => expect(sorted(status, body).kind).toBe('row'))
})

describe('what passes is asked again, after the delay that was asked for', () => {
  it.each<[number, string, Record<string, string>, number | undefined]>([
    [429, '', {}, undefined],
    [503, 'oops', {}, undefined],
    [429, '', { 'retry-after': '7' }, 7000],
    [429, '', { 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' }, 30_000],
    [429, '', { 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' }, 0],
    [429, '', { 'retry-after-ms': '2500' }, 2500],
    [429, gemini(429, 'Quota. Please retry in 3.2s.', 'RESOURCE_EXHAUSTED', RETRY('37s')), {}, 37_000],
    [429, gemini(429, 'Quota. Please retry in 3.2s.', 'RESOURCE_EXHAUSTED'), {}, 3200],
    [429, openai('Rate limit reached. Please try again in 1m2.5s.', 'rate_limit_exceeded'), {}, 62_500],
    [429, openai('Rate limit reached. Please try again in 320ms.', 'rate_limit_exceeded'), {}, 320],
    [429, `[${gemini(429, 'x', 'RESOURCE_EXHAUSTED', RETRY('5s'))}]`, {}, 5000],
    [429, openai('Come back later', null), { 'retry-after': 'soon' }, undefined],
  ])('%d %s %j', (status, body, headers, waitMs) => {
    expect(sorted(status, body, headers)).toMatchObject({ kind: 'again', waitMs })
  })
})

it("shows the endpoint's own reason, on one line, without a key that it repeats", () => {
  const body = openai(
    'Incorrect API key\nprovided: sk-proj-0123456789abcdef0123456789. \u001b[31mSee docs.',
    'invalid_api_key',
  )
  expect(sorted(401, body).message).toBe('the endpoint answers 401: Incorrect API key provided: .... [31mSee docs.')
  expect(sorted(500, '<html>').message).toBe('the endpoint answers 500')
  expect(sorted(400, JSON.stringify({ error: { message: 'x '.repeat(1e5) } })).message.length).toBeLessThan(260)
})
