/** For tests: a hub on this machine, and the host that it redirects large files to; well or badly behaved. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export const COMMIT = '3d74acf9a28c67741b2f4f2ea7635f0aaf6f0268'
export const REPO = 'openai/clip-vit-base-patch32'

/** Files of a repository; those of this many bytes or more are in Git LFS. */
const LFS_BYTES = 10_000

/** What came over the wire. */
export interface Asked {
  readonly host: 'hub' | 'lfs'
  readonly path: string
  readonly headers: IncomingMessage['headers']
}

/** Answers a request in the server's place; false leaves it to the server. */
export type Mischief = (asked: Asked, response: ServerResponse, content: Buffer | undefined) => boolean

export interface FakeHub {
  readonly endpoint: string
  readonly asked: Asked[]
  /** How the server behaves from now on. */
  behave(mischief: Mischief): void
  close(): Promise<void>
}

/** Git's own name of a blob, computed by Git. */
export const gitSha1 = (content: Buffer): string =>
  execFileSync('git', ['hash-object', '--stdin'], { input: content, encoding: 'utf8' }).trim()

/** The hub's answer to a question for a revision with `blobs=true`. */
export function listingJson(files: Readonly<Record<string, Buffer>>, cardData: unknown = {}): string {
  const siblings = Object.entries(files).map(([rfilename, content]) => {
    const size = content.length
    if (size < LFS_BYTES) return { rfilename, size, blobId: gitSha1(content) }
    const sha256 = createHash('sha256').update(content).digest('hex')
    // The blob of a large file is its pointer.
    return { rfilename, size, blobId: '0'.repeat(40), lfs: { sha256, size, pointerSize: 134 } }
  })
  return JSON.stringify({ id: REPO, sha: COMMIT, cardData, siblings })
}

/** Starts a hub that holds one repository. */
export async function fakeHub(files: Readonly<Record<string, Buffer>>, cardData: unknown = {}): Promise<FakeHub> {
  const asked: Asked[] = []
  let mischief: Mischief = () => false
  const serve = (host: Asked['host'], answer: (path: string, request: IncomingMessage, r: ServerResponse) => void) =>
    listen(
      createServer((request, response) => {
        const one: Asked = { host, path: decodeURIComponent(request.url ?? ''), headers: request.headers }
        asked.push(one)
        const [name] = one.path.split('/').slice(-1)
        if (!mischief(one, response, files[name])) answer(one.path, request, response)
      }),
    )
  const lfs = await serve('lfs', (path, request, response) => {
    sendRange(files[path.slice(1)], request, response)
  })
  const hub = await serve('hub', (path, request, response) => {
    const name = path.slice(path.lastIndexOf('/') + 1)
    const content = files[name]
    if (path.startsWith(`/api/models/${REPO}/revision/`)) response.end(listingJson(files, cardData))
    else if (!path.startsWith(`/${REPO}/resolve/${COMMIT}/`) || !content) fail(response, 404, 'EntryNotFound')
    else if (content.length < LFS_BYTES) sendRange(content, request, response)
    else response.writeHead(302, { location: `${lfs.url}/${name}` }).end()
  })
  return {
    endpoint: hub.url,
    asked,
    behave: (next) => {
      mischief = next
    },
    close: async () => {
      await Promise.all([hub.close(), lfs.close()])
    },
  }
}

export const fail = (response: ServerResponse, status: number, code?: string): boolean => {
  response.writeHead(status, code === undefined ? {} : { 'x-error-code': code }).end('no')
  return true
}

/** Sends a file, or the rest of it that a Range header asks for (RFC 9110, 14). */
export function sendRange(
  content: Buffer,
  { headers }: Pick<IncomingMessage, 'headers'>,
  response: ServerResponse,
): void {
  const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0)
  const rest = content.subarray(start)
  const range = { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': rest.length, ...(start > 0 ? range : {}) })
  response.end(rest)
}

/** Starts a server on a free port of this machine. */
export async function listen(server: Server): Promise<{ readonly url: string; close(): Promise<void> }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
