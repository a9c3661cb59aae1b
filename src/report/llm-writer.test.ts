import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { NoduleFeatures } from '../features/features.ts'
import { seededRandom } from '../random.ts'
import { checkReport } from './check-report.ts'
import { openWriter } from './llm-model.ts'
import { LlmFailure } from './llm-provider.ts'
import { dressed, type FakeModel, fakeModel, honestAnswer, type Reply } from './llm-server.fixture.node.ts'
import { rateLimit, writeLlmReport } from './llm-writer.ts'
import { reportCache } from './report-cache.node.ts'

const ROW: NoduleFeatures = {
  'longest_axial_diameter_(mm)': 12.3,
  nodule_consistency: 'Part-solid',
  necrosis: 'Absent',
  cavitation: 'Present',
  level_of_suspicion_of_lung_cancer: 'High',
}
const OTHER: NoduleFeatures = {
  ...ROW,
  nodule_consistency: 'Solid',
  cavitation: 'Absent',
  'longest_axial_diameter_(mm)': 9,
}

const servers: FakeModel[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function start(reply: (prompt: string, request: number) => Reply, protocol: 'openai' | 'gemini' = 'openai') {
  const server = await fakeModel(protocol, reply)
  servers.push(server)
  const provider = protocol === 'gemini' ? ('gemini' as const) : ('openai-compatible' as const)
  const writer = await openWriter({ provider, model: 'm', baseUrl: server.url, apiKey: 'key-1', timeoutMs: 400 })
  return { server, writer }
}

const waits: number[] = []
const options = {
  backOffMs: 100,
  sleep: async (ms: number) => {
    waits.push(ms)
  },
}
const write = async (reply: (prompt: string, request: number) => Reply, features = ROW) => {
  waits.length = 0
  const { server, writer } = await start(reply)
  const outcome = await writeLlmReport(features, seededRandom(1), { writer, ...options })
  return { server, outcome }
}

describe.each(['openai', 'gemini'] as const)('%s', (protocol) => {
  it('gives a checked report, cleaned', async () => {
    const { server, writer } = await start(honestAnswer, protocol)
    const outcome = await writeLlmReport(ROW, seededRandom(1), { writer, ...options })
    expect(outcome).toMatchObject({ from: 'model', requests: 1 })
    const report = 'report' in outcome ? outcome.report : ''
    expect(checkReport(report, ROW)).toEqual([])
    expect(report).not.toMatch(/[*#/-]/)
    expect(server.received[0].url).toBe(protocol === 'gemini' ? '/v1/models/m:generateContent' : '/v1/chat/completions')
  })
})

describe('writeLlmReport', () => {
  const lies: [string, (prompt: string) => Reply][] = [
    ['nothing', () => ''],
    ['10 MB', () => 'The nodule is solid. '.repeat(500_000)],
    ['10 MB that is not JSON', () => ({ body: 'x'.repeat(10_000_000) })],
    ['HTML', () => ({ body: '<html><body>Bad gateway</body></html>', headers: { 'content-type': 'text/html' } })],
    ['HTML as the answer', (prompt) => `<html>${honestAnswer(prompt)}</html>`],
    ['a refusal', () => 'I cannot write medical reports.'],
    ['cancer features that the row lacks', (prompt) => `${honestAnswer(prompt)} Pleural retraction is present.`],
    ['what is absent as present', (prompt) => honestAnswer(prompt.replace('necrosis: Absent', 'necrosis: Present'))],
    ['another row', (prompt) => honestAnswer(prompt.replace(/.*/s, rowLines(OTHER)))],
    ['this row and another', (prompt) => `${honestAnswer(prompt)}\n${honestAnswer(rowLines(OTHER))}`],
    ['another size', (prompt) => honestAnswer(prompt.replace('12.3', '13.2'))],
    ['JSON without an answer', () => ({ body: '{}' })],
    ['half an answer', () => ({ hangUp: true })],
    ['a slow answer', (prompt) => ({ body: dressed('openai', honestAnswer(prompt)), delayMs: 700 })],
    ['a way to another host', () => ({ status: 302, headers: { location: 'http://127.0.0.1:9/elsewhere' } })],
    ['error 500', () => ({ status: 500, body: 'oops' })],
    ['error 429', () => ({ status: 429, body: '{}' })],
  ]
  it.each(lies)('gives no report for %s, however often it is told', async (_, reply) => {
    const { server, outcome } = await write(reply)
    expect(outcome).toMatchObject({ failed: expect.any(String), requests: 4 })
    expect(server.received).toHaveLength(4)
  })

  it('does not ask again where the prompt itself is refused, and stops where every prompt will be', async () => {
    expect((await write(() => ({ status: 400, body: '{}' }))).outcome).toMatchObject({
      requests: 1,
      failed: expect.stringMatching(/400/),
    })
    for (const status of [401, 403, 404])
      await expect(write(() => ({ status, body: '{}' }))).rejects.toMatchObject({ kind: 'stop' })
    const writer = await openWriter({ provider: 'openai-compatible', model: 'm', baseUrl: 'http://127.0.0.1:9/v1' })
    expect(await writeLlmReport(ROW, seededRandom(1), { writer, ...options })).toMatchObject({
      failed: expect.stringMatching(/cannot be reached|protocol/),
      answered: false,
    })
  })

  const wrapped: [string, (report: string) => string][] = [
    ['a fence', (report) => `\`\`\`markdown\n${report}\n\`\`\``],
    ['a greeting and a fence', (report) => `Sure!\n\n\`\`\`\n${report}\n\`\`\`\nAnything else?`],
    ['thinking', (report) => `<think>\nFindings: maybe 12 mm. Impression: high?\n</think>\n\n${report}`],
    ['thinking whose begin was taken off', (report) => `The row says 99 mm.\n</think>\n${report}`],
    ['a greeting', (report) => `Here is the report:\n\n${report}`],
  ]
  it.each(wrapped)('finds the report in %s', async (_, wrap) => {
    const { outcome } = await write((prompt) => wrap(honestAnswer(prompt)))
    expect(outcome).toMatchObject({ from: 'model', requests: 1 })
    expect('report' in outcome && checkReport(outcome.report, ROW)).toEqual([])
  })
  it('takes no report apart to find one', async () => {
    const { outcome } = await write((prompt) => `${honestAnswer(rowLines(OTHER))}\n${honestAnswer(prompt)}`)
    expect(outcome).toMatchObject({ failed: expect.any(String) })
  })

  const dead: [string, 'openai' | 'gemini', Reply, RegExp][] = [
    [
      'a length',
      'openai',
      { body: dressed('openai', 'x').replace('"stop"', '"length"') },
      /more than 8192 tokens.*--max-tokens/,
    ],
    ['a filter', 'openai', { body: dressed('openai', '').replace('"stop"', '"content_filter"') }, /blocked/],
    ['a block', 'gemini', { body: '{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}}' }, /PROHIBITED_CONTENT/],
    ['safety', 'gemini', { body: dressed('gemini', '').replace('"STOP"', '"SAFETY"') }, /SAFETY/],
    ['its tokens', 'gemini', { body: dressed('gemini', '').replace('"STOP"', '"MAX_TOKENS"') }, /8192 tokens/],
  ]
  it.each(dead)('names %s (%s), and asks once', async (_, protocol, reply, failed) => {
    const { server, writer } = await start(() => reply, protocol)
    const outcome = await writeLlmReport(ROW, seededRandom(1), { writer, ...options })
    expect(outcome).toMatchObject({ failed: expect.stringMatching(failed), requests: 1 })
    expect(server.received).toHaveLength(1)
  })

  it('uses the newer name of a parameter once it is told, and the old one elsewhere', async () => {
    const told = { error: { message: "'max_tokens' is not supported. Use 'max_completion_tokens' instead." } }
    const names = (body: string) => Object.keys(JSON.parse(body)).filter((key) => /max/.test(key))
    const { server, writer } = await start((prompt) =>
      names(server.received.at(-1)?.body ?? '{}').includes('max_tokens')
        ? { status: 400, body: JSON.stringify(told) }
        : honestAnswer(prompt),
    )
    const ask = (row: NoduleFeatures) => writeLlmReport(row, seededRandom(1), { writer, ...options })
    // At once: none may take another's refusal for its own.
    for (const outcome of await Promise.all([ROW, OTHER, ROW].map(ask))) expect(outcome).toMatchObject({ requests: 1 })
    await ask(OTHER)
    expect(names(server.received[0].body)).toEqual(['max_tokens'])
    expect(names(server.received.at(-1)?.body ?? '')).toEqual(['max_completion_tokens'])
  })

  it('tells the model what was wrong, and takes a better answer', async () => {
    const { server, outcome } = await write((prompt, request) =>
      request === 0 ? honestAnswer(prompt.replace('12.3', '13.2')) : honestAnswer(prompt),
    )
    expect(outcome).toMatchObject({ from: 'model', requests: 2 })
    expect(server.received[1].prompt).toMatch(/longest axial diameter is 12.3 mm, not 13.2/)
    expect(waits).toEqual([])
  })

  it('waits longer and longer after errors, and at least as long as it is told', async () => {
    await write(() => ({ status: 503, body: '' }))
    expect(waits).toHaveLength(3)
    for (const [i, ms] of waits.entries()) {
      expect(ms).toBeGreaterThanOrEqual(75 * 2 ** i)
      expect(ms).toBeLessThanOrEqual(125 * 2 ** i)
    }
    await write(() => ({ status: 429, body: '', headers: { 'retry-after': '7' } }))
    expect(Math.min(...waits)).toBe(7000)
  })

  it('sends features alone', async () => {
    const { server } = await write(honestAnswer)
    const { body, headers, prompt } = server.received[0]
    expect(prompt.split('\n').sort()).toEqual(
      [
        'Features:',
        '- longest axial diameter: 12.3 mm',
        '- consistency: Part-solid',
        '- necrosis: Absent',
        '- cavitation: Present',
        '- suspicion of lung cancer: High',
      ].sort(),
    )
    expect(headers.authorization).toBe('Bearer key-1')
    expect(Object.keys(JSON.parse(body)).sort()).toEqual(['max_tokens', 'messages', 'model'])
  })

  it('keeps good answers by prompt, row and model, and trusts none that was changed on the disk', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'answers-'))
    const cache = reportCache(folder)
    const { server, writer } = await start(honestAnswer)
    const ask = (features = ROW, seed = 1, by = writer) =>
      writeLlmReport(features, seededRandom(seed), { writer: by, cache, ...options })
    const first = await ask()
    expect(await ask()).toEqual({ ...first, from: 'cache', requests: 0 })
    await ask(OTHER)
    await ask(ROW, 2)
    await ask(ROW, 1, { ...writer, id: 'another model' })
    expect(server.received).toHaveLength(4)
    const files = await readdir(folder)
    expect(files).toHaveLength(4)
    for (const file of files) {
      expect(file).toMatch(/^[0-9a-f]{64}\.txt$/)
      await writeFile(join(folder, file), (await readFile(join(folder, file), 'utf8')).replaceAll('12.3', '12.4'))
    }
    expect(await ask()).toEqual(first)
    await rm(folder, { recursive: true })
  })

  it('keeps no wrong answer', async () => {
    const folder = join(tmpdir(), `never-${process.pid}`)
    const { writer } = await start(() => 'I cannot.')
    await writeLlmReport(ROW, seededRandom(1), { writer, cache: reportCache(folder), ...options })
    await expect(readdir(folder)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('openWriter', () => {
  it('wants a key for Gemini, and an http address', async () => {
    await expect(openWriter({ provider: 'gemini', model: 'm' })).rejects.toThrow(/no key/)
    for (const baseUrl of [undefined, 'llama', 'file:///etc', 'javascript:x'])
      await expect(openWriter({ provider: 'openai-compatible', model: 'm', baseUrl })).rejects.toThrow(/address/)
  })

  it('tells its failures apart', () =>
    expect(new LlmFailure('again', 'x', 5)).toMatchObject({ kind: 'again', waitMs: 5 }))
})

describe('rateLimit', () => {
  it('spaces requests evenly', async () => {
    let clock = 0
    const turn = rateLimit(60, {
      now: () => clock,
      sleep: async (ms) => {
        clock += ms
      },
    })
    const times: number[] = []
    for (let i = 0; i < 4; i++) {
      await turn()
      times.push(clock)
    }
    expect(times).toEqual([0, 1000, 2000, 3000])
    clock = 60_000
    await turn()
    expect(clock).toBe(60_000)
  })
})

function rowLines(features: NoduleFeatures): string {
  const labels = {
    'longest_axial_diameter_(mm)': 'longest axial diameter',
    nodule_consistency: 'consistency',
    level_of_suspicion_of_lung_cancer: 'suspicion of lung cancer',
  }
  return Object.entries(features)
    .map(
      ([name, value]) =>
        `- ${labels[name as keyof typeof labels] ?? name}: ${typeof value === 'number' ? `${value} mm` : value}`,
    )
    .join('\n')
}
