/** For tests: a server on this machine that speaks OpenAI's or Gemini's protocol, well or badly. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FEATURE_LIST, type FeatureName } from '../features/features.ts'
import { parseFeatures } from '../features/parse-features.ts'
import { seededRandom } from '../random.ts'
import { writeTemplateReport } from './template-writer.ts'

/** What came over the wire. */
export interface Received {
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** The user's part of the prompt. */
  readonly prompt: string
  readonly at: number
}

/** What the server does with a request: a text in the protocol's clothes, or anything else. */
export type Reply =
  | string
  | {
      readonly status?: number
      readonly headers?: Record<string, string>
      readonly body?: string | Uint8Array
      readonly delayMs?: number
      /** Hangs up in the midst of the answer. */
      readonly hangUp?: boolean
    }

export interface FakeModel {
  /** For --base-url. */
  readonly url: string
  readonly received: Received[]
  /** The most requests at one time. */
  readonly mostAtOnce: () => number
  close(): Promise<void>
}

/** An honest answer: a report of the features in the prompt, in Markdown. */
export function honestAnswer(prompt: string): string {
  const values: Partial<Record<FeatureName, string>> = {}
  for (const [, label, value] of prompt.matchAll(/^- ([^:]+): (.*)$/gm)) {
    const found = FEATURE_LIST.find(([, feature]) => feature.label === label)
    if (found) values[found[0]] = value
  }
  const report = writeTemplateReport(parseFeatures(values as Record<string, string>).features, seededRandom(9))
  return report.replace('Findings:', '**Findings:**').replace('Impression:', '**Impression:**').replace(/^ {2}/gm, '- ')
}

/** Starts a server; `reply` decides by the prompt and the number of the request. */
export async function fakeModel(
  protocol: 'openai' | 'gemini',
  reply: (prompt: string, request: number) => Reply,
): Promise<FakeModel> {
  const received: Received[] = []
  let open = 0
  let most = 0
  const server = createServer(async (request, response) => {
    most = Math.max(most, ++open)
    response.on('close', () => open--)
    let body = ''
    for await (const chunk of request) body += chunk
    const prompt = promptIn(protocol, body)
    received.push({ url: request.url ?? '', headers: request.headers, body, prompt, at: performance.now() })
    const answer = reply(prompt, received.length - 1)
    const {
      status = 200,
      headers,
      body: raw,
      delayMs = 5,
      hangUp,
    } = typeof answer === 'string' ? ({ body: dressed(protocol, answer) } as Exclude<Reply, string>) : answer
    await new Promise((resolve) => setTimeout(resolve, delayMs))
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    if (hangUp) {
      response.write('{"choices": [')
      response.destroy()
    } else response.end(raw ?? '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    received,
    mostAtOnce: () => most,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function promptIn(protocol: 'openai' | 'gemini', body: string): string {
  const json = JSON.parse(body)
  if (protocol === 'gemini') return json.contents[0].parts[0].text
  const { content } = json.messages.at(-1)
  return typeof content === 'string' ? content : content[0].text
}

/** A text as the protocol wraps it. */
export function dressed(protocol: 'openai' | 'gemini', text: string): string {
  if (protocol === 'gemini')
    return JSON.stringify({
      candidates: [{ content: { parts: [{ text }], role: 'model' }, finishReason: 'STOP', index: 0 }],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
    })
  return JSON.stringify({
    id: 'x',
    object: 'chat.completion',
    created: 0,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  })
}
