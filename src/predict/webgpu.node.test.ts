/** The `tiny-text` model on WebGPU, both sides: nothing runs on the CPU there but shapes, and the answers are the same. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bagFeeds } from '../clip/view-bags.ts'
import type { Device } from '../graph/device.ts'
import type { Session } from '../graph/session.node.ts'
import { hasSoftwareWebgpu, holdSoftwareWebgpu, ON_SOFTWARE_WEBGPU } from '../graph/software-webgpu.fixture.node.ts'
import { parseInitConfig } from '../model/config.ts'
import { type ModelFolder, openModelFolder } from '../model/folder.node.ts'
import { initModel } from '../model/init.node.ts'
import { PRESETS } from '../model/presets.ts'
import { seededRandom } from '../random.ts'
import { openImageSession } from './image-session.node.ts'
import { embedTexts } from './words/text-embeddings.node.ts'

/** Compiling for a processor that is shared takes its time. */
const MINUTES = 5 * 60_000

let root = ''
let folder: ModelFolder
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'webgpu-'))
  const config = JSON.stringify({ ...Object(PRESETS['tiny-text']), folds: 2 })
  await initModel(join(root, 'model'), parseInitConfig(config, 'tiny-text'), 1)
  folder = await openModelFolder(join(root, 'model'))
})
afterAll(() => rm(root, { recursive: true }))

/** The largest difference, over the largest number. */
function distance(a: ArrayLike<number | bigint>, b: ArrayLike<number | bigint>): number {
  expect(b.length).toBe(a.length)
  const numbers = Array.from(a, Number)
  const size = Math.max(...numbers.map(Math.abs))
  return Math.max(...numbers.map((x, i) => Math.abs(x - Number(b[i])))) / size
}

describe.skipIf(!hasSoftwareWebgpu)(`a model ${ON_SOFTWARE_WEBGPU}`, () => {
  let held: Session
  beforeAll(async () => {
    held = await holdSoftwareWebgpu()
  })
  afterAll(() => held.close())

  it('says of nodules what it says on the CPU', { timeout: MINUTES }, async () => {
    const { resolution } = folder.config.architecture.image
    const random = seededRandom(1)
    const bags = [2, 1].map((count) => ({
      count,
      pixels: Float32Array.from({ length: count * resolution ** 2 }, () => random.uniform()),
    }))
    const on = async (device: Device) => {
      const session = await openImageSession(folder, { device })
      const outputs = await session.run(bagFeeds(bags, resolution))
      await session.close()
      return outputs
    }
    const [cpu, webgpu] = [await on('cpu'), await on('webgpu')]
    for (const name of ['probability', 'attention', 'embedding'] as const) {
      expect(webgpu[name].shape).toEqual(cpu[name].shape)
      expect(distance(cpu[name].data, webgpu[name].data), name).toBeLessThan(1e-5)
    }
    expect(new Set(Array.from(cpu.probability.data, Number)).size).toBe(4)
  })

  it('reads texts as it does on the CPU', { timeout: MINUTES }, async () => {
    const texts = ['The nodule is well marginated.', 'A 5 mm solid nodule, spiculated.', '']
    const on = async (device: Device) => (await embedTexts(folder, texts, 'both', { device })).embeddings.flat(2)
    const [cpu, webgpu] = [await on('cpu'), await on('webgpu')]
    expect(distance(cpu, webgpu)).toBeLessThan(1e-5)
    // Three texts of 128 numbers; the folds of a new model say the same of words.
    expect(new Set(cpu).size).toBe(3 * 128)
  })
})
