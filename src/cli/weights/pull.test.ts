import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { COMMIT, type FakeHub, fakeHub, REPO } from '../../importing/hub/hub.fixture.node.ts'
import { unpack, writeVocabulary } from '../../importing/import.fixture.node.ts'
import { type Ran, runner } from '../shared/cli.fixture.ts'

let folder = ''
let hub: FakeHub
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-pull-'))
  const [weights, words] = [join(folder, 'made/model.safetensors'), join(folder, 'made/tokenizer.json')]
  await unpack('hf-model.safetensors', weights)
  await writeVocabulary(words)
  const files = {
    'config.json': Buffer.from(JSON.stringify({ model_type: 'clip', vision_config: { hidden_act: 'quick_gelu' } })),
    'model.safetensors': await readFile(weights),
    'tokenizer.json': await readFile(words),
  }
  hub = await fakeHub(files, { license: 'mit' })
  vi.stubEnv('HF_ENDPOINT', hub.endpoint)
  vi.stubEnv('SPICULA_CACHE', join(folder, 'cache'))
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await hub.close()
  await rm(folder, { recursive: true })
})

const pull = (...args: string[]): Promise<Ran> => runner(folder)('weights', 'pull', ...args)

describe('spicula weights pull', () => {
  it('makes a model folder, and a second one without the network', async () => {
    const { status, stdout, stderr } = await pull(REPO, '--out', 'models/clip')
    expect([status, stderr]).toEqual([
      0,
      expect.stringMatching(/^openai\/clip-vit-base-patch32 at 3d74acf9a2: \d+\.\d MB, checksums right -> .*\n$/),
    ])
    expect(stdout).toMatch(
      /^models\/clip: clip-vit-base-patch32, a base for `spicula train --base` {2}\(for research use\)/,
    )
    const config = JSON.parse(await readFile(join(folder, 'models/clip/config.json'), 'utf8'))
    expect(config).toMatchObject({
      name: 'clip-vit-base-patch32',
      license: 'mit',
      provenance: expect.stringContaining(`${REPO} at ${COMMIT} of ${hub.endpoint}, model.safetensors`),
    })

    await hub.close()
    expect(await pull(REPO, '--offline', '--quiet')).toMatchObject({ status: 0, stderr: '' })
    const [online, offline] = ['models/clip', 'clip-vit-base-patch32'].map((name) => join(folder, name))
    for (const file of await readdir(online))
      expect(await readFile(join(offline, file))).toEqual(await readFile(join(online, file)))
    const again = await pull(REPO, '--offline')
    expect(again).toMatchObject({ status: 1, stderr: expect.stringMatching(/clip-vit-base-patch32 is there already/) })
  })

  it.each<[string, string[], RegExp]>([
    ['a name without an owner', ['clip'], /'clip' is not a repository of the hub/],
    [
      'a repository that was never pulled',
      ['a/b', '--offline'],
      /a\/b at main is not in the cache.*a\/b\/resolve\/main/s,
    ],
  ])('refuses %s', async (_, args, message) => {
    const { status, stderr } = await pull(...args)
    expect(stderr).toMatch(message)
    expect(status).toBe(1)
  })
})
