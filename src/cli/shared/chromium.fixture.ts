/** For tests: a page in headless Chromium, asked through the DevTools protocol over a pipe. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

/** Chromium's command; undefined where there is none. */
export const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find((name) => {
  try {
    execFileSync('which', [name], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})

/** WebGPU on the driver that it carries. */
export const SOFTWARE_WEBGPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'] as const

export interface Browser {
  /** What the page did: messages on its console, exceptions, refusals of its policy. */
  readonly complaints: readonly string[]
  /** Addresses that were asked for, data apart. */
  readonly requests: readonly string[]
  /** Opens a file at a width, and waits until it is loaded. */
  open(file: string, size: { readonly width: number; readonly height: number; readonly dark?: boolean }): Promise<void>
  /** Value of an expression in the page; a promise is waited for. */
  evaluate(expression: string): Promise<unknown>
  /** The page on paper. */
  pdf(): Promise<Buffer>
  close(): Promise<void>
}

type Message = {
  id?: number
  method?: string
  params?: Record<string, unknown>
  result?: unknown
  error?: { message: string }
}

/** @param graphics switches of how it draws and computes: without a graphics adapter, or WebGPU on its software driver */
export async function openBrowser(graphics: readonly string[] = ['--disable-gpu']): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'chromium-'))
  const flags = ['--headless', '--no-sandbox', '--disable-background-networking', '--no-first-run']
  const child = spawn(
    String(chromium),
    [...flags, ...graphics, `--user-data-dir=${profile}`, '--remote-debugging-pipe'],
    {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    },
  )
  const [, , , to, from] = child.stdio as unknown as [null, null, null, Writable, Readable]
  const waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>()
  const listeners = new Map<string, (params: Record<string, unknown>) => void>()
  let rest = ''
  from.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\0')
    rest = parts.pop() ?? ''
    for (const part of parts) {
      const { id, method, params, result, error } = JSON.parse(part) as Message
      if (method !== undefined) listeners.get(method)?.(params ?? {})
      if (id === undefined) continue
      if (error) waiting.get(id)?.reject(new Error(error.message))
      else waiting.get(id)?.resolve(result as never)
      waiting.delete(id)
    }
  })
  let next = 1
  let sessionId: string | undefined
  const send = <Result>(method: string, params: Record<string, unknown> = {}): Promise<Result> =>
    new Promise((resolve, reject) => {
      const id = next++
      waiting.set(id, { resolve, reject })
      to.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`)
    })

  const complaints: string[] = []
  const requests: string[] = []
  listeners.set('Runtime.consoleAPICalled', (params) => void complaints.push(JSON.stringify(params.args)))
  listeners.set('Runtime.exceptionThrown', (params) => void complaints.push(JSON.stringify(params.exceptionDetails)))
  listeners.set('Log.entryAdded', (params) => void complaints.push(JSON.stringify(params.entry)))
  listeners.set('Network.requestWillBeSent', ({ request }) => {
    const { url } = request as { url: string }
    if (!url.startsWith('data:')) requests.push(url)
  })
  const { targetId } = await send<{ targetId: string }>('Target.createTarget', { url: 'about:blank' })
  sessionId = (await send<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true })).sessionId
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`)

  return {
    complaints,
    requests,
    open: async (file, { width, height, dark = false }) => {
      await send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 })
      const scheme = { name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }
      await send('Emulation.setEmulatedMedia', { features: [scheme] })
      const loaded = new Promise<void>((resolve) => listeners.set('Page.loadEventFired', () => resolve()))
      await send('Page.navigate', { url: `file://${file}` })
      await loaded
    },
    evaluate: async (expression) => {
      const options = { expression, awaitPromise: true, returnByValue: true }
      const { result, exceptionDetails } = await send<{ result: { value: unknown }; exceptionDetails?: unknown }>(
        'Runtime.evaluate',
        options,
      )
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails))
      return result.value
    },
    pdf: async () => {
      const { data } = await send<{ data: string }>('Page.printToPDF', {
        preferCSSPageSize: true,
        printBackground: true,
      })
      return Buffer.from(data, 'base64')
    },
    close: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill()
      await ended
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
