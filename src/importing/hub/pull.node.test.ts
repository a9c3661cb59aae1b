import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type Asked,
  COMMIT,
  type FakeHub,
  fail,
  fakeHub,
  listen,
  listingJson,
  REPO,
  sendRange,
} from './hub.fixture.node.ts'
import { hubPlace } from './hub.ts'
import { type PullOptions, pullFiles } from './pull.node.ts'

const WEIGHTS = randomBytes(3_000_000)
const FILES = {
  'config.json': Buffer.from('{"model_type": "clip"}'),
  'model.safetensors': WEIGHTS,
  'pytorch_model.bin': Buffer.alloc(20_000),
  'tokenizer.json': Buffer.from('{}'),
  'vocab.json': Buffer.from('{"a": 0}'),
  'merges.txt': Buffer.from('a b\n'),
  'README.md': Buffer.from('# CLIP'),
}
const PULLED = ['model.safetensors', 'config.json', 'tokenizer.json']

let hub: FakeHub
let cache = ''
beforeEach(async () => {
  hub = await fakeHub(FILES)
  cache = await mkdtemp(join(tmpdir(), 'hub-'))
})
afterEach(async () => {
  await hub.close()
  await rm(cache, { recursive: true })
})

const pull = (options: PullOptions = {}) =>
  pullFiles(hubPlace(REPO, { endpoint: hub.endpoint }), { cache, backOffMs: 1, timeoutMs: 2000, ...options })
const failure = (options: PullOptions = {}) =>
  pull(options).then(
    () => expect.unreachable('it must not succeed'),
    (error: unknown) => error as Error & { code: string; hint: string },
  )
const folder = () => join(cache, 'hub/openai--clip-vit-base-patch32', COMMIT)
/** Names that lie in the cache; whatever else went wrong, a file under its own name is whole. */
const inCache = async () => {
  const names = (await readdir(folder()).catch(() => [])).sort()
  for (const name of names.filter((one) => !one.endsWith('.part')))
    expect(FILES[name as keyof typeof FILES].equals(await readFile(join(folder(), name)))).toBe(true)
  return names
}
const isWeights = ({ path, host }: Asked) => host === 'lfs' && path.endsWith('model.safetensors')
/** Sends so many bytes of a file from where the request begins, and hangs up. */
function cutAfter(bytes: number, { headers }: Asked, response: ServerResponse): boolean {
  const start = Number(/\d+/.exec(headers.range ?? '0')?.[0])
  const range = { 'content-range': `bytes ${start}-${WEIGHTS.length - 1}/${WEIGHTS.length}` }
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': WEIGHTS.length - start, ...(start > 0 ? range : {}) })
  response.write(WEIGHTS.subarray(start, start + bytes), () => response.destroy())
  return true
}

