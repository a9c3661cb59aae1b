import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { embeddedModel, hasEmbeddedModel } from './embedded-model.node.ts'

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'embedded-'))
})
afterAll(() => rm(root, { recursive: true }))

describe('the embedded model', () => {
  it('is there where its config.json is', async () => {
    const folder = join(root, 'models', 'spicula-small')
    await mkdir(folder, { recursive: true })
    // A folder without a configuration is not a whole one.
    expect(hasEmbeddedModel(root)).toBe(false)
    await writeFile(join(folder, 'config.json'), '{}')
    expect([hasEmbeddedModel(root), embeddedModel(root)]).toEqual([true, folder])
  })

  it('is missed by name where a copy of spicula carries none', () => {
    expect(() => embeddedModel(join(root, 'bare'))).toThrow(
      expect.objectContaining({
        code: 'inference/model',
        message: 'no model: this version carries none, so a model folder is needed',
        hint: expect.stringContaining('--model'),
      }),
    )
  })
})
