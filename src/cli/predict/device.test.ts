/** `--device webgpu` from the shell, where WebGPU is and where it is not. */
import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasSoftwareWebgpu, ON_SOFTWARE_WEBGPU, SOFTWARE_WEBGPU_ENV } from '../../graph/software-webgpu.fixture.node.ts'
import { AT, makeModel, makeScans, PROGRAM, type Ran } from '../shared/cli.fixture.ts'

let folder = ''
beforeAll(async () => {
  folder = await makeScans()
  await makeModel(folder)
})
afterAll(() => rm(folder, { recursive: true }))

/** In a process of its own: what the runtime says goes past ours, and Vulkan is found through the environment. */
const predict = (device: string, env?: Readonly<Record<string, string>>): Promise<Ran> => {
  const place = ['--ct', 'slice.nii', '--at', AT]
  const args = [...PROGRAM, 'predict', '--model', 'model', ...place, '--device', device]
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: folder, env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

describe('spicula predict --device webgpu', () => {
  it('answers, or says in a sentence of our own that there is none', async () => {
    const { status, stdout, stderr } = await predict('webgpu')
    // The runtime's own lines on a missing Vulkan went past everyone.
    expect(stderr).not.toMatch(/Couldn't load Vulkan/)
    if (status === 0) return expect(stdout).toMatch(/probability/)
    expect(stderr).toMatch(/^spicula: the device webgpu cannot be used here: .*\n {2}.* --device cpu\.\n$/m)
    expect(stdout).toBe('')
  })
})

describe.skipIf(!hasSoftwareWebgpu)(`spicula predict ${ON_SOFTWARE_WEBGPU}`, () => {
  it('prints what it prints on the CPU', { timeout: 300_000 }, async () => {
    const [cpu, webgpu] = [await predict('cpu'), await predict('webgpu', SOFTWARE_WEBGPU_ENV)]
    expect(cpu.status).toBe(0)
    expect(webgpu).toEqual(cpu)
  })
})
