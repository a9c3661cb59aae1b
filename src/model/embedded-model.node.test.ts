import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { embeddedModel, modelFolder } from './embedded-model.node.ts'

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'embedded-'))
})
afterAll(() => rm(root, { recursive: true }))

describe('the embedded model', () => {
  it('is there where its config.json is, and gives way to the one asked for', async () => {
    expect(embeddedModel(root)).toBeUndefined()
    const folder = join(root, 'models', 'spicula-small')
    await mkdir(folder, { recursive: true })
    // A folder without a configuration is no whole one.
    expect(embeddedModel(root)).toBeUndefined()
    await writeFile(join(folder, 'config.json'), '{}')
    expect(embeddedModel(root)).toBe(folder)
    expect([modelFolder(undefined, root), modelFolder('mine', root)]).toEqual([folder, 'mine'])
  })

  it('is asked for by name where a copy of spicula carries none', () => {
    expect(() => modelFolder(undefined, join(root, 'bare'))).toThrow(
      expect.objectContaining({
        code: 'inference/model',
        message: 'no model: this version carries none, so --model is needed',
      }),
    )
  })
})
