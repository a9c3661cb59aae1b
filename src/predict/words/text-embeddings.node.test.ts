import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseInitConfig } from '../../model/config.ts'
import { openModelFolder } from '../../model/folder.node.ts'
import { initModel } from '../../model/init.node.ts'
import { PRESETS } from '../../model/presets.ts'
import { embedTexts } from './text-embeddings.node.ts'

const SHORT = ['The nodule is solid.', 'The margins are spiculated, serrated.', '']
/** Longer than the context: it loses its end. */
const LONG = 'The nodule shows necrosis and pleural retraction. '.repeat(20)

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'texts-'))
  const config = JSON.stringify({ ...Object(PRESETS['tiny-text']), folds: 2 })
  await initModel(join(root, 'model'), parseInitConfig(config, 'tiny-text'), 1)
})
afterAll(() => rm(root, { recursive: true }))

describe('embedTexts', () => {
  it('gives a text its embedding however long its neighbours are', async () => {
    const folder = await openModelFolder(join(root, 'model'))
    const alone = await embedTexts(folder, SHORT, 'both')
    const together = await embedTexts(folder, [LONG, ...SHORT], 'both')
    for (const [fold, rows] of alone.embeddings.entries())
      for (const [t, row] of rows.entries())
        for (const [i, x] of row.entries()) expect(Math.abs(x - together.embeddings[fold][t + 1][i])).toBeLessThan(1e-5)
    expect(together.logitScales).toEqual(alone.logitScales)
    const [[a], [b]] = alone.embeddings
    expect(Math.hypot(...a.map((x, i) => x - b[i]))).toBeGreaterThan(1e-3)
  })

  it('embeds nothing for no texts', async () => {
    const folder = await openModelFolder(join(root, 'model'))
    expect((await embedTexts(folder, [], 'both')).embeddings).toEqual([[], []])
  })
})