describe('pullFiles', () => {
  it('brings what a CLIP needs, through the redirect, and nothing twice', async () => {
    const seen: number[] = []
    const pulled = await pull({ onProgress: (bytes) => seen.push(bytes) })
    expect(pulled).toMatchObject({ commit: COMMIT, folder: folder() })
    expect(pulled.files.map(({ name }) => name)).toEqual(PULLED)
    expect(await inCache()).toEqual([...PULLED].sort())
    const total = PULLED.reduce((sum, name) => sum + FILES[name as keyof typeof FILES].length, 0)
    expect(seen.at(-1)).toBe(total)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))

    hub.asked.length = 0
    await pull()
    expect(hub.asked.map(({ path }) => path)).toEqual([`/api/models/${REPO}/revision/main?blobs=true`])
  })

  it('takes the pickle and the two vocabulary files where the others are not', async () => {
    await hub.close()
    const { 'model.safetensors': _, 'tokenizer.json': __, ...rest } = FILES
    hub = await fakeHub(rest)
    const { files } = await pull()
    expect(files.map(({ name }) => name)).toEqual(['pytorch_model.bin', 'config.json', 'vocab.json', 'merges.txt'])
  })

  it("takes open_clip's names, and the licence that the card names", async () => {
    await hub.close()
    hub = await fakeHub(
      { 'open_clip_config.json': Buffer.from('{}'), 'open_clip_pytorch_model.bin': WEIGHTS },
      { license: 'mit' },
    )
    const { files, license } = await pull()
    expect(files.map(({ name }) => name)).toEqual(['open_clip_pytorch_model.bin', 'open_clip_config.json'])
    expect(license).toBe('mit')
    for (const cardData of [{ license: ['mit'] }, 'x']) {
      hub.behave(({ path }, response) => {
        if (path.includes('/api/')) response.end(JSON.stringify({ ...JSON.parse(listingJson({})), cardData }))
        return path.includes('/api/')
      })
      // No licence, and nothing worse.
      expect(await failure()).toMatchObject({ code: 'inference/hub-files' })
    }
  })

  it('goes on where the connection was cut', async () => {
    let cuts = 0
    hub.behave((asked, response) => isWeights(asked) && cuts++ < 2 && cutAfter(1_000_000, asked, response))
    await pull()
    expect(await inCache()).toEqual([...PULLED].sort())
    const ranges = hub.asked.filter(isWeights).map(({ headers }) => headers.range)
    expect(ranges[0]).toBeUndefined()
    // What was on the wire when it was cut may be lost.
    expect(ranges.slice(1)).toEqual([expect.stringMatching(/^bytes=[1-9]\d*-$/), expect.stringMatching(/^bytes=\d+-$/)])
  })

  it('goes on where an earlier run ended', async () => {
    hub.behave((asked, response) => isWeights(asked) && cutAfter(1, asked, response))
    expect(await failure()).toMatchObject({ code: 'inference/hub-network' })
    const half = WEIGHTS.subarray(0, 1_234_567)
    await writeFile(join(folder(), 'model.safetensors.part'), half)
    expect(await inCache()).toEqual(['model.safetensors.part'])
    hub.asked.length = 0
    hub.behave(() => false)
    await pull()
    expect(hub.asked.filter(isWeights).map(({ headers }) => headers.range)).toEqual([`bytes=${half.length}-`])
    expect(await inCache()).toEqual([...PULLED].sort())
  })

  it.each<[string, Buffer]>([
    ['of which all is there', WEIGHTS],
    ['that is too long', Buffer.concat([WEIGHTS, WEIGHTS])],
    ['that is empty', Buffer.alloc(0)],
  ])('takes a partial file %s for what it is', async (_, part) => {
    await pull()
    await rm(join(folder(), 'model.safetensors'))
    await writeFile(join(folder(), 'model.safetensors.part'), part)
    await pull()
    expect(await inCache()).toEqual([...PULLED].sort())
  })

  it('begins again with a server that knows no ranges', async () => {
    let asks = 0
    hub.behave((asked, response, content) => {
      if (!isWeights(asked)) return false
      if (asks++ === 0) return cutAfter(2_000_000, asked, response)
      sendRange(content as Buffer, { headers: {} }, response)
      return true
    })
    await pull()
    expect(await inCache()).toEqual([...PULLED].sort())
  })

  it('refuses a changed file, and keeps nothing of it', async () => {
    const changed = Buffer.from(WEIGHTS)
    changed[1_500_000] ^= 1
    hub.behave((asked, response) => {
      if (isWeights(asked)) sendRange(changed, asked, response)
      return isWeights(asked)
    })
    expect(await failure()).toMatchObject({ code: 'inference/hub-checksum', message: expect.stringMatching(/sha256/) })
    expect(await inCache()).toEqual([])
  })

  it('refuses a changed small file by the checksum that Git gives it', async () => {
    hub.behave((asked, response) => {
      const config = asked.path.endsWith('config.json')
      if (config) response.end('{"model_type": "clap"}')
      return config
    })
    expect(await failure()).toMatchObject({
      code: 'inference/hub-checksum',
      message: expect.stringMatching(/git-sha1/),
    })
    expect(await inCache()).toEqual(['model.safetensors'])
  })

  it('finds a file that was damaged in the cache, and fetches it again', async () => {
    await pull()
    const damaged = Buffer.from(WEIGHTS)
    damaged[5] ^= 1
    await writeFile(join(folder(), 'model.safetensors'), damaged)
    expect(await failure({ offline: true })).toMatchObject({ code: 'inference/hub-offline' })
    await pull()
    expect(await inCache()).toEqual([...PULLED].sort())
  })

  it.each<[string, (response: ServerResponse) => unknown]>([
    ['announces less', (r) => r.writeHead(200, { 'content-length': 100 }).end(WEIGHTS.subarray(0, 100))],
    ['announces more', (r) => r.writeHead(200, { 'content-length': 9e9 }).write('x')],
    ['sends a page instead', (r) => r.end('<html>Please sign in</html>')],
    ['never stops', (r) => endless(r)],
  ])('refuses a server that %s', async (_, send) => {
    hub.behave((asked, response) => {
      if (isWeights(asked)) send(response)
      return isWeights(asked)
    })
    expect(await failure()).toMatchObject({ code: 'inference/hub-length' })
    expect(await inCache()).toEqual([])
  })

  it('refuses another part than it asked for', async () => {
    await mkdir(folder(), { recursive: true })
    await writeFile(join(folder(), 'model.safetensors.part'), WEIGHTS.subarray(0, 1000))
    hub.behave((asked, response) => {
      if (isWeights(asked)) response.writeHead(206, { 'content-range': 'bytes 0-1/2' }).end('xx')
      return isWeights(asked)
    })
    expect(await failure()).toMatchObject({ code: 'inference/hub-answer' })
  })

  it.each<[number, string | undefined, string]>([
    [401, 'RepoNotFound', 'inference/hub-refused'],
    [403, 'GatedRepo', 'inference/hub-refused'],
    [404, 'RevisionNotFound', 'inference/hub-missing'],
    [404, undefined, 'inference/hub-missing'],
    [418, undefined, 'inference/hub-answer'],
    [503, undefined, 'inference/hub-busy'],
    [429, undefined, 'inference/hub-busy'],
  ])('names a hub that answers %i %s', async (status, code, expected) => {
    hub.behave((_, response) => fail(response, status, code))
    const error = await failure()
    expect(error).toMatchObject({ code: expected, message: expect.stringContaining(`answers ${status}`) })
    if (code) expect(error.message).toContain(code)
    // What may pass is tried again, what will not is not.
    expect(hub.asked.length).toBe(expected === 'inference/hub-busy' ? 5 : 1)
  })

  it('waits for a hub that is busy for a while', async () => {
    let busy = 3
    hub.behave((_, response) => busy-- > 0 && fail(response, 503))
    await pull()
    expect(await inCache()).toEqual([...PULLED].sort())
  })

  it('gives up on silence', async () => {
    hub.behave(() => true)
    expect(await failure({ timeoutMs: 50 })).toMatchObject({ code: 'inference/hub-network' })
  })

  it('shows its token to the hub, not to the host of large files', async () => {
    await pull({ token: 'hf_secret' })
    for (const { host, headers } of hub.asked)
      expect(headers.authorization).toBe(host === 'hub' ? 'Bearer hf_secret' : undefined)
    expect(hub.asked.map(({ host }) => host)).toContain('lfs')
  })

  it.each<[string, string, RegExp]>([
    ['no JSON', '<html>', /not JSON/],
    ['something else', '[]', /something else than a list of files/],
    ['no commit', '{"sha": "../../etc", "siblings": []}', /sha/],
    ['a name that climbs', `{"sha": "${COMMIT}", "siblings": [{"rfilename": "../../.bashrc"}]}`, /stay inside/],
    ['an absolute name', `{"sha": "${COMMIT}", "siblings": [{"rfilename": "/etc/passwd"}]}`, /stay inside/],
    ["another system's path", `{"sha": "${COMMIT}", "siblings": [{"rfilename": "a\\\\..\\\\b"}]}`, /stay inside/],
    ['a size below nothing', `{"sha": "${COMMIT}", "siblings": [{"rfilename": "a", "size": -1}]}`, /size/],
    ['a checksum of no known form', `{"sha": "${COMMIT}", "siblings": [{"rfilename": "a", "blobId": "x"}]}`, /blobId/],
  ])('refuses a listing with %s', async (_, json, message) => {
    hub.behave((__, response) => {
      response.end(json)
      return true
    })
    expect(await failure()).toMatchObject({ code: 'inference/hub-answer', message: expect.stringMatching(message) })
    expect(await readdir(cache)).toEqual([])
  })

  it('refuses a listing without end', async () => {
    hub.behave((_, response) => endless(response))
    expect(await failure()).toMatchObject({
      code: 'inference/hub-answer',
      message: expect.stringMatching(/without end/),
    })
  })

  it.each<[string, Record<string, Buffer>, RegExp]>([
    [
      'without weights',
      { 'config.json': Buffer.from('{}'), 'open_clip.bin': Buffer.from('x') },
      /has none of model\.safetensors, .* it has config\.json, open_clip\.bin/,
    ],
    ['without a configuration', { 'model.safetensors': WEIGHTS }, /has none of config\.json, open_clip_config\.json/],
  ])('names a repository %s', async (_, files, message) => {
    await hub.close()
    hub = await fakeHub(files)
    expect(await failure()).toMatchObject({ code: 'inference/hub-files', message: expect.stringMatching(message) })
  })

  it('works from the cache alone', async () => {
    const online = await pull()
    await hub.close()
    expect(await pull({ offline: true })).toEqual(online)
  })

  it('says without a network which files to bring by hand', async () => {
    await hub.close()
    const hint = [
      `${hub.endpoint}/${REPO}/resolve/main/config.json`,
      `${hub.endpoint}/${REPO}/resolve/main/model.safetensors  (or else pytorch_model.bin)`,
      'spicula weights import FOLDER --out DIR',
    ]
    for (const [options, code] of [
      [{}, 'inference/hub-network'],
      [{ offline: true }, 'inference/hub-offline'],
    ] as const) {
      const error = await failure(options)
      expect(error.code).toBe(code)
      for (const line of hint) expect(error.hint).toContain(line)
    }
  })

  it('goes through the proxy that the environment names', async () => {
    const tunnelled: string[] = []
    const server = createServer()
    server.on('connect', (request, socket) => {
      tunnelled.push(request.url ?? '')
      const [, port] = hub.endpoint.split(':').slice(1)
      const upstream = connect(Number(port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
        upstream.pipe(socket)
        socket.pipe(upstream)
      })
      upstream.on('error', () => socket.destroy())
      socket.on('error', () => upstream.destroy())
    })
    const proxy = await listen(server)
    vi.stubEnv('http_proxy', proxy.url)
    vi.stubEnv('no_proxy', '127.0.0.1')
    try {
      // What the proxy leads to redirects to 127.0.0.1, which goes without it.
      const place = hubPlace(REPO, { endpoint: 'http://hub.invalid' })
      await pullFiles(place, { cache, backOffMs: 1 })
    } finally {
      vi.unstubAllEnvs()
      await proxy.close()
    }
    expect(new Set(tunnelled)).toEqual(new Set(['hub.invalid:80']))
    expect(await inCache()).toEqual([...PULLED].sort())
  })

  it('names a cache that cannot be written', async () => {
    await writeFile(join(cache, 'hub'), 'a file')
    expect(await failure()).toMatchObject({ code: 'file/unwritable' })
  })
})

/** Sends for ever, until the other side hangs up. */
function endless(response: ServerResponse): boolean {
  const chunk = Buffer.alloc(2 ** 20, '[')
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  }
  response.on('drain', more)
  more()
  return true
}
