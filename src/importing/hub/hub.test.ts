import { describe, expect, it } from 'vitest'
import { gitSha1 } from './hub.fixture.node.ts'
import { byHand, fileUrl, hubPlace, listingUrl } from './hub.ts'
import { cacheFolder } from './pull.node.ts'

describe('hubPlace', () => {
  it.each([
    'clip',
    '../clip',
    'openai/..',
    'openai/clip/vit',
    'openai/clip--vit',
    'openai/clip?x=1',
    'openai/.clip',
    'openai/clip.',
    'https://huggingface.co/openai/clip',
    `openai/${'x'.repeat(97)}`,
  ])('refuses the repository %s', (repo) => {
    expect(() => hubPlace(repo)).toThrow(expect.objectContaining({ code: 'inference/hub-place' }))
  })

  it.each(['openai/clip-vit-base-patch32', 'flaviagiammarino/pubmed-clip-vit-base-patch32', 'a/B_c.d-e', 'x/y'])(
    'takes %s',
    (repo) => expect(hubPlace(repo).repo).toBe(repo),
  )

  it.each(['../main', 'a/../b', '', '-x', 'a b'])('refuses the revision %j', (revision) => {
    expect(() => hubPlace('a/b', { revision })).toThrow(expect.objectContaining({ code: 'inference/hub-place' }))
  })

  it.each(['huggingface.co', 'file:///etc', 'ftp://x', ''])('refuses the endpoint %j', (endpoint) => {
    expect(() => hubPlace('a/b', { endpoint })).toThrow(expect.objectContaining({ code: 'inference/hub-place' }))
  })
})

describe('addresses', () => {
  const place = hubPlace('openai/clip-vit-base-patch32', {
    endpoint: 'https://mirror.example/hf/',
    revision: 'refs/pr/1',
  })
  it("are the hub's, below the endpoint, the revision as one part", () => {
    const base = 'https://mirror.example/hf'
    expect(fileUrl(place, 'onnx/a b.json')).toBe(
      `${base}/openai/clip-vit-base-patch32/resolve/refs%2Fpr%2F1/onnx/a%20b.json`,
    )
    expect(listingUrl(place)).toBe(`${base}/api/models/openai/clip-vit-base-patch32/revision/refs%2Fpr%2F1?blobs=true`)
    expect(byHand(place)).toContain(`${base}/openai/clip-vit-base-patch32/resolve/refs%2Fpr%2F1/config.json`)
  })
})

describe('cacheFolder', () => {
  it.each([
    [{ SPICULA_CACHE: '/c', XDG_CACHE_HOME: '/x' }, '/c'],
    [{ XDG_CACHE_HOME: '/x' }, '/x/spicula'],
    [{ SPICULA_CACHE: '', XDG_CACHE_HOME: '' }, expect.stringMatching(/\.cache\/spicula$/)],
  ])('of %j is %s', (environment, folder) => expect(cacheFolder(environment)).toEqual(folder))
})

it("the fixture's checksum of small files is Git's", () => {
  // `printf hello | git hash-object --stdin`, as in the Git book, 10.2.
  expect(gitSha1(Buffer.from('hello'))).toBe('b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0')
})
