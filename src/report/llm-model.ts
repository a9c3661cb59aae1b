/** Language models through the Vercel AI SDK: Gemini, or any endpoint that speaks OpenAI's protocol. */
import type { APICallError, LanguageModel } from 'ai'
import { SpiculaError } from '../error.ts'
import { LlmFailure, type Provider, type Writer, type WriterOptions } from './llm-provider.ts'

/** A report is a few kB; what is longer is no report and is not read. */
const MAX_ANSWER_BYTES = 256 * 1024
const MAX_OUTPUT_TOKENS = 4096

/**
 * Opens a language model. Its clients are optional packages, loaded here: who writes by templates needs none.
 * @throws SpiculaError `report/llm-key` where Gemini has no key, `report/llm-url` for an endpoint that is no http(s) URL,
 * `report/llm-client` where the clients are not installed
 * @example
 * const writer = await openWriter({ provider: 'openai-compatible', model: 'llama3', baseUrl: 'http://127.0.0.1:11434/v1' })
 * await writer.write(promptOf(features, random))
 */
export async function openWriter({
  provider,
  model,
  baseUrl,
  apiKey,
  timeoutMs = 60_000,
}: WriterOptions): Promise<Writer> {
  checkUrl(provider, baseUrl)
  const language = await languageModel(provider, model, baseUrl, apiKey)
  const { APICallError, generateText } = await client(import('ai'))
  return {
    id: [provider, baseUrl ?? 'default endpoint', model].join(' '),
    write: async ({ system, user }) => {
      try {
        const { text, finishReason } = await generateText({
          model: language,
          system,
          prompt: user,
          // Retries are ours: one place decides when to wait and how long.
          maxRetries: 0,
          maxOutputTokens: MAX_OUTPUT_TOKENS,
          abortSignal: AbortSignal.timeout(timeoutMs),
        })
        if (finishReason === 'length') throw new LlmFailure('again', 'the answer was cut short')
        return text
      } catch (error) {
        throw failureOf(error, APICallError.isInstance(error) ? error : undefined, timeoutMs)
      }
    },
  }
}

async function languageModel(
  provider: Provider,
  model: string,
  baseUrl?: string,
  apiKey?: string,
): Promise<LanguageModel> {
  const url = baseUrl === undefined ? {} : { baseURL: baseUrl }
  if (provider === 'gemini') {
    if (!apiKey)
      throw new SpiculaError('report/llm-key', 'there is no key for Gemini', {
        hint: 'Set GOOGLE_GENERATIVE_AI_API_KEY, or use a local model with --base-url.',
      })
    const { createGoogleGenerativeAI } = await client(import('@ai-sdk/google'))
    return createGoogleGenerativeAI({ apiKey, fetch: limitedFetch, ...url })(model)
  }
  const key = apiKey === undefined ? {} : { apiKey }
  const { createOpenAICompatible } = await client(import('@ai-sdk/openai-compatible'))
  return createOpenAICompatible({ name: 'endpoint', baseURL: baseUrl ?? '', fetch: limitedFetch, ...key })(model)
}

/** A client's module, or what to install. */
async function client<Module>(module: Promise<Module>): Promise<Module> {
  try {
    return await module
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND')) throw cause
    throw new SpiculaError('report/llm-client', 'the clients of language models are not installed', {
      hint: 'npm install ai@6 @ai-sdk/google@3 @ai-sdk/openai-compatible@2, beside spicula. Templates need none of them.',
      cause,
    })
  }
}

function checkUrl(provider: Provider, baseUrl: string | undefined): void {
  if (baseUrl === undefined && provider === 'gemini') return
  if (baseUrl !== undefined && URL.canParse(baseUrl) && /^https?:$/.test(new URL(baseUrl).protocol)) return
  throw new SpiculaError('report/llm-url', `${baseUrl ?? 'nothing'} is no http or https address of an endpoint`, {
    hint: 'For example --base-url http://127.0.0.1:11434/v1 for a model of Ollama.',
  })
}

/** Reads no more than a report's worth, and goes nowhere else than it was sent. */
const limitedFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, { ...init, redirect: 'error' })
  const reader = response.body?.getReader()
  if (!reader) return response
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    bytes += value.length
    if (bytes > MAX_ANSWER_BYTES) {
      await reader.cancel().catch(() => undefined)
      throw new LlmFailure('again', `the answer is longer than ${MAX_ANSWER_BYTES / 1024} kB`)
    }
    chunks.push(new Uint8Array(value))
  }
  const { status, statusText, headers } = response
  return new Response(status === 204 || status === 304 ? null : new Blob(chunks), { status, statusText, headers })
}

/** Sorts what went wrong. The answer's own text stays out of messages: it may be anything. */
function failureOf(error: unknown, call: APICallError | undefined, timeoutMs: number): LlmFailure {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof LlmFailure) return cause
  if (error instanceof Error && /Timeout|Abort/.test(`${error.name} ${String(error.cause)}`))
    return new LlmFailure('again', `no answer within ${timeoutMs / 1000} s`)
  if (!call)
    return new LlmFailure(
      'again',
      `the answer is not of the protocol (${error instanceof Error ? error.name : 'unknown'})`,
    )
  const { statusCode, responseHeaders = {} } = call
  if (statusCode === undefined) return new LlmFailure('again', 'the endpoint cannot be reached')
  if ([401, 403, 404].includes(statusCode)) return new LlmFailure('stop', `the endpoint answers ${statusCode}`)
  if (statusCode === 429 || statusCode === 408 || statusCode >= 500)
    return new LlmFailure('again', `the endpoint answers ${statusCode}`, retryAfter(responseHeaders['retry-after']))
  // 200 with something else than the protocol's JSON, or a prompt that is refused.
  return new LlmFailure(statusCode < 400 ? 'again' : 'row', `the endpoint answers ${statusCode} in no usable way`)
}

/** Seconds, or a date (RFC 9110, 10.2.3); no more than five minutes. */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const seconds = /^\d+(\.\d+)?$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 300) * 1000 : undefined
}
