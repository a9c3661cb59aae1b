/** Asks a hub, through the proxy that the environment names. */
import type { Response } from 'undici'
import { SpiculaError } from '../../error.ts'

export interface HubOptions {
  /** For private and gated repositories; sent to the hub only, not to where it redirects. */
  readonly token?: string | undefined
  /** Silence after which a connection counts as lost. */
  readonly timeoutMs?: number
  /** The wait before a second try; it doubles each time. */
  readonly backOffMs?: number
  /** Told why something is tried again, and after what wait. */
  readonly onRetry?: (error: SpiculaError, waitMs: number) => void
}

export interface HubClient {
  /**
   * GET, redirects followed.
   * @throws SpiculaError `inference/hub-network` and `inference/hub-busy` where another try may go better,
   *   `inference/hub-refused`, `inference/hub-missing` and `inference/hub-answer` where it will not
   */
  get(url: string, headers?: Readonly<Record<string, string>>): Promise<Response>
  /** Does something, and again where it fails in passing; gives up when it does not get on. */
  persist<Result>(work: () => Promise<Result>, progress?: () => number): Promise<Result>
  close(): Promise<void>
}

/** Tries without progress before giving up. */
const TRIES = 5
/** Bytes that count as progress: a connection that breaks after every few of them would be tried for ever. */
const PROGRESS_BYTES = 1e6

/**
 * Opens a client. Honours HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
 * @example const hub = await openHub()
 */
export async function openHub(options: HubOptions = {}): Promise<HubClient> {
  // Loaded where it is used: nothing else here goes out.
  const { EnvHttpProxyAgent, fetch } = await import('undici')
  const { token, timeoutMs = 60_000, backOffMs = 1000, onRetry = () => undefined } = options
  const dispatcher = new EnvHttpProxyAgent({
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: { timeout: timeoutMs },
  })
  // Where nothing ever answered there is no network, and waiting brings none.
  let answered = false

  return {
    get: async (url, headers = {}) => {
      const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
      let response: Response
      try {
        // Compressed on the way, a file would have neither its length nor its ranges.
        const all = { 'accept-encoding': 'identity', 'user-agent': 'spicula', ...authorization, ...headers }
        response = await fetch(url, { dispatcher, headers: all })
        answered = true
      } catch (cause) {
        throw lost(url, cause)
      }
      if (response.ok) return response
      await response.body?.cancel()
      throw refused(url, response)
    },
    persist: async (work, progress = () => 0) => {
      for (let failures = 0; ; ) {
        const before = progress()
        try {
          return await work()
        } catch (error) {
          failures = progress() - before >= PROGRESS_BYTES ? 0 : failures + 1
          if (!isPassing(error) || !answered || failures >= TRIES) throw error
          const waitMs = backOffMs * 2 ** failures
          onRetry(error, waitMs)
          await new Promise((resolve) => setTimeout(resolve, waitMs))
        }
      }
    },
    // Not close(): it would wait for answers that nobody reads any more.
    close: () => dispatcher.destroy(),
  }
}

/** Whether another try may go better. */
const isPassing = (error: unknown): error is SpiculaError =>
  error instanceof SpiculaError && ['inference/hub-network', 'inference/hub-busy'].includes(error.code)

/** The error of a connection that was not made, or was lost. */
export function lost(url: string, cause: unknown): SpiculaError {
  // fetch says 'fetch failed' or 'terminated'; why is underneath.
  const why = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  const code = why instanceof Error && 'code' in why ? `${why.code}` : ''
  const words = why instanceof Error ? why.message || code : String(why)
  return new SpiculaError('inference/hub-network', `no connection to ${new URL(url).host}: ${words}`, { cause })
}

function refused(url: string, { status, headers }: Response): SpiculaError {
  const { host, pathname } = new URL(url)
  // E.g. GatedRepo, RepoNotFound, RevisionNotFound, EntryNotFound.
  const code = /^\w{1,40}$/.exec(headers.get('x-error-code') ?? '')?.[0]
  const said = `${host} answers ${status}${code === undefined ? '' : ` ${code}`} to ${decodeURIComponent(pathname)}`
  if (status === 429 || status >= 500)
    return new SpiculaError('inference/hub-busy', said, { hint: 'The hub is busy or broken: try again later.' })
  if (status === 401 || status === 403)
    return new SpiculaError('inference/hub-refused', said, {
      hint:
        'Is the name spelt right? The hub also answers so for a repository that is private or gated: accept its terms ' +
        'on its page, and set HF_TOKEN to a token that may read it.',
    })
  if (status === 404)
    return new SpiculaError('inference/hub-missing', said, { hint: 'Are the name and the revision spelt right?' })
  return new SpiculaError('inference/hub-answer', said)
}
