/** Language models through the Vercel AI SDK: Gemini, or any endpoint that speaks OpenAI's protocol. */
import type { APICallError, LanguageModel } from 'ai'
import { SpiculaError } from '../error.ts'
import { failureOf } from './llm-failure.ts'
import { LlmFailure, type Provider, type Writer, type WriterOptions } from './llm-provider.ts'

/** A report is a few kB; what is longer is not a report and is not read. */
const MAX_ANSWER_BYTES = 256 * 1024
/** A report takes some hundred; the rest is for models that think first. */
export const MAX_TOKENS = 8192

/**
 * Opens a language model. Its clients are optional packages, loaded here, so that templates need none of them.
 * @throws SpiculaError `report/llm-key` where Gemini has no key, `report/llm-url` for an endpoint that is not an
 * http(s) URL, `report/llm-client` where the clients are not installed
 * @example
 * const writer = await openWriter({ provider: 'openai-compatible', model: 'llama3', baseUrl:
 * 'http://127.0.0.1:11434/v1' })
 * await writer.write(promptOf(features, random))
 */
export async function openWriter({
  provider,
  model,
  baseUrl,
  apiKey,
  timeoutMs = 60_000,
  maxTokens = MAX_TOKENS,
}: WriterOptions): Promise<Writer> {
  checkUrl(provider, baseUrl)
  const language = await languageModel(provider, model, baseUrl, apiKey)
  const { APICallError, generateText } = await client(import('ai'))
  return {
    id: [provider, baseUrl ?? 'default endpoint', model].join(' '),
    write: async ({ system, user }) => {
      try {
        const { text, finishReason, rawFinishReason } = await generateText({
          model: language,
          system,
          prompt: user,
          // Retries are ours: one place decides when to wait and how long.
          maxRetries: 0,
          maxOutputTokens: maxTokens,
          abortSignal: AbortSignal.timeout(timeoutMs),
        })
        // Neither changes when the same prompt is sent once more.
        if (finishReason === 'length')
          throw new LlmFailure(
            'row',
            `the answer needs more than ${maxTokens} tokens, thinking included (--max-tokens)`,
          )
        if (finishReason === 'content-filter')
          throw new LlmFailure('row', `the endpoint blocked prompt or answer (${rawFinishReason ?? 'content filter'})`)
        if (text.trim() === '' && finishReason !== 'stop')
          throw new LlmFailure('row', `the endpoint gave no text (${rawFinishReason ?? finishReason})`)
        return text
      } catch (error) {
        throw sorted(error, APICallError.isInstance(error) ? error : undefined, timeoutMs)
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
  return createOpenAICompatible({ name: 'endpoint', baseURL: baseUrl ?? '', fetch: newerNames(limitedFetch), ...key })(
    model,
  )
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
  throw new SpiculaError('report/llm-url', `${baseUrl ?? 'nothing'} is not an http or https address of an endpoint`, {
    hint: 'For example --base-url http://127.0.0.1:11434/v1 for a model of Ollama.',
  })
}

/**
 * OpenAI's newer models refuse `max_tokens` and want `max_completion_tokens`; most other servers know the old name
 * alone. Asked the old way first; after a refusal that names the parameter, the new way, from then on.
 */
function newerNames(send: typeof fetch): typeof fetch {
  let isNew = false
  const renamed = (init: RequestInit | undefined): RequestInit | undefined => {
    if (typeof init?.body !== 'string') return init
    const { max_tokens, ...body } = JSON.parse(init.body)
    return { ...init, body: JSON.stringify({ ...body, max_completion_tokens: max_tokens }) }
  }
  return async (input, init) => {
    // Several requests are under way at once: each knows how it was asked itself.
    const asNew = isNew
    const response = await send(input, asNew ? renamed(init) : init)
    if (asNew || response.status !== 400) return response
    if (!(await response.clone().text()).includes('max_completion_tokens')) return response
    isNew = true
    return send(input, renamed(init))
  }
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

/** Sorts what went wrong. */
function sorted(error: unknown, call: APICallError | undefined, timeoutMs: number): LlmFailure {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof LlmFailure) return cause
  if (error instanceof Error && /Timeout|Abort/.test(`${error.name} ${String(error.cause)}`))
    return new LlmFailure('again', `no answer within ${timeoutMs / 1000} s`)
  if (!call)
    return new LlmFailure(
      'again',
      `the answer is not of the protocol (${error instanceof Error ? error.name : 'unknown'})`,
    )
  const { statusCode: status, responseHeaders: headers = {}, responseBody: body = '' } = call
  if (status === undefined) return new LlmFailure('again', 'the endpoint cannot be reached')
  return failureOf({ status, headers, body })
}
